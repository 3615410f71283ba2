//! What a person sees while `xtask` works: one line per step, with its time.

use std::io::Write as _;
use std::time::Instant;

use anyhow::Result;

/// Runs one step and prints its name, outcome and time on one line.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    print!("  {name:<34}");
    // A lost progress line is no reason to stop.
    let _ = std::io::stdout().flush();
    let started = Instant::now();
    let result = work();
    let outcome = if result.is_ok() { "ok" } else { "FAILED" };
    println!("{outcome:<7}{:>7.1} s", started.elapsed().as_secs_f64());
    result
}

/// Announces a step whose own output follows, and prints its time at the end.
pub(crate) fn stage<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("  {name} ...");
    let started = Instant::now();
    let result = work();
    let outcome = if result.is_ok() { "ok" } else { "FAILED" };
    println!("  {name:<34}{outcome:<7}{:>7.1} s", started.elapsed().as_secs_f64());
    result
}
