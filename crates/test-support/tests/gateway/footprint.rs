//! What the running processes look like from outside, on their admin ports and in the kernel's
//! books.

use std::fs;

use serde_json::Value;
use test_support::{Http, Stack};

#[tokio::test]
async fn every_service_is_alive_ready_and_measured_on_its_admin_port() {
    for (service, admin) in &Stack::load().admin_urls {
        let admin = Http::anonymous(admin.as_str());
        for probe in ["/health/live", "/health/ready", "/livez", "/readyz"] {
            assert_eq!(admin.get(probe).await.status, 200, "{service}{probe}");
        }
        let metrics = admin.get("/metrics").await.assert_status(200).text();
        assert!(metrics.contains("# TYPE"), "{service}: {metrics}");
        // The admin port is no second way in.
        assert_eq!(admin.get("/api/cases").await.status, 404, "{service}");
    }
}

/// Prints what each service weighs. The limit of 40 MB is a promise of release builds and is
/// checked where those are measured; here a figure far beyond it would tell of a leak.
#[test]
fn no_service_has_grown_out_of_all_proportion() {
    const LEAK_KB: u64 = 400 * 1024;

    let stack = Stack::load();
    let state = fs::read(stack.local_dir.join("state.json")).expect("the stack's state");
    let state: Value = serde_json::from_slice(&state).expect("JSON");
    let processes = state["processes"].as_array().expect("processes");
    for service in stack.admin_urls.keys() {
        let process = processes.iter().find(|process| process["name"] == service.as_str());
        let pid = process.expect("a running service")["pid"].as_u64().expect("a pid");
        let resident = resident_kb(pid);
        println!("{service}: {resident} kB resident");
        assert!((1..LEAK_KB).contains(&resident), "{service}: {resident} kB");
    }
}

fn resident_kb(pid: u64) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a living process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a figure");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
