//! A case list as a document (documents contract 6.3).

use chrono::{DateTime, Utc};
use domain::case_list::CaseListFilters;
use domain::case_type::StandardCaseType;
use domain::export::{ExportField, FieldKind};
use domain::exported_case::ExportedCase;
use domain::rich_text::{RichText, Span};
use domain::status::Status;

use super::flow::Flow;
use super::{PRODUCT, Pictures, Report, Style};
use crate::text::{day_text, field_text};

/// What a case list's document is made of.
#[derive(Clone, Debug)]
pub struct CaseListInput<'a> {
    /// What the list was asked for.
    pub filters: &'a CaseListFilters,
    /// Code of the department, when the list is that of one.
    pub department_code: Option<&'a str>,
    /// Name of the round, when the list is that of one.
    pub round_name: Option<&'a str>,
    /// What is told of each case, in order.
    pub fields: &'a [ExportField],
    /// When the document is made.
    pub made_at: DateTime<Utc>,
}

/// Builds the document of a case list.
#[must_use]
pub fn case_list_report(
    input: &CaseListInput<'_>,
    cases: impl IntoIterator<Item = ExportedCase>,
) -> Report {
    let pictures = Pictures::new();
    let mut flow = Flow::new(&pictures, 3);
    let title = title(input);
    flow.heading(Style::Heading1, &title);
    let mut count = 0_usize;
    for case in cases {
        count += 1;
        one_case(&mut flow, &case, input.fields);
    }
    if count == 0 {
        flow.paragraph(Style::Body, vec![Span::italic("Ingen saker.")]);
    }
    Report {
        title: title.clone(),
        creator: PRODUCT.to_owned(),
        header: title,
        footer: format!("Laget {}", day_text(input.made_at)),
        blocks: flow.blocks,
        lists: flow.lists,
        comments: Vec::new(),
        made_at: input.made_at,
    }
}

/// Round and filter.
fn title(input: &CaseListInput<'_>) -> String {
    let filters = input.filters;
    let parts = [
        Some("Saksliste"),
        input.round_name,
        input.department_code,
        filters.status.as_deref().map(status_label),
        filters.case_type.as_deref().map(case_type_label),
        filters.division.as_deref(),
        filters.search.as_deref(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" – ")
}

/// The label of a status; a word that is none stands for itself.
fn status_label(code: &str) -> &str {
    match code.parse::<Status>() {
        Ok(status) => status.label(),
        Err(_) => code,
    }
}

fn case_type_label(code: &str) -> &str {
    match code.parse::<StandardCaseType>() {
        Ok(case_type) => case_type.label(),
        Err(_) => code,
    }
}

fn one_case(flow: &mut Flow<'_>, case: &ExportedCase, fields: &[ExportField]) {
    flow.heading(Style::Heading2, &case.case_name);
    let short = fields
        .iter()
        .filter(|field| **field != ExportField::CaseName && field.kind() != FieldKind::LongText)
        .filter_map(|field| Some((field.header(), field_text(case, *field)?)));
    let mut line = Vec::new();
    for (label, value) in short {
        let separator = if line.is_empty() { "" } else { "  |  " };
        line.push(Span::plain(format!("{separator}{label}: {value}")));
    }
    if !line.is_empty() {
        flow.paragraph(Style::Body, line);
    }
    let texts = fields.iter().filter_map(|field| {
        let text = case.texts.get(field.content_field()?)?;
        Some((field.header(), text))
    });
    for (label, text) in texts {
        flow.paragraph(Style::Label, vec![Span::plain(label)]);
        flow.text(&RichText::from_flat(text));
    }
}
