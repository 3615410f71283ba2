//! A department's unfiltered list, and what filters need to know of each item.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use chrono::{DateTime, Utc};
use domain::case_list::CaseListFacts;
use domain::ids::{BudgetRoundId, CaseId, DepartmentId};
use domain::status::Status;
use serde::Deserialize;
use serde::de::Error as _;
use uuid::Uuid;

use super::PageKey;
use super::body::{Body, ENTRY_BYTES, bytes};
use super::shared::StoredPage;

/// The two keys that only the full form of an item has, always `null` in a list (D-06).
const FULL_ONLY: &str = r#","currentContent":null,"opinions":null}"#;

/// One department's list in one round.
pub(crate) struct Page {
    /// All items in the full form, as they go out.
    pub(super) body: Body,
    /// What it was read under; `None` when it must not be kept.
    pub(super) generation: Option<Uuid>,
    /// When its reading began; `None` when another process read it.
    pub(super) begun: Option<Instant>,
    /// When it is too old, saved upon or not.
    pub(super) ends: Instant,
    items: Vec<Item>,
    /// In milliseconds of the cache's own time.
    last_read: AtomicU64,
}

/// What filters and sorting look at in an item, and where its text is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    id: CaseId,
    budget_round_id: BudgetRoundId,
    department_id: DepartmentId,
    status: Status,
    case_name: String,
    case_type: String,
    responsible_division: Option<String>,
    updated_at: DateTime<Utc>,
    /// In the page's body, without what only the full form has.
    #[serde(skip)]
    text: Range<usize>,
}

impl Item {
    pub(super) fn facts(&self) -> CaseListFacts<'_> {
        CaseListFacts {
            id: self.id,
            budget_round_id: self.budget_round_id,
            department_id: self.department_id,
            status: self.status,
            case_name: &self.case_name,
            case_type: &self.case_type,
            responsible_division: self.responsible_division.as_deref(),
        }
    }

    /// Greatest first in every list (E14).
    pub(super) fn rank(&self) -> (DateTime<Utc>, CaseId) {
        (self.updated_at, self.id)
    }
}

impl Page {
    /// A page that this process has read.
    ///
    /// # Errors
    ///
    /// When the body is not a list of items.
    pub(super) fn read(body: Body, begun: Instant, ends: Instant) -> serde_json::Result<Self> {
        let items = items(&body)?;
        let last_read = AtomicU64::new(0);
        Ok(Self { body, generation: None, begun: Some(begun), ends, items, last_read })
    }

    /// A page that another process has read. `None` when it is of another release's form.
    pub(super) fn adopt(stored: &StoredPage) -> Option<Self> {
        let body = Body::unpack(&stored.packed)?;
        let items = items(&body).ok()?;
        Some(Self {
            body,
            generation: Some(stored.generation),
            begun: None,
            ends: Instant::now() + stored.left,
            items,
            last_read: AtomicU64::new(0),
        })
    }

    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    /// The text of one of its items, without the closing brace.
    pub(super) fn text(&self, item: &Item) -> &[u8] {
        self.body.identity().get(item.text.clone()).unwrap_or_default()
    }

    /// Whether it was read since a caller came.
    pub(super) fn is_new_to(&self, arrived: Instant) -> bool {
        self.begun.is_some_and(|begun| begun >= arrived)
    }

    pub(super) fn note_reader(&self, now_ms: u64) {
        self.last_read.store(now_ms, Ordering::Relaxed);
    }

    /// When somebody last wanted it or the page before it.
    pub(super) fn last_read(&self) -> u64 {
        self.last_read.load(Ordering::Relaxed)
    }
}

/// Closes an item's text.
pub(super) const fn ending(has_full_form: bool) -> &'static str {
    if has_full_form { FULL_ONLY } else { "}" }
}

/// Reads a list's items, one by one, because each one's place in the text is wanted too.
fn items(body: &Body) -> serde_json::Result<Vec<Item>> {
    let text = body.identity();
    let malformed = || serde_json::Error::custom("not a list of items in the full form");
    let mut items = Vec::new();
    if text.first() != Some(&b'[') {
        return Err(malformed());
    }
    let mut start = 1;
    while let Some(rest) = text.get(start..).filter(|rest| rest.first() != Some(&b']')) {
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<Item>();
        let mut item = values.next().ok_or_else(malformed)??;
        let length = values.byte_offset();
        let bare = rest
            .get(..length)
            .and_then(|item| item.strip_suffix(FULL_ONLY.as_bytes()))
            .ok_or_else(malformed)?;
        item.text = start..start + bare.len();
        items.push(item);
        start += length;
        start += usize::from(text.get(start) == Some(&b','));
    }
    Ok(items)
}

/// Weighs pages by their bytes, items by their own and as much again for their texts.
#[derive(Clone)]
pub(super) struct PageWeight;

impl quick_cache::Weighter<PageKey, Arc<Page>> for PageWeight {
    fn weight(&self, _: &PageKey, page: &Arc<Page>) -> u64 {
        ENTRY_BYTES + page.body.weight() + bytes(2 * size_of_val(page.items()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_items_text_is_found_in_the_body_without_its_null_members() {
        let item = concat!(
            r#"{"id":"00000000-0000-0000-0000-000000000001","budgetRoundId":"00000000-0000-0000-0000-000000000002","#,
            r#""departmentId":"00000000-0000-0000-0000-000000000003","status":"draft","caseName":"Å \"}","#,
            r#""caseType":"andre_saker","responsibleDivision":null,"updatedAt":"2026-02-17T12:00:00.123456Z""#,
        );
        let text = format!("[{item}{FULL_ONLY},{item}{FULL_ONLY}]");
        let page =
            Page::read(Body::plain(text.into_bytes()), Instant::now(), Instant::now()).unwrap();
        assert_eq!(page.items().len(), 2);
        for found in page.items() {
            assert_eq!(std::str::from_utf8(page.text(found)).unwrap(), item);
            assert_eq!(found.facts().case_name, "Å \"}");
        }
    }

    #[test]
    fn a_body_of_another_form_is_not_a_page() {
        for text in ["{}", "[1]", "[{}]", "\u{0}", ""] {
            assert!(items(&Body::plain(text.into())).is_err(), "{text}");
        }
    }
}
