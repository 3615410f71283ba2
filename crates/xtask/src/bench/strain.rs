//! Runs `strain`, the load generator for what `wrk` cannot do, and reads what it says.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::Bench;
use super::statistics::quantile;

/// A load whose connections are open and which waits for the word to begin.
pub(super) struct Load {
    child: Child,
    word: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// One answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    /// Since the load began.
    pub(super) begun_secs: f64,
    pub(super) took_ms: f64,
    /// 0 when there was no answer.
    pub(super) status: u16,
    /// Whether it said when to come back.
    pub(super) told_when: bool,
}

impl Load {
    /// Opens the connections of a load of this kind.
    pub(super) fn open(bench: &Bench<'_>, plan: &Value, kind: &[String]) -> Result<Self> {
        let path = bench.scratch.join("plan.json");
        fs::write(&path, plan.to_string())?;
        let mut child = Command::new(bench.programs.join("strain"))
            .arg("--plan")
            .arg(&path)
            .args(kind)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("strain cannot be run")?;
        let word = child.stdin.take().context("strain has no input")?;
        let mut output = BufReader::new(child.stdout.take().context("strain has no output")?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let load = Self { child, word, output };
        if line.trim() != "open" {
            load.finish()?;
            bail!("strain did not begin");
        }
        Ok(load)
    }

    /// Gives the word.
    pub(super) fn begin(&mut self) -> Result<()> {
        Ok(self.word.write_all(b"begin\n")?)
    }

    /// Waits for the end of the load.
    pub(super) fn finish(mut self) -> Result<String> {
        let mut said = String::new();
        self.output.read_to_string(&mut said)?;
        ensure!(self.child.wait()?.success(), "strain failed; what is above says why");
        Ok(said)
    }

    /// Waits for the end of a load that prints a line for each answer.
    pub(super) fn samples(self) -> Result<Vec<Sample>> {
        let said = self.finish()?;
        said.lines().map(|line| parse(line).with_context(|| line.to_owned())).collect()
    }
}

/// Requests for some time, at a rate or as fast as they are answered.
pub(super) fn steady(connections: u16, rate: Option<f64>, secs: f64) -> Vec<String> {
    let mut kind = vec!["steady".to_owned(), format!("--connections={connections}")];
    kind.extend(rate.map(|rate| format!("--rate={rate}")));
    kind.push(format!("--secs={secs}"));
    kind
}

fn parse(line: &str) -> Option<Sample> {
    let mut words = line.split(' ');
    let mut number = || words.next()?.parse::<f64>().ok();
    let (begun, took, status, told) = (number()?, number()?, number()?, number()?);
    let status = (0..600_u16).find(|code| f64::from(*code) >= status)?;
    Some(Sample { begun_secs: begun / 1e6, took_ms: took / 1e3, status, told_when: told > 0.0 })
}

impl Sample {
    pub(super) fn is_ok(&self) -> bool {
        (200..400).contains(&self.status)
    }

    /// Refused as a service that has too much to do should: at once, and with a time to come back.
    pub(super) fn is_refusal(&self) -> bool {
        self.status == 503 && self.told_when
    }
}

/// Milliseconds that this share of the samples did not exceed.
pub(super) fn quantile_ms<'a>(
    samples: impl IntoIterator<Item = &'a Sample>,
    share: f64,
) -> Option<f64> {
    let times: Vec<f64> = samples.into_iter().map(|sample| sample.took_ms).collect();
    quantile(&times, share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_answer_and_anything_else_is_none() {
        let sample = parse("1500000 2500 503 1").unwrap();
        assert_eq!((sample.begun_secs, sample.took_ms), (1.5, 2.5));
        assert!(sample.is_refusal() && !sample.is_ok());
        assert!(parse("10 20 200 0").unwrap().is_ok());
        let silent = parse("10 20 0 0").unwrap();
        assert!(!silent.is_ok() && !silent.is_refusal());
        assert!(!parse("10 20 503 0").unwrap().is_refusal(), "it does not say when to come back");
        assert_eq!(parse("10 20 200"), None);
        assert_eq!(parse("failed"), None);
    }
}
