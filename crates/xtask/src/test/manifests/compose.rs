//! Rules about compose/compose.yml, as Compose itself understands the file.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::super::tidy::Finding;
use super::network;
use super::objects::{at, list, text};
use super::pods::{around_grace, shutdown_grace};
use super::settings::Table;
use crate::command;
use crate::services::NAMES;
use crate::workspace::Workspace;

/// Every profile there is.
const PROFILES: [&str; 3] = ["core", "observability", "load"];

/// Asks Compose for the whole file, filled in.
pub(super) fn findings(
    workspace: &Workspace,
    compose: &Path,
    table: &Table,
) -> Result<Vec<Finding>> {
    let mut command = Command::new(compose);
    command.args(["--file", "compose/compose.yml"]);
    for profile in PROFILES {
        command.args(["--profile", profile]);
    }
    let printed =
        command::capture(command.args(["config", "--format", "json"]).current_dir(&workspace.root))
            .context("compose/compose.yml")?;
    let file: Value = serde_json::from_str(&printed)?;
    let services = at(&file, "/services").as_object().context("no services")?;
    let mut findings = rules(services, table);
    findings.push(("Compose: every folder and file that is mounted exists", missing(services)));
    findings.push((
        "Compose: whoever is waited for says how it is",
        unhealthy(&workspace.root, services),
    ));
    Ok(findings)
}

fn rules(services: &Map<String, Value>, table: &Table) -> Vec<Finding> {
    vec![
        ("Compose: every container has the fewest rights", rights(services)),
        ("Compose: every address is a service on a network of one's own", addresses(services)),
        ("Compose: every service ends before it is killed", hurried(services)),
        (
            "Compose: what is set is a setting, and what is required is set",
            NAMES
                .iter()
                .flat_map(|name| {
                    let environment = services.get(*name).map(|one| at(one, "/environment"));
                    let given: BTreeSet<String> = environment
                        .and_then(Value::as_object)
                        .map(|pairs| pairs.keys().cloned().collect())
                        .unwrap_or_default();
                    table.complaints(name, &given)
                })
                .collect(),
        ),
    ]
}

fn rights(services: &Map<String, Value>) -> Vec<String> {
    services
        .iter()
        .filter(|(_, service)| {
            at(service, "/read_only") != true
                || list(service, "/cap_drop") != ["ALL"]
                || list(service, "/security_opt") != ["no-new-privileges:true"]
        })
        .map(|(name, _)| name.clone())
        .collect()
}

/// Services whose containers are killed before they are through.
fn hurried(services: &Map<String, Value>) -> Vec<String> {
    let mut breaches = Vec::new();
    for name in NAMES {
        let Some(service) = services.get(name) else { continue };
        let variables: Vec<(String, Option<String>)> = at(service, "/environment")
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), value.as_str().map(str::to_owned)))
            .collect();
        let needed = shutdown_grace(&variables) + around_grace(name);
        let given = text(service, "/stop_grace_period");
        let secs: Option<u64> = given.strip_suffix('s').and_then(|secs| secs.parse().ok());
        if secs.is_none_or(|secs| secs <= needed) {
            breaches.push(format!("{name}: stop_grace_period {given:?} for {needed} s"));
        }
    }
    breaches
}

/// Addresses that no service has, or that lie on another network.
fn addresses(services: &Map<String, Value>) -> Vec<String> {
    let networks = |service: &Value| -> BTreeSet<String> {
        let networks = at(service, "/networks").as_object();
        networks.map(|networks| networks.keys().cloned().collect()).unwrap_or_default()
    };
    let mut breaches = Vec::new();
    for (name, service) in services {
        for (host, _) in network::of_environment(at(service, "/environment")) {
            let meets = services
                .get(&host)
                .is_some_and(|other| !networks(other).is_disjoint(&networks(service)));
            if !meets {
                breaches.push(format!("{name} cannot reach {host}"));
            }
        }
    }
    breaches
}

fn missing(services: &Map<String, Value>) -> Vec<String> {
    let mut breaches = Vec::new();
    for (name, service) in services {
        for volume in list(service, "/volumes").iter().filter(|one| text(one, "/type") == "bind") {
            if !Path::new(text(volume, "/source")).exists() {
                breaches.push(format!("{name}: {}", text(volume, "/source")));
            }
        }
    }
    breaches
}

/// Services that others wait for although nothing tells when they are healthy: neither the file nor
/// their image.
fn unhealthy(root: &Path, services: &Map<String, Value>) -> Vec<String> {
    let mut breaches = Vec::new();
    for (name, service) in services {
        let waits = at(service, "/depends_on").as_object().into_iter().flatten();
        for (other, how) in waits {
            let is_told = services.get(other).is_some_and(|other| {
                let dockerfile = root.join(text(other, "/build/dockerfile"));
                other.get("healthcheck").is_some()
                    || std::fs::read_to_string(dockerfile)
                        .is_ok_and(|f| f.contains("\nHEALTHCHECK "))
            });
            if text(how, "/condition") == "service_healthy" && !is_told {
                breaches.push(format!("{name} waits for {other}"));
            }
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn broken(change: impl Fn(&mut Value)) -> usize {
        let mut services = json!({
            "cases-api": {
                "read_only": true, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"],
                "environment": { "DATABASE_URL": "postgres://u:p@db:5432/x" },
                "networks": { "backend": null }, "stop_grace_period": "45s",
                "depends_on": { "db": { "condition": "service_healthy" } },
            },
            "db": {
                "read_only": true, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"],
                "networks": { "backend": null }, "healthcheck": {},
            },
        });
        change(&mut services);
        let services = services.as_object().unwrap();
        let table = Table::read(
            "| Variable | Service | Default |\n| `DATABASE_URL` | cases-api | required |\n",
        );
        let rules =
            rules(services, &table).into_iter().map(|(_, breaches)| breaches.len()).sum::<usize>();
        rules + unhealthy(Path::new("/nowhere"), services).len() + missing(services).len()
    }

    #[test]
    fn each_rule_finds_its_breach() {
        assert_eq!(broken(|_| ()), 0);
        assert_eq!(broken(|all| all["db"]["read_only"] = json!(false)), 1);
        assert_eq!(broken(|all| all["db"]["networks"] = json!({ "other": null })), 1);
        assert_eq!(broken(|all| all["cases-api"]["environment"] = json!({})), 1);
        assert_eq!(broken(|all| all["cases-api"]["stop_grace_period"] = json!("43s")), 1);
        assert_eq!(broken(|all| all["cases-api"]["environment"]["OTHER"] = json!("1")), 1);
        let mount = json!([{ "type": "bind", "source": "/nowhere/at/all" }]);
        assert_eq!(broken(|all| all["db"]["volumes"] = mount.clone()), 1);
        assert_eq!(broken(|all| drop(all["db"].as_object_mut().unwrap().remove("healthcheck"))), 1);
    }
}
