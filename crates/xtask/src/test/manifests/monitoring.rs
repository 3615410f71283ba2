//! Rules about what watches the portal on a cluster: the same alerts and dashboards as elsewhere.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::super::tidy::Finding;
use super::objects::{Cluster, at, list, text};

/// Prometheus' own files, and the operator's objects that hold the same.
const RULES: [(&str, &str, &str); 2] = [
    (
        "portal-alerts",
        "compose/prometheus/rules/alerts.yml",
        "k8s/components/monitoring/alerts.yaml",
    ),
    (
        "portal-signals",
        "compose/prometheus/rules/signals.yml",
        "k8s/components/monitoring/signals.yaml",
    ),
];
const DASHBOARDS: &str = "compose/grafana/dashboards";
/// What Grafana's sidecar looks for.
const DASHBOARD_LABEL: &str = "grafana_dashboard";

/// What the operator's files say otherwise than Prometheus' own.
pub(super) fn of_files(root: &Path) -> Result<Finding> {
    let mut breaches = Vec::new();
    for (name, own, operators) in RULES {
        let expected = as_object(name, &fs::read_to_string(root.join(own))?);
        if fs::read_to_string(root.join(operators))? != expected {
            breaches.push(format!("{operators} is not {own}; docs/operations.md makes it anew"));
        }
    }
    Ok(("the operator's rules are Prometheus' own", breaches))
}

/// What of the alerts and dashboards an overlay that is watched lacks.
pub(super) fn of_cluster(root: &Path, cluster: &Cluster) -> Result<Vec<String>> {
    let mut breaches = Vec::new();
    for (name, own, _) in RULES {
        let count = fs::read_to_string(root.join(own))?.matches("\n      - ").count();
        let rules = cluster.get("PrometheusRule", name).map_or(0, |object| {
            list(object, "/spec/groups").iter().map(|group| list(group, "/rules").len()).sum()
        });
        if rules != count {
            breaches.push(format!("PrometheusRule/{name} has {rules} rules of {count}"));
        }
    }
    for entry in fs::read_dir(root.join(DASHBOARDS))? {
        let file = entry?.file_name().to_string_lossy().into_owned();
        let is_there = cluster.of("ConfigMap").any(|object| {
            text(object, &format!("/metadata/labels/{DASHBOARD_LABEL}")) == "1"
                && at(object, "/data").get(&file).is_some()
        });
        if !is_there {
            breaches.push(format!("no ConfigMap for Grafana holds {file}"));
        }
    }
    Ok(breaches)
}

/// A file of rules as the operator's object: the same lines, deeper.
fn as_object(name: &str, rules: &str) -> String {
    let mut object = format!(
        "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: {name}\nspec:\n"
    );
    for line in rules.lines() {
        if !line.is_empty() {
            object.push_str("  ");
        }
        object.push_str(line);
        object.push('\n');
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_keep_their_lines() {
        let object = as_object("r", "# why\ngroups:\n\n  - name: g\n");
        let (_, spec) = object.split_once("spec:\n").unwrap();
        assert_eq!(spec, "  # why\n  groups:\n\n    - name: g\n");
        assert!(object.contains("\n  name: r\n"));
    }

    #[test]
    fn an_overlay_without_alerts_lacks_all_of_them() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let breaches = of_cluster(&root, &Cluster::new(Vec::new())).unwrap();
        assert!(breaches.len() > RULES.len(), "{breaches:?}");
        assert!(of_files(&root).unwrap().1.is_empty());
    }
}
