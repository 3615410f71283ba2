//! How the portal is built and deployed, checked without deploying it: images, Compose, Kubernetes
//! and the public workflows.
//!
//! Other people's tools check the form; what they cannot know, names that must agree between files,
//! is checked here. Each rule is one test.

mod compose;
mod files;
mod monitoring;
mod network;
mod objects;
mod pods;
mod references;
mod settings;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use self::objects::Cluster;
use self::settings::Table;
use super::count::Count;
use super::tidy::{Finding, report};
use crate::command;
use crate::containers;
use crate::python;
use crate::tools;
use crate::workspace::Workspace;

/// What is deployed. Each has its migration beside it, in a folder of its own.
const OVERLAYS: [&str; 2] = ["k8s/overlays/dev", "k8s/overlays/prod"];
/// The one whose alerts somebody hears.
const WATCHED: &str = "k8s/overlays/prod";
/// The handbook names the version of Kubernetes in these words.
const VERSION_SENTENCE: &str = "Kubernetes 1.";

/// What the Python side found in one overlay.
#[derive(Deserialize)]
struct Rendered {
    documents: Vec<Value>,
    errors: Vec<String>,
}

pub(super) fn run(workspace: &Workspace, figures: &mut Vec<String>) -> Result<Count> {
    let sources = workspace.root.join("crates/xtask/manifests");
    let python = python::ensure(workspace, "manifests", &[sources.join("requirements.txt")])?;
    let table = Table::read(&fs::read_to_string(workspace.root.join("docs/configuration.md"))?);
    let handbook = fs::read_to_string(workspace.root.join("docs/operations.md"))?;
    let version = version(&handbook)?;
    let mut count = report(files::findings(workspace, &python)?);
    count += report(vec![monitoring::of_files(&workspace.root)?]);
    let compose = containers::compose(workspace)?;
    count += report(compose::findings(workspace, &compose, &table)?);
    let kustomize = kustomize(workspace)?;
    let mut objects = 0;
    for overlay in OVERLAYS {
        println!("{overlay}");
        let text = render(workspace, &kustomize, overlay)?;
        let rendered = validate(workspace, &python, &version, &text)?;
        objects += rendered.documents.len();
        let cluster = Cluster::new(rendered.documents);
        let mut findings = judge(&cluster, rendered.errors, &table, &handbook);
        if overlay == WATCHED {
            findings.push((
                "every alert and every dashboard is on the cluster",
                monitoring::of_cluster(&workspace.root, &cluster)?,
            ));
        }
        count += report(findings);
    }
    figures.push(format!("manifests: {objects} objects, Kubernetes {version}"));
    Ok(count)
}

fn judge(cluster: &Cluster, errors: Vec<String>, table: &Table, handbook: &str) -> Vec<Finding> {
    let mut findings = vec![("every object fits its schema", errors)];
    let rules = references::RULES.iter().chain(&pods::RULES);
    findings.extend(rules.map(|(sentence, rule)| (*sentence, rule(cluster))));
    findings.push((
        "what is set is a setting, and what is required is set",
        settings::of_cluster(cluster, table),
    ));
    findings.push((
        "every ConfigMap and Secret is made here or listed in the handbook",
        settings::references(cluster, handbook),
    ));
    findings.push((
        "every address is a Service's, and the policies let the two talk",
        network::findings(cluster),
    ));
    findings
}

/// The version of Kubernetes that the handbook is about.
fn version(handbook: &str) -> Result<String> {
    let (_, rest) = handbook
        .split_once(VERSION_SENTENCE)
        .context("the handbook names no version of Kubernetes")?;
    let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Ok(format!("1.{minor}"))
}

fn kustomize(workspace: &Workspace) -> Result<PathBuf> {
    match command::find("kustomize") {
        Some(found) => Ok(found),
        None => tools::ensure_newer(workspace, "kustomize", "usr/bin/kustomize"),
    }
}

/// An overlay, its migration and, where there is one, its demo data, as one stream of documents.
fn render(workspace: &Workspace, kustomize: &Path, overlay: &str) -> Result<String> {
    let mut text = String::new();
    let seed = format!("{overlay}/seed");
    let mut folders = vec![overlay.to_owned(), format!("{overlay}/migrate")];
    if workspace.root.join(&seed).is_dir() {
        folders.push(seed);
    }
    for folder in folders {
        let printed = command::capture(
            Command::new(kustomize).args(["build", &folder]).current_dir(&workspace.root),
        )?;
        ensure!(!printed.is_empty(), "{folder} renders to nothing");
        text += "---\n";
        text += &printed;
    }
    Ok(text)
}

fn validate(workspace: &Workspace, python: &Path, version: &str, text: &str) -> Result<Rendered> {
    let mut child = Command::new(python.join("python"))
        .arg(workspace.root.join("crates/xtask/manifests/validate.py"))
        .arg(version)
        .arg(workspace.root.join("k8s/schemas"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("python cannot be run")?;
    let Some(mut input) = child.stdin.take() else {
        bail!("python has no input");
    };
    // It reads all of it before it prints anything, so neither side can block the other.
    input.write_all(text.as_bytes())?;
    drop(input);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "validate.py failed");
    serde_json::from_slice(&output.stdout).context("validate.py")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handbook_names_the_version() {
        assert_eq!(version("Written for Kubernetes 1.36 and newer.").unwrap(), "1.36");
        assert!(version("Written for clusters.").is_err());
    }
}
