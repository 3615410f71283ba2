//! `faults`: loads a portal of two replicas, breaks one part, and judges what came back (I1, I3, I4,
//! I5, I7). One line of result for each fault.
//!
//! It is started by `cargo xtask faults`, before the services, because it holds the links through
//! which they reach their servers.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a line that cannot be run has failed, and its reader wants to see where"
)]

mod checker;
mod history;
mod lines;
mod load;
mod parts;
mod run;
mod stored;

use std::process::ExitCode;

use test_support::Stack;

use crate::lines::LINES;
use crate::load::Cast;
use crate::parts::Links;

#[tokio::main]
async fn main() -> ExitCode {
    let (repeat, names) = arguments();
    let stack = Stack::load();
    let links = Links::open(stack).await;
    parts::part("start", "portal", &[]).await;
    let cast = Cast::sign_in().await;
    let chosen = LINES.iter().filter(|line| {
        names.is_empty() || names.iter().any(|name| line.name.contains(name.as_str()))
    });
    let (mut passed, mut failed) = (0, 0);
    for line in chosen.flat_map(|line| std::iter::repeat_n(line, repeat)) {
        let verdict = run::run(stack, &links, &cast, line).await;
        println!("figure: {}", verdict.figure);
        for sentence in &verdict.complaints {
            println!("    {sentence}");
        }
        if verdict.complaints.is_empty() {
            passed += 1;
        } else {
            failed += 1;
        }
    }
    println!("test result: {passed} passed; {failed} failed");
    ExitCode::from(u8::from(failed > 0))
}

/// `--repeat N`, then names.
fn arguments() -> (usize, Vec<String>) {
    let mut names: Vec<String> = std::env::args().skip(1).collect();
    let mut repeat = 1;
    if names.first().is_some_and(|first| first == "--repeat") {
        repeat = names[1].parse().expect("a number");
        names.drain(..2);
    }
    (repeat, names)
}
