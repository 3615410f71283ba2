//! Integration tests of locks-api: the real program on a database of its own, through PgBouncer.
//!
//! One binary, so that the program is linked once. Test names state the rule they prove, with the
//! invariant's number where there is one. (`cfg(test)` is always true here; it tells clippy that the
//! helpers are test code as well.)

#[cfg(test)]
mod access;
#[cfg(test)]
mod app;
#[cfg(test)]
mod life;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod model;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod polls;
#[cfg(test)]
mod race;
