//! What the stack says of itself: PgBouncer's pools, and reads and hits of the cache.

use serde::Serialize;

use crate::command;
use crate::http;
use crate::servers::postgres::Login;
use crate::services::instances;
use crate::stack::Stack;

/// The list cache's own count of reads, by how they were served.
const CACHE_READS: &str = "portal_list_cache_reads_total";
/// Values of the label `served` that cost no query.
const CACHE_HITS: [&str; 2] = ["hit", "shared_hit"];

/// PgBouncer at one moment, over all pools but its own console's.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Pools {
    /// Server connections that exist.
    connections: u32,
    /// Those of them that are in a transaction.
    active: u32,
    /// Clients that wait for one.
    waiting: u32,
}

/// Reads so far, and how many of them were hits.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Cache {
    source: &'static str,
    pub(crate) reads: f64,
    pub(crate) hits: f64,
}

/// PgBouncer's `SHOW POOLS`, if it answers.
pub(super) fn pools(stack: &Stack) -> Option<Pools> {
    let console = Login { port: stack.ports.pgbouncer, ..Login::owner(stack) };
    let table = console.table("pgbouncer", "SHOW POOLS").ok()?;
    Some(sum_of_pools(&table))
}

/// Columns are found by name, since versions of PgBouncer differ in their number.
fn sum_of_pools(table: &[Vec<(String, String)>]) -> Pools {
    let mut sum = Pools::default();
    for pool in table {
        if pool.iter().any(|(name, value)| name == "database" && value == "pgbouncer") {
            continue;
        }
        for (name, value) in pool {
            let value: u32 = value.parse().unwrap_or_default();
            if name.starts_with("sv_") {
                sum.connections += value;
            }
            match name.as_str() {
                "sv_active" => sum.active += value,
                "cl_waiting" => sum.waiting += value,
                _ => {}
            }
        }
    }
    sum
}

/// The list cache as the services count it; where they do not, all of Redis.
pub(crate) fn cache(stack: &Stack, replicas: u16) -> Option<Cache> {
    let texts: Vec<String> = instances(stack, replicas)
        .iter()
        .filter(|instance| instance.service == "cases-api")
        .filter_map(|instance| {
            http::text(&format!("http://127.0.0.1:{}/metrics", instance.admin_port))
        })
        .collect();
    list_cache(&texts.concat()).or_else(|| redis(stack))
}

fn list_cache(exposition: &str) -> Option<Cache> {
    let samples: Vec<(&str, f64)> = exposition
        .lines()
        .filter_map(|line| line.strip_prefix(CACHE_READS)?.strip_prefix('{'))
        .filter_map(|line| {
            let (labels, value) = line.split_once('}')?;
            Some((labels, value.trim().parse().ok()?))
        })
        .collect();
    let is_hit =
        |labels: &str| CACHE_HITS.iter().any(|hit| labels.contains(&format!("served=\"{hit}\"")));
    (!samples.is_empty()).then(|| Cache {
        source: "list cache",
        reads: samples.iter().map(|(_, value)| value).sum(),
        hits: samples.iter().filter(|(labels, _)| is_hit(labels)).map(|(_, value)| value).sum(),
    })
}

fn redis(stack: &Stack) -> Option<Cache> {
    let port = stack.ports.redis.to_string();
    let text = command::capture(
        std::process::Command::new("redis-cli").args(["-p", &port, "info", "stats"]),
    )
    .ok()?;
    redis_keyspace(&text)
}

fn redis_keyspace(info: &str) -> Option<Cache> {
    let number = |name: &str| -> Option<f64> {
        info.lines()
            .find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':'))?
            .parse()
            .ok()
    };
    let (hits, misses) = (number("keyspace_hits")?, number("keyspace_misses")?);
    Some(Cache { source: "Redis keyspace", reads: hits + misses, hits })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_connections_in_every_state_are_added_up() {
        let pool = |database: &str, active: &str| {
            [
                ("database", database),
                ("cl_active", "9"),
                ("cl_waiting", "2"),
                ("sv_active", active),
                ("sv_idle", "3"),
                ("sv_login", "1"),
                ("maxwait", "7"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec()
        };
        let table = [pool("portal", "4"), pool("portal", "5"), pool("pgbouncer", "6")];
        assert_eq!(sum_of_pools(&table), Pools { connections: 17, active: 9, waiting: 4 });
    }

    #[test]
    fn the_list_cache_is_preferred_to_all_of_redis() {
        let text = "portal_list_cache_reads_total{served=\"hit\"} 90\n\
                    portal_list_cache_reads_total{served=\"shared_hit\"} 5\n\
                    portal_list_cache_reads_total{served=\"wait\"} 3\n\
                    portal_list_cache_reads_total{served=\"miss\"} 2\n\
                    portal_list_cache_fills_total 2\n";
        let cache = list_cache(text).unwrap();
        assert_eq!((cache.reads, cache.hits), (100.0, 95.0));
        assert_eq!(list_cache("http_server_active_requests 1\n"), None);
    }

    #[test]
    fn redis_counts_hits_and_misses() {
        let cache =
            redis_keyspace("# Stats\r\nkeyspace_hits:30\r\nkeyspace_misses:10\r\n").unwrap();
        assert_eq!((cache.reads, cache.hits), (40.0, 30.0));
    }
}
