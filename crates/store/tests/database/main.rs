//! The database against real servers: that migrations go both ways and lose nothing, that each service
//! has exactly its rights, that heavy queries use their indexes, and that PgBouncer in transaction mode
//! bears our statements.

#[cfg(test)]
mod department_lists;
#[cfg(test)]
mod explain;
#[cfg(test)]
mod export_jobs;
#[cfg(test)]
mod migrations;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod pooler;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod tls;
