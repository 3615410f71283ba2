//! Rows for a test, with sensible defaults for everything the test is not about.
//!
//! Rows are written by the owner of the schema directly, not through the code under test: a broken save
//! must not make the arrangement of the test of the list fail.

mod case;
mod list;

use domain::case_type::{FieldDefinition, StandardCaseType};
use domain::ids::{BudgetRoundId, DepartmentId, UserId};
use serde_json::{Value, json};
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

pub use self::case::{CaseSeed, SeededCase};
pub use self::list::{SectionSeed, SeededList, SeededTemplate};
use crate::actor::{Actor, department_id};
use crate::database::TestDatabase;

/// Ministries of the tests; a few with a role in the rules, not all of the demo data.
const MINISTRIES: [(&str, &str); 6] = [
    ("FIN", "Finansdepartementet"),
    ("FIN-FAG", "Finansdepartementet (fagavdelinger)"),
    ("HOD", "Helse- og omsorgsdepartementet"),
    ("KD", "Kunnskapsdepartementet"),
    ("KLD", "Klima- og miljødepartementet"),
    ("SD", "Samferdselsdepartementet"),
];

/// Writes rows into one database.
#[derive(Debug)]
pub struct Seed {
    owner: Client,
}

/// A round that was inserted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeededRound {
    /// Id of the round.
    pub id: BudgetRoundId,
    /// Its name.
    pub name: String,
}

impl Seed {
    /// Connects to the database as the owner of its schema.
    pub async fn new(database: &TestDatabase) -> Self {
        Self { owner: database.owner().await }
    }

    /// The connection itself, for what no builder offers and for looking at rows.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.owner
    }

    /// Makes sure that the department exists, and returns its id.
    pub async fn department(&self, code: &str) -> DepartmentId {
        let id = department_id(code);
        let known = MINISTRIES.into_iter().find(|(known, _)| *known == code);
        let name = known.map_or(code, |(_, name)| name);
        self.execute(
            "INSERT INTO departments (id, code, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            &[id.as_uuid(), &code, &name],
        )
        .await;
        id
    }

    /// Makes sure that the actor exists as an active user, with their department.
    pub async fn actor(&self, actor: &Actor) -> UserId {
        let who = &actor.identity;
        self.department(&who.department_code).await;
        self.execute(
            "INSERT INTO users (id, email, full_name, department_id, role, division, job_title, leader_level)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            &[
                who.user_id.as_uuid(),
                &who.email,
                &who.name,
                who.department_id.as_uuid(),
                &who.role.as_str(),
                &who.division,
                &who.job_title,
                &who.leader_level,
            ],
        )
        .await;
        who.user_id
    }

    /// Puts departments into a FIN user's portfolio; the first is the primary one.
    pub async fn portfolio(&self, actor: &Actor, department_codes: &[&str]) {
        let user = self.actor(actor).await;
        for (position, code) in department_codes.iter().enumerate() {
            let department = self.department(code).await;
            self.execute(
                "INSERT INTO user_department_assignments (user_id, department_id, is_primary) VALUES ($1, $2, $3)",
                &[user.as_uuid(), department.as_uuid(), &(position == 0)],
            )
            .await;
        }
    }

    /// Starts an open round of 2027.
    #[must_use]
    pub fn round<'a>(&'a self, name: &'a str) -> RoundSeed<'a> {
        RoundSeed { seed: self, name, year: 2027, is_closed: false }
    }

    /// Makes sure that the ministries and the standard case types exist.
    pub async fn reference_data(&self) {
        for (code, _) in MINISTRIES {
            self.department(code).await;
        }
        self.case_types().await;
    }

    /// Makes sure that the standard case types exist.
    pub async fn case_types(&self) {
        for (position, case_type) in (1_i32..).zip(StandardCaseType::ALL) {
            let field = |field: &FieldDefinition| json!({ "key": field.field.as_str(), "label": field.label, "required": field.required });
            let fields: Value = case_type.fields().iter().map(field).collect();
            self.execute(
                "INSERT INTO case_type_definitions (code, name, description, sort_order, fields)
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                &[
                    &case_type.as_str(),
                    &case_type.label(),
                    &case_type.description(),
                    &position,
                    &fields,
                ],
            )
            .await;
        }
    }

    /// Starts a case of this round, created by and assigned to `creator`, in their department.
    #[must_use]
    pub fn case<'a>(&'a self, round: &SeededRound, creator: &'a Actor) -> CaseSeed<'a> {
        CaseSeed::new(self, round, creator)
    }

    /// Inserts a pending request for an opinion or an approval (`uttalelse`, `godkjenning`).
    pub async fn pending_opinion(
        &self,
        case: &SeededCase,
        opinion_type: &str,
        from: &Actor,
        to: &Actor,
    ) -> Uuid {
        let (requested_by, assigned_to) = (self.actor(from).await, self.actor(to).await);
        let id = Uuid::new_v4();
        self.execute(
            "INSERT INTO case_opinions (id, case_id, type, requested_by, assigned_to) VALUES ($1, $2, $3, $4, $5)",
            &[&id, case.id.as_uuid(), &opinion_type, requested_by.as_uuid(), assigned_to.as_uuid()],
        )
        .await;
        id
    }

    async fn execute(&self, statement: &str, values: &[&(dyn ToSql + Sync)]) {
        self.owner
            .execute(statement, values)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
}

/// A round that is about to be inserted.
#[derive(Debug)]
pub struct RoundSeed<'a> {
    seed: &'a Seed,
    name: &'a str,
    year: i32,
    is_closed: bool,
}

impl RoundSeed<'_> {
    /// Sets the budget year.
    #[must_use]
    pub fn year(mut self, year: i32) -> Self {
        self.year = year;
        self
    }

    /// Makes it a closed round.
    #[must_use]
    pub fn closed(mut self) -> Self {
        self.is_closed = true;
        self
    }

    /// Inserts the round.
    pub async fn insert(self) -> SeededRound {
        let id = Uuid::new_v4();
        let status = if self.is_closed { "closed" } else { "open" };
        self.seed
            .execute(
                "INSERT INTO budget_rounds (id, name, type, year, status, closed_at)
                 VALUES ($1, $2, 'august', $3, $4::varchar, CASE WHEN $4::varchar = 'closed' THEN now() END)",
                &[&id, &self.name, &self.year, &status],
            )
            .await;
        SeededRound { id: BudgetRoundId::from(id), name: self.name.to_owned() }
    }
}
