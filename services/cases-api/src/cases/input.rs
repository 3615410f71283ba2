//! Checks on what a client sends, before anything is asked of the database (I8).

use super::error::{CaseError, InvalidField};

/// Longest name of a case, in characters.
const MAX_CASE_NAME: usize = 500;
/// Longest budget chapter or item, in characters.
const MAX_CHAPTER: usize = 10;

/// Collects what is wrong, so that the client learns all of it at once.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<InvalidField>);

impl FieldErrors {
    /// A name of a case: trimmed, not blank, not too long.
    pub fn case_name(&mut self, name: &str) -> String {
        let name = name.trim();
        if name.is_empty() {
            self.push("caseName", "Saken må ha et navn.".into());
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

    /// Refuses a text of more than `max` characters.
    pub fn longest(&mut self, field: &'static str, text: &str, max: usize) {
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

    fn push(&mut self, field: &'static str, detail: String) {
        self.0.push(InvalidField { field, detail: detail.into() });
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
        assert_eq!(found.iter().map(|error| error.field).collect::<Vec<_>>(), ["caseName", "post"]);
    }

    #[test]
    fn a_blank_name_is_no_name() {
        let mut errors = FieldErrors::default();
        errors.case_name(" \t");
        assert!(errors.finish().is_err());
    }
}
