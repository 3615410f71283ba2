//! `cargo xtask test`: everything that CI checks, on a private stack of its own.

mod attach;
mod browser;
mod count;
mod documents;
mod locust;
mod manifests;
mod monitoring;
mod npm;
mod snapshots;
mod suites;
mod test_stack;
mod tidy;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use clap::ValueEnum as _;

pub(crate) use self::attach::write as write_attach_file;
pub(crate) use self::count::Count;
pub(crate) use self::suites::count as count_tests;
pub(crate) use self::test_stack::{REPLICAS, TestStack};
use crate::cli::{Suite, TestArgs};
use crate::interrupt;
use crate::workspace::Workspace;

/// What one suite came to.
struct Outcome {
    suite: Suite,
    count: Count,
    /// What else there is to say about it.
    figures: Vec<String>,
    duration: Duration,
}

/// Runs the chosen suites, all of them if none is named, and sums them up.
pub(crate) fn run(workspace: &Workspace, arguments: &TestArgs) -> Result<()> {
    if arguments.stop {
        return test_stack::stop(workspace);
    }
    if arguments.servers_only {
        return test_stack::leave_servers_running(workspace);
    }
    if arguments.portal_only {
        return test_stack::leave_portal_running(workspace);
    }
    let chosen: Vec<Suite> = Suite::value_variants()
        .iter()
        .copied()
        .filter(|suite| arguments.suites.is_empty() || arguments.suites.contains(suite))
        .collect();
    snapshots::forget(workspace)?;
    let mut stack = TestStack::new(workspace);
    let outcomes = run_suites(workspace, &mut stack, &chosen);
    stack.end()?;
    let outcomes = outcomes?;
    print_summary(&outcomes);
    let failing: Vec<&str> = outcomes
        .iter()
        .filter(|outcome| outcome.count.failed > 0)
        .map(|outcome| suites::name(outcome.suite))
        .collect();
    ensure!(failing.is_empty(), "failing suites: {}", failing.join(", "));
    Ok(())
}

/// Does the portal's main job, as the suite `gateway` has it, on the portal that `attach` describes.
pub(crate) fn walk(workspace: &Workspace, attach: &Path) -> Result<bool> {
    let count = suites::walk(workspace, attach)?;
    Ok(count.passed > 0 && count.failed == 0)
}

/// A failing suite does not keep the next from running: one run tells everything.
fn run_suites(
    workspace: &Workspace,
    stack: &mut TestStack<'_>,
    chosen: &[Suite],
) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    for &suite in chosen {
        println!("\n== {} ==", suites::name(suite));
        let begun = Instant::now();
        let mut figures = Vec::new();
        let count = suites::run(workspace, stack, suite, &mut figures).unwrap_or_else(|error| {
            println!("error: {error:#}");
            Count::one_failure()
        });
        if interrupt::requested() {
            bail!("interrupted");
        }
        outcomes.push(Outcome { suite, count, figures, duration: begun.elapsed() });
    }
    Ok(outcomes)
}

/// One line per suite, and the sum alone on the last line, where other programs look for it.
fn print_summary(outcomes: &[Outcome]) {
    println!();
    let mut sum = Count::default();
    for Outcome { suite, count, figures, duration } in outcomes {
        let (name, seconds) = (suites::name(*suite), duration.as_secs_f64());
        println!("{name}: {} passed, {} failed ({seconds:.1} s)", count.passed, count.failed);
        for figure in figures {
            println!("  {figure}");
        }
        sum += *count;
    }
    println!("\n{} passed, {} failed", sum.passed, sum.failed);
}
