//! Looks at the stack every few seconds while the load runs, and writes down what it sees.
//!
//! Everything is a count since the beginning or a state at the moment; what it means over the time
//! that was measured is worked out by `locust/portal_load/system.py`, which knows that time.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow};
use serde::Serialize;

use super::metrics::{self, Cache, Pools};
use super::processes::Usage;
use crate::command;
use crate::services::NAMES;
use crate::stack::{Stack, State};

/// Seldom enough to cost nothing, often enough to see the peak of a pool.
const INTERVAL: Duration = Duration::from_secs(3);

/// A thread that takes samples until it is told to finish.
pub(super) struct Sampler {
    stop: Sender<()>,
    thread: JoinHandle<Result<()>>,
}

/// One line of the file.
#[derive(Serialize)]
struct Sample {
    at: f64,
    processes: BTreeMap<String, ProcessSample>,
    pgbouncer: Option<Pools>,
    cache: Option<Cache>,
}

#[derive(Serialize)]
struct ProcessSample {
    cpu_seconds: f64,
    private_bytes: u64,
    is_service: bool,
}

/// What is looked at.
struct Target {
    stack: Stack,
    replicas: u16,
    /// Name and pid.
    processes: Vec<(String, i32)>,
    ticks_per_second: u64,
}

impl Sampler {
    /// Begins to write samples of the stack's processes, and of the load generator's, to `file`.
    pub(super) fn start(
        stack: &Stack,
        state: &State,
        generator: (&str, u32),
        file: &Path,
    ) -> Result<Self> {
        let mut processes: Vec<(String, i32)> =
            state.processes.iter().map(|process| (process.name.clone(), process.pid)).collect();
        processes.push((generator.0.to_owned(), i32::try_from(generator.1)?));
        let target = Target {
            stack: stack.clone(),
            replicas: state.replicas,
            processes,
            ticks_per_second: command::capture(Command::new("getconf").arg("CLK_TCK"))?
                .trim()
                .parse()
                .context("getconf CLK_TCK")?,
        };
        let mut file = File::create(file).with_context(|| format!("{}", file.display()))?;
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(INTERVAL) {
                let mut line = serde_json::to_vec(&target.look()?)?;
                line.push(b'\n');
                // In one piece: the reader may look at any moment.
                file.write_all(&line)?;
            }
            Ok(())
        });
        Ok(Self { stop, thread })
    }

    /// Ends the samples.
    pub(super) fn finish(self) -> Result<()> {
        // A thread that has failed no longer listens; its error is the one to tell.
        let _ = self.stop.send(());
        self.thread.join().map_err(|_| anyhow!("the sampling thread panicked"))?
    }
}

impl Target {
    fn look(&self) -> Result<Sample> {
        let usage = Usage::read()?;
        let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs_f64();
        let processes = self
            .processes
            .iter()
            .map(|(name, pid)| {
                let sample = ProcessSample {
                    cpu_seconds: usage.cpu(*pid, self.ticks_per_second).as_secs_f64(),
                    private_bytes: usage.private_bytes(*pid),
                    is_service: NAMES.iter().any(|service| name.starts_with(service)),
                };
                (name.clone(), sample)
            })
            .collect();
        Ok(Sample {
            at,
            processes,
            pgbouncer: metrics::pools(&self.stack),
            cache: metrics::cache(&self.stack, self.replicas),
        })
    }
}
