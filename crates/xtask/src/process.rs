//! Long-running processes: started in a session of their own, remembered by pid *and* start time,
//! ended by pid. A pid alone may by then belong to somebody else's process.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::interrupt;
use crate::workspace::{SERVER_USER, is_root};

/// How many lines of a failed part's log are shown.
const SHOWN_LINES: usize = 20;
const POLL: Duration = Duration::from_millis(50);

/// A process that we started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    pub(crate) name: String,
    pub(crate) pid: i32,
    /// Start time in clock ticks since boot, the kernel's own word.
    started: u64,
    pub(crate) log: PathBuf,
}

/// What to start, and how.
pub(crate) struct Daemon {
    name: String,
    command: Vec<String>,
    environment: Vec<(String, String)>,
    server_user: bool,
}

impl Daemon {
    /// A program that will be known as `name` in status, logs and messages.
    pub(crate) fn new(name: &str, program: impl AsRef<Path>) -> Self {
        Self {
            name: name.to_owned(),
            command: vec![program.as_ref().display().to_string()],
            environment: Vec::new(),
            server_user: false,
        }
    }

    pub(crate) fn arg(mut self, argument: impl Into<String>) -> Self {
        self.command.push(argument.into());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Runs it as [`SERVER_USER`] when we are root.
    pub(crate) fn run_as_server_user(mut self) -> Self {
        self.server_user = true;
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Starts it with a clean environment, so that a variable in the developer's shell
    /// (`DATABASE_URL`, `PGHOST`) cannot point a private stack at another server.
    pub(crate) fn spawn(&self, log: &Path) -> Result<Process> {
        if log.exists() {
            // One earlier run is kept; "the last lines" must be this run's.
            fs::rename(log, log.with_extension("log.1"))?;
        }
        let output = OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("{} cannot be written", log.display()))?;
        // setsid and setpriv both exec, so the pid stays the one we get here.
        let mut command = Command::new("setsid");
        if self.server_user {
            command.args(demotion());
        }
        let child = command
            .args(&self.command)
            .env_clear()
            .envs(inherited())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("{} cannot be started", self.name))?;
        let pid = i32::try_from(child.id())?;
        let (_, started) =
            stat(pid).with_context(|| format!("{} ended as soon as it began", self.name))?;
        Ok(Process { name: self.name.clone(), pid, started, log: log.to_owned() })
    }
}

impl Process {
    pub(crate) fn is_alive(&self) -> bool {
        stat(self.pid).is_some_and(|(state, started)| state != 'Z' && started == self.started)
    }

    /// Waits until `ready` answers true. Fails when the process ends, time runs out or the person
    /// at the keyboard gives up; the message carries the end of the log.
    pub(crate) fn wait_until(&self, limit: Duration, ready: impl Fn() -> bool) -> Result<Duration> {
        let begun = Instant::now();
        loop {
            if ready() {
                return Ok(begun.elapsed());
            }
            if !self.is_alive() {
                bail!("{} ended. {}", self.name, self.last_words());
            }
            if begun.elapsed() > limit {
                bail!(
                    "{} is not ready after {} s. {}",
                    self.name,
                    limit.as_secs(),
                    self.last_words()
                );
            }
            interrupt::pause(POLL)?;
        }
    }

    /// Asks it to end with `signal`, and kills what is left of its session after `grace`.
    pub(crate) fn stop(&self, signal: Signal, grace: Duration) {
        if !self.is_alive() {
            return;
        }
        let pid = Pid::from_raw(self.pid);
        // It may end between the check and the signal; then there is nothing to do.
        let _ = kill(pid, signal);
        // A process that a person or a test has halted would never see the signal.
        let _ = kill(pid, Signal::SIGCONT);
        let begun = Instant::now();
        while self.is_alive() && begun.elapsed() < grace {
            thread::sleep(POLL);
        }
        if self.is_alive() {
            let _ = killpg(pid, Signal::SIGKILL);
            while self.is_alive() && begun.elapsed() < grace + Duration::from_secs(5) {
                thread::sleep(POLL);
            }
        }
    }

    /// Ends it as a power cut would, with everything that it started.
    pub(crate) fn kill(&self) -> Result<()> {
        let mut family = vec![self.pid];
        family.extend(children(self.pid));
        for pid in &family {
            // One may have ended with another.
            let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
        }
        let _ = killpg(Pid::from_raw(self.pid), Signal::SIGKILL);
        let begun = Instant::now();
        while self.is_alive() || family.iter().any(|pid| stat(*pid).is_some_and(|(s, _)| s != 'Z'))
        {
            if begun.elapsed() > Duration::from_secs(5) {
                bail!("{} (pid {}) does not die", self.name, self.pid);
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Sends a signal to it alone.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        kill(Pid::from_raw(self.pid), signal).with_context(|| self.name.clone())
    }

    /// The last lines of its log, for a person who asks why it failed.
    pub(crate) fn last_words(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let tail = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
        format!("Last lines of {}:\n    {}", self.log.display(), tail.join("\n    "))
    }
}

/// The prefix that turns root into [`SERVER_USER`]; nothing for anybody else.
pub(crate) fn demotion() -> Vec<String> {
    if !is_root() {
        return Vec::new();
    }
    [
        "setpriv",
        &format!("--reuid={SERVER_USER}"),
        &format!("--regid={SERVER_USER}"),
        "--init-groups",
        "--",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// The variables that every started program may see.
fn inherited() -> impl Iterator<Item = (String, String)> {
    let path = std::env::var("PATH").unwrap_or_default();
    let home = std::env::var("HOME").unwrap_or_else(|_| "/".to_owned());
    [
        ("PATH".to_owned(), format!("{path}:/usr/sbin:/sbin")),
        ("HOME".to_owned(), home),
        ("LANG".to_owned(), "C.UTF-8".to_owned()),
    ]
    .into_iter()
}

/// Those whom a process has started. PostgreSQL's have sessions of their own.
fn children(pid: i32) -> Vec<i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|child| parent(*child) == Some(pid))
        .collect()
}

fn parent(pid: i32) -> Option<i32> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    fields.split_whitespace().nth(1)?.parse().ok()
}

/// State and start time from `/proc/PID/stat`. The name in parentheses may hold anything, so the
/// fields are counted from the last parenthesis.
fn stat(pid: i32) -> Option<(char, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parse_stat(&text)
}

fn parse_stat(text: &str) -> Option<(char, u64)> {
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let started = fields.nth(18)?.parse().ok()?;
    Some((state, started))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_is_read_past_a_hostile_process_name() {
        let text = "42 (a) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 9000 20 21";
        assert_eq!(parse_stat(text), Some(('S', 9000)));
    }

    #[test]
    fn our_own_process_is_found() {
        let pid = i32::try_from(std::process::id()).unwrap();
        let (state, started) = stat(pid).unwrap();
        assert!(state != 'Z' && started > 0);
    }
}
