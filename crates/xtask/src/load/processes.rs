//! CPU time and memory of processes with all their children, from `/proc`. PostgreSQL and nginx do
//! their work in children, so a process alone would say nothing.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// What all processes of the machine have used so far.
pub(super) struct Usage {
    /// By pid.
    processes: BTreeMap<i32, Used>,
}

struct Used {
    parent: i32,
    /// Its own time and that of children it has waited for, in clock ticks.
    ticks: u64,
}

impl Usage {
    /// Reads every process; those that end meanwhile are left out.
    pub(super) fn read() -> Result<Self> {
        let entries = fs::read_dir("/proc").context("/proc")?;
        let processes = entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
            .filter_map(|pid| {
                let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
                Some((pid, parse_stat(&text)?))
            })
            .collect();
        Ok(Self { processes })
    }

    /// CPU time of a process and its descendants.
    pub(super) fn cpu(&self, pid: i32, ticks_per_second: u64) -> Duration {
        let ticks: u64 = self.family(pid).iter().map(|one| self.processes[one].ticks).sum();
        Duration::from_millis(ticks * 1000 / ticks_per_second)
    }

    /// Memory that a process and its descendants share with nobody.
    pub(super) fn private_bytes(&self, pid: i32) -> u64 {
        let of_one = |pid: &i32| {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
            line.trim().strip_suffix(" kB")?.parse::<u64>().ok()
        };
        1024 * self.family(pid).iter().filter_map(of_one).sum::<u64>()
    }

    /// A process and its descendants; nothing if it has ended.
    fn family(&self, pid: i32) -> Vec<i32> {
        let mut family: Vec<i32> =
            self.processes.contains_key(&pid).then_some(pid).into_iter().collect();
        let mut nth = 0;
        while let Some(&parent) = family.get(nth) {
            let children = self.processes.iter().filter(|(_, used)| used.parent == parent);
            family.extend(children.map(|(child, _)| *child));
            nth += 1;
        }
        family
    }
}

/// Parent and time from `/proc/PID/stat`. The name in parentheses may hold anything, so the fields
/// are counted from the last parenthesis.
fn parse_stat(text: &str) -> Option<Used> {
    let (_, fields) = text.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let number = |nth: usize| fields.get(nth)?.parse::<u64>().ok();
    Some(Used {
        parent: fields.get(1)?.parse().ok()?,
        // utime, stime, cutime, cstime.
        ticks: number(11)? + number(12)? + number(13)? + number(14)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_is_read_past_a_hostile_process_name() {
        let text = "42 (a) b) S 7 2 3 4 5 6 7 8 9 10 100 20 3 1 15 16 17 18 9000 20 21";
        let used = parse_stat(text).unwrap();
        assert_eq!((used.parent, used.ticks), (7, 124));
    }

    #[test]
    fn children_count_with_their_parents() {
        let used = |parent, ticks| Used { parent, ticks };
        let processes =
            BTreeMap::from([(1, used(0, 1)), (5, used(1, 10)), (6, used(5, 20)), (7, used(6, 70))]);
        let usage = Usage { processes };
        assert_eq!(usage.cpu(5, 100), Duration::from_secs(1));
        assert_eq!(usage.cpu(8, 100), Duration::ZERO);
    }

    #[test]
    fn our_own_use_is_found() {
        let usage = Usage::read().unwrap();
        let pid = i32::try_from(std::process::id()).unwrap();
        assert!(usage.private_bytes(pid) > 0);
    }
}
