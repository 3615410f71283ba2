//! A department list as the client shows it (api 20.1, D-16).
//!
//! The client never fetches the template of a list. It takes a case section's `contentJson` for its
//! render config, and every section it gets for something to draw. So, on the way out, case sections
//! without a content of their own are given their template's configuration, and sections that only
//! tell how cases are rendered are left out. Nothing of this is stored, and the printed list does
//! without it.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::department_list::ListSection;
use crate::list_template::SectionType;

/// Value of the subgroup that takes the entries which match none of the configured ones.
///
/// It appears in answers only; a client that sends it back means the entry as it is.
pub const OTHERS: &str = "uten_plassering";

/// Title of that subgroup.
pub const OTHERS_TITLE: &str = "Uten plassering";

/// The sections a client is shown, configured for it.
#[must_use]
pub fn for_client(sections: Vec<ListSection>) -> Vec<ListSection> {
    let shown = sections.into_iter().filter(|section| !section.section_type.is_structural());
    shown
        .map(|mut section| {
            if section.section_type.takes_cases() && section.content_json.is_none() {
                configure(&mut section);
            }
            section.children = for_client(section.children);
            section
        })
        .collect()
}

fn configure(section: &mut ListSection) {
    let entry_template =
        section.children.iter().find(|child| child.section_type == SectionType::CaseEntryTemplate);
    let mut config = RenderConfig::of_template(section.config.as_ref(), entry_template);
    for entry in &mut section.entries {
        entry.subgroup = config.subgroup_of(entry.subgroup.take());
    }
    section.content_json = config.into_json();
}

/// A render config in the making.
struct RenderConfig {
    config: Map<String, Value>,
    /// Values of the configured subgroups.
    subgroups: HashSet<String>,
    has_others: bool,
}

impl RenderConfig {
    fn of_template(config: Option<&Value>, entry_template: Option<&ListSection>) -> Self {
        let mut config = config.and_then(Value::as_object).cloned().unwrap_or_default();
        // The client prints wrong values for some keys and nothing for others (20.1).
        config.remove("fields");
        let mut subgroups = HashSet::new();
        for subgroup in members(config.get_mut("subgroups")) {
            if subgroup.get("title").is_none_or(says_nothing)
                && let Some(label) = subgroup.get("label").cloned()
            {
                subgroup.insert("title".to_owned(), label);
            }
            subgroups.extend(subgroup.get("value").and_then(Value::as_str).map(str::to_owned));
        }
        if config.get("heading_format").is_none_or(says_nothing)
            && let Some(format) = entry_template.and_then(heading_format)
        {
            config.insert("heading_format".to_owned(), format.into());
        }
        Self { config, subgroups, has_others: false }
    }

    /// The subgroup under which the client shows an entry that has this one.
    fn subgroup_of(&mut self, subgroup: Option<String>) -> Option<String> {
        let is_shown = subgroup.as_ref().is_some_and(|value| self.subgroups.contains(value));
        if self.subgroups.is_empty() || is_shown {
            return subgroup;
        }
        self.has_others = true;
        Some(OTHERS.to_owned())
    }

    /// The text; `None` when there is nothing to configure.
    fn into_json(mut self) -> Option<String> {
        if self.has_others
            && !self.subgroups.contains(OTHERS)
            && let Some(Value::Array(subgroups)) = self.config.get_mut("subgroups")
        {
            subgroups.push(json!({ "value": OTHERS, "title": OTHERS_TITLE }));
        }
        (!self.config.is_empty()).then(|| Value::Object(self.config).to_string())
    }
}

/// The objects in a list; nothing when it is no list.
fn members(list: Option<&mut Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    let items = list.and_then(Value::as_array_mut).map(Vec::as_mut_slice).unwrap_or_default();
    items.iter_mut().filter_map(Value::as_object_mut)
}

fn says_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}

/// How an entry template words the heading of a case: by its configuration, else by its own title.
fn heading_format(entry_template: &ListSection) -> Option<&str> {
    let configured = entry_template.config.as_ref().and_then(|config| config.get("heading_format"));
    let configured = configured.and_then(Value::as_str).filter(|format| !format.is_empty());
    configured.or(Some(&entry_template.title_template)).filter(|format| !format.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::FlatFields;
    use crate::department_list::ListEntry;
    use crate::ids::{CaseId, ListEntryId, ListSectionId, TemplateSectionId};
    use crate::list_template::HeadingStyle;

    fn section(section_type: SectionType, config: impl Into<Option<Value>>) -> ListSection {
        ListSection {
            id: ListSectionId::nil(),
            template_section_id: TemplateSectionId::nil(),
            parent_id: None,
            title: None,
            sort_order: 1,
            content_json: None,
            section_type,
            heading_style: HeadingStyle::Deplisteoverskrift3,
            title_template: "{priority} {case_name}".to_owned(),
            config: config.into(),
            children: Vec::new(),
            entries: Vec::new(),
            figures: Vec::new(),
        }
    }

    fn entry(subgroup: Option<&str>) -> ListEntry {
        ListEntry {
            id: ListEntryId::nil(),
            section_id: ListSectionId::nil(),
            case_id: CaseId::nil(),
            case_name: String::new(),
            case_type: String::new(),
            subgroup: subgroup.map(str::to_owned),
            sort_order: 1,
            override_content: None,
            priority_number: None,
            amount: None,
            fin_amount: None,
            gov_amount: None,
            texts: FlatFields::default(),
            document: None,
            conclusions: Vec::new(),
        }
    }

    fn group(config: impl Into<Option<Value>>, subgroups: &[Option<&str>]) -> ListSection {
        let entries = subgroups.iter().copied().map(entry).collect();
        ListSection { entries, ..section(SectionType::CaseGroup, config) }
    }

    fn shown(section: ListSection) -> ListSection {
        for_client(vec![section]).remove(0)
    }

    fn config_of(section: &ListSection) -> Value {
        serde_json::from_str(section.content_json.as_deref().unwrap()).unwrap()
    }

    fn subgroups_of(section: &ListSection) -> Vec<Option<&str>> {
        section.entries.iter().map(|entry| entry.subgroup.as_deref()).collect()
    }

    #[test]
    fn a_case_section_without_content_shows_its_templates_config() {
        let config = json!({
            "case_type_filter": "satsingsforslag", "summary_table": true,
            "intro_text_template": "I alt {total_amount}.", "unknown": [1],
        });
        for kind in
            [SectionType::CaseGroup, SectionType::DecisionsSection, SectionType::SummarySection]
        {
            assert_eq!(config_of(&shown(section(kind, config.clone()))), config, "{kind}");
        }
    }

    #[test]
    fn content_of_its_own_is_left_alone() {
        let own = ListSection {
            content_json: Some("{\"summary_table\":false}".to_owned()),
            ..group(json!({ "subgroups": [{ "value": "a_list", "title": "A" }] }), &[None])
        };
        assert_eq!(shown(own.clone()), own);
        let text = section(SectionType::Freetext, json!({ "description": "Hjelp" }));
        assert_eq!(shown(text).content_json, None);
    }

    #[test]
    fn fields_are_left_out() {
        let config = json!({ "fields": [{ "key": "amount" }], "has_conclusion": true });
        let decisions = shown(section(SectionType::DecisionsSection, config));
        assert_eq!(config_of(&decisions), json!({ "has_conclusion": true }));
    }

    #[test]
    fn a_subgroup_without_title_gets_its_label() {
        let config = json!({ "subgroups": [
            { "value": "a_list", "label": "A-listen" },
            { "value": "b_list", "title": "B", "label": "B-listen" },
            { "value": "c", "title": null, "label": "C" },
            { "value": "d" },
            "not an object",
        ] });
        let subgroups = config_of(&shown(group(config, &[])))["subgroups"].take();
        let titles: Vec<_> =
            subgroups.as_array().unwrap().iter().map(|one| one["title"].as_str()).collect();
        assert_eq!(titles, [Some("A-listen"), Some("B"), Some("C"), None, None]);
    }

    #[test]
    fn entries_of_no_configured_subgroup_come_last_under_a_subgroup_of_their_own() {
        let config = json!({ "subgroups": [{ "value": "a_list", "title": "A" }] });
        let group = shown(group(config, &[Some("a_list"), None, Some("b_list")]));
        assert_eq!(subgroups_of(&group), [Some("a_list"), Some(OTHERS), Some(OTHERS)]);
        let subgroups = config_of(&group)["subgroups"].take();
        assert_eq!(subgroups[1], json!({ "value": OTHERS, "title": OTHERS_TITLE }));
        assert_eq!(subgroups.as_array().unwrap().len(), 2);
    }

    #[test]
    fn the_extra_subgroup_is_only_there_when_it_is_needed() {
        let config = json!({ "subgroups": [{ "value": "a_list", "title": "A" }] });
        let matching = shown(group(config.clone(), &[Some("a_list")]));
        assert_eq!(config_of(&matching), config);
        let own = json!({ "subgroups": [{ "value": OTHERS, "title": "Resten" }] });
        let configured = shown(group(own.clone(), &[None]));
        assert_eq!(config_of(&configured), own);
        assert_eq!(subgroups_of(&configured), [Some(OTHERS)]);
    }

    #[test]
    fn without_subgroups_entries_keep_theirs() {
        for config in [json!({}), json!({ "subgroups": [] }), json!({ "subgroups": "x" }), json!(7)]
        {
            let group = shown(group(config, &[None, Some("a_list")]));
            assert_eq!(subgroups_of(&group), [None, Some("a_list")]);
        }
    }

    #[test]
    fn the_heading_is_that_of_the_entry_template_unless_the_group_has_one() {
        let with_child = |own: Value, child: Value| {
            let children = vec![section(SectionType::CaseEntryTemplate, child)];
            let group = ListSection { children, ..group(own, &[]) };
            config_of(&shown(group))["heading_format"].take()
        };
        let child = json!({ "heading_format": "{case_name}" });
        assert_eq!(with_child(json!({ "heading_format": "Sak" }), child.clone()), "Sak");
        assert_eq!(with_child(json!({}), child.clone()), "{case_name}");
        assert_eq!(with_child(json!({ "heading_format": null }), child), "{case_name}");
        assert_eq!(with_child(json!({}), Value::Null), "{priority} {case_name}");
    }

    #[test]
    fn a_group_with_nothing_to_configure_has_no_config() {
        assert_eq!(shown(group(None, &[None])).content_json, None);
    }

    #[test]
    fn structural_sections_are_left_out_at_every_level() {
        let children = SectionType::ALL.map(|kind| section(kind, None)).into();
        let inner = ListSection { children, ..section(SectionType::FixedContent, None) };
        let outer = ListSection { children: vec![inner], ..section(SectionType::Freetext, None) };
        let shown = for_client(vec![outer, section(SectionType::AutoTable, None)]);
        assert_eq!(shown.len(), 1);
        let kinds: Vec<_> =
            shown[0].children[0].children.iter().map(|child| child.section_type).collect();
        let expected: Vec<_> =
            SectionType::ALL.into_iter().filter(|kind| !kind.is_structural()).collect();
        assert_eq!(kinds, expected);
        assert_eq!(SectionType::ALL.len() - kinds.len(), 3);
    }
}
