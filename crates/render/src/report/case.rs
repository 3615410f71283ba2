//! One case as a document (documents contract 4.1).

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::export::ExportField;
use domain::exported_case::ExportedCase;
use domain::rich_text::{CaseSection, CommentMark, Span};

use super::flow::Flow;
use super::{Block, Comment, Fact, PRODUCT, Paragraph, Pictures, Report, Style};
use crate::text::field_text;

/// What is known of a case first, in the contract's order, after department and budget item.
const FACTS: [ExportField; 5] = [
    ExportField::CaseType,
    ExportField::Status,
    ExportField::Amount,
    ExportField::FinAmount,
    ExportField::GovAmount,
];

/// Everything a case's document is made of, already without what its reader may not see.
#[derive(Clone, Debug)]
pub struct CaseInput<'a> {
    /// The case.
    pub case: &'a ExportedCase,
    /// Its text.
    pub sections: &'a [CaseSection],
    /// Its comments, root comments only, each with its replies.
    pub comments: Vec<Comment>,
    /// When the document is made.
    pub made_at: DateTime<Utc>,
}

/// Builds the document of one case.
#[must_use]
pub fn case_report(input: CaseInput<'_>) -> Report {
    let CaseInput { case, sections, comments, made_at } = input;
    let pictures = Pictures::new();
    let mut flow = Flow::new(&pictures, 3);
    flow.heading(Style::Heading1, &case.case_name);
    flow.blocks.push(Block::Facts(facts(case)));
    for section in sections {
        if !section.label.is_empty() {
            flow.heading(Style::Heading2, &section.label);
        }
        flow.text(&section.body);
    }
    let mut report = Report {
        title: case.case_name.clone(),
        creator: PRODUCT.to_owned(),
        header: format!("{} – {}", case.department_name, case.budget_round_name),
        footer: case.case_name.clone(),
        blocks: flow.blocks,
        lists: flow.lists,
        comments,
        made_at,
    };
    anchor_orphans(&mut report);
    report
}

fn facts(case: &ExportedCase) -> Vec<Fact> {
    let fact = |label: &str, value: String| Fact { label: label.to_owned(), value };
    let mut facts = vec![
        fact("Departement", case.department_name.clone()),
        fact("Budsjettrunde", case.budget_round_name.clone()),
    ];
    facts.extend(budget_item(case).map(|item| fact("Kapittel/post", item)));
    let known =
        FACTS.into_iter().filter_map(|field| Some((field.header(), field_text(case, field)?)));
    facts.extend(known.map(|(label, value)| fact(label, value)));
    facts
}

/// As in `kap. 0042, post 01`.
fn budget_item(case: &ExportedCase) -> Option<String> {
    let chapter = case.chapter.as_ref().map(|chapter| format!("kap. {chapter}"));
    let post = case.post.as_ref().map(|post| format!("post {post}"));
    let parts: Vec<String> = chapter.into_iter().chain(post).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Lays comments whose text is gone on the title, so that they are not lost (documents contract 4.4).
fn anchor_orphans(report: &mut Report) {
    let mut anchored = HashSet::new();
    report.each_span(|span| {
        anchored.extend(span.marks.comments.iter().map(|mark| mark.id.clone()));
    });
    let orphans: Vec<CommentMark> = report
        .comments
        .iter()
        .filter(|comment| !anchored.contains(&comment.anchor))
        .map(|comment| CommentMark { id: comment.anchor.clone(), resolved: comment.resolved })
        .collect();
    let title = report.blocks.iter_mut().find_map(|block| match block {
        Block::Paragraph(Paragraph { spans, .. }) => spans.first_mut(),
        _ => None,
    });
    if let Some(Span { marks, .. }) = title {
        marks.comments.extend(orphans);
    }
}
