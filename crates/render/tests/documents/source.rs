//! Rich texts out of dice: every node and mark of the contract, in every mixture.
//!
//! Each text node carries a number of its own, as in `§0147`, by which other programs find it again
//! without knowing how the document around it is built.

use chrono::{DateTime, Utc};
use domain::rich_text::{Comment, Reply};
use serde_json::{Value, json};

const WORDS: [&str; 12] = [
    "Bevilgningen økes",
    "tiltaket på Østlandet",
    "følges opp",
    "årlig rapportering",
    "Små kommuner",
    "merutgifter på 12 mill. kroner",
    "jf. Prop. 1 S",
    "«grønt skifte»",
    "nærmere beregning & vurdering",
    "a < b > c",
    "besparelse – 3,5 pst.",
    "Æ, Ø og Å",
];
const AUTHORS: [&str; 3] = ["Kari Nordmann", "Åse von der Lippe", "Ola Ødegård"];

/// When all documents are made.
pub(crate) fn made_at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

/// What was made for one document so far.
pub(crate) struct Made {
    /// Name of its files, without extension.
    pub(crate) name: String,
    dice: u64,
    token: u32,
    change: u32,
    comments: Vec<(String, u32)>,
    /// The rich texts, in the order they are printed.
    pub(crate) texts: Vec<Value>,
}

impl Made {
    pub(crate) fn new(name: String, seed: u64) -> Self {
        let dice = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self { name, dice, token: 0, change: 0, comments: Vec::new(), texts: Vec::new() }
    }

    /// 0 to `sides` - 1.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        (self.dice >> 11) % sides
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        let side = self.roll(u64::try_from(from.len()).unwrap());
        from[usize::try_from(side).unwrap()]
    }

    /// Words with the number that names them.
    pub(crate) fn words(&mut self) -> String {
        self.token += 1;
        let (before, after) = (self.pick(&WORDS), self.pick(&WORDS));
        format!("{before} §{:04} {after} ", self.token)
    }

    fn change(&mut self, kind: &str) -> Value {
        self.change += 1;
        let author = self.pick(&AUTHORS);
        let mut attrs = json!({
            "changeId": format!("c-{}", self.change), "authorId": "u-1", "authorName": author,
            "timestamp": "2026-08-14T09:30:00Z",
        });
        if kind == "formatChange" {
            let before = self.pick(&["[]", "[\"bold\"]", "[\"italic\",\"underline\"]"]);
            attrs["originalFormat"] = before.into();
        }
        json!({ "type": kind, "attrs": attrs })
    }

    fn comment(&mut self) -> Value {
        let id = format!("k-{}", self.comments.len() + 1);
        let replies = u32::try_from(self.roll(3)).unwrap();
        self.comments.push((id.clone(), replies));
        let attrs = json!({
            "commentId": id, "authorName": "", "resolved": self.comments.len().is_multiple_of(2),
        });
        json!({ "type": "comment", "attrs": attrs })
    }

    fn marks(&mut self) -> Vec<Value> {
        let plain = |kind: &str| json!({ "type": kind });
        let link = || {
            let attrs = json!({ "href": "https://www.regjeringen.no/statsbudsjettet?år=2027" });
            json!({ "type": "link", "attrs": attrs })
        };
        match self.roll(15) {
            0 => vec![plain("bold")],
            1 => vec![plain("italic"), plain("underline")],
            2 => vec![plain("underline")],
            3 => vec![plain("strike")],
            4 => vec![plain("code")],
            5 => vec![link()],
            6 => vec![self.change("insertion")],
            7 => vec![self.change("deletion")],
            8 => vec![plain("bold"), self.change("formatChange")],
            9 => vec![self.comment()],
            10 => vec![plain("italic"), self.change("insertion"), self.comment()],
            11 => vec![self.change("deletion"), self.comment(), plain("bold")],
            12 => vec![link(), self.change("insertion"), self.change("formatChange")],
            _ => Vec::new(),
        }
    }

    fn text(&mut self) -> Value {
        let marks = self.marks();
        let text = self.words();
        if marks.is_empty() {
            json!({ "type": "text", "text": text })
        } else {
            json!({ "type": "text", "text": text, "marks": marks })
        }
    }

    /// A few text nodes. The marks of one may go on in the next: one change, one comment, several
    /// formats.
    fn inlines(&mut self) -> Vec<Value> {
        let mut inlines = Vec::new();
        for _node in 0..=self.roll(4) {
            let first = self.text();
            let goes_on = first["marks"].is_array() && self.roll(3) == 0;
            inlines.push(first.clone());
            if goes_on {
                let mut next = first;
                next["text"] = self.words().into();
                next["marks"].as_array_mut().unwrap().push(json!({ "type": "strike" }));
                inlines.push(next);
            }
            if self.roll(6) == 0 {
                inlines.push(json!({ "type": "hardBreak" }));
            }
        }
        inlines
    }

    pub(crate) fn paragraph(&mut self) -> Value {
        if self.roll(12) == 0 {
            return json!({ "type": "paragraph" });
        }
        json!({ "type": "paragraph", "content": self.inlines() })
    }

    fn list(&mut self, kind: &str, depth: u32) -> Value {
        let mut items = Vec::new();
        for _item in 0..=self.roll(3) {
            let mut content = vec![self.paragraph()];
            if depth < 3 && self.roll(3) == 0 {
                let inner = self.pick(&["bulletList", "orderedList"]);
                content.push(self.list(inner, depth + 1));
            }
            items.push(json!({ "type": "listItem", "content": content }));
        }
        let start = 1 + self.roll(5);
        let kinds = [Value::Null, "a".into(), "A".into(), "i".into(), "I".into()];
        let numbered = kinds[usize::try_from(self.roll(5)).unwrap()].clone();
        let attrs = if kind == "orderedList" {
            json!({ "start": start, "type": numbered })
        } else {
            Value::Null
        };
        json!({ "type": kind, "attrs": attrs, "content": items })
    }

    /// The block of this kind.
    pub(crate) fn block(&mut self, kind: &str) -> Value {
        match kind {
            "bulletList" | "orderedList" => self.list(kind, 0),
            "blockquote" => {
                json!({ "type": kind, "content": [self.paragraph(), self.paragraph()] })
            }
            "codeBlock" => {
                let text = format!("{}\n    {}", self.words(), self.words());
                json!({ "type": kind, "attrs": { "language": null },
                    "content": [{ "type": "text", "text": text }] })
            }
            "horizontalRule" => json!({ "type": kind }),
            "heading" => {
                let level = 1 + self.roll(6);
                json!({ "type": kind, "attrs": { "level": level }, "content": self.inlines() })
            }
            _ => self.paragraph(),
        }
    }

    /// Blocks of these kinds and some at random.
    pub(crate) fn blocks(&mut self, kinds: &[&'static str], count: usize) -> Vec<Value> {
        (0..count)
            .map(|number| {
                let kind = kinds.get(number).copied().unwrap_or("paragraph");
                let kind = if number < kinds.len() { kind } else { self.pick(kinds) };
                self.block(kind)
            })
            .collect()
    }

    /// A comment for every mark, with its replies.
    pub(crate) fn comments(&self) -> Vec<Comment> {
        let at = made_at();
        let reply = |number| Reply {
            author: "Åse von der Lippe".to_owned(),
            at,
            text: format!("Svar {number}"),
        };
        self.comments
            .iter()
            .map(|(id, replies)| Comment {
                anchor: id.clone(),
                author: "Kari Nordmann".to_owned(),
                at,
                text: format!("Merknad {id}\nmed to linjer"),
                resolved: replies % 2 == 1,
                replies: (1..=*replies).map(reply).collect(),
            })
            .collect()
    }

    /// Ids of the comments with the number of their replies.
    pub(crate) fn told_comments(&self) -> Value {
        let told = |(id, replies): &(String, u32)| json!({ "id": id, "replies": replies });
        self.comments.iter().map(told).collect()
    }
}
