//! Marks: what lies on a text, from bold to a tracked change (documents contract 1.3).

use chrono::{DateTime, Utc};
use serde_json::Value;
use url::Url;

/// Longest address a document links to. Word gives up on longer ones.
const LONGEST_LINK: usize = 2_000;

/// Everything that lies on one span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Bold, italic and underline: the formats that tracked changes know.
    pub format: Format,
    /// Struck through by hand, which is not a deletion.
    pub strike: bool,
    /// Set in a fixed-width font.
    pub code: bool,
    /// Address the text links to.
    pub link: Option<Link>,
    /// Tracked insertion or deletion.
    pub revision: Option<Revision>,
    /// Tracked change of the format.
    pub format_change: Option<FormatChange>,
    /// Comments on the text; several may overlap.
    pub comments: Vec<CommentMark>,
}

/// The formats that a tracked change can put on or take away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Format {
    pub bold: bool,
    pub italic: bool,
    pub underline: bool,
}

/// An address that a printed document may link to: `http`, `https` or `mailto`. Always a valid one in
/// ASCII, since Word refuses to open a file with any other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Link(String);

/// A tracked insertion or deletion. Deleted text is still in the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revision {
    /// Text that was added.
    Insertion(Change),
    /// Text that was taken away.
    Deletion(Change),
}

/// A tracked change of the format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatChange {
    /// Who and when.
    pub change: Change,
    /// The formats that applied before.
    pub before: Format,
}

/// Who made a tracked change, and when. All of it may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Groups what was changed at once; empty when unknown.
    pub id: String,
    /// Name of the author; `None` when unknown or blank.
    pub author: Option<String>,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

/// A comment's mark on the text. What the comment says is stored elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentMark {
    /// The comment's id.
    pub id: String,
    /// Whether the editor showed it as settled.
    pub resolved: bool,
}

impl Link {
    /// Takes an address over, unless a document must not link to it.
    ///
    /// A relative address has no base in a file, and a scheme such as `javascript` or `file` runs or
    /// reads something on the reader's machine.
    #[must_use]
    pub fn parse(address: &str) -> Option<Self> {
        let url = Url::parse(address).ok()?;
        let is_known = matches!(url.scheme(), "http" | "https" | "mailto");
        let is_sound = url.as_str().len() <= LONGEST_LINK && !url.path().is_empty();
        (is_known && is_sound).then(|| Self(url.into()))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Revision {
    /// Who and when.
    #[must_use]
    pub const fn change(&self) -> &Change {
        match self {
            Self::Insertion(change) | Self::Deletion(change) => change,
        }
    }
}

impl Marks {
    /// Reads the `marks` of a node; what is not understood is left out.
    pub(super) fn of(node: &Value) -> Self {
        let mut marks = Self::default();
        let listed = node.get("marks").and_then(Value::as_array);
        for mark in listed.map_or(&[][..], Vec::as_slice) {
            marks.add(mark);
        }
        marks
    }

    fn add(&mut self, mark: &Value) {
        let attrs = &mark["attrs"];
        match mark["type"].as_str().unwrap_or_default() {
            "bold" => self.format.bold = true,
            "italic" => self.format.italic = true,
            "underline" => self.format.underline = true,
            "strike" => self.strike = true,
            "code" => self.code = true,
            "link" => self.link = attrs["href"].as_str().and_then(Link::parse),
            "insertion" => self.revision = Some(Revision::Insertion(Change::of(attrs))),
            "deletion" => self.revision = Some(Revision::Deletion(Change::of(attrs))),
            "formatChange" => {
                self.format_change =
                    Some(FormatChange { change: Change::of(attrs), before: Format::before(attrs) });
            }
            "comment" => {
                if let Some(id) = text(&attrs["commentId"]) {
                    let resolved = attrs["resolved"].as_bool().unwrap_or_default();
                    self.comments.push(CommentMark { id, resolved });
                }
            }
            _ => {}
        }
    }
}

impl Format {
    /// `originalFormat`: a JSON text with an array of names, or the array itself.
    fn before(attrs: &Value) -> Self {
        let stored = &attrs["originalFormat"];
        let parsed = stored.as_str().and_then(|json| serde_json::from_str::<Value>(json).ok());
        let names = parsed.as_ref().unwrap_or(stored).as_array().cloned().unwrap_or_default();
        let had = |name: &str| names.iter().any(|n| n == name);
        Self { bold: had("bold"), italic: had("italic"), underline: had("underline") }
    }
}

impl Change {
    fn of(attrs: &Value) -> Self {
        Self {
            id: text(&attrs["changeId"]).unwrap_or_default(),
            author: text(&attrs["authorName"]),
            at: attrs["timestamp"]
                .as_str()
                .and_then(|at| DateTime::parse_from_rfc3339(at).ok())
                .map(|at| at.to_utc()),
        }
    }
}

fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
