//! Rules about the text of our files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::Finding;

/// Most lines of a file without its tests.
const MOST_LINES: usize = 400;
/// Directories that hold nothing of ours.
const SKIPPED: [&str; 5] = [".git", ".local", "target", "node_modules", "__pycache__"];
/// Written by the diesel CLI.
const GENERATED: &str = "crates/store/src/schema.rs";
/// The one table of configuration.
const CONFIGURATION_TABLE: &str = "docs/configuration.md";
/// The word in two pieces, so that this file does not break its own rule.
const OUTSIDE: &str = concat!("../", "shared");
const IGNORED_TEST: &str = concat!("#[", "ignore");
const UNFINISHED: &str = concat!("TO", "DO");

/// Every text file of the checkout.
pub(super) struct Sources(Vec<Source>);

struct Source {
    path: PathBuf,
    text: String,
}

impl Sources {
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        collect(root, root, &mut files)?;
        files.sort_by(|one: &Source, other: &Source| one.path.cmp(&other.path));
        Ok(Self(files))
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        vec![
            (
                "every Rust file begins by saying why it exists (//!)",
                self.rust()
                    .filter(|file| !file.text.starts_with("//!"))
                    .map(Source::name)
                    .collect(),
            ),
            (
                "no file is longer than 400 lines without its tests",
                self.rust()
                    .filter(|file| !file.is_test())
                    .filter_map(|file| {
                        let lines = lines_without_tests(&file.text);
                        (lines > MOST_LINES).then(|| format!("{}: {lines} lines", file.name()))
                    })
                    .collect(),
            ),
            (
                "only tests read what lies beside the checkout",
                self.0
                    .iter()
                    .filter(|file| !file.is_test())
                    .flat_map(|file| file.lines_with(OUTSIDE))
                    .collect(),
            ),
            (
                "no test is ignored",
                self.rust().flat_map(|file| file.lines_with(IGNORED_TEST)).collect(),
            ),
            (
                "nothing is left unfinished",
                self.rust().flat_map(|file| file.lines_with(UNFINISHED)).collect(),
            ),
            ("every migration can be undone", self.one_way_migrations()),
            ("every configuration variable is documented", self.undocumented_variables()),
        ]
    }

    /// Rust files that a person wrote.
    fn rust(&self) -> impl Iterator<Item = &Source> {
        self.0.iter().filter(|file| {
            file.path.extension().is_some_and(|extension| extension == "rs")
                && file.path != Path::new(GENERATED)
        })
    }

    /// Names of variables in the files that read configuration, which the one table of
    /// configuration does not have.
    fn undocumented_variables(&self) -> Vec<String> {
        let table = self.0.iter().find(|file| file.path == Path::new(CONFIGURATION_TABLE));
        let table = table.map_or("", |file| file.text.as_str());
        let documented: BTreeSet<&str> = table.split('`').collect();
        self.rust()
            .filter(|file| file.path.ends_with("src/config.rs"))
            .flat_map(|file| {
                let lines = lines_without_tests(&file.text);
                let code: Vec<&str> = file.text.lines().take(lines).collect();
                variables(&code.join("\n"))
                    .into_iter()
                    .filter(|name| !documented.contains(name.as_str()))
                    .map(|name| format!("{}: {name}", file.name()))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    fn one_way_migrations(&self) -> Vec<String> {
        let has = |path: &Path| self.0.iter().any(|file| file.path == path);
        self.0
            .iter()
            .filter(|file| {
                file.path.ends_with("up.sql") && !has(&file.path.with_file_name("down.sql"))
            })
            .map(Source::name)
            .collect()
    }
}

impl Source {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Tests of a crate, and its benchmarks' data.
    fn is_test(&self) -> bool {
        self.path
            .components()
            .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
    }

    fn lines_with(&self, word: &str) -> Vec<String> {
        let from = if self.path.extension().is_some_and(|extension| extension == "rs") {
            lines_without_tests(&self.text)
        } else {
            usize::MAX
        };
        let is_about_tests = word == OUTSIDE;
        self.text
            .lines()
            .enumerate()
            .filter(|(index, line)| line.contains(word) && !(is_about_tests && *index >= from))
            .map(|(index, line)| format!("{}:{}: {}", self.name(), index + 1, line.trim()))
            .collect()
    }
}

/// Lines before the module of unit tests, which stands last in a file.
fn lines_without_tests(text: &str) -> usize {
    let all = text.lines().count();
    text.lines().position(|line| line.trim() == "#[cfg(test)]").unwrap_or(all)
}

/// String literals that look like the name of an environment variable.
fn variables(code: &str) -> BTreeSet<String> {
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .filter(|word| word.contains('_') && word.starts_with(|c: char| c.is_ascii_uppercase()))
        .filter(|word| {
            word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        })
        .map(str::to_owned)
        .collect()
}

fn collect(root: &Path, directory: &Path, files: &mut Vec<Source>) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if entry.file_type()?.is_dir() {
            if !SKIPPED.iter().any(|skipped| name == *skipped) {
                collect(root, &entry.path(), files)?;
            }
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            files.push(Source { path: entry.path().strip_prefix(root)?.to_owned(), text });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(path: &str, text: &str) -> Vec<&'static str> {
        let source = Source { path: path.into(), text: text.to_owned() };
        Sources(vec![source])
            .findings()
            .into_iter()
            .filter(|(_, breaches)| !breaches.is_empty())
            .map(|(rule, _)| rule)
            .collect()
    }

    #[test]
    fn a_tidy_file_breaks_no_rule() {
        assert!(breaches("crates/a/src/lib.rs", "//! Why.\nfn a() {}\n").is_empty());
    }

    #[test]
    fn each_rule_finds_its_breach() {
        assert_eq!(breaches("a.rs", "fn a() {}").len(), 1);
        assert_eq!(breaches("a.rs", &format!("//! Why.\n{}", "//\n".repeat(400))).len(), 1);
        assert_eq!(breaches("a.rs", &format!("//! Why.\n{OUTSIDE}")).len(), 1);
        assert_eq!(breaches("a.rs", &format!("//! Why.\n{IGNORED_TEST}]")).len(), 1);
        assert_eq!(breaches("a.rs", &format!("//! Why.\n// {UNFINISHED}")).len(), 1);
        assert_eq!(breaches("migrations/1/up.sql", "select 1").len(), 1);
    }

    #[test]
    fn variables_are_looked_up_in_the_table() {
        let code = "//! Why.\nfn a() { vars.secs(\"LOCK_LEASE_SECS\"); say(\"Not one\"); }";
        assert_eq!(breaches("services/a/src/config.rs", code).len(), 1);
        assert!(breaches("services/a/src/other.rs", code).is_empty());
        let table = Source { path: CONFIGURATION_TABLE.into(), text: "`LOCK_LEASE_SECS`".into() };
        let reader = Source { path: "services/a/src/config.rs".into(), text: code.into() };
        assert!(Sources(vec![table, reader]).undocumented_variables().is_empty());
    }

    #[test]
    fn tests_may_be_long_and_read_beside_the_checkout() {
        let text = format!("//! Why.\n#[cfg(test)]\nmod tests {{\n{}\n{OUTSIDE}", "\n".repeat(500));
        assert!(breaches("a.rs", &text).is_empty());
        assert!(breaches("crates/a/tests/b.rs", &format!("//! Why.\n{OUTSIDE}")).is_empty());
    }
}
