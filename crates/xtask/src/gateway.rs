//! The gateway: a private nginx in front of the services.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::command;
use crate::http;
use crate::ports::of_replica;
use crate::process::Daemon;
use crate::stack::{Running, Stack};
use crate::template::render;
use crate::workspace::{is_root, make_dir};

const CONFIGURATION: &str = include_str!("../../../compose/nginx/gateway.conf.template");
const MAIN: &str = include_str!("../../../compose/nginx/nginx.conf.template");
/// The page of our own, and what it loads.
const PAGE: [(&str, &str); 4] = [
    ("index.html", include_str!("../../../compose/nginx/html/index.html")),
    ("portal.css", include_str!("../../../compose/nginx/html/portal.css")),
    ("portal.js", include_str!("../../../compose/nginx/html/portal.js")),
    ("favicon.svg", include_str!("../../../compose/nginx/html/favicon.svg")),
];

/// What the stack calls it.
pub(crate) const NAME: &str = "gateway";

/// What the client's own pages may load: nothing from elsewhere, and no script that is not a file.
/// Its editor styles what is edited in place, pictures are shown before they are uploaded, and
/// build tools put small fonts and pictures into the style sheet.
const CONTENT_SECURITY_POLICY: &str =
    include_str!("../../../compose/nginx/content-security-policy");

/// Starts nginx in front of `replicas` of each service.
pub(crate) fn start(running: &mut Running) -> Result<()> {
    let site = Site::of(&running.stack, running.state.replicas);
    start_site(running, &site)
}

/// Starts another nginx as `name` with the same configuration, on `port`, in front of one server
/// that stands for cases-api.
pub(crate) fn start_before(
    running: &mut Running,
    name: &str,
    port: u16,
    server: u16,
) -> Result<()> {
    let cases_api = servers(server, 1);
    let site = Site { name, port, cases_api, ..Site::of(&running.stack, running.state.replicas) };
    start_site(running, &site)
}

/// What differs from one nginx to another.
struct Site<'a> {
    name: &'a str,
    port: u16,
    cases_api: String,
    locks_api: String,
}

impl Site<'_> {
    fn of(stack: &Stack, replicas: u16) -> Self {
        Self {
            name: NAME,
            port: stack.ports.gateway,
            cases_api: servers(stack.ports.cases_api, replicas),
            locks_api: servers(stack.ports.locks_api, replicas),
        }
    }
}

fn start_site(running: &mut Running, site: &Site<'_>) -> Result<()> {
    let home = configure(&running.stack, site)?;
    let nginx = command::find("nginx").context("nginx is not installed")?;
    let main = home.join("nginx.conf").display().to_string();
    let prefix = home.display().to_string();
    command::capture(
        Command::new(&nginx).args(["-q", "-t", "-e", "stderr", "-p", &prefix, "-c", &main]),
    )
    .context("the gateway's configuration")?;
    let port = site.port;
    let daemon = Daemon::new(site.name, nginx)
        .arg("-e")
        .arg("stderr")
        .arg("-p")
        .arg(prefix)
        .arg("-c")
        .arg(main);
    let process = running.ensure(&daemon, &[port])?;
    let page = format!("http://127.0.0.1:{port}/");
    process.wait_until(Duration::from_secs(10), || http::status(&page) == Some(200))?;
    Ok(())
}

/// Writes nginx's files and returns their directory.
fn configure(stack: &Stack, site: &Site<'_>) -> Result<PathBuf> {
    let home = stack.home.join(site.name);
    make_dir(&home, 0o755)?;
    let directory = home.display().to_string();
    let web_root = web_root(&home)?;
    let log = stack.home.join(format!("log/{}-access.log", site.name)).display().to_string();
    let gateway = render(
        CONFIGURATION,
        &[
            ("CASES_API_SERVERS", &site.cases_api),
            ("LOCKS_API_SERVERS", &site.locks_api),
            ("GATEWAY_LISTEN", &format!("127.0.0.1:{}", site.port)),
            ("GATEWAY_ACCESS_LOG", &quoted(&log)),
            ("GATEWAY_WEB_ROOT", &quoted(&web_root)),
            ("GATEWAY_CSP", CONTENT_SECURITY_POLICY.trim_end()),
        ],
    )?;
    fs::write(home.join("gateway.conf"), gateway)?;
    // Workers would otherwise become a user who cannot enter a checkout below root's home.
    let user = if is_root() { "user root;" } else { "" };
    let main = render(
        MAIN,
        &[("USER_LINE", user), ("HOME_DIR", &directory), ("GATEWAY_WORKERS", "auto")],
    )?;
    fs::write(home.join("nginx.conf"), main)?;
    Ok(home)
}

/// The client's files named by `PORTAL_WEB_ROOT`, or a page of our own.
fn web_root(home: &std::path::Path) -> Result<String> {
    if let Some(root) = std::env::var_os("PORTAL_WEB_ROOT") {
        let root = fs::canonicalize(&root)
            .with_context(|| format!("PORTAL_WEB_ROOT={}", root.display()))?;
        ensure!(
            root.join("index.html").is_file(),
            "PORTAL_WEB_ROOT={} has no index.html",
            root.display()
        );
        return Ok(root.display().to_string());
    }
    let html = home.join("html");
    make_dir(&html, 0o755)?;
    for (name, content) in PAGE {
        fs::write(html.join(name), content)?;
    }
    Ok(html.display().to_string())
}

/// One `server` line for each replica. A replica that fails is left alone for a while.
fn servers(port: u16, replicas: u16) -> String {
    (0..replicas)
        .map(|index| {
            format!("server 127.0.0.1:{} max_fails=1 fail_timeout=2s;", of_replica(port, index))
        })
        .collect::<Vec<_>>()
        .join("\n    ")
}

/// A path as nginx reads it, whatever characters the checkout's name has.
fn quoted(path: &str) -> String {
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_replica_gets_a_server_line() {
        let lines = servers(8081, 2);
        assert!(lines.contains("127.0.0.1:8081 ") && lines.contains("127.0.0.1:8181 "), "{lines}");
    }

    #[test]
    fn admin_ports_are_not_in_the_gateways_configuration() {
        for port in ["9081", "9082", "9083"] {
            assert!(!CONFIGURATION.contains(port));
        }
    }
}
