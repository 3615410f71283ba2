//! `cargo xtask fuzz`: schemathesis against both documents that the portal serves, as every role.
//!
//! A document is fuzzed twice. The first run makes requests of every kind that the document
//! allows and forbids, alone and one after another, and checks all that schemathesis can check.
//! The second puts into each request one thing that breaks programs which speak to PostgreSQL.
//! What is special about the portal (callers, things that exist, the contract's own rules) is in
//! the Python modules beside this crate's sources.

mod run;
mod tool;

use std::ops::AddAssign;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};

use self::run::{Fuzzer, Kind};
use crate::cli::FuzzArgs;
use crate::test::TestStack;
use crate::workspace::Workspace;

/// The documents, by the service that serves them.
const DOCUMENTS: [(&str, &str); 2] =
    [("cases-api", "/api/openapi.json"), ("locks-api", "/api/locks/openapi.json")];
/// Every role of the contract (domain 2.1).
const ROLES: [&str; 12] = [
    "saksbehandler_fag",
    "budsjettenhet_fag",
    "underdirektor_fag",
    "avdelingsdirektor_fag",
    "ekspedisjonssjef_fag",
    "departementsraad_fag",
    "saksbehandler_fin",
    "underdirektor_fin",
    "avdelingsdirektor_fin",
    "ekspedisjonssjef_fin",
    "departementsraad_fin",
    "administrator",
];
/// The short form is the same every time: a run that checks a change must not fail by chance.
const SHORT_SEED: u64 = 1814;
/// Generated requests for each operation and kind of run, which keeps the short form short.
const SHORT_EXAMPLES: u32 = 8;

/// What one or more runs came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) runs: u32,
    pub(crate) failing_runs: u32,
    pub(crate) requests: u64,
    pub(crate) failures: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.runs += other.runs;
        self.failing_runs += other.failing_runs;
        self.requests += other.requests;
        self.failures += other.failures;
    }
}

/// `cargo xtask fuzz`: each role in runs of its own, on a fresh portal of the tests'.
pub(crate) fn run(workspace: &Workspace, arguments: &FuzzArgs) -> Result<()> {
    let seed = arguments.seed.unwrap_or_else(any_seed);
    let roles: Vec<&str> = if arguments.roles.is_empty() {
        ROLES.to_vec()
    } else {
        arguments.roles.iter().map(String::as_str).collect()
    };
    let mut stack = TestStack::new(workspace);
    let result = stack.ensure_portal().and_then(|_| {
        let fuzzer = Fuzzer::new(workspace, stack.gateway_url()?, seed, arguments.examples)?;
        let mut tally = Tally::default();
        for role in &roles {
            tally += fuzz(&fuzzer, &[role])?;
        }
        Ok(tally)
    });
    stack.end()?;
    let tally = result?;
    println!("\n{}", summary(&tally, roles.len(), seed));
    ensure!(tally.failing_runs == 0, "{} of {} runs failed", tally.failing_runs, tally.runs);
    Ok(())
}

/// The suite of `cargo xtask test`: all roles take turns within each run. Returns the summary too.
pub(crate) fn short(workspace: &Workspace, gateway_url: String) -> Result<(Tally, String)> {
    let fuzzer = Fuzzer::new(workspace, gateway_url, SHORT_SEED, SHORT_EXAMPLES)?;
    let tally = fuzz(&fuzzer, &ROLES)?;
    Ok((tally, summary(&tally, ROLES.len(), SHORT_SEED)))
}

fn fuzz(fuzzer: &Fuzzer<'_>, roles: &[&str]) -> Result<Tally> {
    let mut tally = Tally::default();
    for (service, document) in DOCUMENTS {
        for kind in [Kind::Whole, Kind::Hostile] {
            tally += fuzzer.run(service, document, kind, roles)?;
        }
    }
    Ok(tally)
}

fn summary(tally: &Tally, roles: usize, seed: u64) -> String {
    let Tally { requests, failures, .. } = tally;
    format!("fuzz: {requests} requests as {roles} roles, {failures} failures, seed {seed}")
}

fn any_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(SHORT_SEED, |now| u64::from(now.subsec_micros()))
}
