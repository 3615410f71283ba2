//! What a reader sees of a content version (contract 2.6.1, D-27, D-33).
//!
//! The flat fields and the document say the same twice, so they are masked together, here and
//! nowhere else.

use domain::document::{Document, with_fin_sections, without_fin};
use domain::role::Role;
use domain::status::Status;
use domain::visibility::hides_fin_text;
use serde_json::Value;
use store::contents::VersionRow;
use store::json::JsonText;

/// How a reader sees content versions of one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// Without the Ministry of Finance's texts.
    WithoutFin,
    /// As stored.
    Whole,
}

impl Sight {
    /// What `role` sees while the *case* has `status`, whichever version is read.
    ///
    /// Contract 5.2 also lifts the mask "in history". That is the list of E16, which carries no
    /// text; a single case is judged by its status alone (2.6.1), closed round or not.
    pub(super) fn of(role: Role, status: Status) -> Self {
        if hides_fin_text(role, status, false) { Self::WithoutFin } else { Self::Whole }
    }

    /// Leaves in `version` what this reader may see.
    pub(super) fn apply(self, mut version: VersionRow) -> VersionRow {
        if self == Self::Whole {
            return version;
        }
        let texts = &mut version.content.texts;
        texts.fin_assessment = None;
        texts.fin_verbal = None;
        texts.fin_r_conclusion = None;
        // A stored value that is no document cannot be masked, so it is not shown.
        version.document =
            version.document.as_ref().and_then(parse).map(|document| text(without_fin(&document)));
        version
    }
}

/// Adds the empty sections that the Ministry of Finance's editor needs to write into (D-33).
pub(super) fn complete_for_fin(mut version: VersionRow) -> VersionRow {
    if let Some(document) = version.document.as_ref().and_then(parse) {
        let flat = version.content.texts.clone().into();
        version.document = Some(text(with_fin_sections(&document, &flat)));
    }
    version
}

/// Reads a stored document; `None` when it is not an object.
pub(super) fn parse(stored: &JsonText) -> Option<Document> {
    let value: Value = serde_json::from_str(stored.as_str()).ok()?;
    Document::try_from(value).ok()
}

/// The text to store or send.
pub(super) fn text(document: Document) -> JsonText {
    JsonText::from(Value::from(document).to_string())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use store::contents::{ContentRow, TextColumns};
    use uuid::Uuid;

    use super::*;

    fn version(document: &str) -> VersionRow {
        let texts = TextColumns {
            proposal_text: Some("Forslag".into()),
            fin_assessment: Some("Hemmelig".into()),
            fin_verbal: Some("Hemmelig".into()),
            fin_r_conclusion: Some("Hemmelig".into()),
            ..TextColumns::default()
        };
        let content = ContentRow {
            id: Uuid::nil(),
            version: 1,
            case_name: None,
            chapter: None,
            post: None,
            amount: None,
            fin_amount: None,
            gov_amount: None,
            status: None,
            texts,
            track_changes_active: false,
            created_by: Uuid::nil(),
            created_at: DateTime::<Utc>::UNIX_EPOCH,
        };
        let document = Some(JsonText::from(document.to_owned()));
        VersionRow { content, created_by_name: String::new(), document }
    }

    fn section(key: &str, body: &str) -> String {
        format!(
            r#"{{"type":"caseSection","attrs":{{"fieldKey":"{key}"}},"content":[{{"type":"sectionContent","content":[{{"type":"paragraph","content":[{{"type":"text","text":"{body}"}}]}}]}}]}}"#
        )
    }

    #[test]
    fn i6_a_masked_version_holds_no_fin_text_in_any_form() {
        let document = format!(
            r#"{{"type":"caseDocument","content":[{},{}]}}"#,
            section("proposalText", "Forslag"),
            section("finAssessment", "Hemmelig")
        );
        let masked =
            Sight::of(Role::SaksbehandlerFag, Status::UnderVurderingFin).apply(version(&document));
        let shown = format!("{masked:?}");
        assert!(!shown.contains("Hemmelig"), "{shown}");
        assert!(shown.contains("Forslag"));
    }

    #[test]
    fn i6_a_stored_value_that_is_no_document_is_not_shown_masked() {
        let masked =
            Sight::of(Role::SaksbehandlerFag, Status::Draft).apply(version(r#"["Hemmelig"]"#));
        assert_eq!(masked.document, None);
    }

    #[test]
    fn fin_gets_a_section_for_each_of_its_fields() {
        let completed = complete_for_fin(version(r#"{"type":"caseDocument","content":[]}"#));
        let document = completed.document.unwrap().into_string();
        for key in ["finAssessment", "finVerbal", "finRConclusion"] {
            assert!(document.contains(key), "{key}");
        }
    }
}
