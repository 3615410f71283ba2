//! Accounts for load tests with more users than the demo has. Rate limits count per account, so
//! virtual users that share one are refused for what the others did.
//!
//! Seven of ten work in a ministry, as the load scripts assume, dealt over the ministries of the
//! load data; the rest assess one ministry's cases each at FIN. Nobody is anybody's primary handler,
//! so that cases still go to the people of the demo.

use domain::role::Role;
use tokio_postgres::Transaction;
use uuid::Uuid;

use super::copy::copy_rows;
use super::error::SeedError;
use super::ids::stable_id;
use super::load;
use super::organisation::{FIN, Ministry, department_id};
use super::people::{demo_password_hash, user_id};
use super::report::SeedReport;
use super::rows::{AssignmentRow, UserRow};

/// The `nth` account, and what of FIN's work it has.
struct Account {
    user: UserRow,
    assignment: Option<AssignmentRow>,
}

/// Adds what is missing of the first `wanted` accounts.
pub(super) async fn load_accounts(
    transaction: &Transaction<'_>,
    wanted: u32,
    report: &mut SeedReport,
) -> Result<(), SeedError> {
    let hash = demo_password_hash()?;
    let ministries: Vec<&Ministry> = load::ministries().iter().map(|(one, _)| *one).collect();
    let accounts = (0..wanted).filter_map(|nth| account(nth, &ministries, &hash));
    let accounts: Vec<Account> = accounts.collect();
    let ids: Vec<Uuid> = accounts.iter().map(|account| account.user.id).collect();
    let rows = transaction.query("SELECT id FROM users WHERE id = ANY($1)", &[&ids]).await?;
    let known = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<Uuid>, _>>()?;
    let (users, assignments): (Vec<UserRow>, Vec<Option<AssignmentRow>>) = accounts
        .into_iter()
        .filter(|account| !known.contains(&account.user.id))
        .map(|account| (account.user, account.assignment))
        .unzip();
    if users.is_empty() {
        report.skipped.push(format!("{wanted} accounts"));
        return Ok(());
    }
    report.tables.extend([
        copy_rows(transaction, users).await?,
        copy_rows(transaction, assignments.into_iter().flatten()).await?,
    ]);
    Ok(())
}

/// `None` only if there are no ministries.
fn account(nth: u32, ministries: &[&Ministry], hash: &str) -> Option<Account> {
    let is_fag = nth % 10 < 7;
    // Places in turn: of each ten accounts the first seven are FAG's.
    let place = if is_fag { nth / 10 * 7 + nth % 10 } else { nth / 10 * 3 + nth % 10 - 7 };
    let place = usize::try_from(place).unwrap_or_default() % ministries.len().max(1);
    let ministry = ministries.get(place)?;
    let (department, domain, role) = if is_fag {
        (ministry.code, ministry.mail_code(), Role::BudsjettenhetFag)
    } else {
        (FIN, "fin".to_owned(), Role::SaksbehandlerFin)
    };
    let email = format!("last{nth:05}@{domain}.last.test.no");
    let id = user_id(&email);
    let user = UserRow {
        id,
        full_name: format!("Lasttest {nth}"),
        department_id: department_id(department),
        role: role.as_str(),
        division: Some(if is_fag { ministry.divisions[1] } else { "Budsjettavdelingen" }),
        section: None,
        job_title: Some("Rådgiver"),
        leader_level: None,
        password_hash: Some(hash.to_owned()),
        email,
    };
    let assignment = (!is_fag).then(|| AssignmentRow {
        id: stable_id("assignment", &format!("{} {}", user.email, ministry.code)),
        user_id: id,
        department_id: department_id(ministry.code),
        is_primary: false,
    });
    Some(Account { user, assignment })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn seven_of_ten_accounts_are_spread_over_the_ministries() {
        let ministries: Vec<&Ministry> = load::ministries().iter().map(|(one, _)| *one).collect();
        let accounts: Vec<Account> =
            (0..300).filter_map(|nth| account(nth, &ministries, "hash")).collect();
        let emails: BTreeSet<&str> = accounts.iter().map(|one| one.user.email.as_str()).collect();
        assert_eq!(emails.len(), 300);
        let mut departments: BTreeMap<Uuid, usize> = BTreeMap::new();
        for one in &accounts {
            *departments.entry(one.user.department_id).or_default() += 1;
        }
        assert_eq!(departments.remove(&department_id(FIN)), Some(90));
        assert_eq!(departments.into_values().collect::<Vec<_>>(), [14; 15]);
        let assigned = accounts.iter().filter_map(|one| one.assignment.as_ref());
        assert_eq!(assigned.filter(|one| !one.is_primary).count(), 90);
    }
}
