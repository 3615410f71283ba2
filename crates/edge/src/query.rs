//! Query parameters as the contract reads them (1.2): both spellings, and four ways to say
//! nothing.

use std::fmt::Display;
use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::error::ApiError;
use crate::problem::Problem;

/// The parameters of a request, asked for by their `camelCase` name.
///
/// The `snake_case` twin is read too, and the `camelCase` one wins when both are given. An empty
/// value, `None`, `null` and `undefined` count as absent: old clients send them.
#[derive(Clone, Debug, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Parses a query string.
    ///
    /// # Errors
    /// A 400 problem when a value contains U+0000, which no text column can hold.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        let mut values = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if value.contains('\0') {
                return Err(Problem::invalid(name, "Verdien inneholder ugyldige tegn."));
            }
            if !says_nothing(&value) {
                values.push((name.into_owned(), value.into_owned()));
            }
        }
        Ok(Self(values))
    }

    /// The text given for `name`, the last one when there are several.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        let last = |is_meant: &dyn Fn(&str) -> bool| {
            self.0.iter().rfind(|(given, _)| is_meant(given)).map(|(_, value)| value.as_str())
        };
        last(&|given| given == name).or_else(|| last(&|given| is_snake_case_of(given, name)))
    }

    /// A value of any type that parses from text: a UUID, a whole number, a wire value.
    ///
    /// # Errors
    /// A 400 problem that names the parameter.
    pub fn parsed<T>(&self, name: &str) -> Result<Option<T>, Problem>
    where
        T: FromStr,
        T::Err: Display,
    {
        self.text(name)
            .map(|value| {
                value.parse().map_err(|_| {
                    Problem::invalid(name, format!("Parameteren {name} har ugyldig verdi."))
                })
            })
            .transpose()
    }

    /// `true` or `false`, in any case.
    ///
    /// # Errors
    /// A 400 problem that names the parameter.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        self.text(name)
            .map(|value| match value.to_ascii_lowercase().as_str() {
                "true" => Ok(true),
                "false" => Ok(false),
                _ => Err(Problem::invalid(name, format!("Parameteren {name} har ugyldig verdi."))),
            })
            .transpose()
    }
}

/// Whether a text stands for an absent value: the four ways of contract 1.2.
#[must_use]
pub fn says_nothing(value: &str) -> bool {
    matches!(value, "" | "None" | "null" | "undefined")
}

fn is_snake_case_of(given: &str, name: &str) -> bool {
    let snake = name.bytes().flat_map(|byte| {
        let underscore = byte.is_ascii_uppercase().then_some(b'_');
        underscore.into_iter().chain([byte.to_ascii_lowercase()])
    });
    given.bytes().eq(snake)
}

impl FromRequest for Params {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::parse(request.query_string()).map_err(ApiError::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_read_and_camel_case_wins() {
        let params = Params::parse("budget_round_id=a&departmentId=b&department_id=c").unwrap();
        assert_eq!(params.text("budgetRoundId"), Some("a"));
        assert_eq!(params.text("departmentId"), Some("b"));
    }

    #[test]
    fn the_last_of_several_counts_and_a_similar_name_is_another() {
        let params = Params::parse("year=1&year=2&budgetroundid=a&budget_round_idx=b").unwrap();
        assert_eq!(params.text("year"), Some("2"));
        assert_eq!(params.text("budgetRoundId"), None);
    }

    #[test]
    fn a_value_that_says_nothing_is_absent() {
        for nothing in ["", "None", "null", "undefined"] {
            let params = Params::parse(&format!("year={nothing}")).unwrap();
            assert_eq!(params.parsed::<i32>("year").unwrap(), None, "{nothing:?}");
        }
    }

    #[test]
    fn an_unreadable_value_is_refused_by_name() {
        let params = Params::parse("year=20x6&isActive=perhaps").unwrap();
        assert!(params.parsed::<i32>("year").is_err());
        assert!(params.flag("isActive").is_err());
        assert!(Params::parse("search=a%00b").is_err());
    }
}
