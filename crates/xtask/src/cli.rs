//! The command line: the project's only entry point for people and for CI.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Runs, tests and measures the portal's backend on private servers below `.local/`.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Builds and starts the portal with demo data, and shows where it is.
    Up(UpArgs),
    /// Stops the portal; its data stays.
    Down(DownArgs),
    /// Shows what runs, and where.
    Status(StatusArgs),
    /// Shows the log of one part.
    Logs(LogsArgs),
    /// Fills the running portal's database with generated data.
    Seed(SeedArgs),
    /// Checks everything that CI checks, on servers of its own.
    Test(TestArgs),
    /// Sends generated requests of every kind, as every role, to a portal of its own.
    Fuzz(FuzzArgs),
    /// Builds the images, starts them with Compose, and does the portal's main job in them.
    ComposeCheck(ComposeCheckArgs),
    /// Measures against a limit found in the same run; one JSON line each.
    Bench(BenchArgs),
    /// Cuts, kills and stalls every part under load, and checks what was promised meanwhile.
    Faults(FaultsArgs),
    /// Does something to one part of the fault suite's stack.
    #[command(hide = true)]
    Part(PartArgs),
    /// Runs one of the requirement's load scenarios against the running portal, and judges it.
    Load(LoadArgs),
    /// Draws the dashboards for the documentation, with what the running portal's Prometheus knows.
    Dashboards(DashboardsArgs),
}

/// Any port can be moved: `PORTAL_GATEWAY_PORT`, `PORTAL_CASES_API_PORT`,
/// `PORTAL_CASES_API_ADMIN_PORT`, `PORTAL_LOCKS_API_PORT`, `PORTAL_LOCKS_API_ADMIN_PORT`,
/// `PORTAL_EXPORT_WORKER_ADMIN_PORT`, `PORTAL_POSTGRES_PORT`, `PORTAL_PGBOUNCER_PORT`,
/// `PORTAL_REDIS_PORT`, `PORTAL_RABBITMQ_PORT` (and the nine after it),
/// `PORTAL_RABBITMQ_METRICS_PORT`, `PORTAL_PROMETHEUS_PORT`, `PORTAL_ALERTMANAGER_PORT`,
/// `PORTAL_PGBOUNCER_EXPORTER_PORT`, `PORTAL_POSTGRES_EXPORTER_PORT`,
/// `PORTAL_REDIS_EXPORTER_PORT`, `PORTAL_GATEWAY_EXPORTER_PORT`, `PORTAL_OTLP_HTTP_PORT`,
/// `PORTAL_OTLP_GRPC_PORT`,
/// `PORTAL_TRACES_PORT`, `PORTAL_TRACES_IN_PORT`. The tests use ports 10000 higher, or `PORTAL_TEST_<NAME>_PORT`.
/// `PORTAL_WEB_ROOT` names a directory with the web client for the gateway to serve.
#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    /// Return when everything is ready, instead of staying until Ctrl-C.
    #[arg(long)]
    pub(crate) detach: bool,
    /// Copies of each service behind the gateway.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=4))]
    pub(crate) replicas: Option<u16>,
    /// Also start Prometheus, Alertmanager, the exporters, a collector of traces and a view of them.
    #[arg(long)]
    pub(crate) observability: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DownArgs {
    /// Also delete all data, of the test stack too.
    #[arg(long)]
    pub(crate) purge: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Every address and login, for other programs.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    /// A part as `status` names it, or `gateway-access`.
    pub(crate) service: String,
    /// Keep showing what is added.
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// How many lines to begin with.
    #[arg(long, default_value_t = 200)]
    pub(crate) lines: u32,
}

#[derive(Debug, Args)]
pub(crate) struct SeedArgs {
    /// How much data.
    #[arg(long, value_enum)]
    pub(crate) scale: Scale,
    /// Budget lines (CSV) to take case names and amounts from.
    #[arg(long)]
    pub(crate) lines: Option<PathBuf>,
    /// Name of this set, so that several of one size can stand side by side.
    #[arg(long)]
    pub(crate) label: Option<String>,
    /// How many accounts for load tests there shall be besides the demo's.
    #[arg(long, default_value_t = 0)]
    pub(crate) accounts: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scale {
    /// What the login page and the walk-through expect.
    Demo,
    /// 500 cases with 10 to 30 versions each.
    Load,
    /// 2,000 cases with 50 versions each, for query plans.
    Xl,
}

impl Scale {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Load => "load",
            Self::Xl => "xl",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Only start the test stack's servers, migrate the template database, and leave them running.
    #[arg(long, conflicts_with = "suites")]
    pub(crate) servers_only: bool,
    /// As `--servers-only`, and the services and the gateway from a debug build on fresh demo data.
    /// What runs of them already is replaced.
    #[arg(long, conflicts_with_all = ["suites", "servers_only"])]
    pub(crate) portal_only: bool,
    /// Stop what `--servers-only` or `--portal-only` left running.
    #[arg(long, conflicts_with_all = ["suites", "servers_only", "portal_only"])]
    pub(crate) stop: bool,
    /// Which suites to run; all of them if none is named.
    #[arg(value_enum)]
    pub(crate) suites: Vec<Suite>,
}

#[derive(Debug, Args)]
pub(crate) struct FuzzArgs {
    /// Generated requests for each operation, role and kind of run.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) examples: u32,
    /// Repeats an earlier run; any number if none is given.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Roles to send requests as, or `anonymous`; all twelve if none is named.
    #[arg(long, value_delimiter = ',')]
    pub(crate) roles: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct FaultsArgs {
    /// How often every line is run.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) repeat: u32,
    /// Lines to run, by a part of their names; all if none is named.
    pub(crate) names: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PartArgs {
    /// What to do.
    #[arg(value_enum)]
    pub(crate) action: PartAction,
    /// The part, as `status` names it.
    pub(crate) name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PartAction {
    /// As a power cut would.
    Kill,
    /// In order, and wait until it has ended.
    Stop,
    /// Start what is missing, and wait until it is ready.
    Start,
    /// Keep it from running, with all its connections open.
    Halt,
    /// Let it run again.
    Resume,
}

#[derive(Debug, Args)]
pub(crate) struct ComposeCheckArgs {
    /// Directory with the programs of a release build; they are built if none is given.
    #[arg(long)]
    pub(crate) programs: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Which benchmarks to run; all of them if none is named.
    #[arg(value_enum)]
    pub(crate) names: Vec<Benchmark>,
    /// How long each load lasts, in seconds: 10 if nothing is said, `list-sustained` 120.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=600))]
    pub(crate) secs: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Benchmark {
    /// The case list's query, with the newest version found by pointer and by `MAX(version)`.
    ListQuery,
    /// The cached list of 33 cases, against a handler that only checks the token.
    ListHot,
    /// The same through nginx, against nginx in front of that handler.
    ListGateway,
    /// The cached list with traces and metrics, against without.
    ListObserved,
    /// 500 readers at once of a list that nobody has cached, on two replicas.
    ListStampede,
    /// 500 readers of 15 departments while cases are saved, on two replicas.
    ListSustained,
    /// Memory of 1,000 idle event streams, and how soon a save reaches all of them.
    Events,
    /// Four times the load that cases-api can carry.
    Overload,
    /// Redis killed under load and started again.
    RedisKilled,
    /// Saving a case, against pgbench with the same statements.
    Save,
    /// Reading a case, against pgbench with the same statements.
    Detail,
    /// Taking a lock, against pgbench with the same statement.
    Lock,
    /// Case lists as workbooks, against `rust_xlsxwriter` with the same cells.
    Xlsx,
    /// A department list of 40 cases as Word.
    Docx,
    /// The same list as PDF.
    Pdf,
}

#[derive(Debug, Args)]
pub(crate) struct LoadArgs {
    /// Which scenario.
    #[arg(value_enum)]
    pub(crate) step: LoadStep,
    /// How long it is measured, instead of as long as the requirement says.
    #[arg(long)]
    pub(crate) minutes: Option<f64>,
    /// How many users; for `users` only, the others have theirs.
    #[arg(long, required_if_eq("step", "users"), value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) users: Option<u32>,
    /// Show it on Locust's own page, on this port.
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "8089")]
    pub(crate) web_port: Option<u16>,
    /// Against what `test --portal-only` left running: to try it out, its debug build is slow.
    #[arg(long)]
    pub(crate) test_stack: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DashboardsArgs {
    /// How far back the graphs begin.
    #[arg(long, default_value_t = 15)]
    pub(crate) minutes: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LoadStep {
    /// 20 users, 5 minutes.
    Baseline,
    /// 100 users, 15 minutes.
    Normal,
    /// 300 users, 15 minutes.
    High,
    /// 500 users, 10 minutes.
    Stress,
    /// 50 users order a department list within half a minute, beside 100 at their ordinary work.
    ExportStorm,
    /// 30 users try to open the same case for editing at once, again and again.
    LockStorm,
    /// As many users as `--users` says, by a generator for thousands.
    Users,
    /// Put the latest run of each scenario into the documentation.
    Report,
}

impl LoadStep {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Stress => "stress",
            Self::ExportStorm => "export-storm",
            Self::LockStorm => "lock-storm",
            Self::Users => "users",
            Self::Report => "report",
        }
    }
}

/// The suites in the order they run: what fails fastest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// Rules of this project that no other tool knows.
    Tidy,
    /// Formatting.
    Fmt,
    /// Licences, sources, and who may depend on what.
    Deny,
    /// Images, Compose, Kubernetes and the public workflows, as far as they can be checked at rest.
    Manifests,
    /// Rules of alerting, their unit tests, and the shape of dashboards.
    Monitoring,
    /// Lints.
    Clippy,
    /// Tests inside the crates, without I/O.
    Unit,
    /// Tests of each service and of the store, on real servers.
    Integration,
    /// Signing in at an external issuer: a real OpenID Connect provider, its keys, and forgeries.
    Identity,
    /// Examples in the documentation.
    Doc,
    /// How the load test's users behave, and what its thresholds let pass.
    Locust,
    /// The whole portal, entered through the gateway.
    Gateway,
    /// Every endpoint of the wire contract, entered through the gateway.
    Contract,
    /// Traces, log lines, and whether every panel and rule has data, with Prometheus and a collector.
    Observability,
    /// Generated requests as every role, entered through the gateway.
    Fuzz,
    /// The portal's own pages in a real browser.
    Browser,
    /// Parts that are killed, stopped and stalled under load.
    Faults,
    /// Word files and PDFs in `LibreOffice`, python-docx and poppler's tools.
    Documents,
    /// Whether the tests before it compared every snapshot on disk; runs after all of them only.
    Snapshots,
}
