//! What people say to each other about the demo's cases: questions and answers, opinions and
//! approvals, and the conclusions shown in department lists.

use chrono::{DateTime, Utc};
use domain::status::Status;
use serde_json::json;
use uuid::Uuid;

use super::cases::DemoCase;
use super::copy::JsonText;
use super::documents::{Block, list_document};
use super::fin_texts::{CONCLUSIONS, QUESTIONS};
use super::ids::{days, small, stable_id};
use super::organisation::Round;
use super::rows::{ConclusionRow, EventRow, OpinionRow, QuestionRow};

/// Ministries that have department lists (seed-data 7).
pub(super) const LIST_MINISTRIES: [&str; 5] = ["AID", "HOD", "KD", "NFD", "SD"];

/// Questions of seed-data 4.6: from day 20, two days apart, answered three days later.
pub(super) fn questions(case: &DemoCase<'_>) -> Vec<QuestionRow> {
    (0..case.plan.questions).map(|nth| question(case, nth)).collect()
}

fn question(case: &DemoCase<'_>, nth: usize) -> QuestionRow {
    let (question, answer) = QUESTIONS[(case.index + nth) % QUESTIONS.len()];
    let asked_at = case.created_at + days(20 + 2 * nth);
    let answer = (nth < case.plan.answered).then(|| case.prose.fill(answer));
    QuestionRow {
        id: stable_id("question", &format!("{} {nth}", case.id)),
        case_id: case.id,
        asked_by: case.team.fin_handler,
        question_text: case.prose.fill(question),
        // Half of the answers have no rich text, as clients before the editor left them.
        answer_json: answer
            .as_ref()
            .filter(|_| nth.is_multiple_of(2))
            .map(|text| JsonText::of(&list_document(&[Block::paragraph(text)]))),
        answered_by: answer.as_ref().map(|_| case.team.saksbehandler),
        answered_at: answer.as_ref().map(|_| asked_at + days(3)),
        answer_text: answer,
        created_at: asked_at,
    }
}

/// Two or three conclusions on cases that stand in the AUG2026 lists.
pub(super) fn conclusions(case: &DemoCase<'_>) -> Vec<ConclusionRow> {
    let is_listed =
        case.plan.round == Round::Aug2026 && LIST_MINISTRIES.contains(&case.ministry.code);
    let count = match case.index {
        23 | 25 if is_listed => 2,
        24 | 27 if is_listed => 3,
        _ => 0,
    };
    CONCLUSIONS
        .iter()
        .take(count)
        .enumerate()
        .map(|(nth, text)| ConclusionRow {
            id: stable_id("conclusion", &format!("{} {nth}", case.id)),
            case_id: case.id,
            sort_order: small(nth + 1),
            text: case.prose.fill(text),
            created_by: case.team.fin_handler,
            created_at: case.created_at + days(26),
        })
        .collect()
}

/// The opinions of a case, and the events that record them.
#[derive(Default)]
pub(super) struct Opinions {
    pub(super) rows: Vec<OpinionRow>,
    pub(super) events: Vec<EventRow>,
}

/// One request in the life of an opinion.
struct Request<'a> {
    name: &'a str,
    kind: &'static str,
    from: Uuid,
    to: Uuid,
    comment: &'a str,
    day: usize,
}

/// Opinions stand on extras only: asking for one is an event, and the contract counts the events of
/// the base cases. Between them they show every type and status.
pub(super) fn opinions(case: &DemoCase<'_>) -> Opinions {
    let mut opinions = Opinions::default();
    if case.plan.round != Round::Mars2027 {
        return opinions;
    }
    match case.plan.status {
        Status::UnderArbeid => declined(case, &mut opinions),
        Status::TilAvklaring => given_and_pending(case, &mut opinions),
        Status::GodkjentPol => forwarded_and_approved(case, &mut opinions),
        Status::ReturnertTilFag => rejected(case, &mut opinions),
        Status::UnderVurderingFin if case.index.is_multiple_of(2) => {
            pending_at_fin(case, &mut opinions);
        }
        _ => {}
    }
    opinions
}

fn declined(case: &DemoCase<'_>, opinions: &mut Opinions) {
    let request = Request {
        name: "declined",
        kind: "uttalelse",
        from: case.team.saksbehandler,
        to: case.team.avdelingsdirektor,
        comment: "Ønsker en vurdering av omfanget før vi går videre.",
        day: 2,
    };
    let answer = "Saken ligger utenfor avdelingens ansvarsområde. Spør heller seksjonen.";
    opinions.resolved(case, &request, ("declined", "opinion_declined"), answer);
}

fn given_and_pending(case: &DemoCase<'_>, opinions: &mut Opinions) {
    let given = Request {
        name: "given",
        kind: "uttalelse",
        from: case.team.saksbehandler,
        to: case.team.underdirektor,
        comment: "Kan du se på begrunnelsen?",
        day: 2,
    };
    let answer = "Begrunnelsen er god. Tallene bør oppdateres med siste anslag.";
    opinions.resolved(case, &given, ("given", "opinion_given"), answer);
    opinions.pending(
        case,
        &Request {
            name: "pending",
            kind: "uttalelse",
            to: case.team.avdelingsdirektor,
            comment: "Ber om avdelingens syn før saken går til budsjettenheten.",
            day: 5,
            ..given
        },
    );
}

fn forwarded_and_approved(case: &DemoCase<'_>, opinions: &mut Opinions) {
    let first = Request {
        name: "forwarded",
        kind: "godkjenning",
        from: case.team.budsjettenhet,
        to: case.team.avdelingsdirektor,
        comment: "Til godkjenning før innsending.",
        day: 7,
    };
    opinions.pending(case, &first);
    let Some(forwarded) = opinions.rows.last_mut() else { return };
    forwarded.status = "forwarded";
    forwarded.resolved_at = Some(case.created_at + days(8));
    let (forwarded, from) = (forwarded.id, first.to);

    let second = Request { name: "approved", to: case.team.ekspedisjonssjef, day: 8, ..first };
    opinions.rows.push(OpinionRow {
        status: "approved",
        opinion_text: Some("Godkjent.".to_owned()),
        resolved_at: Some(case.created_at + days(9)),
        forwarded_from_id: Some(forwarded),
        original_opinion_id: Some(forwarded),
        ..second.row(case)
    });
    let forwarding = json!({
        "from_opinion": forwarded, "to_user": second.to, "new_opinion": second.id(case),
    });
    opinions.event(case, ("approval_forwarded", from), 8, &forwarding);
    opinions.event(case, ("approval_approved", second.to), 9, &second.reference(case));
}

fn rejected(case: &DemoCase<'_>, opinions: &mut Opinions) {
    let request = Request {
        name: "rejected",
        kind: "godkjenning",
        from: case.team.budsjettenhet,
        to: case.team.ekspedisjonssjef,
        comment: "Til godkjenning før saken sendes på nytt.",
        day: 25,
    };
    let answer = "Beregningen må være på plass først.";
    opinions.resolved(case, &request, ("rejected", "approval_rejected"), answer);
}

fn pending_at_fin(case: &DemoCase<'_>, opinions: &mut Opinions) {
    opinions.pending(
        case,
        &Request {
            name: "pending at fin",
            kind: "godkjenning",
            from: case.team.fin_handler,
            to: case.team.fin_underdirektor,
            comment: "Til godkjenning av tilrådingen.",
            day: 22,
        },
    );
}

impl Request<'_> {
    fn id(&self, case: &DemoCase<'_>) -> Uuid {
        stable_id("opinion", &format!("{} {}", case.id, self.name))
    }

    fn row(&self, case: &DemoCase<'_>) -> OpinionRow {
        OpinionRow {
            id: self.id(case),
            case_id: case.id,
            r#type: self.kind,
            requested_by: self.from,
            assigned_to: self.to,
            status: "pending",
            opinion_text: None,
            request_comment: Some(self.comment.to_owned()),
            forwarded_from_id: None,
            original_opinion_id: None,
            created_at: self.at(case, 0),
            resolved_at: None,
        }
    }

    fn reference(&self, case: &DemoCase<'_>) -> serde_json::Value {
        json!({ "opinion_id": self.id(case), "type": self.kind })
    }

    fn at(&self, case: &DemoCase<'_>, later: usize) -> DateTime<Utc> {
        case.created_at + days(self.day + later)
    }
}

impl Opinions {
    fn pending(&mut self, case: &DemoCase<'_>, request: &Request<'_>) {
        let event_type =
            if request.kind == "uttalelse" { "opinion_requested" } else { "approval_requested" };
        let payload = json!({ "assigned_to": request.to, "type": request.kind });
        self.event(case, (event_type, request.from), request.day, &payload);
        self.rows.push(request.row(case));
    }

    /// Requested and answered the day after.
    fn resolved(
        &mut self,
        case: &DemoCase<'_>,
        request: &Request<'_>,
        (status, event_type): (&'static str, &'static str),
        answer: &str,
    ) {
        self.pending(case, request);
        if let Some(row) = self.rows.last_mut() {
            row.status = status;
            row.opinion_text = Some(answer.to_owned());
            row.resolved_at = Some(request.at(case, 1));
        }
        self.event(case, (event_type, request.to), request.day + 1, &request.reference(case));
    }

    fn event(
        &mut self,
        case: &DemoCase<'_>,
        (event_type, user_id): (&'static str, Uuid),
        day: usize,
        payload: &serde_json::Value,
    ) {
        self.events.push(EventRow {
            id: stable_id("event", &format!("{} {event_type} {day}", case.id)),
            case_id: case.id,
            event_type,
            event_data: Some(JsonText::of(payload)),
            user_id,
            created_at: case.created_at + days(day),
        });
    }
}
