//! Cases with many versions, for load tests and query plans. A case is described by a small value;
//! its documents are composed only while they are being copied, so that a run of half a gigabyte
//! needs no more memory than one case.

use chrono::{DateTime, TimeDelta, Utc};
use domain::placement::ListPlacement;
use domain::status::Status;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use serde_json::json;
use std::ops::RangeInclusive;
use uuid::Uuid;

use super::cases::status_change;
use super::contents::{ContentHead, content_id, row_of};
use super::copy::JsonText;
use super::documents::{Change, Mark, RenderedBlock, RenderedSection, Section, compose};
use super::ids::{base_date, signed, small, stable_id};
use super::organisation::Ministry;
use super::people::Team;
use super::plan::last_step;
use super::prose::{Prose, Stage, fin_share};
use super::rows::{CaseRow, ContentRow, EventRow};
use super::subjects::Subject;
use super::supplement::{Pool, edited_paragraph};

/// Hours between two versions of a case.
const VERSION_HOURS: i64 = 18;

/// One case of a large run.
pub(super) struct BulkCase<'a> {
    pub(super) id: Uuid,
    pub(super) round_id: Uuid,
    pub(super) ministry: &'a Ministry,
    pub(super) team: &'a Team,
    pub(super) subject: Subject,
    pub(super) status: Status,
    pub(super) versions: usize,
    /// Position in the run; decides dates and choices.
    pub(super) nth: usize,
    /// Document size in bytes of the first and of the newest version.
    pub(super) size: RangeInclusive<usize>,
}

impl BulkCase<'_> {
    /// A random source of the case's own, so that a case does not depend on those before it.
    pub(super) fn rng(id: Uuid) -> Xoshiro256PlusPlus {
        Xoshiro256PlusPlus::seed_from_u64(id.as_u64_pair().0)
    }

    fn created_at(&self) -> DateTime<Utc> {
        base_date() + TimeDelta::minutes(7 * signed(self.nth))
    }

    fn version_at(&self, version: usize) -> DateTime<Utc> {
        self.created_at() + TimeDelta::hours(VERSION_HOURS * (signed(version) - 1))
    }

    /// The newest step is a moment after the newest version, in which it was prepared.
    fn stepped_at(&self) -> DateTime<Utc> {
        self.version_at(self.versions) + TimeDelta::minutes(5)
    }

    fn fin_amount(&self) -> Option<i64> {
        self.subject.amount.filter(|_| self.status.is_fin_visible()).map(fin_share)
    }

    pub(super) fn row(&self) -> CaseRow {
        let is_at_fin = self.status.is_fin_visible();
        let is_ranked = self.subject.case_type.as_str() == "satsingsforslag";
        let placement =
            if self.nth.is_multiple_of(3) { ListPlacement::BList } else { ListPlacement::AList };
        CaseRow {
            id: self.id,
            budget_round_id: self.round_id,
            department_id: self.ministry.id(),
            case_name: self.subject.case_name.clone(),
            chapter: self.subject.chapter.clone(),
            post: self.subject.post.clone(),
            amount: self.subject.amount,
            fin_amount: self.fin_amount(),
            gov_amount: None,
            case_type: self.subject.case_type.as_str(),
            status: self.status.as_str(),
            assigned_to: Some(if self.nth.is_multiple_of(3) {
                self.team.script_saksbehandler
            } else {
                self.team.script_budsjettenhet
            }),
            fin_assigned_to: is_at_fin.then_some(self.team.fin_handler),
            created_by: self.team.script_saksbehandler,
            version: small(self.versions),
            responsible_division: Some(self.ministry.divisions[self.nth % 2]),
            fin_list_placement: is_at_fin.then_some(placement.as_str()),
            priority_number: is_ranked.then(|| small(self.nth % 20 + 1)),
            created_at: self.created_at(),
            updated_at: self.stepped_at(),
            latest_content_id: Some(content_id(self.id, self.versions)),
        }
    }

    /// The creation and the newest status change: two events a case.
    pub(super) fn events(&self) -> [EventRow; 2] {
        let step = last_step(self.status);
        let event = |event_type, data, user_id, created_at| EventRow {
            id: stable_id("event", &format!("{} {event_type}", self.id)),
            case_id: self.id,
            event_type,
            event_data: Some(data),
            user_id,
            created_at,
        };
        let created = json!({
            "case_name": self.subject.case_name,
            "case_type": self.subject.case_type.as_str(),
        });
        let creator = self.team.script_saksbehandler;
        let stepper =
            if step.by_fin { self.team.fin_handler } else { self.team.script_budsjettenhet };
        [
            event("created", JsonText::of(&created), creator, self.created_at()),
            event(
                "status_changed",
                status_change(step.from, self.status),
                stepper,
                self.stepped_at(),
            ),
        ]
    }

    /// All versions, each with a document that grows from the first to the newest.
    pub(super) fn contents(&self, pool: &Pool) -> Vec<ContentRow> {
        let prose = Prose {
            case_type: self.subject.case_type,
            topic: self.subject.topic.clone(),
            amount: self.subject.amount,
            year: 2026,
            variant: self.nth,
        };
        let render = |stage| -> Vec<RenderedSection> {
            prose.sections(stage).iter().map(Section::render).collect()
        };
        let early = render(Stage::Complete { with_comment: false, with_fin: false });
        let with_fin = self.status.is_fin_visible();
        let late = render(Stage::Complete { with_comment: true, with_fin });
        let edit = self.edit().render();

        let mut rng = Self::rng(self.id);
        let more = pool.draw(self.size.end() / 400 + 1, &mut rng);
        let first_of_fin = self.versions - self.versions / 4;
        (1..=self.versions)
            .map(|version| {
                let is_late = version > first_of_fin;
                let sections = if is_late { &late } else { &early };
                let edit = (is_late && with_fin).then_some(&edit);
                self.content(version, sections, edit.into_iter().chain(more.iter().copied()))
            })
            .collect()
    }

    fn edit(&self) -> super::documents::Block {
        let change = |name: &str| Change {
            id: stable_id("change", &format!("{} {name}", self.id)),
            author: self.team.fin_handler,
            author_name: self.team.fin_handler_name,
            at: self.version_at(self.versions),
        };
        let (deletion, insertion) = (change("deletion"), change("insertion"));
        edited_paragraph(self.nth, Mark::Deletion(deletion), Mark::Insertion(insertion))
    }

    fn content<'b>(
        &self,
        version: usize,
        sections: &[RenderedSection],
        more: impl Iterator<Item = &'b RenderedBlock>,
    ) -> ContentRow {
        let is_newest = version == self.versions;
        let budget = self.size_of(version);
        let more = spread(more, sections, budget);
        let (texts, document) = compose((self.id, version), sections, &more);
        let head = ContentHead {
            case_id: self.id,
            version,
            status: if is_newest { self.status } else { Status::UnderArbeid },
            created_by: self.author(version),
            created_at: self.version_at(version),
        };
        ContentRow {
            fin_amount: self.fin_amount().filter(|_| is_newest),
            track_changes_active: is_newest && self.status == Status::UnderVurderingFin,
            ..row_of(&head, &self.subject, texts, Some(JsonText(document)))
        }
    }

    fn author(&self, version: usize) -> Uuid {
        match version {
            _ if version == self.versions && self.status.is_fin_visible() => self.team.fin_handler,
            _ if version % 3 == 1 => self.team.script_saksbehandler,
            _ => self.team.script_budsjettenhet,
        }
    }

    /// Target size of a version's document, growing evenly.
    fn size_of(&self, version: usize) -> usize {
        let (first, last) = (*self.size.start(), *self.size.end());
        first + (last - first) * version / self.versions
    }
}

/// Deals blocks to the sections in turn until the document has about `budget` bytes.
fn spread<'b>(
    blocks: impl Iterator<Item = &'b RenderedBlock>,
    sections: &[RenderedSection],
    budget: usize,
) -> Vec<Vec<&'b RenderedBlock>> {
    /// What a section costs besides its blocks.
    const SECTION_BYTES: usize = 240;
    let own = |section: &RenderedSection| {
        let blocks: usize = section.blocks.iter().map(|block| block.json.len()).sum();
        SECTION_BYTES + blocks
    };
    let mut size: usize = sections.iter().map(own).sum();
    let mut dealt = vec![Vec::new(); sections.len()];
    for (index, block) in blocks.enumerate() {
        if size >= budget {
            break;
        }
        size += block.json.len();
        dealt[index % sections.len()].push(block);
    }
    dealt
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::document::Document;

    use super::*;
    use crate::seed::rows::ListEntryRow;
    use crate::seed::{load, xl};

    /// The contract's bounds for a stored document.
    const BOUNDS: RangeInclusive<usize> = 3_000..=20 * 1024;

    #[test]
    fn a_load_run_has_the_requirements_volumes() {
        let round = load::round(None);
        let ministries = load::ministries();
        let cases = load::cases(&round, &ministries, None);
        assert_eq!((ministries.len(), cases.len()), (15, 500));
        assert!(cases.iter().all(|case| (10..=30).contains(&case.versions)));
        let versions: usize = cases.iter().map(|case| case.versions).sum();
        assert!((5_000..=15_000).contains(&versions), "{versions}");
        assert_eq!(cases.iter().flat_map(BulkCase::events).count(), 1_000);

        let rows: Vec<CaseRow> = cases.iter().map(BulkCase::row).collect();
        let lists = load::lists(&round, &ministries, &rows);
        let mut entries: BTreeMap<Uuid, usize> = BTreeMap::new();
        for ListEntryRow { department_list_id, .. } in lists.entries {
            *entries.entry(department_list_id).or_default() += 1;
        }
        assert_eq!(entries.len(), 15);
        assert!(entries.values().all(|count| (20..=40).contains(count)), "{entries:?}");
    }

    #[test]
    fn load_documents_are_real_ones_of_three_to_twenty_kilobytes() {
        let (round, ministries, pool) = (load::round(None), load::ministries(), Pool::new());
        let cases = load::cases(&round, &ministries, None);
        for case in cases.iter().step_by(17) {
            let contents = case.contents(&pool);
            assert_eq!(contents.len(), case.versions);
            for content in contents {
                let json = content.content_json.unwrap().0;
                assert!(BOUNDS.contains(&json.len()), "{} bytes", json.len());
                let flat = Document::parse(&json).unwrap().flat();
                assert_eq!(flat.justification, content.justification);
                assert_eq!(flat.fin_assessment, content.fin_assessment);
            }
        }
    }

    #[test]
    fn documents_under_assessment_have_tracked_changes() {
        let (round, ministries, pool) = (load::round(None), load::ministries(), Pool::new());
        let cases = load::cases(&round, &ministries, None);
        let case = cases.iter().find(|case| case.status == Status::UnderVurderingFin).unwrap();
        let newest = case.contents(&pool).pop().unwrap();
        let json = newest.content_json.unwrap().0;
        assert!(json.contains(r#""type":"deletion""#) && json.contains(r#""type":"insertion""#));
        assert!(json.contains("bulletList") || json.contains("orderedList"));
    }

    #[test]
    fn i2_the_pointer_of_a_bulk_case_is_its_newest_version() {
        let (rounds, ministries, pool) = (xl::rounds(None), xl::ministries(), Pool::new());
        let cases = xl::cases(&rounds, &ministries, None);
        assert_eq!(cases.len(), 2_000);
        for case in cases.iter().step_by(97) {
            let contents = case.contents(&pool);
            assert!(contents.iter().map(|content| content.version).eq(1..=50));
            let (row, newest) = (case.row(), contents.last().unwrap());
            assert_eq!(row.latest_content_id, Some(newest.id));
            assert_eq!((row.version, Some(row.status)), (newest.version, newest.status));
            assert!(row.updated_at >= newest.created_at);
        }
    }

    #[test]
    fn labels_give_runs_of_their_own() {
        let ministries = load::ministries();
        let (plain, named) = (load::round(None), load::round(Some("b")));
        assert_eq!((plain.name.as_str(), named.name.as_str()), ("LAST2026", "LAST2026-b"));
        let id = |round| load::cases(round, &ministries, None)[0].id;
        assert_ne!(id(&plain), id(&named));
    }
}
