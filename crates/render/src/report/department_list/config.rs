//! How a group prints its cases (domain contract 7.4). Keys of the wrong type count as absent.

use domain::department_list::ListSection;
use domain::list_template::{HeadingStyle, SectionType};
use serde_json::Value;

use crate::report::Style;

/// What headings of cases are made of when nothing says otherwise.
const PLAIN_HEADING: &str = "{case_name}";

/// The configuration of a group, with what its entry template adds.
pub(super) struct GroupConfig {
    /// Introductory text with its placeholders.
    pub(super) intro: Option<String>,
    /// Whether a table of all cases comes first.
    pub(super) has_table: bool,
    /// What the table is called, with its placeholders.
    pub(super) table_title: Option<String>,
    /// The subgroups in order; none means that cases are not grouped.
    pub(super) subgroups: Vec<Subgroup>,
    /// Heading of a case with its placeholders.
    pub(super) heading: String,
    /// Style of that heading.
    pub(super) heading_style: Style,
    /// Whether cases end with their conclusions.
    pub(super) has_conclusions: bool,
}

/// A subgroup of a group.
pub(super) struct Subgroup {
    /// Value of the entries that belong to it.
    pub(super) value: String,
    /// Its heading.
    pub(super) title: String,
}

impl GroupConfig {
    /// Reads the group's own configuration, or the template's when it has none (api 20.1).
    pub(super) fn of(group: &ListSection) -> Self {
        let own = group.content_json.as_deref().and_then(|json| serde_json::from_str(json).ok());
        let own: Option<Value> = own.filter(Value::is_object);
        let nothing = Value::Null;
        let config = own.as_ref().or(group.config.as_ref()).unwrap_or(&nothing);
        let entry =
            group.children.iter().find(|c| c.section_type == SectionType::CaseEntryTemplate);
        let entry_config = entry.and_then(|entry| entry.config.as_ref()).unwrap_or(&nothing);
        let table = group.children.iter().find(|c| c.section_type == SectionType::AutoTable);
        let heading = text(config, "heading_format")
            .or_else(|| text(entry_config, "heading_format"))
            .or_else(|| entry.map(|e| e.title_template.clone()).filter(|title| !title.is_empty()));
        Self {
            intro: text(config, "intro_text_template"),
            has_table: is_set(config, "summary_table") || table.is_some(),
            table_title: table.map(|t| t.title_template.clone()).filter(|title| !title.is_empty()),
            subgroups: subgroups(config),
            heading: heading.unwrap_or_else(|| PLAIN_HEADING.to_owned()),
            heading_style: heading_style(group.section_type, entry),
            has_conclusions: is_set(config, "has_conclusion")
                || is_set(entry_config, "has_conclusion"),
        }
    }
}

/// Cases stand unnumbered under their group; decisions and mentions may be numbered sections of
/// their own (documents contract 5.9).
fn heading_style(group: SectionType, entry: Option<&ListSection>) -> Style {
    let numbered = matches!(group, SectionType::DecisionsSection | SectionType::SummarySection)
        && entry.is_some_and(|e| e.heading_style == HeadingStyle::Deplisteoverskrift3);
    if numbered { Style::ListHeading3 } else { Style::Case }
}

fn subgroups(config: &Value) -> Vec<Subgroup> {
    let listed = config["subgroups"].as_array().map_or(&[][..], Vec::as_slice);
    listed
        .iter()
        .filter_map(|subgroup| {
            let value = text(subgroup, "value")?;
            let title = text(subgroup, "title").or_else(|| text(subgroup, "label"));
            Some(Subgroup { title: title.unwrap_or_else(|| value.clone()), value })
        })
        .collect()
}

fn text(object: &Value, key: &str) -> Option<String> {
    let text = object[key].as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn is_set(object: &Value, key: &str) -> bool {
    object[key].as_bool().unwrap_or_default()
}
