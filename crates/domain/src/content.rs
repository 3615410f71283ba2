//! The ten texts of a case, as flat values.
//!
//! The case page rebuilds its editor from these, lists and exports print them, and masking and
//! merging decide field by field. The document tree they come from is in [`crate::document`].

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire::wire_enum;

wire_enum! {
    /// Key of a content field, in document order: the ministry's seven, then FIN's three.
    ///
    /// Labels are the standard ones; a case type may word its FAG fields differently
    /// ([`crate::case_type`]).
    pub enum ContentField {
        /// Proposal for the printed material.
        ProposalText = "proposalText", "Forslag til omtale";
        /// Reasons for the proposal.
        Justification = "justification", "Begrunnelse";
        /// The ministry's own wording of the conclusion.
        VerbalConclusion = "verbalConclusion", "Forslag til verbalkonklusjon";
        /// Socio-economic analysis.
        SocioeconomicAnalysis = "socioeconomicAnalysis", "Samfunnsøkonomisk analyse";
        /// Goal and result indicator.
        GoalIndicator = "goalIndicator", "Mål og resultatindikator";
        /// Plan for realising the benefits.
        BenefitPlan = "benefitPlan", "Gevinstrealiseringsplan";
        /// Internal comment.
        Comment = "comment", "Kommentar";
        /// FIN's assessment.
        FinAssessment = "finAssessment", "FINs vurdering";
        /// FIN's conclusion.
        FinVerbal = "finVerbal", "Konklusjon";
        /// The government's conclusion.
        FinRConclusion = "finRConclusion", "Regjeringens konklusjon";
    }
}

impl ContentField {
    /// The ministry's fields, in document order.
    pub const FAG: [Self; 7] = [
        Self::ProposalText,
        Self::Justification,
        Self::VerbalConclusion,
        Self::SocioeconomicAnalysis,
        Self::GoalIndicator,
        Self::BenefitPlan,
        Self::Comment,
    ];

    /// FIN's fields, in document order.
    pub const FIN: [Self; 3] = [Self::FinAssessment, Self::FinVerbal, Self::FinRConclusion];

    /// Whether the field is FIN's own, hidden from FAG until the government has the case.
    #[must_use]
    pub const fn is_fin(self) -> bool {
        matches!(self, Self::FinAssessment | Self::FinVerbal | Self::FinRConclusion)
    }
}

/// The ten texts of one content version; `None` is an empty field.
///
/// Paragraphs are separated by `\n`. A blank text is never stored: [`FlatFields::set`] makes it
/// `None`, as extraction from a document does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are the ten of ContentField, explained there")]
pub struct FlatFields {
    pub proposal_text: Option<String>,
    pub justification: Option<String>,
    pub verbal_conclusion: Option<String>,
    pub socioeconomic_analysis: Option<String>,
    pub goal_indicator: Option<String>,
    pub benefit_plan: Option<String>,
    pub comment: Option<String>,
    pub fin_assessment: Option<String>,
    pub fin_verbal: Option<String>,
    #[serde(rename = "finRConclusion")]
    pub fin_r_conclusion: Option<String>,
}

impl FlatFields {
    /// The text of a field.
    #[must_use]
    pub fn get(&self, field: ContentField) -> Option<&str> {
        match field {
            ContentField::ProposalText => &self.proposal_text,
            ContentField::Justification => &self.justification,
            ContentField::VerbalConclusion => &self.verbal_conclusion,
            ContentField::SocioeconomicAnalysis => &self.socioeconomic_analysis,
            ContentField::GoalIndicator => &self.goal_indicator,
            ContentField::BenefitPlan => &self.benefit_plan,
            ContentField::Comment => &self.comment,
            ContentField::FinAssessment => &self.fin_assessment,
            ContentField::FinVerbal => &self.fin_verbal,
            ContentField::FinRConclusion => &self.fin_r_conclusion,
        }
        .as_deref()
    }

    /// Replaces the text of a field; a blank text clears it.
    pub fn set(&mut self, field: ContentField, text: Option<String>) {
        *self.slot(field) = text.filter(|text| !is_blank(text));
    }

    /// These texts with some of them replaced: the E23 rule, where a field that is not mentioned
    /// keeps its value and `None` clears (D-20).
    #[must_use]
    pub fn with(&self, changed: &[(ContentField, Option<String>)]) -> Self {
        let mut fields = self.clone();
        for (field, text) in changed {
            fields.set(*field, text.clone());
        }
        fields
    }

    /// These texts as FAG sees them while FIN's are hidden (api 2.6.1).
    #[must_use]
    pub fn without_fin(&self) -> Self {
        let mut fields = self.clone();
        for field in ContentField::FIN {
            fields.set(field, None);
        }
        fields
    }

    fn slot(&mut self, field: ContentField) -> &mut Option<String> {
        match field {
            ContentField::ProposalText => &mut self.proposal_text,
            ContentField::Justification => &mut self.justification,
            ContentField::VerbalConclusion => &mut self.verbal_conclusion,
            ContentField::SocioeconomicAnalysis => &mut self.socioeconomic_analysis,
            ContentField::GoalIndicator => &mut self.goal_indicator,
            ContentField::BenefitPlan => &mut self.benefit_plan,
            ContentField::Comment => &mut self.comment,
            ContentField::FinAssessment => &mut self.fin_assessment,
            ContentField::FinVerbal => &mut self.fin_verbal,
            ContentField::FinRConclusion => &mut self.fin_r_conclusion,
        }
    }
}

/// Whether a text says nothing: such a text is the same as no text.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn fag_and_fin_fields_are_all_ten_in_document_order() {
        let both: Vec<_> = ContentField::FAG.into_iter().chain(ContentField::FIN).collect();
        assert_eq!(both, ContentField::ALL);
        assert!(ContentField::ALL.into_iter().all(|f| f.is_fin() == f.as_str().starts_with("fin")));
    }

    #[test]
    fn each_field_has_its_own_slot_and_its_key_is_the_wire_name() {
        for field in ContentField::ALL {
            let mut fields = FlatFields::default();
            fields.set(field, Some("tekst".to_owned()));
            let json = serde_json::to_value(&fields).unwrap();
            let filled: BTreeSet<_> = json
                .as_object()
                .unwrap()
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, _)| key.as_str())
                .collect();
            assert_eq!(filled, BTreeSet::from([field.as_str()]));
            assert_eq!(fields.get(field), Some("tekst"));
        }
    }

    #[test]
    fn a_blank_text_is_stored_as_none() {
        let mut fields = FlatFields::default();
        fields.set(ContentField::Comment, Some(" \n\t".to_owned()));
        assert_eq!(fields, FlatFields::default());
    }

    #[test]
    fn a_field_not_mentioned_is_carried_forward_and_none_clears() {
        let before = FlatFields::default().with(&[
            (ContentField::Justification, Some("Fordi".to_owned())),
            (ContentField::FinVerbal, Some("Tilrås".to_owned())),
        ]);
        let after = before.with(&[(ContentField::FinVerbal, None)]);
        assert_eq!(after.get(ContentField::Justification), Some("Fordi"));
        assert_eq!(after.get(ContentField::FinVerbal), None);
    }

    #[test]
    fn masking_hides_the_three_fin_texts_and_nothing_else() {
        let all: Vec<_> =
            ContentField::ALL.into_iter().map(|f| (f, Some(f.label().to_owned()))).collect();
        let masked = FlatFields::default().with(&all).without_fin();
        for field in ContentField::ALL {
            assert_eq!(masked.get(field).is_none(), field.is_fin(), "{field}");
        }
        assert_eq!(masked.without_fin(), masked);
    }
}
