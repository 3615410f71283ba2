//! A department list as a document (documents contract 5).
//!
//! Sections are printed depth-first. A group prints its cases as its configuration says: its own
//! when it has one, else its template's. Structural sections have no output of their own; they tell
//! how their parent is printed.

mod config;
mod entry;
mod group;

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use domain::department_list::{DepartmentList, ListFigure, ListHead, ListSection};
use domain::list_template::SectionType;
use domain::rich_text::RichText;
use serde_json::Value;

use super::flow::Flow;
use super::{Block, Comment, PRODUCT, Pictures, Report, Style};
use crate::text::day_text;

/// Level of the first headings inside a text: below the three that are numbered.
const TEXT_HEADING: u8 = 4;

/// What a list's document is made of, already without what its reader may not see.
#[derive(Debug)]
pub struct DepartmentListInput<'a> {
    /// The list.
    pub list: &'a DepartmentList,
    /// Pictures by their addresses; [`picture_sources`] names the addresses.
    pub pictures: &'a Pictures,
    /// Comments of the cases in the list, root comments only. Those without a place in the text are
    /// left out: a list has no title page to collect them on.
    pub comments: Vec<Comment>,
    /// When the document is made.
    pub made_at: DateTime<Utc>,
}

/// Builds the document of a department list.
#[must_use]
pub fn department_list_report(input: DepartmentListInput<'_>) -> Report {
    let DepartmentListInput { list, pictures, comments, made_at } = input;
    let head = &list.head;
    let mut printer = Printer { flow: Flow::new(pictures, TEXT_HEADING), head };
    list.sections.iter().for_each(|section| printer.section(section));
    let mut report = Report {
        title: format!("Departementsliste – {} – {}", head.department_name, head.budget_round_name),
        creator: PRODUCT.to_owned(),
        header: format!("{} – {}", head.department_name, head.budget_round_name),
        footer: format!("Departementsliste {}, laget {}", head.department_code, day_text(made_at)),
        blocks: printer.flow.blocks,
        lists: printer.flow.lists,
        comments,
        made_at,
    };
    keep_anchored_comments(&mut report);
    report
}

/// The addresses of all pictures that the list shows.
#[must_use]
pub fn picture_sources(list: &DepartmentList) -> BTreeSet<String> {
    let mut sources = BTreeSet::new();
    list.sections.iter().for_each(|section| add_sources(section, &mut sources));
    sources
}

fn add_sources(section: &ListSection, sources: &mut BTreeSet<String>) {
    sources.extend(section.figures.iter().map(|figure| figure.file_url.clone()));
    sources.extend(figure_of_content(section).map(|(url, _)| url));
    let overrides = section.entries.iter().filter_map(|entry| entry.override_content.as_deref());
    for json in section.content_json.as_deref().into_iter().chain(overrides) {
        RichText::from_json_text(json).each_image(&mut |image| {
            sources.insert(image.src.clone());
        });
    }
    section.children.iter().for_each(|child| add_sources(child, sources));
}

fn keep_anchored_comments(report: &mut Report) {
    let mut anchored = HashSet::new();
    report.each_span(|span| {
        anchored.extend(span.marks.comments.iter().map(|mark| mark.id.clone()));
    });
    report.comments.retain(|comment| anchored.contains(&comment.anchor));
}

/// Writes the sections of one list.
struct Printer<'a> {
    flow: Flow<'a>,
    head: &'a ListHead,
}

impl Printer<'_> {
    fn section(&mut self, section: &ListSection) {
        if section.section_type.is_structural() {
            return;
        }
        let title = section.title.as_deref().unwrap_or_default().trim();
        if !title.is_empty() {
            self.flow.heading(Style::from(section.heading_style), title);
        }
        match section.section_type {
            SectionType::DepartmentHeader => self.classification(),
            SectionType::FixedContent | SectionType::Freetext => self.content(section),
            SectionType::FigurePlaceholder => self.figures(section),
            SectionType::CaseGroup
            | SectionType::SummarySection
            | SectionType::DecisionsSection => self.group(section),
            // Said above: how the parent is printed, not what.
            SectionType::CaseSubgroup | SectionType::CaseEntryTemplate | SectionType::AutoTable => {
            }
        }
        section.children.iter().for_each(|child| self.section(child));
    }

    fn classification(&mut self) {
        let text = self.head.classification_text.as_deref().unwrap_or_default().trim();
        if !text.is_empty() {
            self.flow.blocks.push(Block::Classification(text.to_uppercase()));
        }
    }

    fn content(&mut self, section: &ListSection) {
        if let Some(json) = &section.content_json {
            self.written(&RichText::from_json_text(json).trimmed());
        }
        section.figures.iter().for_each(|figure| self.uploaded(figure));
    }

    /// A text, unless there is none.
    fn written(&mut self, text: &RichText) {
        if !text.is_blank() {
            self.flow.text(text);
        }
    }

    fn figures(&mut self, section: &ListSection) {
        if !section.figures.is_empty() {
            section.figures.iter().for_each(|figure| self.uploaded(figure));
        } else if let Some((url, caption)) = figure_of_content(section) {
            self.figure(&url, 100, caption.as_deref());
        } else {
            self.expected(section);
        }
    }

    fn uploaded(&mut self, figure: &ListFigure) {
        let width = u8::try_from(figure.width_percent.clamp(1, 100)).unwrap_or(100);
        self.figure(&figure.file_url, width, figure.caption.as_deref());
    }

    fn figure(&mut self, url: &str, width_percent: u8, caption: Option<&str>) {
        let caption = caption.unwrap_or_default().trim();
        self.flow.figure(url, width_percent, caption);
        if !caption.is_empty() {
            self.flow.heading(Style::FigureCaption, caption);
        }
    }

    /// A mark and the caption for each figure that the template expects here.
    fn expected(&mut self, section: &ListSection) {
        let listed = section.config.as_ref().and_then(|config| config["figures"].as_array());
        let captions: Vec<&str> = listed
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .map(|figure| figure["caption"].as_str().unwrap_or_default())
            .collect();
        if captions.is_empty() {
            self.flow.missing("");
        }
        for caption in captions {
            self.flow.missing("");
            if !caption.is_empty() {
                self.flow.heading(Style::FigureCaption, caption);
            }
        }
    }
}

/// Address and caption of the figure that a section's content names (documents contract 3).
fn figure_of_content(section: &ListSection) -> Option<(String, Option<String>)> {
    let content: Value = serde_json::from_str(section.content_json.as_deref()?).ok()?;
    let url = content["file_url"].as_str().filter(|url| !url.is_empty())?.to_owned();
    Some((url, content["caption"].as_str().map(str::to_owned)))
}

#[cfg(test)]
mod tests;
