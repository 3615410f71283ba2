//! Where this checkout is, where cargo builds to, and where private servers may keep their files.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// The user that runs PostgreSQL and PgBouncer when we are root; both refuse to be root.
/// Debian's `postgresql` package creates it.
pub(crate) const SERVER_USER: &str = "postgres";

/// The checkout and its directories.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    /// The directory with the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// `.local`: state, logs, secrets and data of the private stacks.
    pub(crate) local: PathBuf,
    /// Where programs that run as [`SERVER_USER`] keep their files: `.local`, unless that user
    /// cannot reach it (see [`Workspace::find`]).
    pub(crate) served: PathBuf,
}

impl Workspace {
    /// Finds the checkout from cargo's environment or the current directory.
    ///
    /// A checkout may lie below a directory that only root may enter (`mktemp -d`, `/root`). The
    /// unprivileged server user cannot open its data there, so those files then go below
    /// `/var/tmp`, named after the checkout, with a pointer in `.local/served`.
    pub(crate) fn find() -> Result<Self> {
        let root = root()?;
        let local = root.join(".local");
        make_dir(&local, 0o711)?;
        let served = if is_root() && !others_may_enter(&root) {
            let mut hasher = DefaultHasher::new();
            root.hash(&mut hasher);
            let outside = PathBuf::from(format!("/var/tmp/portal-{:016x}", hasher.finish()));
            make_dir(&outside, 0o711)?;
            ensure!(
                fs::symlink_metadata(&outside)?.uid() == nix::unistd::getuid().as_raw(),
                "{} belongs to someone else",
                outside.display()
            );
            fs::write(local.join("served"), format!("{}\n", outside.display()))?;
            outside
        } else {
            local.clone()
        };
        Ok(Self { root, local, served })
    }

    /// Cargo's target directory, which the environment or a configuration file may have moved.
    pub(crate) fn target(&self) -> Result<PathBuf> {
        let output = self
            .cargo()
            .args(["metadata", "--format-version=1", "--no-deps"])
            .output()
            .context("cargo metadata")?;
        ensure!(
            output.status.success(),
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        metadata["target_directory"]
            .as_str()
            .map(PathBuf::from)
            .context("cargo metadata names no target directory")
    }

    /// The cargo that runs us, in this checkout.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root);
        forget_own_package(&mut command);
        command
    }

    /// Builds with cargo; what cargo says goes to the terminal.
    pub(crate) fn build(&self, arguments: &[&str]) -> Result<()> {
        let status = self.cargo().arg("build").args(arguments).status().context("cargo build")?;
        ensure!(status.success(), "cargo build {} failed", arguments.join(" "));
        Ok(())
    }
}

/// Takes away what cargo told us about the package that we are. Some build scripts (ring's is one)
/// look at it and build everything anew, minutes of it, whenever a developer's own cargo takes
/// turns with ours.
pub(crate) fn forget_own_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
}

/// Whether we are root, who must hand servers to [`SERVER_USER`].
pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Creates a directory and sets its mode whatever the umask is.
pub(crate) fn make_dir(path: &Path, mode: u32) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("{} cannot be created", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .with_context(|| format!("{} cannot be opened to its user", path.display()))
}

/// Creates a directory that belongs to the server user.
pub(crate) fn make_server_dir(path: &Path) -> Result<()> {
    make_dir(path, 0o700)?;
    give_to_server_user(path)
}

/// Writes a file that only the server user can read.
pub(crate) fn write_server_file(path: &Path, content: &str) -> Result<()> {
    fs::write(path, content).with_context(|| format!("{} cannot be written", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    give_to_server_user(path)
}

fn give_to_server_user(path: &Path) -> Result<()> {
    if !is_root() {
        return Ok(());
    }
    let Some(user) = nix::unistd::User::from_name(SERVER_USER)? else {
        bail!("there is no user {SERVER_USER}; is PostgreSQL's package installed?");
    };
    nix::unistd::chown(path, Some(user.uid), Some(user.gid))
        .with_context(|| format!("{} cannot be given to {SERVER_USER}", path.display()))
}

fn root() -> Result<PathBuf> {
    let start = match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(directory) => PathBuf::from(directory),
        None => std::env::current_dir()?,
    };
    start
        .ancestors()
        .find(|directory| directory.join("Cargo.lock").is_file())
        .map(Path::to_owned)
        .context("run this inside the project's checkout")
}

fn others_may_enter(path: &Path) -> bool {
    path.ancestors()
        .all(|directory| fs::metadata(directory).is_ok_and(|found| found.mode() & 0o001 != 0))
}
