//! Who asks: every role, of the case's own and of another ministry, the two handlers of the case,
//! and nobody.

use domain::role::Role;
use edge::token::Identity;
use serde_json::Value;
use test_support::portal::{User, anonymous};
use test_support::{Actor, Http};

/// Roles and their groups, as the contract lists them (1.4).
pub(super) const FAG: [&str; 6] = [
    "saksbehandler_fag",
    "budsjettenhet_fag",
    "underdirektor_fag",
    "avdelingsdirektor_fag",
    "ekspedisjonssjef_fag",
    "departementsraad_fag",
];
pub(super) const FAG_LEAD: [&str; 5] = [
    "budsjettenhet_fag",
    "underdirektor_fag",
    "avdelingsdirektor_fag",
    "ekspedisjonssjef_fag",
    "departementsraad_fag",
];
pub(super) const FIN: [&str; 5] = [
    "saksbehandler_fin",
    "underdirektor_fin",
    "avdelingsdirektor_fin",
    "ekspedisjonssjef_fin",
    "departementsraad_fin",
];
pub(super) const FIN_LEAD: [&str; 4] =
    ["underdirektor_fin", "avdelingsdirektor_fin", "ekspedisjonssjef_fin", "departementsraad_fin"];
pub(super) const ADMIN: &str = "administrator";
pub(super) const ROLES: [&str; 12] = [
    "saksbehandler_fag",
    "budsjettenhet_fag",
    "underdirektor_fag",
    "avdelingsdirektor_fag",
    "ekspedisjonssjef_fag",
    "departementsraad_fag",
    "saksbehandler_fin",
    "underdirektor_fin",
    "avdelingsdirektor_fin",
    "ekspedisjonssjef_fin",
    "departementsraad_fin",
    "administrator",
];

/// The ministry that the cases belong to; no other test changes its cases of closed rounds.
pub(super) const OWN: &str = "LMD";
/// The case's handlers, who are also callers.
pub(super) const FAG_HANDLER: &str = "saksbehandler1@lmd.dep.no";
pub(super) const FIN_HANDLER: &str = "fin.lmd@test.no";
/// Whose opinion is asked for.
pub(super) const ASSIGNEE: &str = "avddir.lmd@test.no";
/// Who ordered the export.
pub(super) const REQUESTER: &str = "fag.lmd@test.no";

/// Demo users (seed data 2), so that each role is there at least once.
const EMAILS: [&str; 20] = [
    "fag.lmd@test.no",
    "budsjett.lmd@test.no",
    "unddir.lmd@test.no",
    "avddir.lmd@test.no",
    "ekspsjef.lmd@test.no",
    "depraad.lmd@test.no",
    "saksbehandler1@lmd.dep.no",
    "fag.ud@test.no",
    "budsjett.ud@test.no",
    "unddir.ud@test.no",
    "avddir.ud@test.no",
    "ekspsjef.ud@test.no",
    "depraad.ud@test.no",
    "fin.lmd@test.no",
    "fin.ed@test.no",
    "unddir.naering1@fin.test.no",
    "avddir.naering@fin.test.no",
    "ekspsjef.fin@test.no",
    "depraad.fin@test.no",
    "admin@test.no",
];

/// Somebody who asks, or nobody.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) name: String,
    pub(super) id: String,
    /// Empty for nobody.
    pub(super) role: &'static str,
    pub(super) department: String,
    pub(super) http: Http,
}

impl Caller {
    pub(super) fn is_anonymous(&self) -> bool {
        self.role.is_empty()
    }

    pub(super) fn is_one_of(&self, roles: &[&str]) -> bool {
        roles.contains(&self.role)
    }

    pub(super) fn is_admin(&self) -> bool {
        self.role == ADMIN
    }
}

/// All of them. Their tokens are made here: signing in twenty times takes longer than all checks.
pub(super) async fn callers() -> Vec<Caller> {
    let admin = User::sign_in("admin@test.no").await;
    let users: Vec<Value> = admin.http.get("/api/auth/users").await.assert_status(200).parse();
    let mut callers: Vec<Caller> = EMAILS
        .iter()
        .map(|email| {
            let user = users.iter().find(|user| user["email"] == *email);
            caller(user.unwrap_or_else(|| panic!("no user {email}")))
        })
        .collect();
    for role in ROLES {
        assert!(callers.iter().any(|caller| caller.role == role), "nobody is {role}");
    }
    callers.push(Caller {
        name: "nobody".to_owned(),
        id: String::new(),
        role: "",
        department: String::new(),
        http: anonymous(),
    });
    callers
}

fn caller(user: &Value) -> Caller {
    let text = |key: &str| user[key].as_str().unwrap_or_else(|| panic!("no {key} in {user}"));
    let role: Role = text("role").parse().expect("a role");
    let optional = |key: &str| user[key].as_str().map(str::to_owned);
    let identity = Identity {
        user_id: text("id").parse().expect("an id"),
        name: text("fullName").to_owned(),
        email: text("email").to_owned(),
        role,
        department_id: text("departmentId").parse().expect("an id"),
        department_code: text("departmentCode").to_owned(),
        division: optional("division"),
        job_title: optional("jobTitle"),
        leader_level: optional("leaderLevel"),
    };
    Caller {
        name: format!("{} ({})", text("email"), text("role")),
        id: text("id").to_owned(),
        role: ROLES.into_iter().find(|role| *role == text("role")).expect("a role"),
        department: text("departmentCode").to_owned(),
        http: anonymous().by(&Actor { identity }),
    }
}
