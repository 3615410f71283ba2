//! An edited section tree: what is wrong with it, and which sections it leaves.
//!
//! Order is the order of the arrays: editors number root sections only, so numbers from outside
//! are not heeded (api E72).

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{
    HeadingStyle, MAX_CONFIG_BYTES, MAX_DEPTH, MAX_SECTIONS, MAX_TITLE, SectionType,
    TemplateSection,
};
use crate::document::holds_nul;
use crate::ids::TemplateSectionId;

/// A section as an editor sends it, with the sections inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionInput {
    /// The section it was before; `None`, and an id the template does not have, mean a new one.
    pub id: Option<TemplateSectionId>,
    /// Title with placeholders.
    pub title_template: String,
    /// Style of the heading.
    pub heading_style: HeadingStyle,
    /// What the section is for.
    pub section_type: SectionType,
    /// JSON text with the keys of domain contract 7.4.
    pub config: Option<String>,
    /// The sections inside, in their order.
    pub children: Vec<Self>,
}

/// What makes a section unfit to be stored, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionFault {
    /// JSON pointer to the value, relative to the array of root sections.
    pub pointer: String,
    /// What is wrong with it.
    pub kind: SectionFaultKind,
}

/// What can be wrong with a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionFaultKind {
    /// The title is longer than [`MAX_TITLE`].
    TitleTooLong,
    /// The configuration is not JSON, or holds U+0000.
    ConfigNotJson,
    /// The configuration is larger than [`MAX_CONFIG_BYTES`].
    ConfigTooLarge,
    /// Two sections of the tree claim to be the same one.
    DuplicateId,
    /// The section lies deeper than [`MAX_DEPTH`].
    TooDeep,
    /// The tree has more than [`MAX_SECTIONS`] sections.
    TooMany,
}

/// What has to be written to get from the sections that are stored to those that shall be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SectionDiff {
    /// New sections, and those that are not as they were.
    pub changed: Vec<TemplateSection>,
    /// Sections that shall be no more.
    pub removed: Vec<TemplateSectionId>,
}

impl SectionDiff {
    /// Compares two states of a template's sections.
    #[must_use]
    pub fn between(before: &[TemplateSection], after: &[TemplateSection]) -> Self {
        let stored: HashMap<TemplateSectionId, &TemplateSection> =
            before.iter().map(|section| (section.id, section)).collect();
        let kept: HashSet<TemplateSectionId> = after.iter().map(|section| section.id).collect();
        let is_changed = |section: &&TemplateSection| stored.get(&section.id) != Some(section);
        Self {
            changed: after.iter().filter(is_changed).cloned().collect(),
            removed: before.iter().map(|row| row.id).filter(|id| !kept.contains(id)).collect(),
        }
    }
}

/// Finds everything that keeps a tree from being planned, in document order; of a tree that is too
/// large, only that.
#[must_use]
pub fn check_sections(tree: &[SectionInput]) -> Vec<SectionFault> {
    let mut check = Check::default();
    check.siblings("", tree, 1);
    check.finish()
}

/// As [`check_sections`], of a section that is sent by itself: pointers are relative to it.
#[must_use]
pub fn check_section(section: &SectionInput) -> Vec<SectionFault> {
    let mut check = Check { count: 1, ..Check::default() };
    check.section("", section);
    check.siblings("/children", &section.children, 2);
    check.finish()
}

/// Checks a title template by itself.
///
/// # Errors
///
/// [`SectionFaultKind::TitleTooLong`].
pub fn check_title(title_template: &str) -> Result<(), SectionFaultKind> {
    // Bytes are never fewer than characters, so most titles need no counting.
    if title_template.len() > MAX_TITLE && title_template.chars().count() > MAX_TITLE {
        return Err(SectionFaultKind::TitleTooLong);
    }
    Ok(())
}

/// Checks a configuration by itself.
///
/// # Errors
///
/// [`SectionFaultKind::ConfigTooLarge`] or [`SectionFaultKind::ConfigNotJson`].
pub fn check_config(config: &str) -> Result<(), SectionFaultKind> {
    if config.len() > MAX_CONFIG_BYTES {
        return Err(SectionFaultKind::ConfigTooLarge);
    }
    match serde_json::from_str::<Value>(config) {
        Ok(value) if !holds_nul(&value) => Ok(()),
        Ok(_) | Err(_) => Err(SectionFaultKind::ConfigNotJson),
    }
}

/// Works out which sections a checked tree leaves in a template that has the sections `stored`,
/// a parent before its children.
///
/// `new_id` makes ids for sections that the template does not have yet.
pub fn plan_sections(
    tree: Vec<SectionInput>,
    stored: &[TemplateSection],
    new_id: impl FnMut() -> TemplateSectionId,
) -> Vec<TemplateSection> {
    let known = stored.iter().map(|section| section.id).collect();
    let mut planner = Planner { known, new_id, sections: Vec::new() };
    planner.siblings(None, tree);
    planner.sections
}

/// Works out which sections a checked section comes to that is new with everything inside it.
/// Returns its id as well.
pub fn plan_section(
    section: SectionInput,
    mut new_id: impl FnMut() -> TemplateSectionId,
) -> (TemplateSectionId, Vec<TemplateSection>) {
    let id = new_id();
    let mut planner = Planner { known: HashSet::from([id]), new_id, sections: Vec::new() };
    planner.siblings(None, vec![SectionInput { id: Some(id), ..section }]);
    (id, planner.sections)
}

/// The ids of a section and of every section inside it.
#[must_use]
pub fn subtree(sections: &[TemplateSection], top: TemplateSectionId) -> HashSet<TemplateSectionId> {
    let mut inside = HashSet::from([top]);
    // Rows come in any order, so each round finds at least one more level.
    loop {
        let found =
            sections.iter().filter(|row| row.parent_id.is_some_and(|id| inside.contains(&id)));
        let found: Vec<_> = found.map(|row| row.id).filter(|id| !inside.contains(id)).collect();
        if found.is_empty() {
            return inside;
        }
        inside.extend(found);
    }
}

#[derive(Default)]
struct Check {
    count: usize,
    ids: HashSet<TemplateSectionId>,
    faults: Vec<SectionFault>,
}

impl Check {
    fn siblings(&mut self, path: &str, sections: &[SectionInput], depth: usize) {
        for (index, section) in sections.iter().enumerate() {
            self.count += 1;
            let path = format!("{path}/{index}");
            if depth > MAX_DEPTH {
                self.fault(path, SectionFaultKind::TooDeep);
                return;
            }
            self.section(&path, section);
            self.siblings(&format!("{path}/children"), &section.children, depth + 1);
        }
    }

    fn section(&mut self, path: &str, section: &SectionInput) {
        if section.id.is_some_and(|id| !self.ids.insert(id)) {
            self.fault(format!("{path}/id"), SectionFaultKind::DuplicateId);
        }
        if let Err(kind) = check_title(&section.title_template) {
            self.fault(format!("{path}/titleTemplate"), kind);
        }
        if let Some(Err(kind)) = section.config.as_deref().map(check_config) {
            self.fault(format!("{path}/config"), kind);
        }
    }

    fn finish(self) -> Vec<SectionFault> {
        if self.count > MAX_SECTIONS {
            return vec![SectionFault { pointer: String::new(), kind: SectionFaultKind::TooMany }];
        }
        self.faults
    }

    fn fault(&mut self, pointer: String, kind: SectionFaultKind) {
        self.faults.push(SectionFault { pointer, kind });
    }
}

struct Planner<F> {
    known: HashSet<TemplateSectionId>,
    new_id: F,
    sections: Vec<TemplateSection>,
}

impl<F: FnMut() -> TemplateSectionId> Planner<F> {
    fn siblings(&mut self, parent_id: Option<TemplateSectionId>, sections: Vec<SectionInput>) {
        for (section, sort_order) in sections.into_iter().zip(1..) {
            let known = section.id.filter(|id| self.known.contains(id));
            let id = known.unwrap_or_else(|| (self.new_id)());
            self.sections.push(TemplateSection {
                id,
                parent_id,
                title_template: section.title_template,
                heading_style: section.heading_style,
                section_type: section.section_type,
                sort_order,
                config: section.config,
            });
            self.siblings(Some(id), section.children);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> TemplateSectionId {
        TemplateSectionId::new(Uuid::from_u128(number))
    }

    fn section(known: impl Into<Option<u128>>, children: Vec<SectionInput>) -> SectionInput {
        SectionInput {
            id: known.into().map(id),
            title_template: "Tittel".to_owned(),
            heading_style: HeadingStyle::Deplisteoverskrift2,
            section_type: SectionType::Freetext,
            config: None,
            children,
        }
    }

    fn nested(depth: usize) -> SectionInput {
        let children = if depth == 1 { Vec::new() } else { vec![nested(depth - 1)] };
        section(None, children)
    }

    fn stored(number: u128) -> TemplateSection {
        TemplateSection {
            id: id(number),
            parent_id: None,
            title_template: "Tittel".to_owned(),
            heading_style: HeadingStyle::Deplisteoverskrift2,
            section_type: SectionType::Freetext,
            sort_order: 1,
            config: None,
        }
    }

    /// What a tree leaves and removes; new ids run from 1000 in the order they are asked for.
    fn plan(
        tree: Vec<SectionInput>,
        before: &[u128],
    ) -> (Vec<TemplateSection>, Vec<TemplateSectionId>) {
        let before: Vec<_> = before.iter().copied().map(stored).collect();
        let mut next = 1000;
        let after = plan_sections(tree, &before, || {
            next += 1;
            id(next - 1)
        });
        let removed = SectionDiff::between(&before, &after).removed;
        (after, removed)
    }

    fn faults(tree: &[SectionInput]) -> Vec<(String, SectionFaultKind)> {
        check_sections(tree).into_iter().map(|fault| (fault.pointer, fault.kind)).collect()
    }

    #[test]
    fn known_sections_keep_their_ids_and_new_ones_get_one() {
        let tree = vec![section(2, vec![section(None, vec![]), section(1, vec![])])];
        let (after, removed) = plan(tree, &[1, 2, 3]);
        let rows: Vec<_> =
            after.iter().map(|row| (row.id, row.parent_id, row.sort_order)).collect();
        assert_eq!(rows, [(id(2), None, 1), (id(1000), Some(id(2)), 1), (id(1), Some(id(2)), 2)]);
        assert_eq!(removed, [id(3)]);
    }

    #[test]
    fn an_id_of_another_template_is_as_good_as_none() {
        let (after, removed) = plan(vec![section(77, vec![])], &[1]);
        assert_eq!(after[0].id, id(1000));
        assert_eq!(removed, [id(1)]);
    }

    #[test]
    fn a_section_sent_alone_is_new_with_everything_inside_it() {
        let mut next = 1000;
        let (root, sections) = plan_section(section(1, vec![section(2, vec![])]), || {
            next += 1;
            id(next - 1)
        });
        let rows: Vec<_> = sections.iter().map(|row| (row.id, row.parent_id)).collect();
        assert_eq!(rows, [(root, None), (id(1001), Some(root))]);
    }

    #[test]
    fn faults_of_a_section_sent_alone_are_pointed_at_from_inside_it() {
        let mut alone = section(None, vec![nested(MAX_DEPTH)]);
        alone.config = Some("{".to_owned());
        let pointers: Vec<_> =
            check_section(&alone).into_iter().map(|fault| (fault.pointer, fault.kind)).collect();
        let deepest = "/children/0".repeat(MAX_DEPTH);
        assert_eq!(
            pointers,
            [
                ("/config".to_owned(), SectionFaultKind::ConfigNotJson),
                (deepest, SectionFaultKind::TooDeep),
            ]
        );
    }

    #[test]
    fn an_empty_tree_removes_everything() {
        assert_eq!(plan(vec![], &[1, 2]), (vec![], vec![id(1), id(2)]));
    }

    #[test]
    fn only_what_differs_is_written() {
        let before = [stored(1), stored(2)];
        let mut after = before.clone();
        assert_eq!(SectionDiff::between(&before, &after), SectionDiff::default());
        after[1].config = Some("{}".to_owned());
        let diff = SectionDiff::between(&before, &after);
        assert_eq!((diff.changed, diff.removed), (vec![after[1].clone()], vec![]));
    }

    #[test]
    fn a_section_goes_with_everything_inside_it_in_whatever_order_the_rows_are() {
        let below =
            |number, parent| TemplateSection { parent_id: Some(id(parent)), ..stored(number) };
        let sections = [below(4, 3), below(3, 2), stored(2), stored(1), below(5, 1)];
        assert_eq!(subtree(&sections, id(2)), HashSet::from([id(2), id(3), id(4)]));
        assert_eq!(subtree(&sections, id(5)), HashSet::from([id(5)]));
    }

    #[test]
    fn a_tree_is_as_deep_and_as_large_as_the_limits_and_no_more() {
        assert_eq!(faults(&[nested(MAX_DEPTH)]), []);
        let pointer = format!("/0{}", "/children/0".repeat(MAX_DEPTH));
        assert_eq!(faults(&[nested(MAX_DEPTH + 2)]), [(pointer, SectionFaultKind::TooDeep)]);

        let wide = vec![section(None, vec![]); MAX_SECTIONS];
        assert_eq!(faults(&wide), []);
        let wider = [wide, vec![section(None, vec![])]].concat();
        assert_eq!(faults(&wider), [(String::new(), SectionFaultKind::TooMany)]);
    }

    #[test]
    fn every_fault_is_pointed_at() {
        let mut long = section(1, vec![section(1, vec![])]);
        long.title_template = "æ".repeat(MAX_TITLE + 1);
        let mut broken = section(None, vec![]);
        broken.config = Some("{".to_owned());
        assert_eq!(
            faults(&[long, broken]),
            [
                ("/0/titleTemplate".to_owned(), SectionFaultKind::TitleTooLong),
                ("/0/children/0/id".to_owned(), SectionFaultKind::DuplicateId),
                ("/1/config".to_owned(), SectionFaultKind::ConfigNotJson),
            ]
        );
    }

    #[test]
    fn a_configuration_is_any_json_that_can_be_stored() {
        for config in ["{}", "null", r#"{"ukjent":[1.50,"æ"]}"#] {
            assert_eq!(check_config(config), Ok(()), "{config}");
        }
        for config in ["", "{", r#"{"a":"\u0000"}"#, r#"{"\u0000":1}"#, r#""\ud800""#, "1e999"] {
            assert_eq!(check_config(config), Err(SectionFaultKind::ConfigNotJson), "{config}");
        }
        let large = format!("\"{}\"", "a".repeat(MAX_CONFIG_BYTES));
        assert_eq!(check_config(&large), Err(SectionFaultKind::ConfigTooLarge));
    }

    #[test]
    fn a_title_is_counted_in_characters() {
        assert_eq!(check_title(&"æ".repeat(MAX_TITLE)), Ok(()));
        assert_eq!(check_title(&"æ".repeat(MAX_TITLE + 1)), Err(SectionFaultKind::TitleTooLong));
    }

    fn without_repeated_ids(tree: &mut [SectionInput], seen: &mut HashSet<TemplateSectionId>) {
        for section in tree {
            section.id = section.id.filter(|id| seen.insert(*id));
            without_repeated_ids(&mut section.children, seen);
        }
    }

    /// Trees of any shape, with ids from 0 to 19.
    fn trees() -> impl Strategy<Value = Vec<SectionInput>> {
        let leaf = prop::option::of(0_u128..20).prop_map(|known| section(known, vec![]));
        let node = leaf.prop_recursive(4, 40, 4, |inner| {
            (prop::option::of(0_u128..20), prop::collection::vec(inner, 0..4))
                .prop_map(|(known, children)| section(known, children))
        });
        prop::collection::vec(node, 0..5).prop_map(|mut tree| {
            without_repeated_ids(&mut tree, &mut HashSet::new());
            tree
        })
    }

    proptest! {
        #[test]
        fn a_plan_keeps_or_removes_every_stored_section_and_names_no_section_twice(
            tree in trees(),
            before in prop::collection::hash_set(0_u128..20, 0..20),
        ) {
            prop_assert!(check_sections(&tree).is_empty());
            let before: Vec<u128> = before.into_iter().collect();
            let (after, removed) = plan(tree, &before);
            let kept: HashSet<_> = after.iter().map(|row| row.id).collect();
            prop_assert_eq!(kept.len(), after.len());
            for number in before {
                prop_assert!(kept.contains(&id(number)) != removed.contains(&id(number)));
            }
            let mut seen = HashSet::new();
            for row in &after {
                prop_assert!(row.parent_id.is_none_or(|parent| seen.contains(&parent)));
                seen.insert(row.id);
            }
        }
    }
}
