//! The order in which ECMA-376 wants the children of Word's elements. Word calls a file damaged that
//! keeps another one.

use roxmltree::{Document, Node};

use super::package::{Part, name};

const RUN: &[&str] = &[
    "rStyle",
    "rFonts",
    "b",
    "bCs",
    "i",
    "iCs",
    "caps",
    "strike",
    "noProof",
    "color",
    "sz",
    "szCs",
    "u",
    "shd",
    "lang",
    "rPrChange",
];

/// Parents and the order of their children, as far as we use them.
const ORDERS: &[(&str, &[&str])] = &[
    (
        "pPr",
        &[
            "pStyle",
            "keepNext",
            "keepLines",
            "pageBreakBefore",
            "numPr",
            "pBdr",
            "shd",
            "tabs",
            "spacing",
            "ind",
            "contextualSpacing",
            "jc",
            "outlineLvl",
            "rPr",
        ],
    ),
    ("rPr", RUN),
    ("pBdr", &["top", "left", "bottom", "right"]),
    ("numPr", &["ilvl", "numId"]),
    ("tblPr", &["tblStyle", "tblW", "tblInd", "tblBorders", "tblLayout", "tblCellMar", "tblLook"]),
    ("tblBorders", &["top", "left", "bottom", "right", "insideH", "insideV"]),
    ("tblCellMar", &["top", "left", "bottom", "right"]),
    ("tbl", &["tblPr", "tblGrid", "tr"]),
    ("tr", &["trPr", "tc"]),
    ("tc", &["tcPr", "p"]),
    ("tcPr", &["tcW", "shd"]),
    ("sectPr", &["headerReference", "footerReference", "pgSz", "pgMar", "cols"]),
    (
        "style",
        &[
            "name",
            "basedOn",
            "next",
            "uiPriority",
            "semiHidden",
            "unhideWhenUsed",
            "qFormat",
            "pPr",
            "rPr",
            "tblPr",
        ],
    ),
    ("styles", &["docDefaults", "style"]),
    ("numbering", &["abstractNum", "num"]),
    ("abstractNum", &["multiLevelType", "lvl"]),
    ("lvl", &["start", "numFmt", "pStyle", "lvlText", "lvlJc", "pPr"]),
    ("num", &["abstractNumId", "lvlOverride"]),
    (
        "settings",
        &[
            "zoom",
            "defaultTabStop",
            "hyphenationZone",
            "characterSpacingControl",
            "compat",
            "themeFontLang",
            "decimalSymbol",
            "listSeparator",
        ],
    ),
];

/// Fails where an element stands out of order, or where none was expected.
pub(super) fn assert_order(part: &Part) {
    let tree = Document::parse(part.source()).unwrap();
    for parent in tree.descendants().filter(Node::is_element) {
        let parent_name = name(parent);
        let Some((_, order)) =
            ORDERS.iter().find(|(known, _)| parent_name.strip_prefix("w:") == Some(known))
        else {
            continue;
        };
        let places: Vec<usize> = parent
            .children()
            .filter(Node::is_element)
            .map(|child| {
                let child = name(child);
                let place = order.iter().position(|known| child.strip_prefix("w:") == Some(known));
                place.unwrap_or_else(|| panic!("{child} in {parent_name}"))
            })
            .collect();
        assert!(
            places.is_sorted(),
            "{parent_name}: {:?}",
            parent.document().input_text().get(parent.range())
        );
    }
}
