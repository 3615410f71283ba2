//! What a package says of its parts: their types, and which refers to which.

use super::{
    CORE, DOCUMENT, NUMBERING, PACKAGE_RELATIONS, RELATIONS, TYPES, TemplateError, end_of_root,
    parsed,
};

const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml";
const CORE_TYPE: &str = "application/vnd.openxmlformats-package.core-properties+xml";
const CORE_RELATION: &str =
    "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties";
/// What a document has whatever its text says. Everything else that the template's text refers to
/// goes with that text.
const KEPT: [&str; 14] = [
    "styles",
    "stylesWithEffects",
    "numbering",
    "settings",
    "webSettings",
    "fontTable",
    "theme",
    "header",
    "footer",
    "footnotes",
    "endnotes",
    "customXml",
    "glossaryDocument",
    "keyMapCustomizations",
];
/// Parts of comments, which ours replace.
const REMARKS: [&str; 5] =
    ["comments", "commentsExtended", "commentsIds", "commentsExtensible", "people"];

/// The relationships of the template's text that stay.
pub(super) struct Relations {
    text: String,
    /// Parts that go.
    pub(super) dropped: Vec<String>,
}

/// Sorts the relationships of the template's text.
pub(super) fn relations(text: &str) -> Result<Relations, TemplateError> {
    let document = parsed(text, RELATIONS)?;
    let mut kept = String::new();
    let mut dropped = Vec::new();
    for node in document.root_element().children().filter(roxmltree::Node::is_element) {
        let kind = node.attribute("Type").and_then(|kind| kind.rsplit('/').next());
        let kind = kind.unwrap_or_default();
        if KEPT.contains(&kind) {
            kept.push_str(&text[node.range()]);
        } else if REMARKS.contains(&kind) {
            let target = node.attribute("Target").unwrap_or_default();
            dropped.push(match target.strip_prefix('/') {
                Some(absolute) => absolute.to_owned(),
                None => format!("word/{target}"),
            });
        }
    }
    Ok(Relations { text: kept, dropped })
}

impl Relations {
    /// The kept relationships, with one to a numbering part if there was none.
    pub(super) fn with_numbering(self, is_there: bool) -> Result<String, TemplateError> {
        if self.text.contains("/numbering\"") != is_there {
            return Err(TemplateError::Unsupported(RELATIONS));
        }
        let own = format!(
            "<Relationship Id=\"rIdNumbering\" Type=\"{OFFICE}/numbering\" \
             Target=\"numbering.xml\"/>"
        );
        Ok(if is_there { self.text } else { self.text + &own })
    }
}

/// The types of the package as those of a document, and of what we add to every one.
pub(super) fn types(
    text: &str,
    dropped: &[String],
    has_numbering: bool,
    has_core: bool,
) -> Result<String, TemplateError> {
    let document = parsed(text, TYPES)?;
    let mut result = String::new();
    let mut is_word = false;
    let mut extensions = Vec::new();
    for node in document.root_element().children().filter(roxmltree::Node::is_element) {
        let part = node.attribute("PartName").unwrap_or_default().trim_start_matches('/');
        if part == DOCUMENT {
            let kind = node.attribute("ContentType").unwrap_or_default();
            is_word = matches!(
                kind.strip_prefix(MAIN),
                Some(".document.main+xml" | ".template.main+xml")
            );
        } else if !dropped.iter().any(|gone| gone == part) {
            extensions.extend(node.attribute("Extension").map(str::to_lowercase));
            result.push_str(&text[node.range()]);
        }
    }
    if !is_word {
        return Err(TemplateError::Unsupported(TYPES));
    }
    for (extension, kind) in [("png", "image/png"), ("jpeg", "image/jpeg")] {
        if !extensions.iter().any(|known| known == extension) {
            let own = format!("<Default Extension=\"{extension}\" ContentType=\"{kind}\"/>");
            result.push_str(&own);
        }
    }
    result += &part_type(DOCUMENT, &format!("{MAIN}.document.main+xml"));
    if !has_numbering {
        result += &part_type(NUMBERING, &format!("{MAIN}.numbering+xml"));
    }
    if !has_core {
        result += &part_type(CORE, CORE_TYPE);
    }
    Ok(result)
}

/// The whole part of types.
pub(super) fn with_comments(types: &str, with_comments: bool) -> String {
    let remarks = if with_comments {
        part_type("word/comments.xml", &format!("{MAIN}.comments+xml"))
            + &part_type("word/commentsExtended.xml", &format!("{MAIN}.commentsExtended+xml"))
    } else {
        String::new()
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
         <Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         {types}{remarks}</Types>"
    )
}

/// The package's own relationships, with one to the properties of the document.
pub(super) fn with_core(text: &str, is_there: bool) -> Result<String, TemplateError> {
    let document = parsed(text, PACKAGE_RELATIONS)?;
    let main = format!("{OFFICE}/officeDocument");
    let leads_here = document.root_element().children().any(|node| {
        node.attribute("Type") == Some(&main)
            && node.attribute("Target").map(|target| target.trim_start_matches('/'))
                == Some(DOCUMENT)
    });
    if !leads_here {
        return Err(TemplateError::Unsupported(PACKAGE_RELATIONS));
    }
    let mut text = text.to_owned();
    if !is_there {
        let own =
            format!("<Relationship Id=\"rIdCore\" Type=\"{CORE_RELATION}\" Target=\"{CORE}\"/>");
        let end = end_of_root(&text, PACKAGE_RELATIONS)?;
        text.insert_str(end, &own);
    }
    Ok(text)
}

fn part_type(part: &str, kind: &str) -> String {
    format!("<Override PartName=\"/{part}\" ContentType=\"{kind}\"/>")
}
