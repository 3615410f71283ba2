//! Runs one line: load, fault, recovery, judgement.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use test_support::{Http, Stack};
use tokio::time::{Instant, sleep};

use crate::checker::violations;
use crate::history::{History, LockStep};
use crate::lines::{Deed, Line, Notice};
use crate::load::{Cast, Load, failures};
use crate::parts::{Links, dead_letters, part, publish};
use crate::stored;

/// Load before the fault.
const BEFORE: Duration = Duration::from_secs(2);
/// Load after the part is back.
const AFTER: Duration = Duration::from_secs(4);
/// Load without a failure that counts as recovered.
const CALM: Duration = Duration::from_secs(2);
/// How long after the part is back users may notice anything.
const RECOVERY: Duration = Duration::from_secs(15);
/// How long accepted exports may take after that.
const EXPORTS: Duration = Duration::from_mins(1);
/// The longest answer while nothing stands still.
const LONGEST: Duration = Duration::from_secs(10);
/// The gateway leaves a replica alone for two seconds after it was refused. Whoever takes the next
/// one away before that leaves it with none.
const FORGIVEN: Duration = Duration::from_millis(2500);
/// How often workers are killed in a row.
const KILLS: usize = 3;
/// How far the second instances are ahead.
const SKEW: [(&str, &str); 3] = [
    ("PORTAL_FAULTS_CLOCK_CASES_API_2", "+120s"),
    ("PORTAL_FAULTS_CLOCK_LOCKS_API_2", "+120s"),
    ("PORTAL_FAULTS_CLOCK_EXPORT_WORKER_2", "+120s"),
];
const SECOND: [&str; 3] = ["cases-api-2", "locks-api-2", "export-worker-2"];

/// What came of a line.
pub(crate) struct Verdict {
    pub(crate) figure: String,
    /// Nothing, if the line passed.
    pub(crate) complaints: Vec<String>,
}

/// When the part was away, since the line began.
struct Absence {
    from: Duration,
    until: Duration,
    /// What the deed itself found wrong.
    complaints: Vec<String>,
}

pub(crate) async fn run(stack: &Stack, links: &Links, cast: &Cast, line: &Line) -> Verdict {
    let load = Load::start(cast, line.name).await;
    sleep(BEFORE).await;
    let absence = absence(stack, links, &load, line.deed).await;
    while load.now() < absence.until + AFTER
        || (load.last_failure().is_some_and(|last| last + CALM > load.now())
            && load.now() < absence.until + RECOVERY + CALM)
    {
        sleep(Duration::from_millis(100)).await;
    }
    let cases = load.cases.clone();
    let history = load.finish().await;
    let waited = wait_for_exports(stack, &history.accepted).await;
    let stored = stored::read(stack, &cases, &history.accepted).await;
    let mut complaints = violations(&history, &stored);
    complaints.extend(lost_locks(&history));
    complaints.extend(noticed(&history, line, &absence));
    complaints.extend(absence.complaints.iter().cloned());
    let figure = figure(&history, line, &absence, waited, complaints.is_empty());
    Verdict { figure, complaints }
}

async fn absence(stack: &Stack, links: &Links, load: &Load, deed: Deed) -> Absence {
    let from = load.now();
    let mut complaints = Vec::new();
    match deed {
        Deed::Restart(instances) => {
            for name in instances {
                part("stop", name, &[]).await;
                part("start", name, &[]).await;
                sleep(FORGIVEN).await;
            }
        }
        Deed::Kill(name, away) => {
            part("kill", name, &[]).await;
            sleep(away).await;
            part("start", name, &[]).await;
        }
        Deed::Stall(server, away) => {
            links.to(server).stall();
            sleep(away).await;
            links.to(server).pass();
        }
        Deed::Halt(name, away) => {
            part("halt", name, &[]).await;
            sleep(away).await;
            part("resume", name, &[]).await;
        }
        Deed::KillWorkers => {
            for _ in 0..KILLS {
                for name in ["export-worker", "export-worker-2"] {
                    wait_for_order(load).await;
                    part("kill", name, &[]).await;
                    part("start", name, &[]).await;
                }
            }
        }
        Deed::Messages => complaints = spoil(stack, load).await,
        Deed::Skew => {
            for name in SECOND {
                part("stop", name, &[]).await;
                part("start", name, &SKEW).await;
            }
            complaints = punctual(stack).await;
            sleep(AFTER).await;
            for name in SECOND {
                part("stop", name, &[]).await;
                part("start", name, &[]).await;
            }
        }
    }
    Absence { from, until: load.now(), complaints }
}

/// Until there is something to interrupt.
async fn wait_for_order(load: &Load) {
    let before = load.accepted().len();
    let deadline = Instant::now() + RECOVERY;
    while load.accepted().len() == before && Instant::now() < deadline {
        sleep(Duration::from_millis(10)).await;
    }
}

/// Sends every order a second time, and what no service would send.
async fn spoil(stack: &Stack, load: &Load) -> Vec<String> {
    const POISON: [&str; 3] =
        ["", "{\"jobId\": 1}", "\n$ikke en id, bare seksogtredve tegn langt."];
    let before = dead_letters(stack).await;
    for poison in POISON {
        publish(stack, poison).await;
        wait_for_order(load).await;
        for id in load.accepted() {
            // `ExportRequested`: field 1, a text of 36 bytes.
            publish(stack, &format!("\n\u{24}{id}")).await;
        }
    }
    let deadline = Instant::now() + RECOVERY;
    let expected = before + u64::try_from(POISON.len()).expect("a few");
    let mut found = before;
    while found < expected && Instant::now() < deadline {
        sleep(Duration::from_millis(250)).await;
        found = dead_letters(stack).await;
    }
    if found == expected {
        Vec::new()
    } else {
        vec![format!("{found} dead letters, {expected} expected")]
    }
}

/// Second instances whose clock is right, although it was moved.
async fn punctual(stack: &Stack) -> Vec<String> {
    let mut complaints = Vec::new();
    for name in SECOND {
        let admin = Http::anonymous(stack.admin_urls[name].as_str());
        let answer = admin.get("/health/live").await;
        let date = DateTime::parse_from_rfc2822(answer.header("date")).expect("a date");
        let ahead = date.with_timezone(&Utc) - Utc::now();
        if ahead < TimeDelta::seconds(100) {
            complaints.push(format!("{name} is only {ahead} ahead"));
        }
    }
    complaints
}

async fn wait_for_exports(stack: &Stack, accepted: &[String]) -> Duration {
    let begun = Instant::now();
    let client = stored::connect(stack).await;
    while stored::unfinished(&client, accepted).await > 0 && begun.elapsed() < EXPORTS {
        sleep(Duration::from_millis(100)).await;
    }
    begun.elapsed()
}

/// A lock that nobody else wanted stays its holder's, whatever dies.
fn lost_locks(history: &History) -> Vec<String> {
    history
        .locks
        .iter()
        .filter(|step| step.step == LockStep::Lost && step.user.starts_with("Holder"))
        .map(|step| format!("{} lost a lock at {:.1?}", step.user, step.at.begin))
        .collect()
}

/// What users noticed and should not have.
fn noticed(history: &History, line: &Line, absence: &Absence) -> Vec<String> {
    let mut complaints = Vec::new();
    let failed: Vec<_> = history.requests.iter().filter(|request| request.is_failure()).collect();
    let is_fine = match line.notice {
        Notice::Nothing => failed.is_empty(),
        Notice::InFlight(most) => failed.len() <= most,
        Notice::Refusals => true,
    };
    if !is_fine {
        complaints.push(format!("failed: {}", failures(history)));
    }
    if failed.iter().any(|request| request.status != Some(503)) {
        complaints.push(format!("failed otherwise than with 503: {}", failures(history)));
    }
    let allowed = absence.from..=absence.until + RECOVERY;
    if failed.iter().any(|request| !allowed.contains(&request.at.end)) {
        complaints.push(format!("failed before or long after: {}", failures(history)));
    }
    let slowest = slowest(history);
    if slowest > absence.until.saturating_sub(absence.from) + LONGEST {
        complaints.push(format!("somebody waited for {slowest:.1?}"));
    }
    if let Some(odd) = history.requests.iter().find(|request| is_odd(request.what, request.status))
    {
        complaints.push(format!("{} was answered {:?}", odd.what, odd.status));
    }
    complaints
}

/// Refusals that only a fault in the services could bring about.
fn is_odd(what: &str, status: Option<u16>) -> bool {
    let refusal = status.filter(|status| (400..500).contains(status));
    match (what, refusal) {
        (_, None) | ("save" | "lock", Some(409)) | ("heartbeat" | "release", Some(404)) => false,
        (_, Some(_)) => true,
    }
}

fn slowest(history: &History) -> Duration {
    let times = history.requests.iter().map(|request| request.at.took());
    times.max().unwrap_or_default()
}

fn figure(
    history: &History,
    line: &Line,
    absence: &Absence,
    waited: Duration,
    is_fine: bool,
) -> String {
    let failed: Vec<_> = history.requests.iter().filter(|request| request.is_failure()).collect();
    let refused = failed.iter().filter(|request| request.status == Some(503)).count();
    let last = failed.iter().map(|request| request.at.end).max().unwrap_or_default();
    format!(
        "{}: {} requests, {refused} refused, {} failed, slowest {:.1} s, recovered after {:.1} s, \
         {} exports (last after {:.1} s): {}",
        line.name,
        history.requests.len(),
        failed.len() - refused,
        slowest(history).as_secs_f64(),
        last.saturating_sub(absence.until).as_secs_f64(),
        history.accepted.len(),
        waited.as_secs_f64(),
        if is_fine { "ok" } else { "FAILED" },
    )
}
