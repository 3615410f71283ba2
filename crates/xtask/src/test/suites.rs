//! What each suite runs.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::browser;
use super::count::{self, Count};
use super::documents;
use super::locust;
use super::manifests;
use super::monitoring;
use super::npm;
use super::snapshots;
use super::test_stack::TestStack;
use super::tidy;
use crate::cli::Suite;
use crate::faults;
use crate::fuzz;
use crate::tools::{DENY, NEXTEST};
use crate::workspace::{Workspace, forget_own_package};

/// Tests inside the crates.
const UNIT: &str = "kind(lib) + kind(bin) + kind(proc-macro)";
/// Integration tests of one crate or service each.
const INTEGRATION: &str =
    "kind(test) - package(test-support) - (package(cases-api) & test(/^identity::/))";
/// Those of them that need an external issuer.
const IDENTITY: &str = "kind(test) & package(cases-api) & test(/^identity::/)";
/// Tests of the whole, which live with the test harness because they belong to no service.
const GATEWAY: &str = "kind(test) & binary_id(test-support::gateway)";
/// The one of them that a person would do first.
const WALK: &str = "binary_id(test-support::gateway) & test(/^walk::/)";
/// The wire contract, endpoint by endpoint.
const CONTRACT: &str = "kind(test) & binary_id(test-support::contract)";
/// What the portal says about itself.
const OBSERVABILITY: &str = "kind(test) & binary_id(test-support::observability)";

/// The name that the command line and the summary use.
pub(super) fn name(suite: Suite) -> &'static str {
    match suite {
        Suite::Tidy => "tidy",
        Suite::Fmt => "fmt",
        Suite::Deny => "deny",
        Suite::Manifests => "manifests",
        Suite::Monitoring => "monitoring",
        Suite::Clippy => "clippy",
        Suite::Unit => "unit",
        Suite::Integration => "integration",
        Suite::Identity => "identity",
        Suite::Doc => "doc",
        Suite::Locust => "locust",
        Suite::Gateway => "gateway",
        Suite::Contract => "contract",
        Suite::Observability => "observability",
        Suite::Fuzz => "fuzz",
        Suite::Browser => "browser",
        Suite::Documents => "documents",
        Suite::Faults => "faults",
        Suite::Snapshots => "snapshots",
    }
}

/// Runs one suite; an error means that it could not be run at all. What the suite has to say
/// beside its count is added to `figures`.
pub(super) fn run(
    workspace: &Workspace,
    stack: &mut TestStack<'_>,
    suite: Suite,
    figures: &mut Vec<String>,
) -> Result<Count> {
    match suite {
        Suite::Tidy => tidy::run(workspace),
        Suite::Fmt => check(workspace.cargo().args(["fmt", "--all", "--check"])),
        Suite::Deny => {
            let deny = DENY.ensure(workspace)?;
            check(
                Command::new(deny)
                    .args(["check", "bans", "licenses", "sources"])
                    .current_dir(&workspace.root),
            )
        }
        Suite::Manifests => manifests::run(workspace, figures),
        Suite::Clippy => check(workspace.cargo().args([
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--",
            "-Dwarnings",
        ])),
        Suite::Unit => {
            stack.build()?;
            nextest(workspace, UNIT, None, figures)
        }
        Suite::Integration => {
            let attach = stack.ensure_servers()?;
            nextest(workspace, INTEGRATION, Some(&attach), figures)
        }
        Suite::Identity => {
            npm::OIDC_PROVIDER.ensure(workspace)?;
            let attach = stack.ensure_servers()?;
            nextest(workspace, IDENTITY, Some(&attach), figures)
        }
        Suite::Doc => {
            count(workspace.cargo().args(["test", "--quiet", "--workspace", "--doc"]), figures)
        }
        Suite::Locust => locust::run(workspace, figures),
        Suite::Gateway => {
            let attach = stack.ensure_portal()?;
            nextest(workspace, GATEWAY, Some(&attach), figures)
        }
        Suite::Contract => {
            let attach = stack.ensure_portal()?;
            nextest(workspace, CONTRACT, Some(&attach), figures)
        }
        Suite::Monitoring => monitoring::run(workspace),
        Suite::Observability => {
            let attach = stack.ensure_watched_portal()?;
            nextest(workspace, OBSERVABILITY, Some(&attach), figures)
        }
        Suite::Fuzz => {
            stack.ensure_portal()?;
            let (tally, summary) = fuzz::short(workspace, stack.gateway_url()?)?;
            figures.push(summary);
            Ok(Count { passed: tally.runs - tally.failing_runs, failed: tally.failing_runs })
        }
        Suite::Browser => {
            let attach = stack.ensure_portal()?;
            browser::walk(workspace, &attach, figures)
        }
        Suite::Faults => faults::suite(workspace, figures),
        Suite::Documents => documents::check(workspace, figures),
        Suite::Snapshots => snapshots::check(workspace),
    }
}

/// The walk through a portal that runs elsewhere.
pub(super) fn walk(workspace: &Workspace, attach: &Path) -> Result<Count> {
    nextest(workspace, WALK, Some(attach), &mut Vec::new())
}

/// A command that is one test: it succeeds or it fails.
fn check(command: &mut Command) -> Result<Count> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("{name} cannot be run"))?;
    Ok(Count::of_check(status.success()))
}

pub(super) fn nextest(
    workspace: &Workspace,
    tests: &str,
    attach: Option<&Path>,
    figures: &mut Vec<String>,
) -> Result<Count> {
    let mut command = Command::new(NEXTEST.ensure(workspace)?);
    command
        .args(["nextest", "run", "--cargo-quiet", "--workspace", "--bins", "--tests"])
        .args(["-E", tests])
        .current_dir(&workspace.root)
        // A snapshot that differs fails; it is never rewritten behind our back.
        .env("INSTA_UPDATE", "no")
        .env(snapshots::VARIABLE, snapshots::record(workspace));
    forget_own_package(&mut command);
    if let Some(attach) = attach {
        command.env("PORTAL_TEST_STACK", attach);
    }
    count(&mut command, figures)
}

/// Runs tests, shows what the runner says, adds up its summaries and keeps the tests' figures.
pub(crate) fn count(command: &mut Command, figures: &mut Vec<String>) -> Result<Count> {
    let name = command.get_program().to_string_lossy().into_owned();
    let (reader, writer) = std::io::pipe()?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .spawn()
        .with_context(|| format!("{name} cannot be run"))?;
    // The command still holds the writing ends; the loop below would never see the end of them.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut count = Count::default();
    for line in BufReader::new(reader).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        count.read_line(&line);
        figures.extend(count::figure(&line).map(str::to_owned));
    }
    let status = child.wait()?;
    Ok(count.confirmed_by(status.success()))
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn summary_and_command_line_use_the_same_names() {
        for suite in Suite::value_variants() {
            assert_eq!(suite.to_possible_value().unwrap().get_name(), name(*suite));
        }
    }
}
