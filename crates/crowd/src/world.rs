//! What all users share: the round with the load data, and the accounts they sign in with.
//!
//! The accounts are asked of the portal, as `locust/portal_load/world.py` does. Rate limits count
//! per account, so a crowd wants a database with many (`seed --accounts`).

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::json;

use crate::behaviour::Behaviour;
use crate::names;
use crate::portal::{Portal, Question};

pub(crate) const PASSWORD: &str = "Test1234!";
/// Asks for the others; named by the requirement.
const SCOUT: &str = "saksbehandler1@fin.dep.no";

/// The ministries of the requirement's script, in its order.
pub(crate) const DEPARTMENTS: [&str; 15] = [
    "kld", "ud", "jd", "hod", "kd", "sd", "nfd", "bfd", "aid", "lmd", "kud", "fd", "kdd", "ed",
    "dfd",
];
/// Those who may do all that a FAG user does, sending cases to FIN included.
const FAG_ROLES: [&str; 5] = [
    "budsjettenhet_fag",
    "underdirektor_fag",
    "avdelingsdirektor_fag",
    "ekspedisjonssjef_fag",
    "departementsraad_fag",
];
const FIN_ROLES: [&str; 5] = [
    "saksbehandler_fin",
    "underdirektor_fin",
    "avdelingsdirektor_fin",
    "ekspedisjonssjef_fin",
    "departementsraad_fin",
];

/// Somebody who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) email: String,
    pub(crate) department: String,
}

/// The portal as it was when the run began, and how people behave.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) round_id: String,
    pub(crate) behaviour: Behaviour,
    pub(crate) fag: Vec<Account>,
    pub(crate) fin: Vec<Account>,
}

#[derive(Deserialize)]
pub(crate) struct SignedIn {
    pub(crate) token: String,
}

#[derive(Deserialize)]
struct Round {
    id: String,
    name: String,
}

/// As `GET /api/auth/users` shows them.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    email: String,
    role: String,
    department_code: String,
}

/// Asks the portal for the round and the accounts.
pub(crate) async fn explore(
    portal: &mut Portal,
    round: &str,
    behaviour: Behaviour,
) -> Result<World> {
    let body = json!({"email": SCOUT, "password": PASSWORD});
    let sign_in = Question::new(hyper::Method::POST, "/api/auth/login", names::SIGN_IN).body(body);
    let signed_in: SignedIn = portal
        .send(sign_in)
        .await
        .json()
        .with_context(|| format!("{SCOUT} cannot sign in; is the portal running?"))?;
    portal.authenticate(&signed_in.token);
    let rounds: Vec<Round> = read(portal, "/api/budget-rounds").await?;
    let Some(found) = rounds.into_iter().find(|one| one.name == round) else {
        bail!("there is no round {round}: run `cargo xtask seed --scale load`");
    };
    let users: Vec<User> = read(portal, "/api/auth/users").await?;
    let (fag, fin) = (fag_accounts(&users), accounts(&users, &FIN_ROLES));
    ensure!(!fag.is_empty() && !fin.is_empty(), "the portal has no users to sign in as");
    Ok(World { round_id: found.id, behaviour, fag, fin })
}

async fn read<T: serde::de::DeserializeOwned>(portal: &mut Portal, path: &str) -> Result<T> {
    // Before anything is measured, so what it is called is of no consequence.
    let answer = portal.send(Question::get(path, names::SIGN_IN)).await;
    answer.json().with_context(|| format!("{path} cannot be read"))
}

/// Accounts of the ministries, dealt so that any first so many are spread over all of them.
fn fag_accounts(users: &[User]) -> Vec<Account> {
    let all = accounts(users, &FAG_ROLES);
    let columns: Vec<Vec<&Account>> = DEPARTMENTS
        .iter()
        .map(|code| all.iter().filter(|account| account.department == *code).collect())
        .collect();
    let longest = columns.iter().map(Vec::len).max().unwrap_or_default();
    (0..longest)
        .flat_map(|nth| columns.iter().filter_map(move |column| column.get(nth)))
        .map(|account| (*account).clone())
        .collect()
}

fn accounts(users: &[User], roles: &[&str]) -> Vec<Account> {
    let rank = |user: &User| roles.iter().position(|role| *role == user.role);
    let mut chosen: Vec<&User> = users.iter().filter(|user| rank(user).is_some()).collect();
    chosen.sort_by(|one, other| (rank(one), &one.email).cmp(&(rank(other), &other.email)));
    chosen
        .into_iter()
        .map(|user| Account {
            email: user.email.clone(),
            department: user.department_code.to_lowercase(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_users_are_spread_over_all_ministries() {
        let user = |nth: usize, code: &str, role: &str| User {
            email: format!("{nth}@{code}"),
            role: role.to_owned(),
            department_code: code.to_uppercase(),
        };
        let mut users = vec![user(9, "fin-fag", FAG_ROLES[0]), user(9, "kld", "administrator")];
        for code in DEPARTMENTS {
            users.extend([user(1, code, FAG_ROLES[1]), user(2, code, FAG_ROLES[0])]);
        }
        let dealt = fag_accounts(&users);
        assert_eq!(dealt.len(), 30);
        let first: Vec<&str> = dealt[..15].iter().map(|one| one.department.as_str()).collect();
        assert_eq!(first, DEPARTMENTS);
        assert_eq!(dealt[0].email, "2@kld");
    }
}
