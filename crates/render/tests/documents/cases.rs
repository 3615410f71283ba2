//! Thirty cases: every section, every block, and some comments whose text is gone.

use chrono::DateTime;
use domain::content::{ContentField, FlatFields};
use domain::document::Document;
use domain::exported_case::ExportedCase;
use domain::money::ThousandNok;
use domain::origin::Origin;
use domain::rich_text::{Comment, case_sections};
use domain::status::Status;
use render::report::{CaseInput, Report, case_report};
use serde_json::{Value, json};

use crate::source::{Made, made_at};

/// How many there are.
pub(crate) const COUNT: usize = 30;

const BLOCKS: [&str; 6] =
    ["paragraph", "bulletList", "orderedList", "blockquote", "codeBlock", "horizontalRule"];

/// A case and what its document is made of.
pub(crate) struct Case {
    pub(crate) made: Made,
    pub(crate) document: Value,
    title: String,
    /// Whether a comment's text has been deleted since.
    has_orphan: bool,
}

/// All of them.
pub(crate) fn all() -> Vec<Case> {
    (1..=COUNT).map(case).collect()
}

fn case(number: usize) -> Case {
    let mut made = Made::new(format!("case-{number:02}"), u64::try_from(number).unwrap());
    let fields = ContentField::ALL.into_iter().skip(number % 4).step_by(1 + number % 3);
    let sections: Vec<Value> = fields.map(|field| section(&mut made, field)).collect();
    let document = json!({
        "type": "caseDocument", "attrs": { "caseId": null, "version": number },
        "content": sections,
    });
    let title = format!("Økt satsing nr. {number} på rein luft & grønn energi");
    Case { made, document, title, has_orphan: number.is_multiple_of(5) }
}

fn section(made: &mut Made, field: ContentField) -> Value {
    let label = field.label();
    let count = usize::try_from(made.roll(8)).unwrap();
    // An empty section is a heading and an empty line.
    let blocks =
        if count == 0 { vec![json!({ "type": "paragraph" })] } else { made.blocks(&BLOCKS, count) };
    json!({
        "type": "caseSection",
        "attrs": { "fieldKey": field.as_str(), "label": label, "required": false },
        "content": [
            { "type": "sectionTitle", "attrs": { "level": 2 },
              "content": [{ "type": "text", "text": label }] },
            { "type": "sectionContent", "content": blocks },
        ],
    })
}

impl Case {
    fn document(&self) -> Document {
        Document::try_from(self.document.clone()).unwrap()
    }

    fn comments(&self) -> Vec<Comment> {
        let mut comments = self.made.comments();
        comments.extend(self.has_orphan.then(|| Comment {
            anchor: "borte".to_owned(),
            author: "Ola Ødegård".to_owned(),
            at: made_at(),
            text: "Teksten min er slettet".to_owned(),
            resolved: false,
            replies: Vec::new(),
        }));
        comments
    }

    pub(crate) fn report(&self) -> Report {
        let sections = case_sections(&self.document());
        let case = self.exported();
        let comments = self.comments();
        case_report(CaseInput { case: &case, sections: &sections, comments, made_at: made_at() })
    }

    fn exported(&self) -> ExportedCase {
        ExportedCase {
            case_name: self.title.clone(),
            department_code: "KLD".to_owned(),
            department_name: "Klima- og miljødepartementet".to_owned(),
            budget_round_name: "AUG2026".to_owned(),
            chapter: Some("1420".to_owned()),
            post: Some("01".to_owned()),
            amount: Some(ThousandNok::new(12_000)),
            fin_amount: Some(ThousandNok::new(-3_500)),
            gov_amount: None,
            case_type: "Satsingsforslag".to_owned(),
            status: Status::SendtTilRegjeringen,
            assigned_to_name: None,
            fin_assigned_to_name: None,
            created_by_name: "Ola Nordmann".to_owned(),
            responsible_division: None,
            fin_list_placement: None,
            priority_number: None,
            origin: Origin::Fag,
            version: 2,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
            texts: FlatFields::default(),
        }
    }

    /// What other programs must find in the document.
    pub(crate) fn told(&self) -> Value {
        let flat = self.document().flat();
        let told = |field: ContentField| (field.label(), flat.get(field));
        let flat: Vec<_> = ContentField::ALL.into_iter().map(told).collect();
        json!({
            "kind": "case",
            "title": self.title,
            "texts": [self.document],
            "flat": flat,
            "comments": self.made.told_comments(),
            "orphans": usize::from(self.has_orphan),
        })
    }
}
