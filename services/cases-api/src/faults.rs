//! Wrong values in a body, collected so that the client learns of all of them at once (I8).

use std::borrow::Cow;

use edge::problem::FieldError;

/// What has been found so far.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldError>);

/// Values that break a rule, and where they stand.
#[derive(Debug, thiserror::Error)]
#[error("invalid values")]
pub struct Invalid(pub Vec<FieldError>);

impl Faults {
    /// Notes a wrong value.
    pub fn push(&mut self, pointer: impl Into<String>, detail: impl Into<Cow<'static, str>>) {
        self.0.push(FieldError { pointer: pointer.into(), detail: detail.into() });
    }

    /// A text that must say something: trimmed, not blank, of at most `max` characters.
    pub fn required(&mut self, pointer: &str, text: &str, max: usize) -> String {
        let text = text.trim();
        if text.is_empty() {
            self.push(pointer, "Feltet må fylles ut.");
        }
        self.longest(pointer, text, max);
        text.to_owned()
    }

    /// Refuses a text of more than `max` characters.
    pub fn longest(&mut self, pointer: &str, text: &str, max: usize) {
        // Bytes are never fewer than characters, so most texts need no counting.
        if text.len() > max && text.chars().count() > max {
            self.push(pointer, format!("Feltet kan ha høyst {max} tegn."));
        }
    }

    /// Ends the checks.
    ///
    /// # Errors
    ///
    /// [`Invalid`] with everything that was found.
    pub fn finish(self) -> Result<(), Invalid> {
        if self.0.is_empty() { Ok(()) } else { Err(Invalid(self.0)) }
    }
}

impl Invalid {
    /// A single wrong value.
    pub fn at(pointer: impl Into<String>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(vec![FieldError { pointer: pointer.into(), detail: detail.into() }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_found_and_lengths_count_characters() {
        let mut faults = Faults::default();
        assert_eq!(faults.required("/name", " æøå ", 3), "æøå");
        faults.required("/code", " \t", 3);
        faults.longest("/description", "fire", 3);
        let Err(Invalid(found)) = faults.finish() else { panic!("two values are wrong") };
        let pointers: Vec<_> = found.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/code", "/description"]);
    }
}
