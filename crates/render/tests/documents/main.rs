//! Thirty cases and three department lists that hold every node, mark and section type there is.
//!
//! Each is written as Word (lists as PDF too) into `documents` below cargo's folder for test files,
//! with what it was made of beside it as JSON. There the suite `documents` of `cargo xtask test`
//! opens them with python-docx, `LibreOffice` and the tools of poppler, and compares what those see
//! with what the JSON says: two readings of the contract that share no line of code.

#[cfg(test)]
mod cases;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod ministry;
#[cfg(test)]
mod source;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::ops::ControlFlow;
    use std::path::{Path, PathBuf};

    use domain::list_template::SectionType;
    use render::docx::Template;
    use render::pdf::{FONT_DIR, FONT_FILES, Fonts};
    use render::report::{
        DepartmentListInput, PictureFonts, Report, department_list_report, read_pictures,
    };
    use render::{docx, pdf};
    use serde_json::{Value, json};

    use crate::source::{Made, made_at};
    use crate::{cases, lists, ministry};

    /// Node types of the contract (documents contract 1.1, 1.2 and 3).
    const NODES: [&str; 15] = [
        "caseDocument",
        "caseSection",
        "sectionTitle",
        "sectionContent",
        "paragraph",
        "bulletList",
        "orderedList",
        "listItem",
        "blockquote",
        "codeBlock",
        "horizontalRule",
        "hardBreak",
        "text",
        "heading",
        "image",
    ];
    /// Mark types of the contract (1.3).
    const MARKS: [&str; 10] = [
        "bold",
        "italic",
        "underline",
        "strike",
        "code",
        "link",
        "insertion",
        "deletion",
        "formatChange",
        "comment",
    ];

    /// The types below a value: of its nodes, and of their marks.
    fn types(value: &Value, nodes: &mut BTreeSet<String>, marks: &mut BTreeSet<String>) {
        let kind = |value: &Value| value["type"].as_str().map(str::to_owned);
        nodes.extend(kind(value));
        marks.extend(value["marks"].as_array().into_iter().flatten().filter_map(kind));
        for child in value["content"].as_array().into_iter().flatten() {
            types(child, nodes, marks);
        }
    }

    #[test]
    fn every_node_mark_and_section_type_is_in_the_test_data() {
        let (mut nodes, mut marks, mut sections) = Default::default();
        for case in cases::all() {
            types(&case.document, &mut nodes, &mut marks);
        }
        for list in lists::all() {
            for text in &list.made.texts {
                types(text, &mut nodes, &mut marks);
            }
            lists::section_types(&list.printed.sections, &mut sections);
        }
        for node in NODES.into_iter().chain(["doc"]) {
            assert!(nodes.contains(node), "no {node}");
        }
        for mark in MARKS {
            assert!(marks.contains(mark), "no {mark}");
        }
        assert_eq!(sections, SectionType::ALL.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn documents_are_written_for_other_programs_to_read() {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("documents");
        // What an earlier run left behind must not be taken for this one's.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let picture_fonts =
            PictureFonts::of_files(FONT_FILES.map(|file| fs::read(font_dir().join(file)).unwrap()));
        let fonts = Fonts::read(|file| fs::read(font_dir().join(file))).unwrap();
        for case in cases::all() {
            let name = folder.join(&case.made.name);
            word(&case.report(), &name);
            fs::write(name.with_extension("json"), case.told().to_string()).unwrap();
        }
        for list in lists::all() {
            let name = folder.join(&list.made.name);
            let pictures = read_pictures(lists::picture_files(), &picture_fonts);
            let input = DepartmentListInput {
                list: &list.printed,
                pictures: &pictures,
                comments: list.made.comments(),
                made_at: made_at(),
            };
            let report = department_list_report(input);
            word(&report, &name);
            let mut file = fs::File::create(name.with_extension("pdf")).unwrap();
            pdf::write(&report, &fonts, &mut file, &mut |_, _| ControlFlow::Continue(())).unwrap();
            fs::write(name.with_extension("json"), list.told().to_string()).unwrap();
            if list.made.name == "list-1" {
                in_template(&report, list.told(), &folder.join("list-1-template"));
            }
        }
        let written = fs::read_dir(&folder).unwrap().count();
        assert_eq!(written, 2 * cases::COUNT + 3 * lists::COUNT + 2);
    }

    fn font_dir() -> PathBuf {
        std::env::var_os("EXPORT_FONT_DIR").map_or_else(|| FONT_DIR.into(), PathBuf::from)
    }

    fn word(report: &Report, name: &Path) {
        fs::write(name.with_extension("docx"), docx::to_bytes(report, None).unwrap()).unwrap();
    }

    /// The same list in a ministry's template, whose look it must have.
    fn in_template(report: &Report, mut told: Value, name: &Path) {
        let made_by_word = docx::to_bytes(report, None).unwrap();
        let (_, picture) = &lists::picture_files()[0];
        let template = ministry::template(&made_by_word, picture);
        let template = Template::read(&template).unwrap();
        let bytes = docx::to_bytes(report, Some(&template)).unwrap();
        fs::write(name.with_extension("docx"), bytes).unwrap();
        told["template"] = json!({
            "header": ministry::HEADER, "margin": ministry::MARGIN, "color": ministry::COLOR,
        });
        fs::write(name.with_extension("json"), told.to_string()).unwrap();
    }

    #[test]
    fn the_same_seed_makes_the_same_data() {
        let told = |made: &Made| made.name.clone();
        for (one, other) in cases::all().iter().zip(cases::all()) {
            assert_eq!((told(&one.made), one.told()), (told(&other.made), other.told()));
        }
    }
}
