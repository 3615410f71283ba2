//! The lines of the suite: what is done, and what a user may notice of it.

use std::time::Duration;

/// The service instances, in the order of a rolling restart.
const INSTANCES: [&str; 6] =
    ["cases-api", "cases-api-2", "locks-api", "locks-api-2", "export-worker", "export-worker-2"];

/// What happens in the middle of the load.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed {
    /// Every instance in turn is asked to end, and started again.
    Restart(&'static [&'static str]),
    /// One part dies at once, and comes back after a while.
    Kill(&'static str, Duration),
    /// Bytes to and from a server stand still, no connection is closed.
    Stall(&'static str, Duration),
    /// A process stands still, no connection is closed.
    Halt(&'static str, Duration),
    /// Workers die again and again, while they have work.
    KillWorkers,
    /// Messages come twice, and messages come that no service would send.
    Messages,
    /// The second instance of each service lives two minutes ahead.
    Skew,
}

/// What a user may notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Nothing.
    Nothing,
    /// Requests that were with the part when it died; no more than that many.
    InFlight(usize),
    /// 503 while the part is away, and shortly after.
    Refusals,
}

/// One line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) deed: Deed,
    pub(crate) notice: Notice,
}

const SHORT: Duration = Duration::from_secs(3);
const LONG: Duration = Duration::from_secs(6);
/// As many requests as the load can have with one replica at a time.
const AT_ONCE: usize = 19;

const fn line(name: &'static str, deed: Deed, notice: Notice) -> Line {
    Line { name, deed, notice }
}

/// All of them, what is worth most first.
pub(crate) const LINES: [Line; 18] = [
    line("rolling restart", Deed::Restart(&INSTANCES), Notice::Nothing),
    line("kill cases-api", Deed::Kill("cases-api", SHORT), Notice::InFlight(AT_ONCE)),
    line("kill locks-api", Deed::Kill("locks-api", SHORT), Notice::InFlight(AT_ONCE)),
    line("kill export-worker", Deed::Kill("export-worker", SHORT), Notice::Nothing),
    line("kill pgbouncer", Deed::Kill("pgbouncer", SHORT), Notice::Refusals),
    line("kill postgres", Deed::Kill("postgres", SHORT), Notice::Refusals),
    line("kill redis", Deed::Kill("redis", SHORT), Notice::Nothing),
    line("kill rabbitmq", Deed::Kill("rabbitmq", SHORT), Notice::Nothing),
    line("stall pgbouncer", Deed::Stall("pgbouncer", LONG), Notice::Refusals),
    line("stall postgres", Deed::Stall("postgres", LONG), Notice::Refusals),
    line("stall redis", Deed::Stall("redis", LONG), Notice::Nothing),
    line("stall rabbitmq", Deed::Stall("rabbitmq", LONG), Notice::Nothing),
    line("stall cases-api", Deed::Halt("cases-api", SHORT), Notice::Nothing),
    line("stall locks-api", Deed::Halt("locks-api", SHORT), Notice::Nothing),
    line("stall export-worker", Deed::Halt("export-worker", LONG), Notice::Nothing),
    line("workers killed at work", Deed::KillWorkers, Notice::Nothing),
    line("messages twice and poison", Deed::Messages, Notice::Nothing),
    line("clocks two minutes apart", Deed::Skew, Notice::Nothing),
];
