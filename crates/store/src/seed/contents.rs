//! Content versions: one row from a subject and the sections of its document.

use chrono::{DateTime, Utc};
use domain::content::FlatFields;
use domain::status::Status;
use uuid::Uuid;

use super::copy::JsonText;
use super::documents::{RenderedSection, Section, compose};
use super::ids::{small, stable_id};
use super::rows::ContentRow;
use super::subjects::Subject;

/// Which version of which case, by whom and when.
pub(super) struct ContentHead {
    pub(super) case_id: Uuid,
    pub(super) version: usize,
    pub(super) status: Status,
    pub(super) created_by: Uuid,
    pub(super) created_at: DateTime<Utc>,
}

/// Id of a content version; cases point at their newest by it.
pub(super) fn content_id(case_id: Uuid, version: usize) -> Uuid {
    stable_id("content", &format!("{case_id} {version}"))
}

/// A version without FIN's and the government's amounts.
pub(super) fn content_row(
    head: &ContentHead,
    subject: &Subject,
    sections: &[Section],
    with_document: bool,
) -> ContentRow {
    let rendered: Vec<RenderedSection> = sections.iter().map(Section::render).collect();
    let (texts, document) = compose((head.case_id, head.version), &rendered, &[]);
    row_of(head, subject, texts, with_document.then_some(JsonText(document)))
}

/// A version from texts that exist already.
pub(super) fn row_of(
    head: &ContentHead,
    subject: &Subject,
    texts: FlatFields,
    content_json: Option<JsonText>,
) -> ContentRow {
    ContentRow {
        id: content_id(head.case_id, head.version),
        case_id: head.case_id,
        version: small(head.version),
        case_name: Some(subject.case_name.clone()),
        chapter: subject.chapter.clone(),
        post: subject.post.clone(),
        amount: subject.amount,
        fin_amount: None,
        gov_amount: None,
        status: Some(head.status.as_str()),
        proposal_text: texts.proposal_text,
        justification: texts.justification,
        verbal_conclusion: texts.verbal_conclusion,
        socioeconomic_analysis: texts.socioeconomic_analysis,
        goal_indicator: texts.goal_indicator,
        benefit_plan: texts.benefit_plan,
        comment: texts.comment,
        fin_assessment: texts.fin_assessment,
        fin_verbal: texts.fin_verbal,
        fin_r_conclusion: texts.fin_r_conclusion,
        content_json,
        track_changes_active: false,
        created_by: head.created_by,
        created_at: head.created_at,
    }
}
