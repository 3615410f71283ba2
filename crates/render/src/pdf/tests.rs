//! What a finished file says of itself, read back with the library that did not lay it out.

use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::OnceLock;

use chrono::DateTime;
use domain::rich_text::{Change, CommentMark, Link, ListMarker, Marks, Revision, Span};
use image::{DynamicImage, ImageFormat};
use lopdf::{Dictionary, Document, Object};

use super::*;
use crate::report::{
    Block, Column, Comment, Fact, Figure, ListItem, ListKind, ListSpec, Paragraph, Picture,
    PictureFonts, Reply, Style, Table,
};

pub(super) fn font_bytes(name: &str) -> std::io::Result<Vec<u8>> {
    let folder = std::env::var("EXPORT_FONT_DIR").unwrap_or_else(|_| FONT_DIR.to_owned());
    std::fs::read(Path::new(&folder).join(name))
}

pub(super) fn fonts() -> &'static Fonts {
    static FONTS: OnceLock<Fonts> = OnceLock::new();
    FONTS.get_or_init(|| Fonts::read(font_bytes).expect("package fonts-crosextra-carlito"))
}

pub(super) fn png(width: u32, height: u32, transparent: bool) -> Vec<u8> {
    let image = if transparent {
        DynamicImage::new_rgba8(width, height)
    } else {
        DynamicImage::new_rgb8(width, height)
    };
    encoded(&image, ImageFormat::Png)
}

pub(super) fn jpeg(width: u32, height: u32) -> Vec<u8> {
    encoded(&DynamicImage::new_rgb8(width, height), ImageFormat::Jpeg)
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn report(blocks: Vec<Block>) -> Report {
    Report {
        title: "Departementsliste – Klima- og miljødepartementet".to_owned(),
        creator: "Statsbudsjettportalen".to_owned(),
        header: "Topptekst".to_owned(),
        footer: "Bunntekst".to_owned(),
        blocks,
        lists: Vec::new(),
        comments: Vec::new(),
        made_at: DateTime::from_timestamp(1_780_000_000, 0).unwrap(),
    }
}

fn paragraph(style: Style, spans: Vec<Span>) -> Block {
    Block::Paragraph(Paragraph { style, spans, ..Paragraph::default() })
}

fn text(text: impl Into<String>) -> Block {
    paragraph(Style::Body, vec![Span::plain(text)])
}

fn heading(style: Style, text: &str) -> Block {
    paragraph(style, vec![Span::plain(text)])
}

fn written(report: &Report) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(report, fonts(), &mut bytes, &mut |_, _| ControlFlow::Continue(())).unwrap();
    bytes
}

/// A finished file, read back.
struct Read(Document);

impl Read {
    fn of(report: &Report) -> Self {
        Self(Document::load_mem(&written(report)).unwrap())
    }

    fn of_blocks(blocks: Vec<Block>) -> Self {
        Self::of(&report(blocks))
    }

    fn page_count(&self) -> usize {
        self.0.get_pages().len()
    }

    /// The text of one page, from 1, with its words parted by one space.
    fn page(&self, number: u32) -> String {
        let text = self.0.extract_text(&[number]).unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn text(&self) -> String {
        let pages = self.0.get_pages();
        pages.keys().map(|page| self.page(*page)).collect::<Vec<_>>().join(" ")
    }

    fn catalog(&self) -> &Dictionary {
        self.0.catalog().unwrap()
    }

    fn dict<'a>(&'a self, object: &'a Object) -> &'a Dictionary {
        self.0.dereference(object).unwrap().1.as_dict().unwrap()
    }

    /// Every object of this `Type` and `Subtype`.
    fn objects(&self, kind: &str, subtype: &str) -> Vec<&Dictionary> {
        let is = |dict: &Dictionary, key: &str, name: &str| {
            dict.get(key.as_bytes()).and_then(Object::as_name).is_ok_and(|n| n == name.as_bytes())
        };
        let dicts = self.0.objects.values().filter_map(|object| match object {
            Object::Dictionary(dict) => Some(dict),
            Object::Stream(stream) => Some(&stream.dict),
            _ => None,
        });
        let fits = |dict: &&Dictionary| {
            is(dict, "Type", kind) && (subtype.is_empty() || is(dict, "Subtype", subtype))
        };
        dicts.filter(fits).collect()
    }

    /// Titles of the outline in order, each with its depth.
    fn outline(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        if let Ok(root) = self.catalog().get(b"Outlines") {
            self.outline_below(self.dict(root), 0, &mut found);
        }
        found
    }

    fn outline_below(&self, parent: &Dictionary, depth: usize, found: &mut Vec<(usize, String)>) {
        let mut next = parent.get(b"First").ok();
        while let Some(entry) = next.map(|entry| self.dict(entry)) {
            let title = lopdf::decode_text_string(entry.get(b"Title").unwrap()).unwrap();
            found.push((depth, title));
            self.outline_below(entry, depth + 1, found);
            next = entry.get(b"Next").ok();
        }
    }
}

#[test]
fn an_empty_report_is_one_page_with_its_margins() {
    let read = Read::of_blocks(vec![]);
    assert_eq!(read.page_count(), 1);
    assert_eq!(read.page(1), "Topptekst Bunntekst Side 1 av 1");
}

#[test]
fn every_page_says_which_it_is_of_how_many() {
    let read = Read::of_blocks((0..120).map(|n| text(format!("Avsnitt {n}"))).collect());
    let total = read.page_count();
    assert!(total > 2);
    for number in 1..=total {
        let page = read.page(u32::try_from(number).unwrap());
        assert!(page.contains(&format!("Side {number} av {total}")), "{page}");
    }
}

#[test]
fn every_word_is_there_once_and_in_order() {
    let words: Vec<String> = (0..3_000).map(|n| format!("ord{n}")).collect();
    let blocks = words.chunks(70).map(|chunk| text(chunk.join(" "))).collect();
    let text = Read::of_blocks(blocks).text();
    let found: Vec<&str> = text.split(' ').filter(|word| word.starts_with("ord")).collect();
    assert_eq!(found, words);
}

#[test]
fn norwegian_letters_and_signs_can_be_copied_out() {
    let said = "Blåbærsyltetøy ÆØÅ «sitat» – 10 % − 5 § 3 é ò à č đ ŋ š ŧ ž €";
    let read = Read::of_blocks(vec![text(said)]);
    assert!(read.page(1).contains(said), "{}", read.page(1));
}

#[test]
fn fonts_are_embedded_as_subsets() {
    let blocks = vec![heading(Style::Heading1, "Tittel"), text("Brød"), text("tekst")];
    let read = Read::of_blocks(blocks);
    let names: Vec<String> = read
        .objects("FontDescriptor", "")
        .iter()
        .map(|font| {
            assert!(font.has(b"FontFile2"));
            String::from_utf8(font.get(b"FontName").unwrap().as_name().unwrap().to_vec()).unwrap()
        })
        .collect();
    assert_eq!(names.len(), 2, "only the faces in use: {names:?}");
    for name in names {
        let (tag, face) = name.split_once('+').unwrap();
        assert!(tag.len() == 6 && tag.chars().all(|c| c.is_ascii_uppercase()), "{name}");
        assert!(face.starts_with("Carlito-"), "{name}");
    }
}

#[test]
fn two_pages_are_a_small_file() {
    let said = "Bevilgningen foreslås økt med 12 mill. kroner i 2027, jf. omtale. ".repeat(8);
    let blocks = [heading(Style::Heading1, "Tittel")].into_iter();
    let report = report(blocks.chain((0..9).map(|_| text(said.clone()))).collect());
    assert_eq!(Read::of(&report).page_count(), 2);
    let size = written(&report).len();
    assert!(size < 60_000, "{size} bytes");
}

#[test]
fn the_document_says_its_title_language_and_time() {
    let read = Read::of_blocks(vec![]);
    let catalog = read.catalog();
    assert_eq!(catalog.get(b"Lang").unwrap().as_str().unwrap(), b"nb-NO");
    let preferences = read.dict(catalog.get(b"ViewerPreferences").unwrap());
    assert!(preferences.get(b"DisplayDocTitle").unwrap().as_bool().unwrap());
    let information = read.dict(read.0.trailer.get(b"Info").unwrap());
    let title = lopdf::decode_text_string(information.get(b"Title").unwrap()).unwrap();
    assert_eq!(title, "Departementsliste – Klima- og miljødepartementet");
    let made = information.get(b"CreationDate").unwrap().as_str().unwrap();
    assert_eq!(made, b"D:20260528202640Z");
}

#[test]
fn headings_are_numbered_and_lead_from_the_outline() {
    let read = Read::of_blocks(vec![
        heading(Style::ListHeading1, "Klima- og miljødepartementet"),
        heading(Style::ListHeading2, "Store satsinger"),
        heading(Style::Group, "A-listen"),
        heading(Style::Case, "Økt satsing"),
        heading(Style::ListHeading2, "Øvrige saker"),
        heading(Style::ListHeading1, "Vedlegg"),
    ]);
    let outline = [
        (0, "1 Klima- og miljødepartementet"),
        (1, "1.1 Store satsinger"),
        (2, "A-listen"),
        (3, "Økt satsing"),
        (1, "1.2 Øvrige saker"),
        (0, "2 Vedlegg"),
    ];
    assert_eq!(read.outline(), outline.map(|(depth, title)| (depth, title.to_owned())));
    assert!(read.page(1).contains("1.2 Øvrige saker"), "{}", read.page(1));
}

#[test]
fn a_report_without_headings_has_no_outline() {
    assert!(!Read::of_blocks(vec![text("Tekst")]).catalog().has(b"Outlines"));
}

fn table(rows: usize) -> Block {
    let column = |title: &str, numeric, width| Column { title: title.into(), numeric, width };
    Block::Table(Table {
        columns: vec![
            column("Nr.", true, 10),
            column("Sak", false, 60),
            column("Forslag", true, 30),
        ],
        rows: (1..=rows).map(|n| vec![n.to_string(), format!("Sak{n}"), "1 250".into()]).collect(),
        sum: Some(vec![String::new(), "Totalsum".into(), "12 500".into()]),
    })
}

#[test]
fn a_table_repeats_its_header_on_every_page_and_sums_once() {
    let read = Read::of_blocks(vec![table(120)]);
    let total = u32::try_from(read.page_count()).unwrap();
    assert!(total > 2);
    for page in 1..=total {
        assert_eq!(read.page(page).matches("Forslag").count(), 1, "page {page}");
    }
    let text = read.text();
    assert_eq!(text.matches("Totalsum").count(), 1);
    for n in 1..=120 {
        assert_eq!(text.split(' ').filter(|word| *word == format!("Sak{n}")).count(), 1);
    }
}

#[test]
fn the_sum_is_never_alone_on_a_page() {
    for rows in 25..60 {
        let read = Read::of_blocks(vec![table(rows)]);
        let last = read.page(u32::try_from(read.page_count()).unwrap());
        assert!(
            last.contains(&format!("Sak{rows} ")) && last.contains("Totalsum"),
            "{rows}: {last}"
        );
    }
}

#[test]
fn a_heading_is_never_last_on_a_page() {
    for lines in 30..50 {
        let mut blocks: Vec<Block> = (0..lines).map(|_| text("Linje")).collect();
        blocks.push(heading(Style::Heading2, "Overskriften"));
        blocks.push(text("Teksten"));
        let read = Read::of_blocks(blocks);
        for page in 1..=u32::try_from(read.page_count()).unwrap() {
            let page = read.page(page);
            assert_eq!(page.contains("Overskriften"), page.contains("Teksten"), "{lines}: {page}");
        }
    }
}

#[test]
fn no_paragraph_leaves_a_single_line_behind() {
    let long = format!("Første {} siste.", "ord ".repeat(70));
    for before in 25..50 {
        let mut blocks: Vec<Block> = (0..before).map(|_| text("Linje")).collect();
        blocks.push(text(long.clone()));
        let read = Read::of_blocks(blocks);
        let counts: Vec<usize> = (1..=u32::try_from(read.page_count()).unwrap())
            .map(|page| read.page(page).matches("ord").count())
            .filter(|count| *count > 0)
            .collect();
        // A line takes some twenty of these words.
        assert!(counts.iter().all(|count| *count > 22), "{before}: {counts:?}");
    }
}

#[test]
fn list_items_have_their_markers() {
    let mut report = report(vec![]);
    let marker = |kind, level| ListSpec { kind, level, start: 1 };
    report.lists = vec![
        marker(ListKind::Marker(ListMarker::Decimal), 0),
        marker(ListKind::Marker(ListMarker::Bullet), 1),
        marker(ListKind::Conclusions, 0),
    ];
    let item = |list, number, indent, said: &str| {
        let list = Some(ListItem { list, number });
        let spans = vec![Span::plain(said)];
        Block::Paragraph(Paragraph { list, indent, spans, ..Paragraph::default() })
    };
    report.blocks = vec![
        item(0, 9, 1, "niende"),
        item(1, 1, 2, "under"),
        item(0, 10, 1, "tiende"),
        item(2, 2, 1, "konklusjon"),
    ];
    let page = Read::of(&report).page(1);
    for item in ["9. niende", "• under", "10. tiende", "b) konklusjon"] {
        assert!(page.contains(item), "{item} is not in {page}");
    }
}

#[test]
fn links_lead_where_they_say() {
    let marks = Marks { link: Link::parse("https://regjeringen.no/a?b=(1)"), ..Marks::default() };
    let span = Span { text: "lenke".into(), marks };
    let read = Read::of_blocks(vec![paragraph(Style::Body, vec![span])]);
    let page = read.objects("Page", "")[0];
    let links = page.get(b"Annots").unwrap().as_array().unwrap();
    let action = read.dict(read.dict(&links[0]).get(b"A").unwrap());
    let address = action.get(b"URI").unwrap().as_str().unwrap();
    assert_eq!(address, b"https://regjeringen.no/a?b=(1)");
}

#[test]
fn a_comment_is_a_note_beside_its_text() {
    let comments = vec![CommentMark { id: "k1".into(), resolved: true }];
    let span = Span { text: "omstridt".into(), marks: Marks { comments, ..Marks::default() } };
    let mut report = report(vec![paragraph(Style::Body, vec![span.clone(), span])]);
    let at = report.made_at;
    report.comments = vec![Comment {
        anchor: "k1".into(),
        author: "Kåre Ås".into(),
        at,
        text: "Er dette riktig?".into(),
        resolved: true,
        replies: vec![Reply { author: "Ida Bø".into(), at, text: "Ja.".into() }],
    }];
    let read = Read::of(&report);
    let notes = read.objects("Annot", "Text");
    let [note] = notes[..] else { panic!("one note, not {}", notes.len()) };
    let said = lopdf::decode_text_string(note.get(b"Contents").unwrap()).unwrap();
    assert_eq!(said, "Er dette riktig? (løst)\n\nIda Bø, 28.05.2026:\nJa.");
}

#[test]
fn tracked_changes_show_both_texts_and_the_outline_only_what_stays() {
    let span = |text: &str, revision| Span {
        text: text.into(),
        marks: Marks { revision, ..Marks::default() },
    };
    let spans = vec![
        span("Gammel ", Some(Revision::Deletion(Change::default()))),
        span("Ny ", Some(Revision::Insertion(Change::default()))),
        span("tittel", None),
    ];
    let read = Read::of_blocks(vec![paragraph(Style::Heading1, spans)]);
    assert!(read.page(1).contains("Gammel Ny tittel"));
    assert_eq!(read.outline(), [(0, "Ny tittel".to_owned())]);
}

fn figure(picture: Picture) -> Block {
    Block::Figure(Figure { picture, width_percent: 80, alt: "Kart".into() })
}

#[test]
fn figures_are_embedded_once_and_with_their_caption() {
    let picture = Picture::read(&png(40, 20, true), &PictureFonts::default()).unwrap();
    let caption = heading(Style::FigureCaption, "Figur 1");
    let photo = figure(Picture::read(&jpeg(40, 20), &PictureFonts::default()).unwrap());
    let read = Read::of_blocks(vec![figure(picture.clone()), caption, photo, figure(picture)]);
    // Two pictures, and the transparency of one of them.
    assert_eq!(read.objects("XObject", "Image").len(), 3);
    assert!(read.page(1).contains("Figur 1"));
}

#[test]
fn a_figure_taller_than_a_page_is_made_to_fit() {
    let tall = figure(Picture::read(&png(100, 1_000, false), &PictureFonts::default()).unwrap());
    assert_eq!(Read::of_blocks(vec![tall, heading(Style::FigureCaption, "Tårn")]).page_count(), 1);
}

#[test]
fn a_torn_picture_is_named_and_nothing_else_is_lost() {
    let whole = png(40, 20, false);
    let torn = Picture {
        bytes: whole[..30].into(),
        ..Picture::read(&whole, &PictureFonts::default()).unwrap()
    };
    let read = Read::of_blocks(vec![figure(torn), text("Resten")]);
    assert!(read.page(1).contains("[Figuren kan ikke vises: Kart] Resten"), "{}", read.page(1));
}

#[test]
fn facts_frames_and_rules_are_there() {
    let fact = Fact { label: "Kapittel".into(), value: "1320".into() };
    let blocks = vec![
        Block::Facts(vec![fact]),
        Block::Classification("FORTROLIG".into()),
        Block::Rule,
        Block::PageBreak,
        text("Neste side"),
    ];
    let read = Read::of_blocks(blocks);
    assert_eq!(read.page_count(), 2);
    assert!(read.page(1).contains("Kapittel 1320 FORTROLIG"), "{}", read.page(1));
    assert!(read.page(2).contains("Neste side"));
}

#[test]
fn hostile_text_is_only_text() {
    let hostile = [
        "\u{0}\u{1}\u{1b}[31m",
        "(\\) Tj ET Q endstream endobj %%EOF",
        "<script>alert(1)</script>",
        "\u{202e}sdrawkcab\u{feff}",
        "👩‍👩‍👧‍👦 שלום 中文 ด้",
        &"\u{301}".repeat(500),
        &"x".repeat(20_000),
        &" ".repeat(5_000),
        &"\n".repeat(300),
        "\r\n\u{2028}\u{85}\u{c}",
    ];
    let mut blocks: Vec<Block> = hostile.iter().map(|said| text(*said)).collect();
    blocks.extend(hostile.iter().map(|said| heading(Style::ListHeading2, said)));
    blocks.push(text("Til slutt"));
    let read = Read::of_blocks(blocks);
    let all = read.text();
    assert!(all.contains("(\\) Tj ET Q endstream endobj %%EOF"), "{all}");
    assert!(all.contains("Til slutt"));
}

#[test]
fn deep_indentation_leaves_room_for_text() {
    let spans = vec![Span::plain("dypt")];
    let deep = Paragraph { indent: u8::MAX, spans, ..Paragraph::default() };
    assert!(Read::of_blocks(vec![Block::Paragraph(deep)]).page(1).contains("dypt"));
}

#[test]
fn a_writer_that_fails_is_an_error() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut watch = |_, _| ControlFlow::Continue(());
    assert!(write(&report(vec![]), fonts(), Full, &mut watch).is_err());
}

#[test]
fn whoever_waits_sees_it_grow_and_can_end_it_at_any_point() {
    let report = report(vec![text("a"), Block::PageBreak, text("b")]);
    let mut seen = Vec::new();
    let mut watch = |done, total| {
        seen.push((done, total));
        ControlFlow::Continue(())
    };
    write(&report, fonts(), &mut Vec::new(), &mut watch).unwrap();
    // Three blocks are set, then two pages are printed at once.
    assert_eq!(seen, [(0, 6), (1, 6), (2, 6), (2, 4)]);

    for asked in 1..=4 {
        let mut left = asked;
        let mut watch = |_, _| {
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let stopped = write(&report, fonts(), &mut Vec::new(), &mut watch);
        assert!(matches!(stopped, Err(PdfError::Stopped(_))), "asked {asked} times");
    }
}
