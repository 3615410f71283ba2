//! The department-list templates (seed-data 6): the contract's 21 sections for `mars`, and the
//! recommended shorter one for `august`, without which the open round has no matching template.

use chrono::{DateTime, Utc};
use domain::list_template::SectionType;
use domain::list_template::SectionType::{
    AutoTable, CaseEntryTemplate, CaseGroup, CaseSubgroup, DecisionsSection, DepartmentHeader,
    FigurePlaceholder, FixedContent, Freetext, SummarySection,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::copy::JsonText;
use super::ids::{stable_id, utc};
use super::people::{ADMIN_EMAIL, user_id};
use super::rows::{TemplateRow, TemplateSectionRow};

const HEADER: &str = "Deplisteoverskrift1";
const CHAPTER: &str = "Deplisteoverskrift2";
const SECTION: &str = "Deplisteoverskrift3";
const GROUP: &str = "Overskrift5";
const CASE: &str = "Overskrift7";

const CLASSIFICATION: &str = "STRENGT FORTROLIG, jf. beskyttelsesinstruksen § 4. Unntatt offentlighet, jf. offentleglova § 14";

/// One section of a template, with the number of its parent in the same list (0 = none).
pub(super) struct SectionSpec {
    pub(super) number: usize,
    pub(super) parent: usize,
    pub(super) title: &'static str,
    style: &'static str,
    pub(super) kind: SectionType,
    pub(super) config: Option<Value>,
}

/// A template and its sections.
pub(super) struct Template {
    key: &'static str,
    name: &'static str,
    round_type: &'static str,
    created_at: DateTime<Utc>,
    pub(super) sections: Vec<SectionSpec>,
}

impl Template {
    pub(super) fn mars() -> Self {
        Self {
            key: "mars",
            name: "Marskonferansen 2027",
            round_type: "mars",
            created_at: utc((2025, 11, 15), (9, 0, 0)),
            sections: numbered(mars_sections()),
        }
    }

    pub(super) fn august() -> Self {
        Self {
            key: "august",
            name: "Augustkonferansen 2026",
            round_type: "august",
            created_at: utc((2025, 11, 16), (9, 0, 0)),
            sections: numbered(august_sections()),
        }
    }

    pub(super) fn id(&self) -> Uuid {
        stable_id("template", self.key)
    }

    pub(super) fn section_id(&self, number: usize) -> Uuid {
        stable_id("template_section", &format!("{} {number}", self.key))
    }

    pub(super) fn row(&self) -> TemplateRow {
        TemplateRow {
            id: self.id(),
            name: self.name,
            budget_round_type: self.round_type,
            department_name_placeholder: "XX",
            classification_text: Some(CLASSIFICATION),
            created_by: user_id(ADMIN_EMAIL),
            created_at: self.created_at,
            updated_at: self.created_at,
        }
    }

    pub(super) fn section_rows(&self) -> Vec<TemplateSectionRow> {
        self.sections
            .iter()
            .zip(1..)
            .map(|(section, sort_order)| TemplateSectionRow {
                id: self.section_id(section.number),
                template_id: self.id(),
                parent_id: (section.parent > 0).then(|| self.section_id(section.parent)),
                title_template: section.title,
                heading_style: section.style,
                section_type: section.kind.as_str(),
                sort_order,
                config: section.config.as_ref().map(JsonText::of),
            })
            .collect()
    }
}

fn section(
    parent: usize,
    title: &'static str,
    style: &'static str,
    kind: SectionType,
    config: impl Into<Option<Value>>,
) -> SectionSpec {
    SectionSpec { number: 0, parent, title, style, kind, config: config.into() }
}

fn numbered(mut sections: Vec<SectionSpec>) -> Vec<SectionSpec> {
    for (index, section) in sections.iter_mut().enumerate() {
        section.number = index + 1;
    }
    sections
}

fn subgroups(first: &str, second: &str) -> Value {
    json!([{ "value": "a_list", "title": first }, { "value": "b_list", "title": second }])
}

fn savings_group() -> Value {
    json!({
        "case_type_filter": "budsjettiltak",
        "subgroup_field": "fin_list_placement",
        "subgroups": subgroups("A-listen (innsparing)", "B-listen (innsparing)"),
        "summary_table": false,
    })
}

fn initiatives_group() -> Value {
    json!({
        "case_type_filter": "satsingsforslag",
        "subgroup_field": "fin_list_placement",
        "subgroups": subgroups("A-listen (satsing)", "Ikke på A-listen (satsing)"),
        // The amount carries its unit already.
        "intro_text_template":
            "Det tilrås satsinger på til sammen {total_amount} for {department_name}.",
        "summary_table": true,
    })
}

fn summary_table() -> Value {
    json!({
        "table_type": "satsingsforslag_summary",
        "columns": ["priority", "case_name", "amount", "fin_amount"],
    })
}

fn placement(list: &str) -> Value {
    json!({ "list_placement": list })
}

fn figures(figures: &[(&str, &str)]) -> Value {
    let figures: Value =
        figures.iter().map(|(kind, caption)| json!({ "type": kind, "caption": caption })).collect();
    json!({ "figures": figures })
}

/// How one case is rendered when only its proposal is shown.
fn plain_entry() -> Value {
    json!({
        "heading_format": "{case_name}",
        "fields": [{ "key": "proposal_text", "render_as": "paragraph" }],
    })
}

const INITIATIVE_TITLE: &str = "{department_abbrev}s pri. {priority} {case_name}";

fn initiative_entry() -> Value {
    json!({
        "heading_format": INITIATIVE_TITLE,
        "fields": [
            { "key": "proposal_text", "render_as": "paragraph" },
            {
                "key": "amount", "render_as": "inline",
                "format": "{department_abbrev}s forslag: {value}",
            },
            { "key": "fin_amount", "render_as": "inline", "format": "FINs tilråding: {value}" },
        ],
    })
}

fn decision_fields() -> Value {
    json!([
        { "key": "description", "render_as": "paragraph" },
        { "key": "fin_r_conclusion", "render_as": "conclusion_list" },
    ])
}

fn decisions() -> Value {
    with_conclusions(json!({ "fields": decision_fields() }))
}

fn decision_entry() -> Value {
    with_conclusions(json!({ "heading_format": "{case_name}", "fields": decision_fields() }))
}

/// A section whose cases end with their lettered conclusions.
fn with_conclusions(mut config: Value) -> Value {
    config["has_conclusion"] = true.into();
    config["conclusion_style"] = "Konklusjonbokstavert".into();
    config["conclusion_numbering"] = "alphabetic".into();
    config
}

fn mentions() -> Value {
    json!({ "case_type_filter": "andre_saker" })
}

/// The contract's table, row by row in its order.
#[rustfmt::skip]
fn mars_sections() -> Vec<SectionSpec> {
    let description = json!({
        "description": "Kort om målene for sektoren, hvor langt de er nådd, og hva som gjenstår.",
    });
    let both = figures(&[
        ("sector_diagram", "Fordeling av utgiftene på områder"),
        ("bar_chart", "Utvikling i utgiftene de siste ti årene"),
    ]);
    let changes = figures(&[("bar_chart", "Endringer fra saldert budsjett")]);
    vec![
        section(0, "{department_name}", HEADER, DepartmentHeader, None),
        section(1, "Mål, status og prioriteringer i fireårsperioden", CHAPTER, FixedContent, None),
        section(2, "Mål og statusvurdering", SECTION, FixedContent, description),
        section(2, "Budsjettutvikling", SECTION, FigurePlaceholder, both),
        section(2, "Overordnet om strukturarbeid", CASE, Freetext, None),
        section(2, "Utdypende om utvalgte prioriteringer", SECTION, Freetext, None),
        section(1, "Beslutninger om 2027-budsjettet", CHAPTER, FixedContent, None),
        section(7, "Budsjettendringer", SECTION, FigurePlaceholder, changes),
        section(7, "Innsparingstiltak", SECTION, CaseGroup, savings_group()),
        section(9, "A-listen (innsparing)", GROUP, CaseSubgroup, placement("a_list")),
        section(9, "B-listen (innsparing)", GROUP, CaseSubgroup, placement("b_list")),
        section(9, "{case_name}", CASE, CaseEntryTemplate, plain_entry()),
        section(7, "Satsingsforslag", SECTION, CaseGroup, initiatives_group()),
        section(13, "Oppsummering satsingsforslag", GROUP, AutoTable, summary_table()),
        section(13, "A-listen (satsing)", GROUP, CaseSubgroup, placement("a_list")),
        section(13, "Ikke på A-listen (satsing)", GROUP, CaseSubgroup, placement("b_list")),
        section(13, INITIATIVE_TITLE, CASE, CaseEntryTemplate, initiative_entry()),
        section(1, "Andre viktige beslutninger", CHAPTER, DecisionsSection, decisions()),
        section(18, "{case_name}", SECTION, CaseEntryTemplate, decision_entry()),
        section(1, "Omtalesaker", CHAPTER, SummarySection, mentions()),
        section(20, "{case_name}", SECTION, CaseEntryTemplate, plain_entry()),
    ]
}

/// Augustkonferansen settles the budget, so the part on goals and structure is left out.
#[rustfmt::skip]
fn august_sections() -> Vec<SectionSpec> {
    vec![
        section(0, "{department_name}", HEADER, DepartmentHeader, None),
        section(1, "Innledning og hovedprioriteringer", CHAPTER, Freetext, None),
        section(1, "Forslag til 2027-budsjettet", CHAPTER, FixedContent, None),
        section(3, "Innsparingstiltak", SECTION, CaseGroup, savings_group()),
        section(4, "A-listen (innsparing)", GROUP, CaseSubgroup, placement("a_list")),
        section(4, "B-listen (innsparing)", GROUP, CaseSubgroup, placement("b_list")),
        section(4, "{case_name}", CASE, CaseEntryTemplate, plain_entry()),
        section(3, "Satsingsforslag", SECTION, CaseGroup, initiatives_group()),
        section(8, "Oppsummering satsingsforslag", GROUP, AutoTable, summary_table()),
        section(8, "A-listen (satsing)", GROUP, CaseSubgroup, placement("a_list")),
        section(8, "Ikke på A-listen (satsing)", GROUP, CaseSubgroup, placement("b_list")),
        section(8, INITIATIVE_TITLE, CASE, CaseEntryTemplate, with_conclusions(initiative_entry())),
        section(1, "Andre viktige beslutninger", CHAPTER, DecisionsSection, decisions()),
        section(13, "{case_name}", SECTION, CaseEntryTemplate, decision_entry()),
        section(1, "Omtalesaker", CHAPTER, SummarySection, mentions()),
        section(15, "{case_name}", SECTION, CaseEntryTemplate, with_conclusions(plain_entry())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(template: &Template) -> Vec<String> {
        let mut counters = [0; 3];
        let mut outline = Vec::new();
        for section in &template.sections {
            let level = match section.style {
                HEADER => 0,
                CHAPTER => 1,
                SECTION if section.kind != CaseEntryTemplate => 2,
                _ => continue,
            };
            counters[level] += 1;
            counters[level + 1..].fill(0);
            let number: Vec<String> = counters[..=level].iter().map(ToString::to_string).collect();
            outline.push(format!("{} {}", number.join("."), section.title));
        }
        outline
    }

    #[test]
    fn the_mars_template_has_21_sections_numbered_as_the_contract_expects() {
        let template = Template::mars();
        assert_eq!(template.sections.len(), 21);
        let outline = outline(&template);
        let numbers: Vec<&str> = outline.iter().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(
            numbers,
            ["1", "1.1", "1.1.1", "1.1.2", "1.1.3", "1.2", "1.2.1", "1.2.2", "1.2.3", "1.3", "1.4"]
        );
        assert!(outline.contains(&"1.2.3 Satsingsforslag".to_owned()));
    }

    #[test]
    fn parents_come_before_their_children_and_sort_order_runs_through() {
        for template in [Template::mars(), Template::august()] {
            assert!(template.sections.iter().all(|section| section.parent < section.number));
            let orders: Vec<i32> =
                template.section_rows().iter().map(|row| row.sort_order).collect();
            assert!(orders.iter().copied().eq(1..=i32::try_from(orders.len()).unwrap()));
        }
    }

    #[test]
    fn titles_do_not_repeat_the_word_departementet_nor_the_unit() {
        for template in [Template::mars(), Template::august()] {
            for section in &template.sections {
                assert!(!section.title.contains("{department_name}departement"));
                let intro = section.config.as_ref().and_then(|c| c["intro_text_template"].as_str());
                assert!(intro.is_none_or(|text| !text.contains("{total_amount} mill")));
            }
        }
    }
}
