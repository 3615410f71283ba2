//! Who holds a port, so that "address already in use" becomes a sentence one can act on.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use anyhow::{Result, bail};

/// State code of a listening socket in `/proc/net/tcp`.
const LISTEN: &str = "0A";

/// Whether nothing listens on `port`.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Fails if something listens on `port`, naming it.
pub(crate) fn refuse_taken(port: u16, wanted_by: &str) -> Result<()> {
    if is_free(port) {
        return Ok(());
    }
    let holder = inode_of(port).and_then(|inode| holder_of(&inode));
    let holder = holder.unwrap_or_else(|| "a process that we may not look into".to_owned());
    bail!(
        "port {port}, wanted by {wanted_by}, is taken by {holder}; end it, or choose another port (see `cargo xtask up --help`)"
    );
}

/// The socket inode of the listener on `port`.
fn inode_of(port: u16) -> Option<String> {
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .find_map(|table| find_listener(&table, port))
}

fn find_listener(table: &str, port: u16) -> Option<String> {
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (_, local_port) = fields.get(1)?.rsplit_once(':')?;
        let listens = fields.get(3) == Some(&LISTEN)
            && u16::from_str_radix(local_port, 16).is_ok_and(|found| found == port);
        listens.then(|| fields.get(9).map(|inode| (*inode).to_owned()))?
    })
}

/// Name and pid of the process that has the socket open.
fn holder_of(inode: &str) -> Option<String> {
    let socket = format!("socket:[{inode}]");
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let open = fs::read_dir(entry.path().join("fd")).ok()?;
        let holds = open
            .flatten()
            .filter_map(|descriptor| fs::read_link(descriptor.path()).ok())
            .any(|target| target == Path::new(&socket));
        let name = fs::read_to_string(entry.path().join("comm")).ok()?;
        holds.then(|| format!("{} (pid {pid})", name.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_names_its_holder() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = refuse_taken(port, "redis").unwrap_err().to_string();
        assert!(error.contains(&format!("port {port}, wanted by redis")), "{error}");
        assert!(error.contains(&format!("(pid {})", std::process::id())), "{error}");
    }

    #[test]
    fn only_listeners_count() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000 0 0 111 1\n\
            1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 222 1\n";
        assert_eq!(find_listener(table, 8080).as_deref(), Some("222"));
        assert_eq!(find_listener(table, 8081), None);
    }
}
