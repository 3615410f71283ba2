//! Rules about configuration: what is set exists in docs/configuration.md, and what that page calls
//! required is set.

use std::collections::BTreeSet;

use super::objects::{Cluster, at, id, list, text};
use super::references::ours;
use crate::services::NAMES;

/// One variable of the page.
struct Setting {
    name: String,
    /// The services that cannot start without it.
    required_by: Vec<&'static str>,
}

/// The page's tables of the services' variables.
pub(super) struct Table(Vec<Setting>);

impl Table {
    /// Reads every row of a table that has a `Default` column, but for those about `cargo xtask`.
    pub(super) fn read(page: &str) -> Self {
        let mut settings = Vec::new();
        let services_part = page.split("\n## Local stack").next().unwrap_or_default();
        let mut columns: Vec<&str> = Vec::new();
        for line in services_part.lines().filter(|line| line.starts_with('|')) {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            if cells.first() == Some(&"Variable") {
                columns = cells;
                continue;
            }
            let cell = |column: &str| {
                let place = columns.iter().position(|name| *name == column)?;
                cells.get(place).copied()
            };
            let is_required = cell("Default").is_some_and(|text| text.starts_with("required"));
            let required_by: Vec<&'static str> = NAMES
                .into_iter()
                .filter(|service| is_required && concerns(cell("Service"), service))
                .collect();
            let names = cells.first().map_or("", |cell| cell).split('`').skip(1).step_by(2);
            settings.extend(
                names.map(|name| Setting {
                    name: name.to_owned(),
                    required_by: required_by.clone(),
                }),
            );
        }
        // The object store's own variables are named by their prefix.
        if services_part.contains("`AWS_*`") {
            settings.push(Setting { name: "AWS_*".to_owned(), required_by: Vec::new() });
        }
        Self(settings)
    }

    /// What is wrong with the variables that a service is given.
    pub(super) fn complaints(&self, service: &str, given: &BTreeSet<String>) -> Vec<String> {
        let unknown = given
            .iter()
            .filter(|name| !self.knows(name))
            .map(|name| format!("{service}: {name} is no setting"));
        let missing = self
            .0
            .iter()
            .filter(|setting| setting.required_by.contains(&service))
            .filter(|setting| !given.contains(&setting.name))
            .map(|setting| format!("{service}: {} is not set", setting.name));
        unknown.chain(missing).collect()
    }

    fn knows(&self, name: &str) -> bool {
        self.0.iter().any(|setting| match setting.name.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => setting.name == name,
        })
    }
}

/// Whether a row is about a service; a table without that column is about all of them.
fn concerns(cell: Option<&str>, service: &str) -> bool {
    match cell {
        None => true,
        Some(cell) => cell.contains(service) || (cell == "both APIs" && service.ends_with("-api")),
    }
}

/// The services' variables in an overlay.
pub(super) fn of_cluster(cluster: &Cluster, table: &Table) -> Vec<String> {
    let mut breaches = Vec::new();
    for service in NAMES {
        let Some(deployment) = cluster.get("Deployment", service) else {
            continue;
        };
        let container = at(deployment, "/spec/template/spec/containers/0");
        let variables = cluster.environment(container);
        // A variable that another one is put together from is not the service's own.
        let is_part = |name: &str| {
            let reference = format!("$({name})");
            variables
                .iter()
                .any(|(_, value)| value.as_ref().is_some_and(|v| v.contains(&reference)))
        };
        let given =
            variables.iter().map(|(name, _)| name.clone()).filter(|name| !is_part(name)).collect();
        breaches.extend(table.complaints(service, &given));
    }
    breaches
}

/// References to `ConfigMap`s and `Secret`s. One of the latter that no manifest makes is listed, with
/// its keys, in the operations handbook.
pub(super) fn references(cluster: &Cluster, handbook: &str) -> Vec<String> {
    let mut breaches = Vec::new();
    let mut check = |owner: &str, kind: &str, name: &str, key: Option<&str>| {
        let is_there = match cluster.get(kind, name) {
            Some(object) => {
                let data = at(object, if kind == "Secret" { "/stringData" } else { "/data" });
                key.is_none_or(|key| data.get(key).is_some())
            }
            None => kind == "Secret" && is_listed(handbook, name, key),
        };
        if !is_there {
            let key = key.unwrap_or("any key");
            breaches.push(format!("{owner}: no {kind} {name} with {key}, here or in the handbook"));
        }
    };
    for pod in ours(cluster) {
        for container in pod.containers() {
            for source in list(container, "/envFrom") {
                for (reference, kind) in [("/configMapRef", "ConfigMap"), ("/secretRef", "Secret")]
                {
                    if let Some(name) = at(source, reference).get("name").and_then(|n| n.as_str()) {
                        check(&pod.owner, kind, name, None);
                    }
                }
            }
            for variable in list(container, "/env") {
                for (reference, kind) in
                    [("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")]
                {
                    let reference = at(variable, &format!("/valueFrom/{reference}"));
                    if !reference.is_null() {
                        check(
                            &pod.owner,
                            kind,
                            text(reference, "/name"),
                            Some(text(reference, "/key")),
                        );
                    }
                }
            }
        }
        for volume in list(pod.spec, "/volumes") {
            for (pointer, kind) in
                [("/secret/secretName", "Secret"), ("/configMap/name", "ConfigMap")]
            {
                let name = text(volume, pointer);
                if !name.is_empty() {
                    check(&pod.owner, kind, name, None);
                }
            }
        }
    }
    for authentication in cluster.of("TriggerAuthentication") {
        for reference in list(authentication, "/spec/secretTargetRef") {
            let (name, key) = (text(reference, "/name"), text(reference, "/key"));
            check(&id(authentication), "Secret", name, Some(key));
        }
    }
    for listener in cluster.of("Gateway").flat_map(|gateway| list(gateway, "/spec/listeners")) {
        for certificate in list(listener, "/tls/certificateRefs") {
            check("Gateway", "Secret", text(certificate, "/name"), None);
        }
    }
    breaches
}

/// Whether a row of the handbook's table of Secrets has this name and key.
fn is_listed(handbook: &str, name: &str, key: Option<&str>) -> bool {
    handbook
        .lines()
        .filter(|line| line.starts_with(&format!("| `{name}` |")))
        .any(|line| key.is_none_or(|key| line.contains(&format!("`{key}`"))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PAGE: &str = "| Variable | Default | Meaning |\n|---|---|---|\n\
        | `RUST_LOG` | `info` | log |\n| `DATABASE_URL` | required, secret | pool |\n\n\
        | Variable | Service | Default | Meaning |\n|---|---|---|---|\n\
        | `REDIS_URL` | cases-api | required, secret | `AWS_*` too |\n\n\
        ## Local stack\n| `PORTAL_WEB_ROOT` | x | y |\n";

    fn given(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_is_set_is_known_and_what_is_required_is_set() {
        let table = Table::read(PAGE);
        let all = given(&["DATABASE_URL", "REDIS_URL", "AWS_REGION"]);
        assert!(table.complaints("cases-api", &all).is_empty());
        assert!(table.complaints("locks-api", &given(&["DATABASE_URL"])).is_empty());
        let nothing = table.complaints("cases-api", &given(&[]));
        assert_eq!(
            nothing,
            ["cases-api: DATABASE_URL is not set", "cases-api: REDIS_URL is not set"]
        );
        let wrong = table.complaints("locks-api", &given(&["DATABASE_URL", "PORTAL_WEB_ROOT"]));
        assert_eq!(wrong, ["locks-api: PORTAL_WEB_ROOT is no setting"]);
    }

    #[test]
    fn a_secret_is_made_here_or_listed_in_the_handbook() {
        let pod = |key: &str| {
            Cluster::new(vec![json!({ "kind": "Job", "metadata": { "name": "j" }, "spec": {
            "template": { "spec": { "serviceAccountName": "j", "containers": [{ "env": [{
                "name": "A", "valueFrom": { "secretKeyRef": { "name": "s", "key": key } },
            }]}]}}}})])
        };
        let handbook = "| `s` | `k` | what for |\n";
        assert!(references(&pod("k"), handbook).is_empty());
        assert_eq!(references(&pod("other"), handbook).len(), 1);
        assert_eq!(references(&pod("k"), "").len(), 1);
    }
}
