//! One run of schemathesis: its command line, its log, and what it came to.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::{Tally, tool};
use crate::interrupt;
use crate::workspace::{Workspace, make_dir};

/// The findings begin below this line of its output.
const FAILURES: &str = "= FAILURES =";
const ERRORS: &str = "= ERRORS =";
/// How much of them is shown; the rest is in the log.
const SHOWN_LINES: usize = 200;

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Every phase and every check.
    Whole,
    /// One hostile value in each request. Whether it is taken or refused is the service's choice,
    /// so only the answers' form is checked.
    Hostile,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Hostile => "hostile",
        }
    }

    const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Whole => &["--checks=all"],
            Self::Hostile => &[
                "--phases=fuzzing",
                "--mode=positive",
                "--checks=not_a_server_error,status_code_conformance,content_type_conformance,\
                 response_headers_conformance,response_schema_conformance",
            ],
        }
    }
}

/// What the Python side counted.
#[derive(Debug, Deserialize)]
struct Report {
    requests: u64,
    failures: u64,
    /// Operations that were never answered 2xx.
    never2xx: Vec<String>,
}

/// Everything that the runs have in common.
pub(super) struct Fuzzer<'a> {
    workspace: &'a Workspace,
    program: PathBuf,
    /// Logs, and what schemathesis leaves behind.
    home: PathBuf,
    portal: String,
    seed: u64,
    examples: u32,
}

impl<'a> Fuzzer<'a> {
    pub(super) fn new(
        workspace: &'a Workspace,
        portal: String,
        seed: u64,
        examples: u32,
    ) -> Result<Self> {
        let program = tool::ensure(workspace)?;
        let home = workspace.local.join("fuzz");
        make_dir(&home, 0o755)?;
        Ok(Self { workspace, program, home, portal, seed, examples })
    }

    /// Fuzzes one document as these roles, and prints a line about it.
    pub(super) fn run(
        &self,
        service: &str,
        document: &str,
        kind: Kind,
        roles: &[&str],
    ) -> Result<Tally> {
        let who = if let [role] = roles { (*role).to_owned() } else { "all roles".to_owned() };
        let name = format!("{service}-{}-{}", kind.name(), who.replace(' ', "-"));
        let (log, report) =
            (self.home.join(format!("{name}.log")), self.home.join(format!("{name}.json")));
        let _ = fs::remove_file(&report);
        let begun = Instant::now();
        let succeeded = self
            .command(document, kind, roles)
            .env("FUZZ_REPORT", &report)
            .stdin(Stdio::null())
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?)
            .status()
            .context("schemathesis cannot be run")?
            .success();
        ensure!(!interrupt::requested(), "interrupted");
        let counted = fs::read(&report).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let Some(Report { requests, failures, never2xx }) = counted else {
            println!("{}", findings(&log)?);
            anyhow::bail!("schemathesis did not run; its log is {}", log.display());
        };
        // An error of its own making is no finding, but no success either.
        let failures = if succeeded { 0 } else { failures.max(1) };
        println!(
            "  {service:<10} {:<8} as {who:<22} {requests:>6} requests, {failures} failures ({:.1} s)",
            kind.name(),
            begun.elapsed().as_secs_f64()
        );
        if kind == Kind::Whole && !never2xx.is_empty() {
            println!("    never answered 2xx: {}", never2xx.join(", "));
        }
        if !succeeded {
            println!("{}", findings(&log)?);
        }
        Ok(Tally { runs: 1, failing_runs: u32::from(!succeeded), requests, failures })
    }

    fn command(&self, document: &str, kind: Kind, roles: &[&str]) -> Command {
        let ours = tool::sources(self.workspace);
        let (seed, examples) = (self.seed.to_string(), self.examples.to_string());
        let mut command = Command::new(&self.program);
        command
            .arg("--config-file")
            .arg(ours.join("schemathesis.toml"))
            .arg("run")
            .arg(format!("{}{document}", self.portal))
            .args(["--url", &self.portal, "--seed", &seed, "--max-examples", &examples])
            .args(kind.arguments())
            .args(["--warnings=off", "--no-color"])
            .current_dir(&self.home)
            .env("SCHEMATHESIS_HOOKS", "hooks")
            .env("PYTHONPATH", &ours)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PORTAL_URL", &self.portal)
            .env("FUZZ_ROLES", roles.join(","))
            .env("FUZZ_SEED", &seed)
            .env("FUZZ_HOSTILE", if kind == Kind::Hostile { "1" } else { "0" });
        command
    }
}

/// What was found, or the end of the log when there is no such part.
fn findings(log: &std::path::Path) -> Result<String> {
    let text = String::from_utf8_lossy(&fs::read(log)?).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let begin = lines
        .iter()
        .position(|line| line.contains(FAILURES) || line.contains(ERRORS))
        .unwrap_or(lines.len().saturating_sub(SHOWN_LINES));
    let shown: Vec<&str> = lines[begin..].iter().take(SHOWN_LINES).copied().collect();
    Ok(format!("{}\n  the whole of it is in {}", shown.join("\n"), log.display()))
}
