//! Every query of every panel and every rule finds data in a Prometheus that watched a real run.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::prometheus::Prometheus;
use crate::work;

/// Longest time until everything has been seen twice: a rate needs two samples that differ.
const PATIENCE: Duration = Duration::from_mins(3);

/// Rules about TLS, which the cluster's own gateway ends; a stack on one machine has none.
const WITHOUT_AN_ANSWER: [&str; 1] = ["CertificateExpiresSoon"];

/// A question and who asks it.
struct Query {
    asked_by: String,
    expression: String,
}

#[actix_rt::test]
async fn every_panel_and_every_rule_finds_data() {
    let prometheus = Prometheus::of_the_stack();
    let mut open = panels();
    assert!(open.len() > 50, "the dashboards were not read");
    let rules = rules(&prometheus).await;
    assert!(rules.len() > 30, "the rules were not read");
    open.extend(rules);
    let all = open.len();
    let deadline = Instant::now() + PATIENCE;
    while !open.is_empty() && Instant::now() < deadline {
        work::do_everything().await;
        let names = prometheus.names().await;
        let mut unanswered = Vec::new();
        for query in open {
            if !is_answered(&prometheus, &names, &query.expression).await {
                unanswered.push(query);
            }
        }
        open = unanswered;
    }
    let complaints: Vec<String> =
        open.iter().map(|query| format!("{}: {}", query.asked_by, query.expression)).collect();
    assert!(open.is_empty(), "{} of {all} find nothing:\n{}", open.len(), complaints.join("\n"));
    println!("figure: {all} queries of panels and rules find data");
}

#[actix_rt::test]
async fn every_part_is_scraped() {
    let prometheus = Prometheus::of_the_stack();
    let deadline = Instant::now() + Duration::from_secs(30);
    for job in [
        "cases-api",
        "locks-api",
        "export-worker",
        "pgbouncer",
        "postgres",
        "redis",
        "rabbitmq",
        "rabbitmq-queues",
        "gateway",
        "prometheus",
        "alertmanager",
    ] {
        let up = format!("min(up{{job=\"{job}\"}})");
        while prometheus.query(&up).await != [1.0] {
            assert!(Instant::now() < deadline, "{job} is not scraped");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// Whether a query has a value, and whether every metric it names exists: `or vector(0)` must not
/// hide a name that is spelt wrong.
async fn is_answered(prometheus: &Prometheus, names: &[String], expression: &str) -> bool {
    selected(expression).all(|name| names.iter().any(|known| known == name))
        && !prometheus.query(expression).await.is_empty()
}

/// Names of metrics, which our queries always write with braces.
fn selected(expression: &str) -> impl Iterator<Item = &str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    expression
        .split('{')
        .map(move |before| {
            let from = before.rfind(|c| !is_name(c)).map_or(0, |index| index + 1);
            &before[from..]
        })
        // What follows the last brace is no selector.
        .take(expression.matches('{').count())
        .filter(|name| !name.is_empty())
}

fn panels() -> Vec<Query> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../compose/grafana/dashboards");
    let files = fs::read_dir(directory).expect("the dashboards").flatten();
    files
        .flat_map(|file| {
            let text = fs::read_to_string(file.path()).expect("a dashboard");
            let dashboard: Value = serde_json::from_str(&text).expect("JSON");
            let panels = dashboard["panels"].as_array().cloned().unwrap_or_default();
            panels.into_iter().map(move |panel| (dashboard["title"].clone(), panel))
        })
        .flat_map(|(dashboard, panel)| {
            let targets = panel["targets"].as_array().cloned().unwrap_or_default();
            targets.into_iter().map(move |target| Query {
                asked_by: format!("{dashboard} / {}", panel["title"]),
                // What Grafana puts there when everything is chosen.
                expression: target["expr"].as_str().unwrap_or_default().replace("$job", ".*"),
            })
        })
        .collect()
}

/// Rules as questions that have an answer also when all is well: a comparison says 0 or 1 instead
/// of hiding what does not hold, and what must not be absent is asked for.
async fn rules(prometheus: &Prometheus) -> Vec<Query> {
    let rules = prometheus.rules().await.into_iter();
    rules
        .filter(|(name, _)| !WITHOUT_AN_ANSWER.contains(&name.as_str()))
        .map(|(name, expression)| {
            let mut shown = expression.replace("absent(", "(");
            for operator in ["==", "!=", ">=", "<=", ">", "<"] {
                shown = shown.replace(&format!(" {operator} "), &format!(" {operator} bool "));
            }
            Query { asked_by: format!("rule {name}"), expression: shown }
        })
        .collect()
}

#[test]
fn names_of_metrics_are_found_in_a_query() {
    let query = "sum(rate(a_total{x=\"1\"}[5m])) / job:b:ratio{} or vector(0)";
    assert_eq!(selected(query).collect::<Vec<_>>(), ["a_total", "job:b:ratio"]);
}
