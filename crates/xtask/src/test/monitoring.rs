//! Alerting and dashboards, as far as they can be checked without anything running.
//!
//! Whether their queries find data is a question for the suite `observability`.

mod dashboards;

use std::fs;
use std::process::Command;

use anyhow::Result;

use super::count::Count;
use crate::packages;
use crate::workspace::Workspace;

const RULES: [&str; 2] =
    ["compose/prometheus/rules/alerts.yml", "compose/prometheus/rules/signals.yml"];
const RULE_TESTS: &str = "compose/prometheus/tests/alerts.yml";
const ALERTMANAGER: &str = "compose/alertmanager/alertmanager.yml";
const RUNBOOKS: &str = "docs/runbooks.md";

/// Who hears of an alert with these labels.
const ROUTES: [(&str, &[&str]); 3] = [
    ("on-call", &["alertname=HighErrorRate", "severity=critical"]),
    ("team", &["alertname=RedisMemoryHigh", "severity=warning"]),
    ("dead-mans-switch", &["alertname=Watchdog", "severity=none"]),
];

/// A check: its sentence, and what is wrong.
type Finding = (String, Vec<String>);

pub(super) fn run(workspace: &Workspace) -> Result<Count> {
    packages::ensure_program("promtool", "prometheus")?;
    packages::ensure_program("amtool", "prometheus-alertmanager")?;
    let mut count = Count::default();
    let commands = commands().into_iter().map(|(sentence, command)| {
        let complaint = complaint(workspace, &command);
        (sentence, complaint.into_iter().collect())
    });
    let findings: Vec<Finding> =
        commands.chain(rules(workspace)?).chain(dashboards::findings(workspace)?).collect();
    for (sentence, breaches) in findings {
        println!("{} {sentence}", if breaches.is_empty() { "ok  " } else { "FAIL" });
        for breach in &breaches {
            println!("       {breach}");
        }
        count += Count::of_check(breaches.is_empty());
    }
    Ok(count)
}

/// Programs that are one check each: they succeed or say why not.
fn commands() -> Vec<(String, Vec<String>)> {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut commands = vec![
        (
            "Prometheus understands its configuration".to_owned(),
            words("promtool check config compose/prometheus/prometheus.yml"),
        ),
        (
            "the rules are well formed".to_owned(),
            words("promtool check rules --lint-fatal")
                .into_iter()
                .chain(RULES.map(str::to_owned))
                .collect(),
        ),
        (
            "the rules do what they say".to_owned(),
            words(&format!("promtool test rules {RULE_TESTS}")),
        ),
        (
            "Alertmanager understands its configuration".to_owned(),
            words(&format!("amtool check-config {ALERTMANAGER}")),
        ),
    ];
    for (receiver, labels) in ROUTES {
        let mut command = words(&format!(
            "amtool config routes test --config.file={ALERTMANAGER} --verify.receivers={receiver}"
        ));
        command.extend(labels.iter().map(|label| (*label).to_owned()));
        commands.push((format!("{} reaches {receiver}", labels[0]), command));
    }
    commands
}

fn complaint(workspace: &Workspace, words: &[String]) -> Option<String> {
    let (program, arguments) = words.split_first()?;
    match Command::new(program).args(arguments).current_dir(&workspace.root).output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(
            String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr),
        ),
        Err(error) => Some(format!("{program}: {error}")),
    }
}

/// What no tool checks: that every rule is tested, and that every alert says how bad it is, what it
/// means and where to read on.
fn rules(workspace: &Workspace) -> Result<Vec<Finding>> {
    let tests = fs::read_to_string(workspace.root.join(RULE_TESTS))?;
    let runbooks = fs::read_to_string(workspace.root.join(RUNBOOKS))?;
    let mut findings = Vec::new();
    for path in RULES {
        let text = fs::read_to_string(workspace.root.join(path))?;
        for (name, rule) in alerts(&text) {
            findings.push((
                format!("{name} is complete, tested and has its chapter"),
                breaches(name, rule, &tests, &runbooks),
            ));
        }
    }
    Ok(findings)
}

fn breaches(name: &str, rule: &str, tests: &str, runbooks: &str) -> Vec<String> {
    let anchor = format!("runbook: {RUNBOOKS}#{}", name.to_lowercase());
    let has_line = |text: &str, line: &str| text.lines().any(|found| found.trim_end() == line);
    [
        (rule.contains("severity: "), "has no severity"),
        (rule.contains("summary: "), "has no summary"),
        (rule.contains(&anchor), "does not name its runbook"),
        (has_line(runbooks, &format!("## {name}")), "has no chapter in the runbooks"),
        (tests.split([' ', ',', '\n']).any(|word| word == name), "is expected by no test"),
        (rule.matches(&name).count() > 0 && tests.contains(&anchor), "is never seen to fire"),
    ]
    .into_iter()
    .filter(|(holds, _)| !holds)
    .map(|(_, breach)| breach.to_owned())
    .collect()
}

/// Alerts by name with the text of their rule. The shape of the file is promtool's business.
fn alerts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("- alert: ").skip(1).map(|rule| {
        let name = rule.lines().next().unwrap_or_default().trim();
        (name, rule)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "groups:\n  - name: x\n    rules:\n      - alert: Fire\n        expr: up == 0\n        labels: {severity: critical}\n        annotations:\n          summary: \"it burns\"\n          runbook: docs/runbooks.md#fire\n";

    #[test]
    fn a_complete_alert_breaks_nothing_and_a_bare_one_everything() {
        let (name, rule) = alerts(RULE).next().unwrap();
        let tests = "alertname: Fire\nrunbook: docs/runbooks.md#fire";
        assert!(breaches(name, rule, tests, "# Runbooks\n\n## Fire\n").is_empty());
        assert_eq!(breaches("Flood", "Flood\n", tests, "").len(), 6);
    }
}
