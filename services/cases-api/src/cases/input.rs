//! Checks on what a client sends, before anything of it reaches the database (I8).

use std::borrow::Cow;

use super::error::{CaseError, InvalidField};

/// Longest name of a case, in characters.
const MAX_CASE_NAME: usize = 500;
/// Longest budget chapter or item, in characters.
const MAX_CHAPTER: usize = 10;
/// Longest text that somebody writes about a case, in characters: some forty pages. The contract
/// names no limit for comments, questions, answers and conclusions; without any, one of them could
/// make the list that it stands in unreadably large.
pub const MAX_TEXT: usize = 100_000;

/// Collects what is wrong, so that the client learns all of it at once.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<InvalidField>);

impl FieldErrors {
    /// A name of a case: trimmed, not blank, not too long.
    pub fn case_name(&mut self, name: &str) -> String {
        let name = name.trim();
        if name.is_empty() {
            self.push("caseName", "Saken må ha et navn.");
        }
        self.longest("caseName", name, MAX_CASE_NAME);
        name.to_owned()
    }

    /// A budget chapter or item: trimmed; empty means none.
    pub fn chapter(&mut self, field: &'static str, text: &str) -> String {
        let text = text.trim();
        self.longest(field, text, MAX_CHAPTER);
        text.to_owned()
    }

    /// A text that has to say something, in at most [`MAX_TEXT`] characters. It is stored as it was
    /// written.
    pub fn required_text(&mut self, field: impl Into<Cow<'static, str>>, text: &str) {
        let field = field.into();
        if text.trim().is_empty() {
            self.push(field.clone(), "Teksten kan ikke være tom.");
        }
        self.longest(field, text, MAX_TEXT);
    }

    /// Refuses a text of more than `max` characters.
    pub fn longest(&mut self, field: impl Into<Cow<'static, str>>, text: &str, max: usize) {
        // Bytes are never fewer than characters, so most texts need no counting.
        if text.len() > max && text.chars().count() > max {
            self.push(field, format!("Feltet kan ha høyst {max} tegn."));
        }
    }

    /// Ends the checks.
    ///
    /// # Errors
    ///
    /// [`CaseError::Invalid`] with everything that was found.
    pub fn finish(self) -> Result<(), CaseError> {
        if self.0.is_empty() { Ok(()) } else { Err(CaseError::Invalid(self.0)) }
    }

    /// Refuses a value.
    pub fn push(
        &mut self,
        field: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) {
        self.0.push(InvalidField { field: field.into(), detail: detail.into() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_characters_not_bytes() {
        let mut errors = FieldErrors::default();
        errors.case_name(&"æ".repeat(MAX_CASE_NAME));
        assert!(errors.finish().is_ok());

        let mut errors = FieldErrors::default();
        errors.case_name(&"æ".repeat(MAX_CASE_NAME + 1));
        errors.chapter("post", "12345678901");
        let Err(CaseError::Invalid(found)) = errors.finish() else { panic!("too long") };
        let fields: Vec<_> = found.iter().map(|error| error.field.as_ref()).collect();
        assert_eq!(fields, ["caseName", "post"]);
    }

    #[test]
    fn a_text_about_a_case_is_neither_blank_nor_endless() {
        let check = |text: &str| {
            let mut errors = FieldErrors::default();
            errors.required_text("questionText", text);
            errors.finish()
        };
        assert!(check(&"å".repeat(MAX_TEXT)).is_ok());
        assert!(check(&"å".repeat(MAX_TEXT + 1)).is_err());
        assert!(check("").is_err() && check(" \n\t\u{a0}").is_err());
    }

    #[test]
    fn a_blank_name_is_no_name() {
        let mut errors = FieldErrors::default();
        errors.case_name(" \t");
        assert!(errors.finish().is_err());
    }
}
