//! Callers as values: who they are, and a real token that says so.
//!
//! Ids follow from role, department and name, so a test can name the same person twice, insert the row of
//! that person ([`crate::Seed::actor`]) and get the same identity in tokens, rows and answers.

use std::sync::OnceLock;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::ids::{DepartmentId, UserId};
use domain::role::Role;
use edge::config::AuthConfig;
use edge::token::{Identity, TokenIssuer};
use uuid::Uuid;

use crate::stack::Stack;

/// Issuer and audience that the services expect unless configured otherwise.
const PORTAL: &str = "statsbudsjettportalen";

const TOKEN_LIFETIME: Duration = Duration::from_hours(1);

/// Namespace of the ids made here; any constant would do.
const NAMESPACE: Uuid = Uuid::from_u128(0x7465_7374_2d73_7570_706f_7274_2061_6374);

/// Somebody who calls the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// What the token says of them.
    pub identity: Identity,
}

impl Actor {
    /// Somebody with this role in this department.
    #[must_use]
    pub fn new(role: Role, department_code: &str) -> Self {
        let identity = Identity {
            user_id: UserId::nil(),
            name: String::new(),
            email: String::new(),
            role,
            department_id: department_id(department_code),
            department_code: department_code.to_owned(),
            division: (!role.is_admin()).then(|| "Budsjettavdelingen".to_owned()),
            job_title: None,
            leader_level: role.leader_level().map(|level| level.as_str().to_owned()),
        };
        let name = format!("{} {department_code}", role.label());
        Self { identity }.named(&name)
    }

    /// A case handler of a spending ministry.
    #[must_use]
    pub fn fag(department_code: &str) -> Self {
        Self::new(Role::SaksbehandlerFag, department_code)
    }

    /// A leader of a spending ministry.
    #[must_use]
    pub fn fag_lead(department_code: &str) -> Self {
        Self::new(Role::AvdelingsdirektorFag, department_code)
    }

    /// A member of a spending ministry's budget unit.
    #[must_use]
    pub fn budget_unit(department_code: &str) -> Self {
        Self::new(Role::BudsjettenhetFag, department_code)
    }

    /// A case handler of the Ministry of Finance.
    #[must_use]
    pub fn fin() -> Self {
        Self::new(Role::SaksbehandlerFin, "FIN")
    }

    /// A leader of the Ministry of Finance.
    #[must_use]
    pub fn fin_lead() -> Self {
        Self::new(Role::AvdelingsdirektorFin, "FIN")
    }

    /// An administrator.
    #[must_use]
    pub fn admin() -> Self {
        Self::new(Role::Administrator, "FIN")
    }

    /// The same role held by somebody else; the name decides the id and the e-mail address.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        let key =
            format!("{}/{}/{name}", self.identity.department_code, self.identity.role.as_str());
        let id = Uuid::new_v5(&NAMESPACE, key.as_bytes());
        self.identity.user_id = UserId::from(id);
        self.identity.email = format!("{}@test.no", id.simple());
        name.clone_into(&mut self.identity.name);
        self
    }

    /// The user's id.
    #[must_use]
    pub fn id(&self) -> UserId {
        self.identity.user_id
    }

    /// A token that every service of the stack accepts for an hour.
    #[must_use]
    pub fn token(&self) -> String {
        self.token_issued_at(Utc::now())
    }

    /// A token that was good, but is no longer.
    #[must_use]
    pub fn expired_token(&self) -> String {
        self.token_issued_at(Utc::now() - 2 * TOKEN_LIFETIME)
    }

    /// A token whose claims were changed after it was signed: an ordinary user's signature under an
    /// administrator's claims.
    #[must_use]
    pub fn forged_token(&self) -> String {
        let (own, admin) = (self.token(), Self::admin().named("Falsk").token());
        let (_, signature) = own.rsplit_once('.').expect("a JWT has three parts");
        let (claims, _) = admin.rsplit_once('.').expect("a JWT has three parts");
        format!("{claims}.{signature}")
    }

    fn token_issued_at(&self, issued_at: DateTime<Utc>) -> String {
        issuer().issue(&self.identity, issued_at).expect("the key signs")
    }
}

/// The id that [`Actor`] and [`crate::Seed`] give the department with this code.
pub(crate) fn department_id(code: &str) -> DepartmentId {
    DepartmentId::from(Uuid::new_v5(&NAMESPACE, code.as_bytes()))
}

fn issuer() -> &'static TokenIssuer {
    static ISSUER: OnceLock<TokenIssuer> = OnceLock::new();
    ISSUER.get_or_init(|| {
        let pem =
            std::fs::read(&Stack::load().signing_key_file).expect("the stack has a signing key");
        let config = AuthConfig { issuer: PORTAL.to_owned(), audience: PORTAL.to_owned() };
        TokenIssuer::from_pem(&pem, config, TOKEN_LIFETIME).expect("an Ed25519 key")
    })
}
