//! The people of the demo (seed-data 2): set A stands on the client's login cards, set B is used by
//! the requirement's load scripts.
//!
//! All share one password and one Argon2id hash of it, made with a fixed salt. That is deliberate:
//! the password is printed in the README, so a salt protects nothing here, and 164 memory-hard
//! hashes would take longer than the rest of the run and make it differ from run to run.

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use domain::role::Role;
use uuid::Uuid;

use super::error::SeedError;
use super::fin_staff::{FIN_STAFF, FinOfficer};
use super::ids::stable_id;
use super::organisation::{FIN, MINISTRIES, Ministry, department_id};
use super::rows::{AssignmentRow, UserRow};

/// Password of every demo user.
pub const DEMO_PASSWORD: &str = "Test1234!";

/// E-mail address of the administrator of set A, who creates templates and lists.
pub(super) const ADMIN_EMAIL: &str = "admin@test.no";

const DEMO_SALT: &[u8; 16] = b"statsbudsjett-26";

/// Department codes as the requirement's scripts spell them. Three are aliases, which the login
/// resolves; the addresses are stored as the scripts send them.
pub(super) const SCRIPT_CODES: [(&str, &str); 15] = [
    ("kld", "KLD"),
    ("ud", "UD"),
    ("jd", "JD"),
    ("hod", "HOD"),
    ("kd", "KD"),
    ("sd", "SD"),
    ("nfd", "NFD"),
    ("bfd", "BFD"),
    ("aid", "AID"),
    ("lmd", "LMD"),
    ("kud", "KUD"),
    ("fd", "FD"),
    ("ofd", "KDD"),
    ("eid", "ED"),
    ("did", "DFD"),
];

/// Id of a user by e-mail address.
pub(super) fn user_id(email: &str) -> Uuid {
    stable_id("user", email)
}

/// The people of one ministry who appear in its cases.
#[derive(Clone, Debug)]
pub(super) struct Team {
    pub(super) saksbehandler: Uuid,
    pub(super) budsjettenhet: Uuid,
    pub(super) underdirektor: Uuid,
    pub(super) avdelingsdirektor: Uuid,
    pub(super) ekspedisjonssjef: Uuid,
    /// Set-B handler; FIN-FAG, which the scripts do not know, falls back on its own.
    pub(super) script_saksbehandler: Uuid,
    pub(super) script_budsjettenhet: Uuid,
    /// The ministry's first `saksbehandler_fin`.
    pub(super) fin_handler: Uuid,
    pub(super) fin_handler_name: &'static str,
    /// The `underdirektor_fin` whose portfolio has the ministry.
    pub(super) fin_underdirektor: Uuid,
}

impl Team {
    pub(super) fn of(ministry: &Ministry) -> Self {
        let mail = ministry.mail_code();
        let fag = |position: &str| user_id(&format!("{position}.{mail}@test.no"));
        let script = SCRIPT_CODES.iter().find(|(_, code)| *code == ministry.code);
        let script_user = |position: &str, otherwise: &str| match script {
            Some((script_code, _)) => user_id(&format!("{position}1@{script_code}.dep.no")),
            None => fag(otherwise),
        };
        let officer = |role: Role| fin_officer(role, ministry.code);
        let handler = officer(Role::SaksbehandlerFin);
        Self {
            saksbehandler: fag("fag"),
            budsjettenhet: fag("budsjett"),
            underdirektor: fag("unddir"),
            avdelingsdirektor: fag("avddir"),
            ekspedisjonssjef: fag("ekspsjef"),
            script_saksbehandler: script_user("saksbehandler", "fag"),
            script_budsjettenhet: script_user("budsjett", "budsjett"),
            fin_handler: user_id(handler.email),
            fin_handler_name: handler.name,
            fin_underdirektor: user_id(officer(Role::UnderdirektorFin).email),
        }
    }
}

/// The first officer with this role whose portfolio has the ministry. Every ministry has one of each
/// kind (a test says so), so the fallback, the administrator, is never taken.
fn fin_officer(role: Role, ministry: &str) -> &'static FinOfficer {
    FIN_STAFF
        .iter()
        .find(|officer| officer.role == role && officer.portfolio.contains(&ministry))
        .unwrap_or(&FIN_STAFF[2])
}

/// Users of the demo with their FIN portfolios.
pub(super) struct People {
    pub(super) users: Vec<UserRow>,
    pub(super) assignments: Vec<AssignmentRow>,
}

/// All 164 users. Fails only if the password cannot be hashed.
pub(super) fn people() -> Result<People, SeedError> {
    let hash = demo_password_hash()?;
    let mut users: Vec<UserRow> = FIN_STAFF.iter().map(fin_user).collect();
    users.extend(MINISTRIES.iter().flat_map(fag_users));
    users.extend(script_users());
    for user in &mut users {
        user.password_hash = Some(hash.clone());
    }
    Ok(People { users, assignments: FIN_STAFF.iter().flat_map(portfolio).collect() })
}

/// Argon2id with the parameters OWASP recommends for interactive logins.
pub(super) fn demo_password_hash() -> Result<String, SeedError> {
    let params = Params::new(19_456, 2, 1, None)
        .map_err(|error| SeedError::Password(argon2::password_hash::Error::from(error)))?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_with_salt(DEMO_PASSWORD.as_bytes(), DEMO_SALT)
        .map(|hash| hash.to_string())
        .map_err(SeedError::Password)
}

fn user(email: String, full_name: &str, department: &str, role: Role) -> UserRow {
    UserRow {
        id: user_id(&email),
        email,
        full_name: full_name.to_owned(),
        department_id: department_id(department),
        role: role.as_str(),
        division: None,
        section: None,
        job_title: None,
        leader_level: role.leader_level().map(domain::role::LeaderLevel::as_str),
        password_hash: None,
    }
}

fn fin_user(officer: &FinOfficer) -> UserRow {
    let is_secretary_general = officer.role == Role::DepartementsraadFin;
    UserRow {
        division: (!is_secretary_general).then_some("Budsjettavdelingen"),
        section: officer.section,
        job_title: officer.job_title,
        ..user(officer.email.to_owned(), officer.name, FIN, officer.role)
    }
}

fn portfolio(officer: &FinOfficer) -> impl Iterator<Item = AssignmentRow> {
    let has_all = matches!(officer.role, Role::DepartementsraadFin | Role::EkspedisjonssjefFin);
    officer.portfolio.iter().enumerate().map(move |(index, code)| AssignmentRow {
        id: stable_id("assignment", &format!("{} {code}", officer.email)),
        user_id: user_id(officer.email),
        department_id: department_id(code),
        is_primary: index == 0 && !has_all,
    })
}

/// Rows 1–6 of seed-data 2.2.
fn fag_users(ministry: &Ministry) -> impl Iterator<Item = UserRow> {
    const POSITIONS: [(&str, Role, &str); 6] = [
        ("fag", Role::SaksbehandlerFag, "Seniorrådgiver"),
        ("budsjett", Role::BudsjettenhetFag, "Rådgiver"),
        ("unddir", Role::UnderdirektorFag, "Underdirektør"),
        ("avddir", Role::AvdelingsdirektorFag, "Avdelingsdirektør"),
        ("ekspsjef", Role::EkspedisjonssjefFag, "Ekspedisjonssjef"),
        ("depraad", Role::DepartementsraadFag, "Departementsråd"),
    ];
    let [first, second] = ministry.divisions;
    let divisions = [Some(first), Some(second), Some(first), Some(first), Some(first), None];
    let in_section = [true, false, true, false, false, false];
    POSITIONS.iter().enumerate().map(move |(index, &(position, role, job_title))| UserRow {
        division: divisions[index],
        section: in_section[index].then_some("Seksjon 1"),
        job_title: Some(job_title),
        ..user(
            format!("{position}.{}@test.no", ministry.mail_code()),
            ministry.cards[index],
            ministry.code,
            role,
        )
    })
}

/// The 33 users of the requirement's scripts (seed-data 2.3).
fn script_users() -> Vec<UserRow> {
    let mut users = Vec::with_capacity(33);
    for (index, (script_code, code)) in SCRIPT_CODES.iter().enumerate() {
        let Some(ministry) = MINISTRIES.iter().find(|ministry| ministry.code == *code) else {
            continue;
        };
        let [first, second] = ministry.divisions;
        users.push(UserRow {
            division: Some(second),
            job_title: Some("Rådgiver"),
            ..user(
                format!("budsjett1@{script_code}.dep.no"),
                &script_name(index),
                code,
                Role::BudsjettenhetFag,
            )
        });
        users.push(UserRow {
            division: Some(first),
            section: Some("Seksjon 1"),
            job_title: Some("Seniorrådgiver"),
            ..user(
                format!("saksbehandler1@{script_code}.dep.no"),
                &script_name(index + SCRIPT_CODES.len()),
                code,
                Role::SaksbehandlerFag,
            )
        });
    }
    users.extend(fin_script_users());
    users
}

fn fin_script_users() -> [UserRow; 3] {
    let fin = |mailbox: &str, name: &str, role| UserRow {
        division: Some("Budsjettavdelingen"),
        ..user(format!("{mailbox}@fin.dep.no"), name, FIN, role)
    };
    [
        UserRow {
            job_title: Some("Rådgiver"),
            ..fin("saksbehandler1", "Sunniva Tveit", Role::SaksbehandlerFin)
        },
        UserRow {
            job_title: Some("Underdirektør"),
            ..fin("underdirektor1", "Håkon Myhre", Role::UnderdirektorFin)
        },
        fin("admin", "Oda Administrator", Role::Administrator),
    ]
}

/// A name for a script user. Seven and eleven have no common factor, so thirty users get thirty
/// different names.
fn script_name(index: usize) -> String {
    const FIRST: [&str; 7] = ["Maja", "Jakob", "Ingeborg", "Sindre", "Åshild", "Torbjørn", "Ylva"];
    const LAST: [&str; 11] = [
        "Kvam",
        "Nygård",
        "Østby",
        "Sletten",
        "Fossum",
        "Helland",
        "Rønneberg",
        "Ulvestad",
        "Bjørnstad",
        "Grønli",
        "Aune",
    ];
    format!("{} {}", FIRST[index % FIRST.len()], LAST[index % LAST.len()])
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn count_by_role(users: &[UserRow]) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for user in users {
            *counts.entry(user.role).or_default() += 1;
        }
        counts
    }

    #[test]
    fn set_a_has_131_users_and_set_b_33() {
        let people = people().unwrap();
        let (set_b, set_a): (Vec<&UserRow>, Vec<&UserRow>) =
            people.users.iter().partition(|user| user.email.ends_with(".dep.no"));
        assert_eq!((set_a.len(), set_b.len()), (131, 33));
        let fin = department_id(FIN);
        assert_eq!(set_a.iter().filter(|user| user.department_id == fin).count(), 35);
        assert_eq!(set_a.iter().filter(|user| user.department_id != fin).count(), 96);
        let emails: BTreeSet<String> =
            people.users.iter().map(|user| user.email.to_lowercase()).collect();
        assert_eq!(emails.len(), people.users.len(), "e-mail addresses are the login names");
    }

    #[test]
    fn set_b_has_two_users_per_script_ministry_and_three_at_fin() {
        let counts = count_by_role(&script_users());
        let expected = [
            ("administrator", 1),
            ("budsjettenhet_fag", 15),
            ("saksbehandler_fag", 15),
            ("saksbehandler_fin", 1),
            ("underdirektor_fin", 1),
        ];
        assert_eq!(counts, BTreeMap::from(expected));
        let names: BTreeSet<String> = script_users().into_iter().map(|u| u.full_name).collect();
        assert_eq!(names.len(), 33);
    }

    #[test]
    fn script_addresses_reach_the_ministry_their_alias_means() {
        let users = script_users();
        let of = |email: &str| users.iter().find(|u| u.email == email).unwrap().department_id;
        assert_eq!(of("budsjett1@did.dep.no"), department_id("DFD"));
        assert_eq!(of("budsjett1@eid.dep.no"), department_id("ED"));
        assert_eq!(of("saksbehandler1@ofd.dep.no"), department_id("KDD"));
        for (script_code, code) in SCRIPT_CODES {
            assert_eq!(domain::department::canonical_code(script_code), code);
        }
    }

    #[test]
    fn every_ministry_has_exactly_one_primary_portfolio_per_handler() {
        let people = people().unwrap();
        assert_eq!(people.assignments.len(), 87);
        assert_eq!(people.assignments.iter().filter(|a| a.is_primary).count(), 32);
        for ministry in &MINISTRIES {
            let team = Team::of(ministry);
            assert_ne!(team.fin_handler, user_id(ADMIN_EMAIL), "{}", ministry.code);
            assert_ne!(team.fin_underdirektor, user_id(ADMIN_EMAIL), "{}", ministry.code);
        }
        let sd = MINISTRIES.iter().find(|m| m.code == "SD").unwrap();
        assert_eq!(Team::of(sd).fin_handler, user_id("fin.sd1@test.no"));
    }

    #[test]
    fn organisation_fields_follow_the_rank() {
        for user in people().unwrap().users {
            match user.leader_level {
                Some("departementsraad") => {
                    assert_eq!((user.division, user.section), (None, None), "{}", user.email);
                }
                Some("ekspedisjonssjef") => {
                    assert!(user.division.is_some() && user.section.is_none(), "{}", user.email);
                }
                _ => assert!(user.division.is_some(), "{}", user.email),
            }
        }
    }

    #[test]
    fn the_password_hash_is_argon2id_and_the_same_in_every_run() {
        use argon2::PasswordVerifier;
        let hash = demo_password_hash().unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(hash, demo_password_hash().unwrap());
        Argon2::default().verify_password(DEMO_PASSWORD.as_bytes(), hash.as_str()).unwrap();
    }
}
