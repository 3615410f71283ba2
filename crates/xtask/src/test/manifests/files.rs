//! Rules about Dockerfiles, shell scripts and workflows, most of them other people's linters.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::super::tidy::Finding;
use crate::workspace::Workspace;

/// Directories that hold nothing of ours.
const SKIPPED: [&str; 4] = [".git", ".local", "target", "node_modules"];
/// The last line of what the services' Dockerfiles have in common.
const COMMON_END: &str = "FROM ${PROGRAMS} AS programs";
/// The Dockerfiles whose programs are ours.
const OURS: [&str; 4] = [
    "services/cases-api/Dockerfile",
    "services/locks-api/Dockerfile",
    "services/export-worker/Dockerfile",
    "crates/store/Dockerfile",
];

/// Runs the linters of `python`, a directory of programs.
pub(super) fn findings(workspace: &Workspace, python: &Path) -> Result<Vec<Finding>> {
    let root = &workspace.root;
    let mut files = Vec::new();
    collect(root, &mut files)?;
    let of = |is: fn(&Path) -> bool| files.iter().filter(|file| is(file)).collect::<Vec<_>>();
    let dockerfiles = of(|file| file.ends_with("Dockerfile"));
    let scripts = of(|file| file.extension().is_some_and(|extension| extension == "sh"));
    let workflows =
        of(|file| file.parent().is_some_and(|folder| folder.ends_with(".github/workflows")));
    let tool = |name: &str| {
        let mut command = Command::new(python.join(name));
        command.current_dir(root);
        command
    };
    Ok(vec![
        (
            "hadolint likes every Dockerfile",
            complaints(tool("hadolint").args(dockerfiles.clone()))?,
        ),
        ("shellcheck likes every script", complaints(tool("shellcheck").args(scripts))?),
        (
            "every workflow is one that GitHub understands",
            complaints(
                tool("check-jsonschema")
                    .args(["--builtin-schema", "vendor.github-workflows"])
                    .args(workflows),
            )?,
        ),
        ("no image runs as root", privileged(&dockerfiles)?),
        ("the services' programs are built by the same stages", different_stages(root)?),
        ("the public workflows run what CI runs", other_script(root)),
    ])
}

/// What a linter says if it is not content.
fn complaints(command: &mut Command) -> Result<Vec<String>> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(Vec::new());
    }
    let mut lines: Vec<String> = [output.stdout, output.stderr]
        .iter()
        .flat_map(|text| {
            String::from_utf8_lossy(text).lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .filter(|line| !line.trim().is_empty())
        .collect();
    if lines.is_empty() {
        lines.push(format!("{}", output.status));
    }
    Ok(lines)
}

/// Dockerfiles whose last stage names no user but root. A `USER` before the last `FROM` is another
/// stage's.
fn privileged(dockerfiles: &[&PathBuf]) -> Result<Vec<String>> {
    let mut breaches = Vec::new();
    for path in dockerfiles {
        if !names_a_user(&fs::read_to_string(path)?) {
            breaches.push(path.display().to_string());
        }
    }
    Ok(breaches)
}

fn names_a_user(dockerfile: &str) -> bool {
    let last_stage = dockerfile.rsplit("\nFROM ").next().unwrap_or_default();
    let user = last_stage.lines().filter_map(|line| line.strip_prefix("USER ")).next_back();
    user.is_some_and(|user| user.starts_with(|c: char| ('1'..='9').contains(&c)))
}

/// Docker builds equal stages once; stages that drifted apart are built four times, and differ.
fn different_stages(root: &Path) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for path in OURS {
        texts.push((path, common_part(&fs::read_to_string(root.join(path))?)));
    }
    let expected = texts[0].1.clone();
    Ok(texts
        .into_iter()
        .filter(|(_, text)| text.is_none() || *text != expected)
        .map(|(path, _)| path.to_owned())
        .collect())
}

/// From the first instruction to the end of the common part.
fn common_part(dockerfile: &str) -> Option<String> {
    let begin = dockerfile.find("\nARG ")?;
    let end = dockerfile.find(COMMON_END)?;
    Some(dockerfile.get(begin..end)?.to_owned())
}

fn other_script(root: &Path) -> Vec<String> {
    // What is released has passed, not only what somebody pushed.
    [("ci", "run: .ci/run\n"), ("release", "run: .ci/run\n"), ("release", "\n    needs: test\n")]
        .into_iter()
        .filter_map(|(name, line)| {
            let path = format!(".github/workflows/{name}.yml");
            let workflow = fs::read_to_string(root.join(&path)).unwrap_or_default();
            (!workflow.contains(line)).then(|| format!("{path} lacks {}", line.trim()))
        })
        .collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            files.push(entry.path());
        } else if !SKIPPED.iter().any(|skipped| entry.file_name() == *skipped) {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_of_the_last_stage_counts() {
        assert!(names_a_user("FROM a\nRUN b\nUSER 65532:65532\n"));
        assert!(!names_a_user("FROM a\nUSER 65532\n\nFROM scratch\nCOPY b c\n"));
        assert!(!names_a_user("FROM a\nUSER root\n"));
        assert!(!names_a_user("FROM a\nUSER 65532\nRUN b\nUSER 0\n"));
    }

    #[test]
    fn the_common_part_ends_where_the_services_differ() {
        let file = |own: &str| format!("# {own}\nARG A=b\nFROM c\n{COMMON_END}\n{own}\n");
        assert_eq!(common_part(&file("one")), common_part(&file("two")));
        assert_ne!(
            common_part(&file("one")),
            common_part("#\nARG A=c\nFROM ${PROGRAMS} AS programs")
        );
        assert_eq!(common_part("FROM scratch"), None);
    }
}
