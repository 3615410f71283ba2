//! Rules of this project that no other tool knows (style guide, sections 1.12 and 6).
//!
//! Each rule is one test. A rule is here because breaking it compiles, passes every other test,
//! and is noticed only when somebody reads the file.

mod dependencies;
mod sources;

use anyhow::Result;

use self::sources::Sources;
use super::count::Count;
use crate::workspace::Workspace;

/// A rule: its sentence, and every place that breaks it.
pub(super) type Finding = (&'static str, Vec<String>);

pub(super) fn run(workspace: &Workspace) -> Result<Count> {
    let mut findings = Sources::read(&workspace.root)?.findings();
    findings.extend(dependencies::findings(workspace)?);
    Ok(report(findings))
}

/// Prints each rule with what breaks it. A rule is one test.
pub(super) fn report(findings: Vec<Finding>) -> Count {
    let mut count = Count::default();
    for (rule, breaches) in findings {
        println!("{} {rule}", if breaches.is_empty() { "ok  " } else { "FAIL" });
        for breach in &breaches {
            println!("       {breach}");
        }
        count += Count::of_check(breaches.is_empty());
    }
    count
}
