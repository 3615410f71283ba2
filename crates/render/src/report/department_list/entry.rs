//! One case of a list (documents contract 5.9).

use domain::content::ContentField;
use domain::department_list::ListEntry;
use domain::document::Document;
use domain::rich_text::{CaseSection, RichText, Span, case_sections};
use serde_json::Value;

use super::Printer;
use super::config::GroupConfig;
use crate::report::{Block, ListItem, ListKind, Paragraph, Style};

/// What is told of a case, in this order, unless somebody wrote something else into the list.
const TEXTS: [ContentField; 4] = [
    ContentField::ProposalText,
    ContentField::FinAssessment,
    ContentField::FinVerbal,
    ContentField::FinRConclusion,
];

impl Printer<'_> {
    pub(super) fn entry(&mut self, entry: &ListEntry, config: &GroupConfig) {
        let heading = self.case_heading(entry, &config.heading);
        self.flow.heading(config.heading_style, heading);
        if let Some(amount) = entry.amount {
            let line = format!("{}s forslag: {}", self.head.department_code, amount.millions());
            self.flow.paragraph(Style::Body, vec![Span::italic(line)]);
        }
        if let Some(amount) = entry.fin_amount {
            let line = format!("FINs tilråding: {}", amount.millions());
            self.flow.paragraph(Style::Body, vec![Span::italic(line)]);
        }
        match &entry.override_content {
            Some(json) => self.written(&RichText::from_json_text(json).trimmed()),
            None => self.own_texts(entry),
        }
        if config.has_conclusions && !entry.conclusions.is_empty() {
            self.conclusions(&entry.conclusions);
        }
    }

    fn case_heading(&self, entry: &ListEntry, format: &str) -> String {
        let priority = entry.priority_number.unwrap_or(entry.sort_order);
        self.named(format)
            .replace("{priority}", &priority.to_string())
            .replace("{case_name}", &entry.case_name)
    }

    fn own_texts(&mut self, entry: &ListEntry) {
        let sections = sections_of(entry);
        for field in TEXTS {
            let text = text_of(entry, &sections, field);
            if !text.is_blank() {
                self.flow.heading(Style::Label, field.label());
                self.flow.text(&text.trimmed());
            }
        }
    }

    /// a) b) c), beginning anew for each case.
    fn conclusions(&mut self, conclusions: &[String]) {
        self.flow.heading(Style::Label, "Konklusjon:");
        let list = self.flow.list(ListKind::Conclusions, 0, 1);
        for (conclusion, number) in conclusions.iter().zip(1..) {
            self.flow.blocks.push(Block::Paragraph(Paragraph {
                style: Style::Conclusion,
                list: Some(ListItem { list, number }),
                indent: 1,
                spans: vec![Span::plain(conclusion.as_str())],
            }));
        }
    }
}

fn sections_of(entry: &ListEntry) -> Vec<CaseSection> {
    let stored =
        entry.document.as_deref().and_then(|json| serde_json::from_str::<Value>(json).ok());
    let document = stored.and_then(|value| Document::try_from(value).ok());
    document.map(|document| case_sections(&document)).unwrap_or_default()
}

/// The text of a field as it was written, else as plain text.
fn text_of(entry: &ListEntry, sections: &[CaseSection], field: ContentField) -> RichText {
    let own = sections.iter().filter(|section| section.field == Some(field));
    let written = RichText { blocks: own.flat_map(|s| s.body.blocks.iter().cloned()).collect() };
    if written.is_blank() {
        RichText::from_flat(entry.texts.get(field).unwrap_or_default())
    } else {
        written
    }
}
