//! Asks a service's admin port on this machine whether it is ready: `is-ready PORT`.
//!
//! The health check of the container images, which hold neither a shell nor curl. Kubernetes asks
//! the admin port itself.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

/// Shorter than any health check waits for us.
const LIMIT: Duration = Duration::from_secs(2);
const REQUEST: &[u8] =
    b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const READY: &[u8] = b"HTTP/1.1 200 ";

fn main() -> ExitCode {
    let Some(port) = std::env::args().nth(1).and_then(|port| port.parse().ok()) else {
        eprintln!("usage: is-ready PORT");
        return ExitCode::from(2);
    };
    match is_ready(port) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("not ready");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("the admin port does not answer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn is_ready(port: u16) -> std::io::Result<bool> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    stream.write_all(REQUEST)?;
    let mut answer = [0; READY.len()];
    stream.read_exact(&mut answer)?;
    Ok(answer == READY)
}
