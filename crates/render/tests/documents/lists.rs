//! Three department lists of 3, 9 and 40 cases with sections of every type.

use std::collections::BTreeSet;
use std::io::Cursor;

use chrono::DateTime;
use domain::content::{ContentField, FlatFields};
use domain::department_list::{
    DepartmentList, ListEntry, ListFigure, ListHead, ListSection, ListStatus,
};
use domain::ids::{
    BudgetRoundId, CaseId, DepartmentId, DepartmentListId, ListEntryId, ListFigureId,
    ListSectionId, TemplateId, TemplateSectionId, UserId,
};
use domain::list_template::{HeadingStyle, SectionType};
use domain::money::ThousandNok;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};

use crate::source::Made;

/// How many there are.
pub(crate) const COUNT: usize = 3;
/// Cases in each.
const CASES: [usize; COUNT] = [3, 9, 40];

const FIGURE: &str = "/uploads/figures/utslipp.png";
const PHOTO: &str = "/uploads/images/foto.jpg";
const DRAWING: &str = "/uploads/figures/diagram.svg";
const MOVING: &str = "/uploads/figures/film.gif";
const SMALL: &str = "/uploads/figures/kart.webp";
const BLOCKS: [&str; 7] = [
    "paragraph",
    "bulletList",
    "orderedList",
    "blockquote",
    "codeBlock",
    "horizontalRule",
    "heading",
];
/// What is told of a case, in the order in which it is printed.
const FIELDS: [ContentField; 2] = [ContentField::ProposalText, ContentField::FinAssessment];

/// A list and what its document is made of.
pub(crate) struct List {
    pub(crate) made: Made,
    pub(crate) printed: DepartmentList,
    headings: Vec<(&'static str, String)>,
    /// Number of conclusions of each case that has any.
    conclusions: Vec<usize>,
    /// Number of rows of each table, header and sum included.
    tables: Vec<usize>,
}

/// All of them.
pub(crate) fn all() -> Vec<List> {
    (1..).zip(CASES).map(|(number, cases)| list(number, cases)).collect()
}

/// The types of some sections and those in them.
pub(crate) fn section_types(sections: &[ListSection], types: &mut Vec<SectionType>) {
    let mut all: Vec<&ListSection> = sections.iter().collect();
    while let Some(section) = all.pop() {
        types.push(section.section_type);
        all.extend(&section.children);
    }
    let known: BTreeSet<&str> = types.iter().map(|kind| kind.as_str()).collect();
    *types = SectionType::ALL.into_iter().filter(|kind| known.contains(kind.as_str())).collect();
}

/// The files that figures and pictures name; one that is named is missing.
pub(crate) fn picture_files() -> Vec<(String, Vec<u8>)> {
    let picture = RgbImage::from_fn(480, 240, |x, y| {
        let share = |part: u32, whole: u32| u8::try_from(part * 255 / whole).unwrap();
        Rgb([share(x, 480), share(y, 240), 90])
    });
    let picture = DynamicImage::from(picture);
    let file = |address: &str, format| {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        (address.to_owned(), bytes.into_inner())
    };
    let drawing = "<svg xmlns='http://www.w3.org/2000/svg' width='300' height='120'>\
        <rect x='20' y='30' width='80' height='80' fill='#1f3864'/>\
        <rect x='120' y='60' width='80' height='50' fill='#cc0000'/>\
        <text x='20' y='20' font-family='Calibri' font-size='16'>Utslipp på Østlandet</text></svg>";
    vec![
        file(FIGURE, ImageFormat::Png),
        file(PHOTO, ImageFormat::Jpeg),
        (DRAWING.to_owned(), drawing.as_bytes().to_vec()),
        file(MOVING, ImageFormat::Gif),
        file(SMALL, ImageFormat::WebP),
    ]
}

fn list(number: u64, cases: usize) -> List {
    let made = Made::new(format!("list-{number}"), 100 + number);
    let mut writer = Writer { made, headings: Vec::new(), conclusions: Vec::new(), tables: vec![] };
    let sections = writer.sections(cases);
    let Writer { made, headings, conclusions, tables } = writer;
    let head = ListHead {
        id: DepartmentListId::nil(),
        template_id: TemplateId::nil(),
        template_name: "Augustkonferansen 2026".to_owned(),
        classification_text: Some("Strengt fortrolig, jf. beskyttelsesinstruksen § 4".to_owned()),
        budget_round_id: BudgetRoundId::nil(),
        budget_round_name: "AUG2026".to_owned(),
        department_id: DepartmentId::nil(),
        department_code: "KLD".to_owned(),
        department_name: "Klima- og miljødepartementet".to_owned(),
        status: ListStatus::InProgress,
        created_by: UserId::nil(),
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    };
    List { made, printed: DepartmentList { head, sections }, headings, conclusions, tables }
}

impl List {
    /// What other programs must find in the document.
    pub(crate) fn told(&self) -> Value {
        json!({
            "kind": "list",
            "texts": self.made.texts,
            "headings": self.headings,
            "conclusions": self.conclusions,
            "tables": self.tables,
            "pictures": 5,
            "comments": self.made.told_comments(),
            "orphans": 0,
        })
    }
}

/// Makes sections and keeps what they must look like.
struct Writer {
    made: Made,
    headings: Vec<(&'static str, String)>,
    conclusions: Vec<usize>,
    tables: Vec<usize>,
}

impl Writer {
    /// Sections of every type around this many cases: about a half in a group, the rest to be
    /// decided or mentioned.
    fn sections(&mut self, cases: usize) -> Vec<ListSection> {
        let header = self.section(SectionType::DepartmentHeader, "Klima- og miljødepartementet");
        let header = ListSection { heading_style: HeadingStyle::Deplisteoverskrift1, ..header };
        self.headings[0].0 = "Deplisteoverskrift1";
        let fixed = self.written(SectionType::FixedContent, "Generelt om rammene");
        let free = self.written(SectionType::Freetext, "Departementets vurdering");
        let figures = self.figures();
        let group = self.group(cases.div_ceil(2));
        let decisions = self.decisions(cases / 3);
        let mentioned = self.mentioned(cases - cases.div_ceil(2) - cases / 3);
        vec![ListSection {
            children: vec![fixed, free, figures, group, decisions, mentioned],
            ..header
        }]
    }

    fn section(&mut self, section_type: SectionType, title: &str) -> ListSection {
        if !title.is_empty() {
            self.headings.push(("Deplisteoverskrift2", title.to_owned()));
        }
        ListSection {
            id: ListSectionId::nil(),
            template_section_id: TemplateSectionId::nil(),
            parent_id: None,
            title: Some(title.to_owned()),
            sort_order: 1,
            content_json: None,
            section_type,
            heading_style: HeadingStyle::Deplisteoverskrift2,
            title_template: String::new(),
            config: None,
            children: Vec::new(),
            entries: Vec::new(),
            figures: Vec::new(),
        }
    }

    /// A section of text, with a picture in it.
    fn written(&mut self, section_type: SectionType, title: &str) -> ListSection {
        let section = self.section(section_type, title);
        let mut blocks = self.made.blocks(&BLOCKS, 9);
        let src =
            if section_type == SectionType::Freetext { PHOTO } else { "/uploads/images/0.png" };
        let attrs = json!({ "src": src, "alt": "Et foto", "title": null, "width": 200 });
        blocks.push(json!({ "type": "image", "attrs": attrs }));
        blocks.push(json!({ "type": "paragraph" }));
        let text = json!({ "type": "doc", "content": blocks });
        self.made.texts.push(text.clone());
        ListSection { content_json: Some(text.to_string()), ..section }
    }

    fn figures(&mut self) -> ListSection {
        let section = self.section(SectionType::FigurePlaceholder, "Utslipp");
        let figure = |url: &str, caption: &str, width_percent| ListFigure {
            id: ListFigureId::nil(),
            section_id: ListSectionId::nil(),
            file_url: url.to_owned(),
            file_type: "png".to_owned(),
            caption: Some(caption.to_owned()),
            width_percent,
            sort_order: 1,
            uploaded_by: UserId::nil(),
            uploaded_at: DateTime::UNIX_EPOCH,
        };
        let figures = vec![
            figure(FIGURE, "Figur 1. Utslipp av CO₂", 60),
            figure("/uploads/figures/borte.png", "Figur 2. Borte", 100),
            figure(DRAWING, "Figur 3. Diagram", 80),
            figure(MOVING, "Figur 4. Første bilde av en film", 20),
            figure(SMALL, "Figur 5. Kart", 30),
        ];
        ListSection { figures, ..section }
    }

    fn group(&mut self, cases: usize) -> ListSection {
        let section = self.section(SectionType::CaseGroup, "Satsingsforslag");
        let config = json!({
            "intro_text_template":
                "{department_name} har {count} forslag på A-listen, i alt {total_amount}.",
            "summary_table": true,
            "subgroups": [
                { "value": "a_list", "title": "A-listen" }, { "value": "b_list", "title": "B-listen" },
            ],
        });
        self.tables.push(cases + 2);
        let mut entries = Vec::new();
        for (place, title) in
            [("a_list", "A-listen"), ("b_list", "B-listen"), ("", "Uten plassering")]
        {
            let in_it = (0..cases).filter(|number| number % 3 == entries_of(place)).count();
            if in_it > 0 || !place.is_empty() {
                self.headings.push(("Overskrift5", title.to_owned()));
            }
            for _case in 0..in_it {
                let entry = self.entry(Some(place).filter(|place| !place.is_empty()));
                let name = format!("{}. {}", entry.sort_order, entry.case_name);
                self.headings.push(("Overskrift7", name));
                entries.push(entry);
            }
        }
        let structure = |kind, title: &str| {
            let mut plain = Writer {
                made: Made::new(String::new(), 1),
                headings: vec![],
                conclusions: vec![],
                tables: vec![],
            };
            let section = plain.section(kind, "");
            ListSection { title_template: title.to_owned(), ..section }
        };
        let children = vec![
            structure(SectionType::CaseSubgroup, "A-listen"),
            structure(SectionType::CaseEntryTemplate, "{priority}. {case_name}"),
            structure(SectionType::AutoTable, "Forslagene samlet"),
        ];
        ListSection { config: Some(config), entries, children, ..section }
    }

    fn decisions(&mut self, cases: usize) -> ListSection {
        let section = self.section(SectionType::DecisionsSection, "Forslag til beslutninger");
        let mut entries = Vec::new();
        for number in 0..cases {
            let mut entry = self.entry(None);
            let count = 1 + number % 3;
            entry.conclusions =
                (1..=count).map(|n| format!("Regjeringen slutter seg til punkt {n}.")).collect();
            self.conclusions.push(count);
            self.headings.push(("Overskrift7", entry.case_name.clone()));
            entries.push(entry);
        }
        ListSection { config: Some(json!({ "has_conclusion": true })), entries, ..section }
    }

    fn mentioned(&mut self, cases: usize) -> ListSection {
        let section = self.section(SectionType::SummarySection, "Omtalesaker");
        let mut entries = Vec::new();
        for _case in 0..cases {
            let entry = self.entry(None);
            self.headings.push(("Overskrift7", entry.case_name.clone()));
            entries.push(entry);
        }
        ListSection { entries, ..section }
    }

    /// A case whose text was written into the list, or is the case's own.
    fn entry(&mut self, subgroup: Option<&str>) -> ListEntry {
        let number = self.headings.len();
        let (document, override_content) = if number.is_multiple_of(3) {
            let text = json!({ "type": "doc", "content": self.made.blocks(&BLOCKS, 4) });
            self.made.texts.push(text.clone());
            (None, Some(text.to_string()))
        } else {
            let sections: Vec<Value> = FIELDS.iter().map(|field| self.field(*field)).collect();
            let document = json!({ "type": "caseDocument", "content": sections });
            self.made.texts.push(document.clone());
            (Some(document.to_string()), None)
        };
        let amount = i64::try_from(number).unwrap() * 1_250;
        ListEntry {
            id: ListEntryId::nil(),
            section_id: ListSectionId::nil(),
            case_id: CaseId::nil(),
            case_name: format!("Tiltak {number} for rein luft"),
            case_type: "satsingsforslag".to_owned(),
            subgroup: subgroup.map(str::to_owned),
            sort_order: i32::try_from(number).unwrap(),
            override_content,
            priority_number: None,
            amount: Some(ThousandNok::new(amount)),
            fin_amount: (!number.is_multiple_of(4)).then(|| ThousandNok::new(amount - 500)),
            gov_amount: None,
            texts: FlatFields::default(),
            document,
            conclusions: Vec::new(),
        }
    }

    fn field(&mut self, field: ContentField) -> Value {
        let mut blocks = vec![plain(&self.made.words())];
        blocks.extend(self.made.blocks(&["paragraph", "bulletList", "orderedList"], 3));
        json!({
            "type": "caseSection", "attrs": { "fieldKey": field.as_str() },
            "content": [{ "type": "sectionContent", "content": blocks }],
        })
    }
}

/// A text that is never blank, whatever is inserted or deleted after it.
fn plain(text: &str) -> Value {
    json!({ "type": "paragraph", "content": [{ "type": "text", "text": text }] })
}

/// Which cases of three stand in a place.
fn entries_of(place: &str) -> usize {
    match place {
        "a_list" => 0,
        "b_list" => 1,
        _ => 2,
    }
}
