//! Judges a history against the database: I1 to I5 over everything that was acknowledged.
//!
//! Pure, so that its own tests can show that it catches each violation; a checker that cannot fail
//! would make every fault look harmless.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::history::{History, LockStep, LockUse, Saved};

/// A case as the database has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct StoredCase {
    /// `cases.version`.
    pub(crate) version: i32,
    /// The version that `latest_content_id` points to.
    pub(crate) newest: i32,
    /// Every version with the two fields that a save writes, in order.
    pub(crate) versions: Vec<(i32, String, String)>,
}

/// An export as the database and the store have it.
#[derive(Clone, Debug, Default)]
pub(crate) struct StoredExport {
    pub(crate) status: String,
    /// Objects in the store that are named after it.
    pub(crate) documents: usize,
}

/// What is left when a line is over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stored {
    pub(crate) cases: BTreeMap<String, StoredCase>,
    pub(crate) exports: BTreeMap<String, StoredExport>,
}

/// Every breach of an invariant, one sentence each.
pub(crate) fn violations(history: &History, stored: &Stored) -> Vec<String> {
    let mut found = saves(history, stored);
    found.extend(versions(history, stored));
    found.extend(holders(history));
    found.extend(reads(history));
    found.extend(exports(history, stored));
    found
}

/// I1: what was acknowledged is there, what was refused is nowhere, nothing is there twice.
fn saves(history: &History, stored: &Stored) -> Vec<String> {
    let nothing = StoredCase::default();
    let mut found = Vec::new();
    for save in &history.saves {
        let case = stored.cases.get(&save.case).unwrap_or(&nothing);
        let places: Vec<i32> = case
            .versions
            .iter()
            .filter(|(_, text, _)| *text == save.text)
            .map(|(version, _, _)| *version)
            .collect();
        let is_kept = match save.outcome {
            Saved::As(version) => places == [version],
            Saved::Refused => places.is_empty(),
            Saved::Unknown => places.len() <= 1,
        };
        if !is_kept {
            found.push(format!(
                "I1: the save {:?} of {} was answered {:?} and is in versions {places:?}",
                save.text, save.case, save.outcome
            ));
        }
    }
    found
}

/// I1 and I2: no version is torn or of unknown origin, none is missing, the pointer is right.
fn versions(history: &History, stored: &Stored) -> Vec<String> {
    let sent: BTreeSet<&str> = history.saves.iter().map(|save| save.text.as_str()).collect();
    let mut found = Vec::new();
    for (id, case) in &stored.cases {
        for (version, text, twin) in &case.versions {
            if text != twin {
                found.push(format!("I1: version {version} of {id} is torn: {text:?}, {twin:?}"));
            }
            // The first version came with the case.
            if *version > 1 && !sent.contains(text.as_str()) {
                found.push(format!("I1: nobody sent version {version} of {id}: {text:?}"));
            }
        }
        let numbers: Vec<i32> = case.versions.iter().map(|(version, _, _)| *version).collect();
        let expected: Vec<i32> = (1..=case.version).collect();
        if numbers != expected || case.newest != case.version {
            found.push(format!(
                "I2: {id} is at version {}, points to {} and has {numbers:?}",
                case.version, case.newest
            ));
        }
    }
    found
}

/// A time in which a user provably held a lock.
struct Tenure<'a> {
    user: &'a str,
    token: i64,
    asked: Duration,
    from: Duration,
    until: Duration,
}

/// I3: no two users held a lock at the same time, tokens only grow.
fn holders(history: &History) -> Vec<String> {
    let resources: BTreeSet<&str> =
        history.locks.iter().map(|step| step.resource.as_str()).collect();
    let mut found = Vec::new();
    for resource in resources {
        let tenures = tenures(history, resource);
        for (index, one) in tenures.iter().enumerate() {
            for other in &tenures[index + 1..] {
                if one.user != other.user && one.from < other.until && other.from < one.until {
                    found.push(format!(
                        "I3: {} and {} both held {resource} at {:?}",
                        one.user,
                        other.user,
                        one.from.max(other.from)
                    ));
                }
                let (earlier, later) =
                    if one.asked < other.asked { (one, other) } else { (other, one) };
                let is_after = earlier.from <= later.asked;
                let must_grow = earlier.user != later.user;
                let has_grown = if must_grow {
                    earlier.token < later.token
                } else {
                    earlier.token <= later.token
                };
                if is_after && !has_grown {
                    found.push(format!(
                        "I3: {resource} was given token {} after {}",
                        later.token, earlier.token
                    ));
                }
            }
        }
    }
    found
}

/// From the answer to an acquisition until the last heartbeat that was sent and granted, or until
/// the user gave the lock up: what lies between was theirs, however late the answers came.
fn tenures<'a>(history: &'a History, resource: &str) -> Vec<Tenure<'a>> {
    let mut users: BTreeMap<&str, Vec<&LockUse>> = BTreeMap::new();
    for step in history.locks.iter().filter(|step| step.resource == resource) {
        users.entry(step.user.as_str()).or_default().push(step);
    }
    let mut tenures: Vec<Tenure<'a>> = Vec::new();
    for (user, mut steps) in users {
        steps.sort_by_key(|step| step.at.begin);
        let mut current: Option<Tenure<'a>> = None;
        for step in steps {
            match step.step {
                LockStep::Taken(token) => {
                    tenures.extend(current.take());
                    let (asked, from) = (step.at.begin, step.at.end);
                    current = Some(Tenure { user, token, asked, from, until: from });
                }
                LockStep::Renewed => {
                    if let Some(tenure) = &mut current {
                        tenure.until = step.at.begin;
                    }
                }
                LockStep::GivenUp | LockStep::Lost => tenures.extend(current.take()),
            }
        }
        tenures.extend(current);
    }
    tenures
}

/// I4: a read that began after a save was answered shows that save or a later one.
fn reads(history: &History) -> Vec<String> {
    let mut found = Vec::new();
    for read in &history.reads {
        let answered = history
            .saves
            .iter()
            .filter(|save| save.case == read.case && save.at.end <= read.at.begin)
            .filter_map(|save| match save.outcome {
                Saved::As(version) => Some(version),
                Saved::Refused | Saved::Unknown => None,
            })
            .max();
        if answered > read.version {
            found.push(format!(
                "I4: {} of {} showed version {:?} at {:?}, after {answered:?} was answered",
                read.what, read.case, read.version, read.at.begin
            ));
        }
    }
    found
}

/// I5: what was accepted is completed, with one document.
fn exports(history: &History, stored: &Stored) -> Vec<String> {
    let nothing = StoredExport::default();
    let mut found = Vec::new();
    for id in &history.accepted {
        let export = stored.exports.get(id).unwrap_or(&nothing);
        if export.status != "completed" || export.documents != 1 {
            found.push(format!(
                "I5: export {id} is {:?} with {} documents",
                export.status, export.documents
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Read, Save, Span};

    fn at(begin: u64, end: u64) -> Span {
        Span { begin: Duration::from_millis(begin), end: Duration::from_millis(end) }
    }

    fn save(begin: u64, text: &str, outcome: Saved) -> Save {
        Save { at: at(begin, begin + 10), case: "sak".into(), text: text.into(), outcome }
    }

    fn lock(begin: u64, user: &str, step: LockStep) -> LockUse {
        let at = at(begin, begin + 10);
        LockUse { at, resource: "sak".into(), user: user.into(), step }
    }

    fn read(begin: u64, version: Option<i32>) -> Read {
        Read { at: at(begin, begin + 10), what: "list", case: "sak".into(), version }
    }

    fn version(number: i32, text: &str) -> (i32, String, String) {
        (number, text.into(), text.into())
    }

    /// Two saves that were answered, one refused, one unknown, a lock handed over, an export.
    fn good() -> (History, Stored) {
        let history = History {
            saves: vec![
                save(0, "a", Saved::As(2)),
                save(20, "b", Saved::As(3)),
                save(40, "c", Saved::Refused),
                save(60, "d", Saved::Unknown),
            ],
            reads: vec![read(15, Some(2)), read(15, Some(3)), read(35, Some(3))],
            locks: vec![
                lock(0, "Kari", LockStep::Taken(1)),
                lock(20, "Kari", LockStep::Renewed),
                lock(40, "Kari", LockStep::GivenUp),
                lock(45, "Ola", LockStep::Taken(2)),
                lock(70, "Ola", LockStep::Renewed),
            ],
            accepted: vec!["eksport".into()],
            ..History::default()
        };
        let versions = vec![version(1, "ny"), version(2, "a"), version(3, "b")];
        let case = StoredCase { version: 3, newest: 3, versions };
        let export = StoredExport { status: "completed".into(), documents: 1 };
        let stored = Stored {
            cases: BTreeMap::from([("sak".into(), case)]),
            exports: BTreeMap::from([("eksport".into(), export)]),
        };
        (history, stored)
    }

    fn found(break_it: impl FnOnce(&mut History, &mut Stored)) -> Vec<String> {
        let (mut history, mut stored) = good();
        break_it(&mut history, &mut stored);
        violations(&history, &stored)
    }

    #[track_caller]
    fn assert_caught(invariant: &str, break_it: impl FnOnce(&mut History, &mut Stored)) {
        let found = found(break_it);
        assert!(found.iter().any(|sentence| sentence.starts_with(invariant)), "{found:?}");
    }

    fn case(stored: &mut Stored) -> &mut StoredCase {
        stored.cases.get_mut("sak").unwrap()
    }

    #[test]
    fn a_history_that_keeps_every_promise_passes() {
        assert_eq!(found(|_, _| {}), Vec::<String>::new());
        let unknown_but_stored = found(|_, stored| {
            let case = case(stored);
            case.versions.push(version(4, "d"));
            (case.version, case.newest) = (4, 4);
        });
        assert_eq!(unknown_but_stored, Vec::<String>::new());
    }

    #[test]
    fn i1_a_lost_save_is_caught() {
        assert_caught("I1", |_, stored| {
            let case = case(stored);
            case.versions.pop();
            (case.version, case.newest) = (2, 2);
        });
    }

    #[test]
    fn i1_a_save_overwritten_by_another_is_caught() {
        assert_caught("I1", |_, stored| case(stored).versions[2] = version(3, "d"));
    }

    #[test]
    fn i1_a_refused_save_that_left_a_trace_is_caught() {
        assert_caught("I1", |_, stored| {
            let case = case(stored);
            case.versions.push(version(4, "c"));
            (case.version, case.newest) = (4, 4);
        });
    }

    #[test]
    fn i1_a_save_stored_twice_is_caught() {
        assert_caught("I1", |_, stored| {
            let case = case(stored);
            case.versions.extend([version(4, "d"), version(5, "d")]);
            (case.version, case.newest) = (5, 5);
        });
    }

    #[test]
    fn i1_a_torn_version_is_caught() {
        assert_caught("I1", |_, stored| case(stored).versions[2].2 = "a".into());
    }

    #[test]
    fn i1_a_version_that_nobody_sent_is_caught() {
        assert_caught("I1", |_, stored| {
            let case = case(stored);
            case.versions.push(version(4, "fremmed"));
            (case.version, case.newest) = (4, 4);
        });
    }

    #[test]
    fn i2_a_gap_and_a_wrong_pointer_are_caught() {
        assert_caught("I2", |_, stored| case(stored).newest = 2);
        assert_caught("I2", |_, stored| {
            let case = case(stored);
            case.versions.push(version(5, "d"));
            (case.version, case.newest) = (5, 5);
        });
    }

    #[test]
    fn i3_two_holders_at_once_are_caught() {
        assert_caught("I3", |history, _| {
            history.locks[3] = lock(5, "Ola", LockStep::Taken(2));
        });
        // A holder whose heartbeat is granted after somebody else's acquisition was answered.
        assert_caught("I3", |history, _| {
            history.locks[2] = lock(60, "Kari", LockStep::Renewed);
        });
    }

    #[test]
    fn i3_a_token_that_does_not_grow_is_caught() {
        assert_caught("I3", |history, _| {
            history.locks[3] = lock(45, "Ola", LockStep::Taken(1));
        });
    }

    #[test]
    fn i4_a_stale_list_is_caught() {
        assert_caught("I4", |history, _| history.reads.push(read(35, Some(2))));
        assert_caught("I4", |history, _| history.reads.push(read(35, None)));
    }

    #[test]
    fn i5_a_lost_a_failed_and_a_doubled_export_are_caught() {
        assert_caught("I5", |_, stored| stored.exports.clear());
        assert_caught("I5", |_, stored| {
            stored.exports.get_mut("eksport").unwrap().status = "failed".into();
        });
        assert_caught("I5", |_, stored| {
            stored.exports.get_mut("eksport").unwrap().documents = 2;
        });
    }
}
