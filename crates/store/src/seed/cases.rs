//! The demo's cases with their content versions and event log (seed-data 4.2–4.5).

use chrono::{DateTime, Utc};
use domain::case_type::StandardCaseType;
use domain::placement::ListPlacement;
use domain::status::Status;
use serde_json::json;
use uuid::Uuid;

use super::contents::{self, ContentHead};
use super::copy::JsonText;
use super::fin_texts::{REJECT_REASON, RETURN_REASON};
use super::ids::{base_date, days, small, stable_id};
use super::lines::BudgetLines;
use super::organisation::{Ministry, Round};
use super::people::Team;
use super::plan::{BASE, CasePlan, WITH_EXTRAS, case_plan, past_steps};
use super::prose::{Prose, Stage, fin_share};
use super::rows::{CaseRow, ContentRow, EventRow};
use super::subjects::{Subject, subject};
use super::tracked;

/// One case of the demo and what is known about it before any row is written.
pub(super) struct DemoCase<'a> {
    pub(super) id: Uuid,
    pub(super) index: usize,
    pub(super) ministry: &'a Ministry,
    pub(super) team: &'a Team,
    pub(super) plan: CasePlan,
    pub(super) subject: Subject,
    pub(super) prose: Prose,
    pub(super) created_at: DateTime<Utc>,
}

/// The cases of the `nth` ministry, the contract's forty and the extras.
pub(super) fn demo_cases<'a>(
    nth: usize,
    ministry: &'a Ministry,
    team: &'a Team,
    lines: Option<&BudgetLines>,
) -> Vec<DemoCase<'a>> {
    WITH_EXTRAS
        .map(|index| {
            let plan = case_plan(index);
            let subject = subject(ministry, index, lines);
            DemoCase {
                id: demo_case_id(ministry, index),
                index,
                ministry,
                team,
                plan,
                prose: prose(&subject, plan.round, nth * WITH_EXTRAS.len() + index),
                subject,
                created_at: base_date() + days(global_counter(nth, index) / 10),
            }
        })
        .collect()
}

/// Id of the `index`th demo case of a ministry.
pub(super) fn demo_case_id(ministry: &Ministry, index: usize) -> Uuid {
    stable_id("case", &format!("demo {} {index}", ministry.code))
}

fn prose(subject: &Subject, round: Round, variant: usize) -> Prose {
    let year = if round == Round::Mars2027 { 2027 } else { 2026 };
    Prose {
        case_type: subject.case_type,
        topic: subject.topic.clone(),
        amount: subject.amount,
        year,
        variant,
    }
}

/// Position of a case among all, which decides its date. The extras come after all base cases, so
/// that these have the contract's dates.
fn global_counter(nth: usize, index: usize) -> usize {
    const MINISTRIES: usize = super::organisation::MINISTRIES.len();
    if BASE.contains(&index) {
        nth * BASE.len() + index
    } else {
        let extras = WITH_EXTRAS.len() - BASE.len();
        MINISTRIES * BASE.len() + nth * extras + (index - BASE.end)
    }
}

impl DemoCase<'_> {
    fn is_extra(&self) -> bool {
        !BASE.contains(&self.index)
    }

    /// Whether the case lies on FIN's desk, the contract's three "FIN statuses".
    fn is_at_fin(&self) -> bool {
        matches!(
            self.plan.status,
            Status::SendtTilFin | Status::UnderVurderingFin | Status::FerdigbehandletFin
        )
    }

    fn assigned_to(&self) -> Uuid {
        let (saksbehandler, budsjettenhet) = if self.is_extra() {
            (self.team.script_saksbehandler, self.team.script_budsjettenhet)
        } else {
            (self.team.saksbehandler, self.team.budsjettenhet)
        };
        if !self.is_at_fin() && self.index.is_multiple_of(3) {
            saksbehandler
        } else {
            budsjettenhet
        }
    }

    fn fin_assigned_to(&self) -> Option<Uuid> {
        let has_handler =
            self.plan.status.is_fin_visible() && self.plan.status != Status::Regjeringsbehandlet;
        has_handler.then_some(self.team.fin_handler)
    }

    fn fin_amount(&self) -> Option<i64> {
        let has_advice = self.is_at_fin() || self.plan.status == Status::SendtTilRegjeringen;
        self.subject.amount.filter(|_| has_advice).map(fin_share)
    }

    /// 90 per cent, for decided cases as the contract recommends.
    fn gov_amount(&self) -> Option<i64> {
        let is_decided = self.plan.status == Status::Regjeringsbehandlet;
        self.subject.amount.filter(|_| is_decided).map(|amount| amount * 90 / 100)
    }

    pub(super) fn placement(&self) -> Option<ListPlacement> {
        let first_or_second = |is_first| {
            if is_first { ListPlacement::AList } else { ListPlacement::BList }
        };
        match self.subject.case_type {
            StandardCaseType::Satsingsforslag if self.index % 3 != 2 => Some(ListPlacement::AList),
            StandardCaseType::Satsingsforslag => self.is_at_fin().then_some(ListPlacement::BList),
            StandardCaseType::Budsjettiltak if self.is_at_fin() => {
                Some(first_or_second((self.index / 4).is_multiple_of(2)))
            }
            _ => None,
        }
    }

    pub(super) fn priority_number(&self) -> Option<i32> {
        let is_ranked = self.subject.case_type == StandardCaseType::Satsingsforslag;
        is_ranked.then(|| small(self.index % 8 + 1))
    }

    pub(super) fn row(&self) -> CaseRow {
        let age = if self.is_at_fin() { 14 } else { 7 };
        CaseRow {
            id: self.id,
            budget_round_id: self.plan.round.id(),
            department_id: self.ministry.id(),
            case_name: self.subject.case_name.clone(),
            chapter: self.subject.chapter.clone(),
            post: self.subject.post.clone(),
            amount: self.subject.amount,
            fin_amount: self.fin_amount(),
            gov_amount: self.gov_amount(),
            case_type: self.subject.case_type.as_str(),
            status: self.plan.status.as_str(),
            assigned_to: Some(self.assigned_to()),
            fin_assigned_to: self.fin_assigned_to(),
            created_by: self.team.saksbehandler,
            version: small(self.plan.versions),
            responsible_division: Some(self.ministry.divisions[self.index % 2]),
            fin_list_placement: self.placement().map(ListPlacement::as_str),
            priority_number: self.priority_number(),
            created_at: self.created_at,
            updated_at: self.created_at + days(age),
            latest_content_id: Some(contents::content_id(self.id, self.plan.versions)),
        }
    }

    pub(super) fn contents(&self) -> Vec<ContentRow> {
        (1..=self.plan.versions).map(|version| self.content(version)).collect()
    }

    fn content(&self, version: usize) -> ContentRow {
        let is_newest = version == self.plan.versions;
        let head = ContentHead {
            case_id: self.id,
            version,
            status: self.snapshot_status(version),
            created_by: if version == 1 {
                self.team.saksbehandler
            } else {
                self.team.budsjettenhet
            },
            created_at: self.created_at + days(5 * (version - 1)),
        };
        let mut sections = self.prose.sections(self.stage(version));
        let is_tracked = is_newest && tracked::applies_to(self);
        if is_tracked {
            tracked::mark(self, &mut sections);
        }
        let with_document = is_newest && self.has_document();
        ContentRow {
            fin_amount: self.fin_amount().filter(|_| is_newest),
            gov_amount: self.gov_amount().filter(|_| is_newest),
            track_changes_active: is_tracked,
            ..contents::content_row(&head, &self.subject, &sections, with_document)
        }
    }

    /// A document for every third case, for everything FIN is working on, and for the extras.
    fn has_document(&self) -> bool {
        self.index.is_multiple_of(3)
            || self.is_extra()
            || matches!(self.plan.status, Status::UnderVurderingFin | Status::FerdigbehandletFin)
    }

    fn stage(&self, version: usize) -> Stage {
        if version == self.plan.versions && self.plan.status != Status::Draft {
            return Stage::Complete {
                with_comment: self.index.is_multiple_of(5),
                with_fin: self.plan.status.is_fin_visible(),
            };
        }
        if version == 1 { Stage::Draft } else { Stage::Revision { sentences: version } }
    }

    fn snapshot_status(&self, version: usize) -> Status {
        match version {
            _ if version == self.plan.versions => self.plan.status,
            1 | 2 => Status::UnderArbeid,
            _ => Status::Klarert,
        }
    }

    /// The creation and every step since (seed-data 4.5).
    pub(super) fn events(&self) -> Vec<EventRow> {
        let created = json!({
            "case_name": self.subject.case_name,
            "case_type": self.subject.case_type.as_str(),
        });
        let first = EventRow {
            id: stable_id("event", &format!("{} created", self.id)),
            case_id: self.id,
            event_type: "created",
            event_data: Some(JsonText::of(&created)),
            user_id: self.team.saksbehandler,
            created_at: self.created_at,
        };
        let steps = past_steps(self.plan.status).into_iter().map(|step| EventRow {
            id: stable_id("event", &format!("{} {} {}", self.id, step.from, step.to)),
            case_id: self.id,
            event_type: "status_changed",
            event_data: Some(status_change(step.from, step.to)),
            user_id: if step.by_fin { self.team.fin_handler } else { self.team.budsjettenhet },
            created_at: self.created_at + days(step.day),
        });
        [first].into_iter().chain(steps).collect()
    }
}

/// Payload of a `status_changed` event (domain 2.18); the two steps that demand a reason have one.
pub(super) fn status_change(from: Status, to: Status) -> JsonText {
    let reason = match to {
        Status::ReturnertTilFag => Some(RETURN_REASON),
        Status::AvvistAvFin => Some(REJECT_REASON),
        _ => None,
    };
    JsonText::of(&json!({
        "from": from.as_str(), "to": to.as_str(), "reason": reason, "comment": null,
    }))
}
