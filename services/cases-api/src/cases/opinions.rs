//! Asking colleagues for opinions and approvals, answering, and passing approvals on (E32 to E34).
//!
//! While a request is pending the case's status stands still. A new request therefore takes the
//! lock that a status change takes: whichever of the two comes second sees the first. An answer
//! needs no lock, and a forwarded approval is replaced by its successor in one transaction, so
//! that no status change ever finds the case free in between.

use domain::department::canonical_email;
use domain::ids::{CaseId, OpinionId, UserId};
use domain::opinion::{OpinionAnswer, OpinionRefusal, OpinionType, decide_answer, decide_forward};
use domain::permission::can_request_opinion;
use edge::actor::Actor;
use serde_json::json;
use store::StoreError;
use store::events::NewEvent;
use store::opinions::{self, NamedOpinionRow, NewOpinion};
use store::pool::PooledConnection;
use store::transaction::{Connection, transaction};
use store::users::{self, Colleague};
use uuid::Uuid;

use super::error::CaseError;
use super::open_locked_case;

/// Why an opinion was not asked for, answered or passed on.
#[derive(Debug, thiserror::Error)]
pub enum OpinionError {
    /// There is no such request.
    #[error("no such opinion")]
    NotFound,
    /// Somebody else is to answer it.
    #[error("the caller is not the assignee")]
    NotAssignee,
    /// The caller opens the case but may not ask about it; the contract wants 400 here.
    #[error("the caller may not ask for opinions on the case")]
    NotPermitted,
    /// Its type or status does not permit this.
    #[error("the opinion does not permit this")]
    Refused(#[from] OpinionRefusal),
    /// The case, or a value, is the reason.
    #[error("the case or a value does not permit this")]
    Case(#[from] CaseError),
}

impl From<StoreError> for OpinionError {
    fn from(error: StoreError) -> Self {
        Self::Case(error.into())
    }
}

/// A request as its sender describes it.
#[derive(Debug)]
pub struct OpinionInput {
    /// Id or e-mail address of who is to answer.
    pub assigned_to: String,
    /// What is asked for.
    pub kind: OpinionType,
    /// A note to the recipient.
    pub comment: Option<String>,
}

/// An answer to a request.
#[derive(Debug)]
pub struct AnswerInput {
    /// The answer.
    pub answer: OpinionAnswer,
    /// The opinion itself.
    pub text: Option<String>,
}

/// Asks a colleague for an opinion or an approval (E32).
///
/// # Errors
///
/// The errors of opening a case, [`OpinionError::NotPermitted`], and [`CaseError::Invalid`] for a
/// recipient who does not exist.
pub async fn request_opinion(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    case: CaseId,
    input: OpinionInput,
) -> Result<NamedOpinionRow, OpinionError> {
    transaction(conn, async |conn| {
        let open = open_locked_case(conn, actor, case).await?;
        if !can_request_opinion(&actor.viewer(), &open.facts) {
            return Err(OpinionError::NotPermitted);
        }
        let recipient = find_recipient(conn, &input.assigned_to).await?;
        let recipient = recipient.ok_or_else(|| unknown_recipient("assignedTo"))?;
        let new = NewOpinion {
            id: OpinionId::from(Uuid::now_v7()),
            case,
            kind: input.kind,
            requested_by: actor.user_id,
            assigned_to: recipient.id,
            request_comment: input.comment,
            forwarded_from: None,
            original: None,
        };
        let event = NewEvent {
            case,
            user: actor.user_id,
            event_type: input.kind.requested_event(),
            data: json!({ "assigned_to": recipient.id, "type": input.kind }),
        };
        Ok(NamedOpinionRow {
            opinion: opinions::insert_opinion(conn, &new, &event).await?,
            requested_by_name: actor.name.clone(),
            assigned_to_name: recipient.full_name,
        })
    })
    .await
}

/// Answers a request (E33).
///
/// # Errors
///
/// [`OpinionError::NotFound`], [`OpinionError::NotAssignee`] or [`OpinionError::Refused`].
pub async fn answer_opinion(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    id: OpinionId,
    input: AnswerInput,
) -> Result<NamedOpinionRow, OpinionError> {
    let asked = find_own_opinion(conn, actor, id).await?;
    let kind = asked.opinion.kind()?;
    decide_answer(kind, asked.opinion.status()?, input.answer)?;
    let event = NewEvent {
        case: asked.opinion.case_id.into(),
        user: actor.user_id,
        event_type: input.answer.event(),
        data: json!({ "opinion_id": id, "type": kind }),
    };
    let (status, text) = (input.answer.status(), input.text.as_deref());
    let answered = opinions::answer_opinion(conn, id, status, text, &event).await?;
    let opinion = answered.ok_or(OpinionRefusal::NotPending)?;
    Ok(NamedOpinionRow { opinion, ..asked })
}

/// Passes a request for an approval on to somebody else, and returns the new request (E34).
///
/// # Errors
///
/// [`OpinionError::NotFound`], [`OpinionError::NotAssignee`], [`OpinionError::Refused`], and
/// [`CaseError::Invalid`] for a recipient who does not exist.
pub async fn forward_opinion(
    conn: &mut PooledConnection<'_>,
    actor: &Actor,
    id: OpinionId,
    forward_to: UserId,
) -> Result<NamedOpinionRow, OpinionError> {
    let NamedOpinionRow { opinion, requested_by_name, .. } =
        find_own_opinion(conn, actor, id).await?;
    let kind = opinion.kind()?;
    decide_forward(kind, opinion.status()?)?;
    let recipient = users::find_colleague(conn, forward_to).await?;
    let recipient = recipient.ok_or_else(|| unknown_recipient("forwardTo"))?;
    let new = NewOpinion {
        id: OpinionId::from(Uuid::now_v7()),
        case: opinion.case_id.into(),
        kind,
        requested_by: opinion.requested_by.into(),
        assigned_to: recipient.id,
        request_comment: opinion.request_comment,
        forwarded_from: Some(id),
        original: Some(opinion.original_opinion_id.map_or(id, OpinionId::from)),
    };
    let event = NewEvent {
        case: new.case,
        user: actor.user_id,
        event_type: "approval_forwarded",
        data: json!({ "from_opinion": id, "to_user": recipient.id, "new_opinion": new.id }),
    };
    let opinion = transaction(conn, async |conn| {
        if !opinions::mark_forwarded(conn, id).await? {
            return Err(OpinionError::Refused(OpinionRefusal::NotPending));
        }
        Ok(opinions::insert_opinion(conn, &new, &event).await?)
    })
    .await?;
    Ok(NamedOpinionRow { opinion, requested_by_name, assigned_to_name: recipient.full_name })
}

/// Loads a request that the caller is to answer. Whoever is asked may open the case, whatever
/// department they belong to (domain contract 5.1), so being the assignee is the whole check.
async fn find_own_opinion(
    conn: &mut Connection,
    actor: &Actor,
    id: OpinionId,
) -> Result<NamedOpinionRow, OpinionError> {
    let found = opinions::find_opinion(conn, id).await?.ok_or(OpinionError::NotFound)?;
    if UserId::from(found.opinion.assigned_to) != actor.user_id {
        return Err(OpinionError::NotAssignee);
    }
    Ok(found)
}

async fn find_recipient(
    conn: &mut Connection,
    id_or_email: &str,
) -> Result<Option<Colleague>, StoreError> {
    match id_or_email.parse() {
        Ok(id) => users::find_colleague(conn, id).await,
        Err(_) => users::find_colleague_by_email(conn, &canonical_email(id_or_email)).await,
    }
}

fn unknown_recipient(field: &'static str) -> OpinionError {
    CaseError::invalid(field, "Fant ikke mottakeren.").into()
}
