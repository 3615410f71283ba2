//! What only tests need of the npm registry, each pinned by its lock file and installed when first
//! needed, in no place of the checkout.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command;
use crate::console::stage;
use crate::packages;
use crate::workspace::{Workspace, make_dir};

const LOCK: &str = "package-lock.json";
/// Written when the packages of a lock file have been installed.
const INSTALLED: &str = "installed-lock.json";

/// A driver of a browser, and the walk that uses it.
pub(super) const BROWSER: NpmTool =
    NpmTool { name: "browser", source: "crates/test-support/browser", program: "walk.test.mjs" };
/// A provider of identities to sign in at.
pub(super) const OIDC_PROVIDER: NpmTool =
    NpmTool { name: "oidc-provider", source: "crates/test-support/oidc", program: "provider.mjs" };

/// A program of ours for node, and the packages it needs.
pub(super) struct NpmTool {
    name: &'static str,
    /// Where it is kept, with `package.json` and the lock file.
    source: &'static str,
    pub(super) program: &'static str,
}

impl NpmTool {
    /// Copies the program to where its packages are installed, and returns that folder.
    pub(super) fn ensure(&self, workspace: &Workspace) -> Result<PathBuf> {
        for (program, package) in [("node", "nodejs"), ("npm", "npm")] {
            packages::ensure_program(program, package)?;
        }
        let home = workspace.local.join("tools").join(self.name);
        make_dir(&home, 0o755)?;
        for name in ["package.json", LOCK, self.program] {
            let source = workspace.root.join(self.source).join(name);
            fs::copy(&source, home.join(name)).with_context(|| format!("{}", source.display()))?;
        }
        let wanted = fs::read(home.join(LOCK))?;
        if fs::read(home.join(INSTALLED)).is_ok_and(|installed| installed == wanted) {
            return Ok(home);
        }
        stage(&format!("getting the packages of {}", self.name), || {
            command::capture(
                Command::new("npm")
                    .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                    .current_dir(&home),
            )?;
            fs::write(home.join(INSTALLED), &wanted)?;
            Ok(())
        })?;
        Ok(home)
    }
}
