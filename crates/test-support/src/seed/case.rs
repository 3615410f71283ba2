//! A case with its versions and its first event.

use chrono::{DateTime, Utc};
use domain::case_type::StandardCaseType;
use domain::ids::{BudgetRoundId, CaseContentId, CaseId, DepartmentId, UserId};
use domain::status::Status;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Seed, SeededRound};
use crate::actor::Actor;

/// A case that was inserted, with what later assertions compare against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeededCase {
    /// Id of the case.
    pub id: CaseId,
    /// Its round.
    pub round_id: BudgetRoundId,
    /// Its owning department.
    pub department_id: DepartmentId,
    /// The newest version.
    pub version: i32,
    /// Contents by version, the newest last.
    pub content_ids: Vec<CaseContentId>,
}

/// A case that is about to be inserted.
#[derive(Debug)]
pub struct CaseSeed<'a> {
    seed: &'a Seed,
    round_id: BudgetRoundId,
    creator: &'a Actor,
    name: String,
    status: Status,
    case_type: String,
    amount: Option<i64>,
    versions: i32,
    fin_handler: Option<&'a Actor>,
    fin_text: Option<String>,
    document: Option<Value>,
    created_at: DateTime<Utc>,
}

impl<'a> CaseSeed<'a> {
    /// A case with every default.
    pub(super) fn new(seed: &'a Seed, round: &SeededRound, creator: &'a Actor) -> Self {
        Self {
            seed,
            round_id: round.id,
            creator,
            name: "Økt bevilgning til testformål".to_owned(),
            status: Status::Draft,
            case_type: StandardCaseType::Satsingsforslag.as_str().to_owned(),
            amount: Some(12_000),
            versions: 1,
            fin_handler: None,
            fin_text: None,
            document: None,
            created_at: Utc::now(),
        }
    }

    /// Sets the name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Sets the status; default draft.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// Sets the case type's code; default `satsingsforslag`.
    #[must_use]
    pub fn case_type(mut self, code: &str) -> Self {
        code.clone_into(&mut self.case_type);
        self
    }

    /// Sets FAG's proposal in 1 000 NOK; default 12 000.
    #[must_use]
    pub fn amount(mut self, thousand_nok: Option<i64>) -> Self {
        self.amount = thousand_nok;
        self
    }

    /// Sets how many content versions there are; default 1.
    #[must_use]
    pub fn versions(mut self, versions: i32) -> Self {
        self.versions = versions;
        self
    }

    /// Sets FIN's handler; default none.
    #[must_use]
    pub fn fin_handler(mut self, handler: &'a Actor) -> Self {
        self.fin_handler = Some(handler);
        self
    }

    /// Sets the three FIN texts of every version; default none.
    #[must_use]
    pub fn fin_text(mut self, text: &str) -> Self {
        self.fin_text = Some(text.to_owned());
        self
    }

    /// Sets the document of every version; default none, as after E21.
    #[must_use]
    pub fn document(mut self, document: Value) -> Self {
        self.document = Some(document);
        self
    }

    /// Sets when the case and its contents were made; default now.
    #[must_use]
    pub fn created_at(mut self, time: DateTime<Utc>) -> Self {
        self.created_at = time;
        self
    }

    /// Inserts the case, its contents, and the `created` event.
    pub async fn insert(self) -> SeededCase {
        let seed = self.seed;
        let creator = seed.actor(self.creator).await;
        seed.case_types().await;
        let case = SeededCase {
            id: CaseId::from(Uuid::new_v4()),
            round_id: self.round_id,
            department_id: self.creator.identity.department_id,
            version: self.versions,
            content_ids: (0..self.versions).map(|_| CaseContentId::from(Uuid::new_v4())).collect(),
        };
        self.insert_case(&case, creator).await;
        for (version, content) in (1..).zip(&case.content_ids) {
            self.insert_content(&case, creator, version, *content).await;
        }
        seed.execute(
            "UPDATE cases SET latest_content_id = $2 WHERE id = $1",
            &[case.id.as_uuid(), &case.content_ids.last().map(CaseContentId::as_uuid)],
        )
        .await;
        seed.execute(
            "INSERT INTO case_events (case_id, event_type, event_data, user_id, created_at)
             VALUES ($1, 'created', $2, $3, $4)",
            &[
                case.id.as_uuid(),
                &json!({ "case_name": self.name, "case_type": self.case_type }),
                creator.as_uuid(),
                &self.created_at,
            ],
        )
        .await;
        case
    }

    async fn insert_case(&self, case: &SeededCase, creator: UserId) {
        let fin_handler = match self.fin_handler {
            Some(handler) => Some(*self.seed.actor(handler).await.as_uuid()),
            None => None,
        };
        let origin = if self.creator.identity.role.is_fag() { "fag" } else { "fin" };
        self.seed
            .execute(
                "INSERT INTO cases (id, budget_round_id, department_id, case_name, chapter, post, amount,
                     case_type, status, assigned_to, fin_assigned_to, created_by, version, origin,
                     responsible_division, created_at, updated_at)
                 VALUES ($1, $2, $3, $4, '700', '01', $5, $6, $7, $8, $9, $8, $10, $11, $12, $13, $13)",
                &[
                    case.id.as_uuid(),
                    case.round_id.as_uuid(),
                    case.department_id.as_uuid(),
                    &self.name,
                    &self.amount,
                    &self.case_type,
                    &self.status.as_str(),
                    creator.as_uuid(),
                    &fin_handler,
                    &self.versions,
                    &origin,
                    &self.creator.identity.division,
                    &self.created_at,
                ],
            )
            .await;
    }

    async fn insert_content(
        &self,
        case: &SeededCase,
        creator: UserId,
        version: i32,
        content: CaseContentId,
    ) {
        let proposal = format!("Forslag, versjon {version}");
        self.seed
            .execute(
                "INSERT INTO case_contents (id, case_id, version, case_name, chapter, post, amount, status,
                     proposal_text, fin_assessment, fin_verbal, fin_r_conclusion, content_json, created_by,
                     created_at)
                 VALUES ($1, $2, $3, $4, '700', '01', $5, $6, $7, $8, $8, $8, $9, $10, $11)",
                &[
                    content.as_uuid(),
                    case.id.as_uuid(),
                    &version,
                    &self.name,
                    &self.amount,
                    &self.status.as_str(),
                    &proposal,
                    &self.fin_text,
                    &self.document,
                    creator.as_uuid(),
                    &self.created_at,
                ],
            )
            .await;
    }
}
