//! Names of every metric that our processes publish, in one place.
//!
//! Dashboards, alerts and documentation refer to them by name, so a name that changes here changes
//! there. They follow OpenTelemetry's semantic conventions, spelt as Prometheus spells them, where
//! there is a convention; what only this portal has begins with its subject.

/// Duration of a request, by method, route template and status.
pub const HTTP_REQUEST_DURATION: &str = "http_server_request_duration_seconds";
/// Requests that are being handled.
pub const HTTP_ACTIVE_REQUESTS: &str = "http_server_active_requests";
/// Requests refused with 503 because the process was working on as many as it may.
pub const HTTP_REFUSALS: &str = "http_server_refusals_total";
/// Whether this instance wants traffic.
pub const SERVICE_READY: &str = "service_ready";

/// Connections of the pool, by `db_client_connection_state` (`used`, `idle`).
pub const DB_CONNECTIONS: &str = "db_client_connection_count";
/// Most connections the pool opens.
pub const DB_CONNECTIONS_MAX: &str = "db_client_connection_max";
/// Requests that wait for a connection.
pub const DB_PENDING_REQUESTS: &str = "db_client_connection_pending_requests";
/// How long a connection was waited for.
pub const DB_WAIT_TIME: &str = "db_client_connection_wait_time_seconds";
/// Requests that gave up waiting.
pub const DB_TIMEOUTS: &str = "db_client_connection_timeouts_total";

/// Changes of cases that make a list stale.
pub const CASE_CHANGES: &str = "portal_case_changes_total";
/// Case lists handed out, by how they were `served` (`hit`, `shared_hit`, `wait`, `miss`).
pub const LIST_CACHE_READS: &str = "portal_list_cache_reads_total";
/// Pages of the case list that were read from the database.
pub const LIST_CACHE_FILLS: &str = "portal_list_cache_fills_total";
/// Requests refused with 429, by `limit` (`export`, `save`, `list`, `sign_in_account`,
/// `sign_in_address`).
pub const RATE_LIMIT_REFUSALS: &str = "rate_limit_refusals_total";
/// Passwords that were checked, by `outcome` (`match`, `mismatch`).
pub const PASSWORD_CHECKS: &str = "password_checks_total";
/// Clients that listen to the event stream of this instance.
pub const EVENT_STREAM_CLIENTS: &str = "event_stream_clients";
/// Clients that did not read fast enough and were dropped.
pub const EVENT_STREAM_DROPPED: &str = "event_stream_dropped_total";
/// Checks of the lock token of a save, by `outcome` (`current`, `overtaken`, `unanswered`).
pub const LOCK_TOKEN_CHECKS: &str = "lock_token_checks_total";
/// When the key that signs tokens is to be replaced, in seconds since 1970.
pub const SIGNING_KEY_EXPIRY: &str = "auth_signing_key_expiry_timestamp_seconds";

/// Locks that are held, by `resource_type`, in the whole database.
pub const LOCKS_ACTIVE: &str = "locks_active";
/// Polls for the state of a lock, by `outcome` (`hit`, `miss`).
pub const LOCK_STATUS_READS: &str = "lock_status_reads_total";
/// Attempts to take a lock, by `outcome` (`granted`, `held`).
pub const LOCK_ACQUISITIONS: &str = "lock_acquisitions_total";

/// Jobs that have not ended, by `status`, in the whole database.
pub const EXPORT_UNFINISHED: &str = "export_jobs_unfinished";
/// Age of the job that has waited longest for a worker; 0 when none waits.
pub const EXPORT_OLDEST_QUEUED: &str = "export_oldest_queued_age_seconds";
/// Time from the order to the claim.
pub const EXPORT_QUEUE_WAIT: &str = "export_queue_wait_seconds";
/// Time from the claim to the end, by `job_type`.
pub const EXPORT_DURATION: &str = "export_job_duration_seconds";
/// Attempts that ended, by `outcome` (`completed`, `refused`, `retried`, `failed`).
pub const EXPORT_JOBS: &str = "export_jobs_total";
/// Messages that were settled, by `outcome` (`done`, `retry`, `dead_letter`).
pub const EXPORT_DELIVERIES: &str = "export_deliveries_total";

/// What a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Is sorted into buckets.
    Histogram,
}

/// Every metric with its kind and what it says, for those who publish and document them.
pub const CATALOGUE: [(&str, Kind, &str); 27] = [
    (HTTP_REQUEST_DURATION, Kind::Histogram, "Duration of requests"),
    (HTTP_ACTIVE_REQUESTS, Kind::Gauge, "Requests that are being handled"),
    (HTTP_REFUSALS, Kind::Counter, "Requests refused because too many were at work"),
    (SERVICE_READY, Kind::Gauge, "1 when this instance wants traffic"),
    (DB_CONNECTIONS, Kind::Gauge, "Connections of the pool"),
    (DB_CONNECTIONS_MAX, Kind::Gauge, "Most connections the pool opens"),
    (DB_PENDING_REQUESTS, Kind::Gauge, "Requests that wait for a connection"),
    (DB_WAIT_TIME, Kind::Histogram, "Wait for a connection"),
    (DB_TIMEOUTS, Kind::Counter, "Requests that gave up waiting for a connection"),
    (CASE_CHANGES, Kind::Counter, "Changes of cases that make a list stale"),
    (LIST_CACHE_READS, Kind::Counter, "Case lists handed out, by where they came from"),
    (LIST_CACHE_FILLS, Kind::Counter, "Pages of the case list read from the database"),
    (RATE_LIMIT_REFUSALS, Kind::Counter, "Requests refused with 429"),
    (PASSWORD_CHECKS, Kind::Counter, "Passwords that were checked"),
    (EVENT_STREAM_CLIENTS, Kind::Gauge, "Clients that listen to the event stream"),
    (EVENT_STREAM_DROPPED, Kind::Counter, "Clients that did not read and were dropped"),
    (LOCK_TOKEN_CHECKS, Kind::Counter, "Checks of the lock token of a save"),
    (SIGNING_KEY_EXPIRY, Kind::Gauge, "When the signing key is to be replaced"),
    (LOCKS_ACTIVE, Kind::Gauge, "Locks that are held in the whole database"),
    (LOCK_STATUS_READS, Kind::Counter, "Polls for the state of a lock"),
    (LOCK_ACQUISITIONS, Kind::Counter, "Attempts to take a lock"),
    (EXPORT_UNFINISHED, Kind::Gauge, "Export jobs that have not ended, in the whole database"),
    (EXPORT_OLDEST_QUEUED, Kind::Gauge, "Age of the job that has waited longest"),
    (EXPORT_QUEUE_WAIT, Kind::Histogram, "Time from the order to the claim"),
    (EXPORT_DURATION, Kind::Histogram, "Time from the claim to the end"),
    (EXPORT_JOBS, Kind::Counter, "Attempts at a job that ended"),
    (EXPORT_DELIVERIES, Kind::Counter, "Messages that were settled"),
];

#[cfg(test)]
mod tests {
    use super::*;

    const MONITORING: &str = include_str!("../../../docs/monitoring.md");

    #[test]
    fn every_metric_is_in_the_monitoring_guide() {
        for (name, _, _) in CATALOGUE {
            assert!(MONITORING.contains(&format!("`{name}`")), "{name} is not documented");
        }
    }

    #[test]
    fn names_say_what_kind_and_unit_they_are() {
        for (name, kind, _) in CATALOGUE {
            assert_eq!(kind == Kind::Counter, name.ends_with("_total"), "{name}");
            assert!(kind != Kind::Histogram || name.ends_with("_seconds"), "{name}");
        }
    }
}
