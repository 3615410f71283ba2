//! Rules about who may depend on what (style guide, section 2). `deny.toml` has those that
//! cargo-deny can express; these are about our own crates.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Finding;
use crate::command;
use crate::workspace::Workspace;

/// What the pure rules must never reach, however indirectly.
const IMPURE: [&str; 6] = ["tokio", "actix-web", "diesel", "lapin", "redis", "reqwest"];
/// The crates that may name a driver, and the driver.
const OWNERS: [(&str, &[&str]); 2] =
    [("diesel", &["store", "test-support"]), ("lapin", &["queue"])];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

pub(super) fn findings(workspace: &Workspace) -> Result<Vec<Finding>> {
    let printed =
        command::capture(workspace.cargo().args(["metadata", "--format-version=1", "--no-deps"]))?;
    let metadata: Metadata = serde_json::from_str(&printed).context("cargo metadata")?;
    let mut findings = vec![("the domain knows no runtime, server or driver", reached(workspace)?)];
    findings.extend(direct(&metadata.packages));
    Ok(findings)
}

/// What of [`IMPURE`] the domain crate reaches.
fn reached(workspace: &Workspace) -> Result<Vec<String>> {
    let mut tree: Command = workspace.cargo();
    let printed = command::capture(tree.args([
        "tree",
        "--package=domain",
        "--edges=normal",
        "--prefix=none",
        "--format={lib}",
    ]))?;
    let names: BTreeSet<&str> = printed.lines().map(str::trim).collect();
    Ok(IMPURE
        .iter()
        .filter(|name| names.contains(name.replace('-', "_").as_str()))
        .map(|name| format!("domain reaches {name}"))
        .collect())
}

/// Rules that a crate's own manifest keeps or breaks.
fn direct(packages: &[Package]) -> Vec<Finding> {
    let services: Vec<&str> = packages
        .iter()
        .filter(|package| package.manifest_path.contains("/services/"))
        .map(|package| package.name.as_str())
        .collect();
    let ours: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let breaches = |rule: &dyn Fn(&Package, &Dependency) -> bool| -> Vec<String> {
        packages
            .iter()
            .flat_map(|package| package.dependencies.iter().map(move |name| (package, name)))
            .filter(|(package, dependency)| rule(package, dependency))
            .map(|(package, dependency)| format!("{} depends on {}", package.name, dependency.name))
            .collect()
    };
    let ships = |dependency: &Dependency| dependency.kind.as_deref() != Some("dev");
    vec![
        (
            "only store knows the database driver, only queue the broker's",
            breaches(&|package, dependency| {
                OWNERS.iter().any(|(driver, owners)| {
                    dependency.name.starts_with(driver) && !owners.contains(&package.name.as_str())
                })
            }),
        ),
        (
            "no crate depends on a service",
            breaches(&|_, dependency| services.contains(&dependency.name.as_str())),
        ),
        (
            "telemetry and domain depend on nothing of ours",
            breaches(&|package, dependency| {
                ["telemetry", "domain"].contains(&package.name.as_str())
                    && ours.contains(&dependency.name.as_str())
            }),
        ),
        (
            "the test harness is for tests only",
            breaches(&|_, dependency| dependency.name == "test-support" && ships(dependency)),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(name: &str, directory: &str, dependency: &str, kind: Option<&str>) -> usize {
        let package = |name: &str, directory: &str, dependencies| Package {
            name: name.to_owned(),
            manifest_path: format!("/p/{directory}/{name}/Cargo.toml"),
            dependencies,
        };
        let dependency = Dependency { name: dependency.to_owned(), kind: kind.map(str::to_owned) };
        let packages = [
            package(name, directory, vec![dependency]),
            package("locks-api", "services", Vec::new()),
            package("store", "crates", Vec::new()),
        ];
        direct(&packages).iter().map(|(_, breaches)| breaches.len()).sum()
    }

    #[test]
    fn dependencies_point_one_way() {
        assert_eq!(broken("cases-api", "services", "store", None), 0);
        assert_eq!(broken("cases-api", "services", "locks-api", None), 1);
        assert_eq!(broken("cases-api", "services", "diesel-async", None), 1);
        assert_eq!(broken("edge", "crates", "lapin", None), 1);
        assert_eq!(broken("domain", "crates", "store", None), 1);
    }

    #[test]
    fn the_test_harness_may_only_be_a_development_dependency() {
        assert_eq!(broken("cases-api", "services", "test-support", Some("dev")), 0);
        assert_eq!(broken("cases-api", "services", "test-support", None), 1);
    }
}
