//! Tracked changes and a comment thread in one case per ministry that FIN is working on, so that Word
//! export, version view and comment panel have something to show (seed-data 4.4).

use chrono::{DateTime, Utc};
use domain::content::ContentField;
use uuid::Uuid;

use super::cases::DemoCase;
use super::documents::{Block, Change, Mark, Run, Section};
use super::ids::{days, stable_id};
use super::rows::CommentRow;

/// A `satsingsforslag` in `under_vurdering_fin`: it has all sections.
const TRACKED_INDEX: usize = 24;
const THREAD_DAY: usize = 21;

/// Whether this case is the one with tracked changes.
pub(super) fn applies_to(case: &DemoCase<'_>) -> bool {
    case.index == TRACKED_INDEX
}

fn comment_id(case: &DemoCase<'_>, name: &str) -> Uuid {
    stable_id("comment", &format!("{} {name}", case.id))
}

/// FIN's marks on the ministry's text.
pub(super) fn mark(case: &DemoCase<'_>, sections: &mut [Section]) {
    for section in sections {
        match section.definition.field {
            ContentField::ProposalText => section.blocks.push(rewritten(case)),
            ContentField::Justification => comment_on_first_paragraph(case, &mut section.blocks),
            _ => {}
        }
    }
}

fn change(case: &DemoCase<'_>, name: &str) -> Change {
    Change {
        id: comment_id(case, name),
        author: case.team.fin_handler,
        author_name: case.team.fin_handler_name,
        at: at_day(case, 20),
    }
}

fn at_day(case: &DemoCase<'_>, day: usize) -> DateTime<Utc> {
    case.created_at + days(day)
}

/// A paragraph in which one phrase replaces another, a word has been made bold, and a remark hangs on
/// the new phrase.
fn rewritten(case: &DemoCase<'_>) -> Block {
    let remark = Mark::Comment { change: change(case, "resolved"), resolved: true };
    Block::Paragraph(vec![
        Run::plain("Tiltaket "),
        Run::marked("bør", vec![Mark::Deletion(change(case, "deletion"))]),
        Run::marked("kan", vec![Mark::Insertion(change(case, "insertion")), remark]),
        Run::plain(" settes i verk "),
        Run::marked("1. juli", vec![Mark::Bold, Mark::FormatChange(change(case, "format"))]),
        Run::plain(", forutsatt at departementet legger fram en "),
        Run::marked("framdriftsplan", vec![Mark::Italic]),
        Run::marked(" med milepæler", vec![Mark::Insertion(change(case, "milestones"))]),
        Run::plain("."),
    ])
}

fn comment_on_first_paragraph(case: &DemoCase<'_>, blocks: &mut [Block]) {
    let Some(Block::Paragraph(runs)) = blocks.first_mut() else { return };
    for run in runs {
        let thread = Mark::Comment { change: change(case, "open"), resolved: false };
        run.marks.push(thread);
    }
}

/// An open thread with a reply, and a resolved remark.
pub(super) fn comments(case: &DemoCase<'_>, anchor: Option<String>) -> Vec<CommentRow> {
    if !applies_to(case) {
        return Vec::new();
    }
    let question =
        comment(case, "open", "Kan departementet dokumentere dette med tall fra etaten?");
    let reply = CommentRow {
        id: comment_id(case, "reply row"),
        comment_text: "Tallene ettersendes i løpet av uken, sammen med oppdatert vedlegg."
            .to_owned(),
        parent_comment_id: Some(question.id),
        author_id: case.team.budsjettenhet,
        created_at: at_day(case, THREAD_DAY + 1),
        ..question.clone()
    };
    let question = CommentRow { anchor_text: anchor, ..question };
    let remark = CommentRow {
        anchor_text: Some("kan".to_owned()),
        status: "resolved",
        resolved_at: Some(at_day(case, THREAD_DAY + 2)),
        resolved_by: Some(case.team.budsjettenhet),
        ..comment(case, "resolved", "Endret slik at vi ikke binder oss til oppstart i år.")
    };
    vec![question, reply, remark]
}

fn comment(case: &DemoCase<'_>, name: &str, text: &str) -> CommentRow {
    CommentRow {
        id: comment_id(case, &format!("{name} row")),
        case_id: case.id,
        comment_id: comment_id(case, name).to_string(),
        comment_text: text.to_owned(),
        anchor_text: None,
        status: "open",
        parent_comment_id: None,
        author_id: case.team.fin_handler,
        created_at: at_day(case, THREAD_DAY),
        resolved_at: None,
        resolved_by: None,
    }
}
