//! Saving a case: one routine behind three endpoints (D-07), guarded by its version (I1, I2).
//!
//! Read, decide, write. The write repeats in its own condition what the decision relied on, so
//! losing a race writes nothing and only means deciding again. A caller who named the version it
//! started from is told about the newer one at once (D-28); a caller who did not is tried again on
//! top of it.

use domain::content::{ContentField, FlatFields};
use domain::document::{Document, DocumentError, MAX_BYTES, merge_document, rewrite_fields};
use domain::ids::CaseId;
use domain::money::ThousandNok;
use domain::visibility::{CaseFacts, can_edit_content, can_open};
use edge::actor::Actor;
use serde_json::json;
use store::cases::CaseRow;
use store::contents::{self, BaseContentRow, TextColumns, VersionRow};
use store::events::NewEvent;
use store::json::JsonText;
use store::pool::PooledConnection;
use store::saves::{self, Metadata, NewVersion};

use super::create::check_case_type;
use super::error::{CaseError, Conflict};
use super::input::FieldErrors;
use super::masking::{Sight, parse, text};
use super::{list_of, open_case};
use crate::changes::Changes;

/// How often a save without an expected version is tried on top of whatever came first. Each lost
/// attempt means that somebody else's save went through, so this is how many savers of one case
/// at the same moment are served; an endless loop could keep one caller waiting for ever.
const MAX_ATTEMPTS: u32 = 40;

/// What a save says about the case itself; `None` leaves a value as it is.
#[derive(Debug, Default)]
pub struct MetadataInput {
    /// New name.
    pub case_name: Option<String>,
    /// New budget chapter; empty removes it.
    pub chapter: Option<String>,
    /// New budget item; empty removes it.
    pub post: Option<String>,
    /// New proposal.
    pub amount: Option<ThousandNok>,
    /// New recommendation.
    pub fin_amount: Option<ThousandNok>,
    /// New decision.
    pub gov_amount: Option<ThousandNok>,
}

/// A save of flat texts (E23, E24).
#[derive(Debug, Default)]
pub struct ContentInput {
    /// The case itself.
    pub metadata: MetadataInput,
    /// The texts that were sent; `None` clears. All others are kept (D-20).
    pub texts: Vec<(ContentField, Option<String>)>,
    /// The version the caller started from.
    pub expected_version: Option<i32>,
}

/// A save of the whole document (E25).
#[derive(Debug)]
pub struct DocumentInput {
    /// The case itself.
    pub metadata: MetadataInput,
    /// The document as JSON text.
    pub content_json: String,
    /// Whether the author tracks changes.
    pub track_changes_active: bool,
    /// The version the caller started from.
    pub expected_version: Option<i32>,
}

/// A partial update of a case (E22).
#[derive(Debug, Default)]
pub struct UpdateInput {
    /// Code of another case type, active like that of a new case (D-17).
    pub case_type: Option<String>,
    /// The case itself.
    pub metadata: MetadataInput,
    /// The texts that were sent; `None` clears. All others are kept (D-20).
    pub texts: Vec<(ContentField, Option<String>)>,
}

/// Saves flat texts as a new version.
///
/// # Errors
///
/// Every [`CaseError`] but those of the workflow.
pub(crate) async fn save_content(
    conn: &mut PooledConnection<'_>,
    changes: &Changes,
    actor: &Actor,
    case: CaseId,
    input: ContentInput,
) -> Result<VersionRow, CaseError> {
    let change = Change {
        metadata: checked(input.metadata, actor)?,
        expected_version: input.expected_version,
        body: Body::Texts(input.texts),
    };
    save(conn, changes, actor, case, &change).await
}

/// Saves a document, and the flat texts extracted from it, as a new version.
///
/// # Errors
///
/// Every [`CaseError`] but those of the workflow.
pub(crate) async fn save_document(
    conn: &mut PooledConnection<'_>,
    changes: &Changes,
    actor: &Actor,
    case: CaseId,
    input: DocumentInput,
) -> Result<VersionRow, CaseError> {
    let change = Change {
        metadata: checked(input.metadata, actor)?,
        expected_version: input.expected_version,
        body: Body::Document {
            json: input.content_json,
            track_changes_active: input.track_changes_active,
        },
    };
    save(conn, changes, actor, case, &change).await
}

/// Changes some of a case's properties and texts (E22). Whatever a version shows makes a new one;
/// another type alone does not, and neither does a body that says nothing.
///
/// # Errors
///
/// Every [`CaseError`] but those of the workflow.
pub(crate) async fn update_case(
    conn: &mut PooledConnection<'_>,
    changes: &Changes,
    actor: &Actor,
    case: CaseId,
    input: UpdateInput,
) -> Result<(), CaseError> {
    let metadata = checked(input.metadata, actor)?;
    if metadata == Metadata::default() && input.texts.is_empty() {
        return change_type(conn, changes, actor, case, input.case_type).await;
    }
    let change = Change {
        metadata: Metadata { case_type: input.case_type, ..metadata },
        expected_version: None,
        body: Body::Texts(input.texts),
    };
    save(conn, changes, actor, case, &change).await?;
    Ok(())
}

/// A save whose metadata has been checked.
struct Change {
    metadata: Metadata,
    expected_version: Option<i32>,
    body: Body,
}

enum Body {
    Texts(Vec<(ContentField, Option<String>)>),
    /// Kept as text: parsing it again in the rare second attempt costs less than copying the tree
    /// in every first one.
    Document {
        json: String,
        track_changes_active: bool,
    },
}

impl Body {
    fn event_type(&self) -> &'static str {
        match self {
            Self::Texts(_) => "updated",
            Self::Document { .. } => "document_saved",
        }
    }
}

/// What the next version contains.
struct NextContent {
    texts: FlatFields,
    document: Option<JsonText>,
    track_changes_active: bool,
}

async fn save(
    conn: &mut PooledConnection<'_>,
    changes: &Changes,
    actor: &Actor,
    case: CaseId,
    change: &Change,
) -> Result<VersionRow, CaseError> {
    let mut base_version = 0;
    for _ in 0..MAX_ATTEMPTS {
        let base = contents::find_save_base(conn, case, actor.user_id)
            .await?
            .ok_or(CaseError::NotFound)?;
        let facts = base.facts.facts()?;
        authorize(actor, &facts)?;
        let row = base.facts.case;
        base_version = change.expected_version.unwrap_or(row.version);
        if base_version != row.version {
            break;
        }
        check_new_type(conn, &row, change.metadata.case_type.as_deref()).await?;
        let sight = Sight::of(actor.role, facts.status);
        let next = next_content(&change.body, base.newest.unwrap_or_default(), sight)?;
        check_size(&next.texts, next.document.as_ref())?;
        let new = NewVersion {
            case,
            base_version,
            base_status: &row.status,
            saved_by: actor.user_id,
            event_type: change.body.event_type(),
            metadata: change.metadata.clone(),
            texts: TextColumns::from(next.texts),
            document: next.document,
            track_changes_active: next.track_changes_active,
        };
        if let Some(saved) = saves::insert_version(conn, new).await? {
            changes.announce(list_of(&row), [(case, Some(saved.content.version))]).await;
            return Ok(sight.apply(saved));
        }
    }
    Err(conflict(conn, case, base_version).await?)
}

/// Gives a case another type and nothing else. Like a save, it is tried again when the status that
/// permitted it has changed meanwhile; every further round follows a step of somebody else's.
async fn change_type(
    conn: &mut PooledConnection<'_>,
    changes: &Changes,
    actor: &Actor,
    case: CaseId,
    case_type: Option<String>,
) -> Result<(), CaseError> {
    loop {
        let open = open_case(conn, actor, case).await?;
        authorize(actor, &open.facts)?;
        let row = open.row;
        let Some(code) = case_type.as_deref().filter(|code| *code != row.case_type) else {
            return Ok(());
        };
        check_new_type(conn, &row, Some(code)).await?;
        let event = NewEvent {
            case,
            user: actor.user_id,
            event_type: "updated",
            data: json!({ "version": row.version, "case_type": code }),
        };
        if saves::update_case_type(conn, &row.status, code, &event).await? {
            changes.announce(list_of(&row), [(case, None)]).await;
            return Ok(());
        }
    }
}

/// Refuses a type that a new case could not have either. A case keeps the type it has, whatever
/// has become of it since.
async fn check_new_type(
    conn: &mut PooledConnection<'_>,
    row: &CaseRow,
    case_type: Option<&str>,
) -> Result<(), CaseError> {
    match case_type {
        Some(code) if code != row.case_type => check_case_type(conn, code).await,
        _ => Ok(()),
    }
}

fn authorize(actor: &Actor, facts: &CaseFacts) -> Result<(), CaseError> {
    let viewer = actor.viewer();
    if !can_open(&viewer, facts) {
        return Err(CaseError::Forbidden);
    }
    if !can_edit_content(&viewer, facts) {
        return Err(CaseError::NotEditable);
    }
    Ok(())
}

/// Refuses content that is larger than a document may be. A body is limited, but what is sent is
/// added to what is stored, so that texts saved one by one would grow a case without end.
pub(super) fn check_size(
    texts: &FlatFields,
    document: Option<&JsonText>,
) -> Result<(), DocumentError> {
    let texts: usize =
        ContentField::ALL.iter().filter_map(|field| texts.get(*field)).map(str::len).sum();
    let document = document.map_or(0, |document| document.as_str().len());
    if texts.max(document) > MAX_BYTES { Err(DocumentError::TooLarge) } else { Ok(()) }
}

/// Makes the next version's content from the previous one and what was sent. What the author may
/// not see stays as it was, whatever was sent in its place (contract E25).
fn next_content(
    body: &Body,
    previous: BaseContentRow,
    sight: Sight,
) -> Result<NextContent, DocumentError> {
    let hides_fin = sight == Sight::WithoutFin;
    let previous_texts = FlatFields::from(previous.texts);
    match body {
        Body::Texts(sent) => {
            let changed: Vec<_> =
                sent.iter().filter(|(field, _)| !(hides_fin && field.is_fin())).cloned().collect();
            let document = previous.content_json.map(|stored| match parse(&stored) {
                Some(document) if !changed.is_empty() => text(rewrite_fields(&document, &changed)),
                _ => stored,
            });
            Ok(NextContent {
                texts: previous_texts.with(&changed),
                document,
                track_changes_active: previous.track_changes_active,
            })
        }
        Body::Document { json, track_changes_active } => {
            let submitted = Document::parse(json)?;
            let stored = previous.content_json.as_ref().and_then(parse);
            let merged = merge_document(submitted, stored.as_ref(), &previous_texts, hides_fin);
            Ok(NextContent {
                texts: merged.flat,
                document: Some(text(merged.document)),
                track_changes_active: *track_changes_active,
            })
        }
    }
}

/// Checks the metadata. The recommendation and the decision are the Ministry of Finance's to set
/// (domain contract 3); the case page sends every key it knows, so a ministry's copy of them is
/// ignored rather than refused.
fn checked(input: MetadataInput, actor: &Actor) -> Result<Metadata, CaseError> {
    let mut errors = FieldErrors::default();
    let metadata = Metadata {
        case_type: None,
        case_name: input.case_name.map(|name| errors.case_name(&name)),
        chapter: input.chapter.map(|chapter| errors.chapter("chapter", &chapter)),
        post: input.post.map(|post| errors.chapter("post", &post)),
        amount: input.amount.map(ThousandNok::get),
        fin_amount: input.fin_amount.filter(|_| !actor.role.is_fag()).map(ThousandNok::get),
        gov_amount: input.gov_amount.filter(|_| !actor.role.is_fag()).map(ThousandNok::get),
    };
    errors.finish()?;
    Ok(metadata)
}

/// Tells who was faster. By now they may have been followed by others; the newest one counts.
async fn conflict(
    conn: &mut PooledConnection<'_>,
    case: CaseId,
    yours: i32,
) -> Result<CaseError, CaseError> {
    let newest = contents::find_newest_save(conn, case).await?.ok_or(CaseError::NotFound)?;
    Ok(CaseError::VersionConflict(Conflict {
        current: newest.version,
        yours,
        saved_by_name: newest.saved_by_name,
        saved_at: newest.saved_at,
    }))
}
