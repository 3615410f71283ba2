//! The four standard case types and the texts each of them asks for (seed-data contract 5).
//!
//! Case types are rows that administrators may edit and add to, so a case carries a code and not
//! this enumeration. What stands here is what a new database begins with and what a code means
//! when no row says otherwise.

use crate::content::ContentField;
use crate::wire::wire_enum;

/// Longest code of a case type, in characters (domain contract 1.6).
pub const MAX_CODE: usize = 50;
/// Longest name, in characters.
pub const MAX_NAME: usize = 200;
/// Longest description, in characters.
pub const MAX_DESCRIPTION: usize = 500;
/// Longest key of a text that a case type asks for, in characters.
pub const MAX_FIELD_KEY: usize = 50;
/// Longest heading of such a text, in characters.
pub const MAX_FIELD_LABEL: usize = 200;
/// Most texts that one case type asks for. Cases have ten.
pub const MAX_FIELDS: usize = 50;

wire_enum! {
    /// A standard case type (domain contract 2.4), in sort order.
    pub enum StandardCaseType {
        /// A new initiative or a substantial increase.
        Satsingsforslag = "satsingsforslag", "Satsingsforslag";
        /// A change in an existing appropriation.
        Budsjettiltak = "budsjettiltak", "Budsjettiltak";
        /// A technical adjustment.
        TekniskJustering = "teknisk_justering", "Teknisk justering";
        /// A proposal without a change of appropriation.
        AndreSaker = "andre_saker", "Andre saker";
    }
}

/// One text a case type asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldDefinition {
    /// Which of the ten content fields.
    pub field: ContentField,
    /// The case type's wording of its heading.
    pub label: &'static str,
    /// Whether the client insists on it when a case is created. The server never does: drafts may
    /// be incomplete.
    pub required: bool,
}

static SATSINGSFORSLAG: [FieldDefinition; 7] = [
    required(ContentField::ProposalText, "Forslag til omtale i materialet"),
    required(ContentField::Justification, "Begrunnelse for forslaget"),
    optional(ContentField::VerbalConclusion, "FAGs forslag til verbalkonklusjon"),
    optional(ContentField::SocioeconomicAnalysis, "Samfunnsøkonomisk analyse"),
    optional(ContentField::GoalIndicator, "Mål og resultatindikator"),
    optional(ContentField::BenefitPlan, "Gevinstrealiseringsplan"),
    optional(ContentField::Comment, "Kommentar (intern)"),
];

static BUDSJETTILTAK: [FieldDefinition; 3] = [
    required(ContentField::ProposalText, "Forslag til omtale"),
    required(ContentField::Justification, "Begrunnelse"),
    optional(ContentField::Comment, "Kommentar"),
];

static TEKNISK_JUSTERING: [FieldDefinition; 2] = [
    required(ContentField::Justification, "Begrunnelse"),
    optional(ContentField::Comment, "Kommentar"),
];

static ANDRE_SAKER: [FieldDefinition; 4] = [
    required(ContentField::ProposalText, "Beskrivelse av saken"),
    required(ContentField::Justification, "Begrunnelse"),
    optional(ContentField::VerbalConclusion, "Forslag til verbal omtale"),
    optional(ContentField::Comment, "Kommentar (intern)"),
];

impl StandardCaseType {
    /// What the type is for, in a sentence shown to the administrator.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Satsingsforslag => {
                "Ny satsing eller vesentlig økning. Alle felt fylles ut, med analyse og gevinstplan."
            }
            Self::Budsjettiltak => {
                "Endring av en eksisterende bevilgning. Forenklet skjema med omtale og begrunnelse."
            }
            Self::TekniskJustering => {
                "Teknisk justering uten ny politikk. Bare en kort begrunnelse kreves."
            }
            Self::AndreSaker => {
                "Forslag som ikke endrer en bevilgning, men som trenger en avgjørelse."
            }
        }
    }

    /// The texts the type asks for, in the order of the form.
    #[must_use]
    pub const fn fields(self) -> &'static [FieldDefinition] {
        match self {
            Self::Satsingsforslag => &SATSINGSFORSLAG,
            Self::Budsjettiltak => &BUDSJETTILTAK,
            Self::TekniskJustering => &TEKNISK_JUSTERING,
            Self::AndreSaker => &ANDRE_SAKER,
        }
    }
}

/// The name of a case type for people; a code that is not standard is shown as it is (2.5's rule
/// for unknown values).
#[must_use]
pub fn label(code: &str) -> &str {
    match code.parse::<StandardCaseType>() {
        Ok(standard) => standard.label(),
        Err(_) => code,
    }
}

const fn required(field: ContentField, label: &'static str) -> FieldDefinition {
    FieldDefinition { field, label, required: true }
}

const fn optional(field: ContentField, label: &'static str) -> FieldDefinition {
    FieldDefinition { field, label, required: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_type_asks_for_fag_texts_only_and_in_document_order() {
        for case_type in StandardCaseType::ALL {
            let fields: Vec<_> = case_type.fields().iter().map(|f| f.field).collect();
            assert!(fields.is_sorted(), "{case_type}");
            assert!(fields.iter().all(|field| !field.is_fin()), "{case_type}");
            assert!(fields.contains(&ContentField::Justification), "{case_type}");
        }
        assert_eq!(StandardCaseType::Satsingsforslag.fields().len(), 7);
    }

    #[test]
    fn an_unknown_code_is_its_own_label() {
        assert_eq!(label("teknisk_justering"), "Teknisk justering");
        assert_eq!(label("egen_type"), "egen_type");
    }
}
