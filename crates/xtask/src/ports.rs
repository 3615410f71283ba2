//! Which port each part of a stack listens on.
//!
//! Every port stays below 32768: the kernel hands out ephemeral ports from there on, and a server
//! port inside that range is sooner or later taken by an outgoing connection under load.

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::stack::Kind;

/// First port of the kernel's ephemeral range.
const EPHEMERAL: u16 = 32_768;
/// Distance from the developer's stack to the test stack, so that both can run at once.
const TEST_OFFSET: u16 = 10_000;
/// Distance to the stack of the benchmarks, which may run beside both.
const BENCH_OFFSET: u16 = 3_000;
/// Distance to the stack of the fault suite.
const FAULT_OFFSET: u16 = 5_000;
/// Distance from a server of the fault suite to the link through which it is reached.
const LINK_OFFSET: u16 = 50;
/// How far a stack moves that finds its ports taken: past the 20 ports that RabbitMQ spans.
const MOVE: u16 = 25;
/// How often it moves before it gives up.
const MOST_MOVES: u16 = 40;
/// Distance from a service's first replica to its second.
const REPLICA_OFFSET: u16 = 100;

/// The ports of one stack. Stored with the running stack, because the environment of the next
/// `xtask` call may name others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ports {
    pub(crate) gateway: u16,
    pub(crate) cases_api: u16,
    pub(crate) cases_api_admin: u16,
    pub(crate) locks_api: u16,
    pub(crate) locks_api_admin: u16,
    pub(crate) export_worker_admin: u16,
    pub(crate) postgres: u16,
    pub(crate) pgbouncer: u16,
    pub(crate) redis: u16,
    pub(crate) rabbitmq: u16,
    pub(crate) rabbitmq_metrics: u16,
    /// A stack that was started before there was any of this has none of it running.
    #[serde(default)]
    pub(crate) observability: ObservabilityPorts,
}

/// The ports of what watches a stack; used only with `--observability`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ObservabilityPorts {
    pub(crate) prometheus: u16,
    pub(crate) alertmanager: u16,
    pub(crate) pgbouncer_exporter: u16,
    pub(crate) postgres_exporter: u16,
    pub(crate) redis_exporter: u16,
    /// What asks the gateway as a browser does.
    #[serde(default)]
    pub(crate) gateway_exporter: u16,
    /// The collector, OTLP over HTTP and over gRPC.
    pub(crate) otlp_http: u16,
    pub(crate) otlp_grpc: u16,
    /// The trace view's pages, and where the collector hands traces to.
    pub(crate) traces: u16,
    pub(crate) traces_in: u16,
}

impl ObservabilityPorts {
    pub(crate) const fn all(&self) -> [u16; 10] {
        [
            self.prometheus,
            self.alertmanager,
            self.pgbouncer_exporter,
            self.postgres_exporter,
            self.redis_exporter,
            self.gateway_exporter,
            self.otlp_http,
            self.otlp_grpc,
            self.traces,
            self.traces_in,
        ]
    }
}

impl Ports {
    /// Reads the overrides `PORTAL_<NAME>_PORT` through `lookup`; the test stack lies
    /// [`TEST_OFFSET`] above, unless `PORTAL_TEST_<NAME>_PORT` says otherwise.
    ///
    /// A developer's ports are what documents and bookmarks say, so a taken one is an error, later
    /// and with its holder's name. Nobody knows the other stacks' ports by heart: they move up
    /// together until `is_free` likes all of them, so that two checkouts can test side by side.
    pub(crate) fn resolve(
        kind: Kind,
        lookup: impl Fn(&str) -> Option<String>,
        is_free: impl Fn(u16) -> bool,
    ) -> Result<Self> {
        let ports = Self::resolve_moved(kind, 0, &lookup)?;
        if kind == Kind::Dev || ports.all().into_iter().all(&is_free) {
            return Ok(ports);
        }
        (1..=MOST_MOVES)
            .map(|moves| Self::resolve_moved(kind, moves * MOVE, &lookup))
            .find(|moved| moved.as_ref().is_ok_and(|moved| moved.all().into_iter().all(&is_free)))
            // All taken: the usual ports then say by whom.
            .unwrap_or(Ok(ports))
    }

    fn resolve_moved(
        kind: Kind,
        by: u16,
        lookup: &impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let port = |name: &str, default: u16| -> Result<u16> {
            let developer = read(lookup, &format!("PORTAL_{name}_PORT"))?.unwrap_or(default);
            let chosen = match kind {
                Kind::Dev => developer,
                Kind::Bench => developer.saturating_add(BENCH_OFFSET + by),
                Kind::Fault => developer.saturating_add(FAULT_OFFSET + by),
                Kind::Test => match read(lookup, &format!("PORTAL_TEST_{name}_PORT"))? {
                    Some(port) => port,
                    None => developer.saturating_add(TEST_OFFSET + by),
                },
            };
            if chosen >= EPHEMERAL {
                bail!(
                    "port {chosen} for {name} lies in the ephemeral range; choose one below {EPHEMERAL}"
                );
            }
            Ok(chosen)
        };
        Ok(Self {
            gateway: port("GATEWAY", 8080)?,
            cases_api: port("CASES_API", 8081)?,
            cases_api_admin: port("CASES_API_ADMIN", 9081)?,
            locks_api: port("LOCKS_API", 8082)?,
            locks_api_admin: port("LOCKS_API_ADMIN", 9082)?,
            export_worker_admin: port("EXPORT_WORKER_ADMIN", 9083)?,
            postgres: port("POSTGRES", 15_432)?,
            pgbouncer: port("PGBOUNCER", 16_432)?,
            redis: port("REDIS", 16_379)?,
            rabbitmq: port("RABBITMQ", 15_673)?,
            rabbitmq_metrics: port("RABBITMQ_METRICS", 15_692)?,
            observability: ObservabilityPorts {
                prometheus: port("PROMETHEUS", 9090)?,
                alertmanager: port("ALERTMANAGER", 9093)?,
                pgbouncer_exporter: port("PGBOUNCER_EXPORTER", 9127)?,
                postgres_exporter: port("POSTGRES_EXPORTER", 9187)?,
                redis_exporter: port("REDIS_EXPORTER", 9121)?,
                gateway_exporter: port("GATEWAY_EXPORTER", 9115)?,
                otlp_http: port("OTLP_HTTP", 4318)?,
                otlp_grpc: port("OTLP_GRPC", 4317)?,
                traces: port("TRACES", 16_686)?,
                traces_in: port("TRACES_IN", 14_317)?,
            },
        })
    }

    /// Every port that somebody listens on, with two copies of each service.
    fn all(&self) -> Vec<u16> {
        let (first_ctl, _) = self.rabbitmq_ctl();
        let services = [
            self.cases_api,
            self.cases_api_admin,
            self.locks_api,
            self.locks_api_admin,
            self.export_worker_admin,
        ];
        [self.gateway, self.postgres, self.pgbouncer, self.redis, self.rabbitmq_metrics]
            .into_iter()
            .chain(services)
            .chain(services.map(|port| of_replica(port, 1)))
            .chain(self.rabbitmq..first_ctl)
            .chain(self.observability.all())
            .collect()
    }

    /// RabbitMQ's management API.
    pub(crate) const fn rabbitmq_management(&self) -> u16 {
        self.rabbitmq + 1
    }

    /// Erlang distribution of the RabbitMQ node. Derived, because nobody but its own tools talks
    /// to it, and two clones must not share it.
    pub(crate) const fn rabbitmq_distribution(&self) -> u16 {
        self.rabbitmq + 2
    }

    /// Erlang's port mapper; a private one, since the machine's own may belong to someone else.
    pub(crate) const fn epmd(&self) -> u16 {
        self.rabbitmq + 3
    }

    /// Ports for `rabbitmqctl`, each of whose calls is an Erlang node of its own.
    pub(crate) const fn rabbitmq_ctl(&self) -> (u16, u16) {
        (self.rabbitmq + 4, self.rabbitmq + 9)
    }
}

/// The port of replica `index` (0 is the first) of a service whose first replica has `port`.
pub(crate) fn of_replica(port: u16, index: u16) -> u16 {
    port + index * REPLICA_OFFSET
}

/// The port of the link to the server at `port`.
pub(crate) fn link_to(port: u16) -> u16 {
    port + LINK_OFFSET
}

fn read(lookup: impl Fn(&str) -> Option<String>, name: &str) -> Result<Option<u16>> {
    lookup(name)
        .filter(|value| !value.is_empty())
        .map(|value| value.parse().with_context(|| format!("{name}={value} is not a port")))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn developer_ports_are_the_documented_ones() {
        let ports = Ports::resolve(Kind::Dev, |_| None, |_| true).unwrap();
        assert_eq!((ports.gateway, ports.postgres, ports.pgbouncer), (8080, 15_432, 16_432));
        assert_eq!((ports.rabbitmq, ports.rabbitmq_metrics), (15_673, 15_692));
    }

    #[test]
    fn test_stack_lies_above_and_follows_an_override() {
        let lookup = |name: &str| (name == "PORTAL_REDIS_PORT").then(|| "17000".to_owned());
        let ports = Ports::resolve(Kind::Test, lookup, |_| true).unwrap();
        assert_eq!((ports.redis, ports.gateway), (27_000, 18_080));
        assert_eq!(ports.rabbitmq_management(), 25_674);
    }

    #[test]
    fn test_stack_can_be_moved_on_its_own() {
        let lookup = |name: &str| (name == "PORTAL_TEST_REDIS_PORT").then(|| "20000".to_owned());
        assert_eq!(Ports::resolve(Kind::Test, lookup, |_| true).unwrap().redis, 20_000);
    }

    #[test]
    fn ephemeral_and_unreadable_ports_are_refused() {
        let high = |name: &str| (name == "PORTAL_GATEWAY_PORT").then(|| "40000".to_owned());
        assert!(Ports::resolve(Kind::Dev, high, |_| true).is_err());
        let word = |name: &str| (name == "PORTAL_GATEWAY_PORT").then(|| "http".to_owned());
        let error = Ports::resolve(Kind::Dev, word, |_| true).unwrap_err();
        assert!(error.to_string().contains("PORTAL_GATEWAY_PORT=http is not a port"));
    }

    #[test]
    fn test_stack_moves_past_ports_that_somebody_else_has() {
        let ports = Ports::resolve(Kind::Test, |_| None, |port| port != 25_432).unwrap();
        assert_eq!((ports.postgres, ports.gateway), (25_457, 18_105));
        let none_free = Ports::resolve(Kind::Test, |_| None, |_| false).unwrap();
        assert_eq!(none_free.postgres, 25_432);
        let developer = Ports::resolve(Kind::Dev, |_| None, |_| false).unwrap();
        assert_eq!(developer.postgres, 15_432);
    }

    #[test]
    fn auxiliary_ports_of_rabbitmq_do_not_overlap() {
        let ports = Ports::resolve(Kind::Dev, |_| None, |_| true).unwrap();
        let (low, high) = ports.rabbitmq_ctl();
        assert!(ports.epmd() < low && high < ports.rabbitmq_metrics);
        assert_eq!(of_replica(ports.cases_api, 1), 8181);
    }
}
