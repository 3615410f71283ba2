//! `docs/load-test-report.md`: put together from what the latest run of each scenario left behind.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::profile;
use crate::cli::LoadStep;
use crate::command;
use crate::stack::{Stack, State};
use crate::workspace::Workspace;

const DOCUMENT: &str = "docs/load-test-report.md";
/// The scenarios that the requirement names, in its order.
const SCENARIOS: [LoadStep; 6] = [
    LoadStep::Baseline,
    LoadStep::Normal,
    LoadStep::High,
    LoadStep::Stress,
    LoadStep::ExportStorm,
    LoadStep::LockStorm,
];
const HEAD: &str = "# Load-test report

Written by `cargo xtask load report` from the latest run of each scenario; nothing here is typed by hand. What the scenarios are and where the targets come from is in [load-testing.md](load-testing.md). Times are what the client waited, through the gateway; p95 means that 95 of 100 requests took at most that long. CPU is the mean over the measured time, 100 % being one core.
";

/// Writes the document, or says which scenarios have not been run.
pub(super) fn write(workspace: &Workspace) -> Result<()> {
    let mut document = HEAD.to_owned();
    let mut missing = Vec::new();
    for scenario in SCENARIOS {
        let section = workspace.local.join("load").join(scenario.as_str()).join("report.md");
        match fs::read_to_string(&section) {
            Ok(text) => {
                document.push('\n');
                document.push_str(&text);
            }
            Err(_) => missing.push(scenario.as_str()),
        }
    }
    ensure!(missing.is_empty(), "not run yet: {}", missing.join(", "));
    let path = workspace.root.join(DOCUMENT);
    fs::write(&path, document).with_context(|| format!("{}", path.display()))?;
    println!("  {DOCUMENT} is written");
    Ok(())
}

/// One sentence about the machine and the build, without which no number means anything.
pub(super) fn conditions(stack: &Stack, state: &State) -> Result<String> {
    let workspace = &stack.workspace;
    let cores = std::thread::available_parallelism()?;
    let memory = memory_gib(&fs::read_to_string("/proc/meminfo")?);
    let mut git = Command::new("git");
    git.args(["rev-parse", "--short", "HEAD"]).current_dir(&workspace.root);
    let commit = command::capture(&mut git)?;
    let (commit, build) = (commit.trim(), profile(stack));
    let replicas = state.replicas;
    Ok(format!(
        "{cores} cores and {memory} GiB of memory for the load generator, the servers and \
         {replicas} of each service; {build} build of commit {commit}."
    ))
}

fn memory_gib(meminfo: &str) -> u64 {
    meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse().ok())
        .map_or(0, |kib: u64| (kib + 512 * 1024) / (1024 * 1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_rounded_to_whole_gibibytes() {
        assert_eq!(memory_gib("MemTotal:       16309000 kB\nMemFree: 1 kB\n"), 16);
    }
}
