//! What the portal says about itself: traces, log lines and metrics of a running portal, as a
//! collector and a Prometheus of their own took them in.
//!
//! `cargo xtask test observability` starts all of it. What the tests ask for comes from the
//! repository: the tree of a trace from here, queries from the dashboards and rules.

#[cfg(test)]
mod dead_collector;
#[cfg(test)]
mod prometheus;
#[cfg(test)]
mod queries;
#[cfg(test)]
mod receiver;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod work;
