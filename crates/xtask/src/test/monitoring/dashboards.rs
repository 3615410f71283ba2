//! The shape of Grafana's dashboards: what Grafana itself would repair or hide without a word.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Finding;
use crate::workspace::Workspace;

const DASHBOARDS: &str = "compose/grafana/dashboards";
const DATA_SOURCES: &str = "compose/grafana/provisioning/datasources/prometheus.yml";
/// Columns of the grid.
const COLUMNS: u64 = 24;

pub(super) fn findings(workspace: &Workspace) -> Result<Vec<Finding>> {
    let data_sources = fs::read_to_string(workspace.root.join(DATA_SOURCES))?;
    let mut uids = BTreeSet::new();
    let mut findings = Vec::new();
    for entry in fs::read_dir(workspace.root.join(DASHBOARDS))? {
        let path = entry?.path();
        let text = fs::read_to_string(&path)?;
        let dashboard: Value =
            serde_json::from_str(&text).with_context(|| format!("{}", path.display()))?;
        let uid = dashboard["uid"].as_str().unwrap_or_default().to_owned();
        let mut breaches = breaches(&dashboard, &data_sources);
        if path.file_stem().is_none_or(|stem| stem != uid.as_str()) {
            breaches.push(format!("its uid {uid} is not its file's name"));
        }
        if !uids.insert(uid.clone()) {
            breaches.push(format!("its uid {uid} is taken"));
        }
        findings.push((format!("the dashboard {uid} is sound"), breaches));
    }
    ensure!(!findings.is_empty(), "there are no dashboards");
    Ok(findings)
}

fn breaches(dashboard: &Value, data_sources: &str) -> Vec<String> {
    let panels = dashboard["panels"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut breaches = Vec::new();
    let mut ids = BTreeSet::new();
    let mut taken: Vec<(&Value, [u64; 4])> = Vec::new();
    for panel in panels {
        let title = &panel["title"];
        if !ids.insert(panel["id"].as_u64()) {
            breaches.push(format!("{title}: its id is taken"));
        }
        match area(panel) {
            None => breaches.push(format!("{title}: has no place in the grid")),
            Some(area) => {
                for (other, _) in taken.iter().filter(|(_, there)| overlap(&area, there)) {
                    breaches.push(format!("{title}: lies over {other}"));
                }
                taken.push((title, area));
            }
        }
        if panel["type"] != "row" {
            breaches.extend(queries(panel, dashboard, data_sources));
        }
    }
    if panels.is_empty() {
        breaches.push("has no panels".to_owned());
    }
    breaches
}

fn queries(panel: &Value, dashboard: &Value, data_sources: &str) -> Vec<String> {
    let title = &panel["title"];
    let targets = panel["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut breaches = Vec::new();
    if targets.is_empty() {
        breaches.push(format!("{title}: asks nothing"));
    }
    for target in targets {
        let source = target["datasource"]["uid"].as_str().unwrap_or_default();
        if !data_sources.lines().any(|line| line.trim() == format!("uid: {source}")) {
            breaches.push(format!("{title}: the data source {source:?} is not provisioned"));
        }
        let expression = target["expr"].as_str().unwrap_or_default();
        for name in variables(expression) {
            let variables = dashboard["templating"]["list"].as_array();
            if !variables.is_some_and(|list| list.iter().any(|known| known["name"] == name)) {
                breaches.push(format!("{title}: there is no variable {name}"));
            }
        }
    }
    breaches
}

/// `$name` in a query.
fn variables(expression: &str) -> impl Iterator<Item = &str> {
    expression.split('$').skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        &rest[..end.unwrap_or(rest.len())]
    })
}

/// Left, top, right and bottom, if it fits in the grid.
fn area(panel: &Value) -> Option<[u64; 4]> {
    let place = |name: &str| panel["gridPos"][name].as_u64();
    let (x, y, w, h) = (place("x")?, place("y")?, place("w")?, place("h")?);
    (w > 0 && h > 0 && x + w <= COLUMNS).then(|| [x, y, x + w, y + h])
}

fn overlap(a: &[u64; 4], b: &[u64; 4]) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn panel(id: u64, x: u64, expression: &str) -> Value {
        json!({
            "id": id, "title": format!("panel {id}"), "type": "timeseries",
            "gridPos": { "x": x, "y": 0, "w": 12, "h": 8 },
            "targets": [{ "datasource": { "uid": "prometheus" }, "expr": expression }],
        })
    }

    fn found(panels: &[Value]) -> usize {
        let variables = json!({ "list": [{ "name": "job" }] });
        let dashboard = json!({ "panels": panels, "templating": variables });
        breaches(&dashboard, "datasources:\n  - name: P\n    uid: prometheus\n").len()
    }

    #[test]
    fn each_breach_is_found() {
        let sound = [panel(1, 0, "up{job=~\"$job\"}"), panel(2, 12, "up{}")];
        assert_eq!(found(&sound), 0);
        assert_eq!(found(&[]), 1);
        assert_eq!(found(&[panel(1, 0, "up{}"), panel(1, 12, "up{}")]), 1, "same id");
        assert_eq!(found(&[panel(1, 0, "up{}"), panel(2, 6, "up{}")]), 1, "overlap");
        assert_eq!(found(&[panel(1, 13, "up{}")]), 1, "outside the grid");
        assert_eq!(found(&[panel(1, 0, "up{job=\"$service\"}")]), 1, "unknown variable");
        let mut foreign = panel(1, 0, "up{}");
        foreign["targets"][0]["datasource"]["uid"] = "influx".into();
        assert_eq!(found(&[foreign]), 1, "unknown data source");
    }
}
