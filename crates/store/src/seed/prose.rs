//! Fills the text tables with a case's subject and amounts and arranges the sentences as sections of
//! its document.

use domain::case_type::{FieldDefinition, StandardCaseType};
use domain::content::ContentField;
use domain::money::ThousandNok;

use super::documents::{Block, Mark, Run, Section};
use super::fin_texts::{ASSESSMENT, FIN_VERBAL, FIN_VERBAL_WITHOUT_AMOUNT, R_CONCLUSION};
use super::texts::{
    BENEFIT, COMMENT, DESCRIPTION, GOAL, JUSTIFICATION, PROPOSAL, REDUCTION, SOCIOECONOMIC,
    TECHNICAL, Text, VERBAL,
};

/// What a case's texts are about.
#[derive(Clone, Debug)]
pub(super) struct Prose {
    pub(super) case_type: StandardCaseType,
    pub(super) topic: String,
    pub(super) amount: Option<i64>,
    pub(super) year: i32,
    /// Selects among the variants, so that neighbours in a list do not read alike.
    pub(super) variant: usize,
}

/// How far a version has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The first version: one sentence per field.
    Draft,
    /// Between first and newest: the named number of sentences.
    Revision { sentences: usize },
    /// The newest: everything the case type asks for.
    Complete { with_comment: bool, with_fin: bool },
}

impl Prose {
    /// Replaces the placeholders and begins the sentence with a capital letter.
    pub(super) fn fill(&self, sentence: &str) -> String {
        let millions = |amount: i64| ThousandNok::new(amount.saturating_abs()).millions();
        let amount = self.amount.unwrap_or_default();
        let text = sentence
            .replace("{tema}", &self.topic)
            .replace("{belop}", &millions(amount))
            .replace("{tilrading}", &millions(fin_share(amount)))
            .replace("{ar}", &self.year.to_string());
        let mut letters = text.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect())
            .unwrap_or_default()
    }

    /// The sentences of one of several variants; `salt` keeps the fields of a case apart.
    fn choose(&self, variants: &[Text], salt: usize) -> Vec<String> {
        let text = variants[(self.variant + salt) % variants.len()];
        text.iter().map(|sentence| self.fill(sentence)).collect()
    }

    /// The sections that a version at this stage has, in the order of the case type.
    pub(super) fn sections(&self, stage: Stage) -> Vec<Section> {
        let (with_comment, with_fin) = match stage {
            Stage::Draft | Stage::Revision { .. } => (false, false),
            Stage::Complete { with_comment, with_fin } => (with_comment, with_fin),
        };
        let is_complete = matches!(stage, Stage::Complete { .. });
        let sentences = match stage {
            Stage::Draft => 1,
            Stage::Revision { sentences } => sentences,
            Stage::Complete { .. } => usize::MAX,
        };
        let has_amount = self.case_type != StandardCaseType::AndreSaker;
        let mut sections: Vec<Section> = Vec::new();
        for &definition in self.case_type.fields() {
            let wanted = match definition.field {
                ContentField::ProposalText => is_complete || has_amount,
                ContentField::Justification => true,
                ContentField::Comment => with_comment,
                _ => is_complete,
            };
            if wanted {
                let blocks = self.blocks(definition.field, sentences);
                sections.push(Section { definition, blocks });
            }
        }
        if with_fin {
            sections.extend(self.fin_sections());
        }
        sections
    }

    fn fin_sections(&self) -> impl Iterator<Item = Section> {
        ContentField::FIN.into_iter().map(|field| Section {
            definition: FieldDefinition { field, label: field.label(), required: false },
            blocks: self.blocks(field, usize::MAX),
        })
    }

    fn blocks(&self, field: ContentField, sentences: usize) -> Vec<Block> {
        let mut text = self.text(field);
        text.truncate(sentences.max(1));
        match field {
            ContentField::GoalIndicator => vec![Block::Bullets(text)],
            ContentField::BenefitPlan => vec![Block::Numbered(text)],
            ContentField::SocioeconomicAnalysis => emphasised(text),
            _ => paragraphs(&text),
        }
    }

    fn text(&self, field: ContentField) -> Vec<String> {
        match field {
            ContentField::ProposalText => self.choose(self.proposals(), 0),
            ContentField::Justification => match self.case_type {
                StandardCaseType::TekniskJustering => self.choose(&TECHNICAL, 1),
                _ => self.choose(&JUSTIFICATION, 1),
            },
            ContentField::VerbalConclusion => self.choose(&VERBAL, 2),
            ContentField::SocioeconomicAnalysis => self.choose(&SOCIOECONOMIC, 3),
            ContentField::GoalIndicator => self.choose(&GOAL, 4),
            ContentField::BenefitPlan => self.choose(&BENEFIT, 5),
            ContentField::Comment => self.choose(&COMMENT, 6),
            ContentField::FinAssessment => self.choose(&ASSESSMENT, 7),
            ContentField::FinVerbal if self.amount.is_none() => {
                self.choose(&FIN_VERBAL_WITHOUT_AMOUNT, 8)
            }
            ContentField::FinVerbal => self.choose(&FIN_VERBAL, 8),
            ContentField::FinRConclusion => self.choose(&R_CONCLUSION, 9),
        }
    }

    fn proposals(&self) -> &'static [Text] {
        match self.amount {
            None => &DESCRIPTION,
            Some(amount) if amount < 0 => &REDUCTION,
            Some(_) => &PROPOSAL,
        }
    }
}

/// FIN's recommendation: 85 per cent of the proposal (seed-data 4.3).
pub(super) fn fin_share(amount: i64) -> i64 {
    amount * 85 / 100
}

/// Two sentences to a paragraph, as ministries write.
pub(super) fn paragraphs(sentences: &[String]) -> Vec<Block> {
    sentences.chunks(2).map(|pair| Block::paragraph(pair.join(" "))).collect()
}

/// The first sentence in bold, the rest as ordinary paragraphs.
fn emphasised(mut sentences: Vec<String>) -> Vec<Block> {
    if sentences.is_empty() {
        return Vec::new();
    }
    let rest = sentences.split_off(1);
    let first = sentences.into_iter().map(|text| Run::marked(text, vec![Mark::Bold])).collect();
    let mut blocks = vec![Block::Paragraph(first)];
    blocks.extend(paragraphs(&rest));
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_has_two_to_four_sentences() {
        let tables: [&[Text]; 14] = [
            &PROPOSAL,
            &REDUCTION,
            &DESCRIPTION,
            &JUSTIFICATION,
            &TECHNICAL,
            &VERBAL,
            &SOCIOECONOMIC,
            &GOAL,
            &BENEFIT,
            &COMMENT,
            &ASSESSMENT,
            &FIN_VERBAL,
            &FIN_VERBAL_WITHOUT_AMOUNT,
            &R_CONCLUSION,
        ];
        for text in tables.into_iter().flatten() {
            assert!((2..=4).contains(&text.len()), "{text:?}");
        }
    }

    #[test]
    fn a_sentence_is_filled_and_begins_with_a_capital() {
        let prose = Prose {
            case_type: StandardCaseType::Budsjettiltak,
            topic: "økt beredskap".to_owned(),
            amount: Some(-12_000),
            year: 2026,
            variant: 0,
        };
        assert_eq!(
            prose.fill("{tema} kutter {belop} i {ar}; tilrådd {tilrading}."),
            "Økt beredskap kutter 12,0 mill. kroner i 2026; tilrådd 10,2 mill. kroner."
        );
    }
}
