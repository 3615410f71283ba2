//! JSON bodies as the contract reads them (1.1): property names in any case, unknown ones
//! ignored, absent and `null` told apart where it matters, and a pointer to what is wrong.

mod lenient;
mod patch;

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use patch::Patch;

use crate::error::ApiError;
use crate::problem::{Problem, ProblemType};

/// Largest body that is read. A document of 2 MiB (architecture, section 3) grows when it travels
/// as a JSON string, where every quotation mark is escaped.
pub const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// A request body of type `T`.
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

impl<T> Json<T> {
    /// The value inside.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = is_json(request);
        let body = web::Payload::from_request(request, payload);
        Box::pin(async move {
            if !is_json {
                return Err(ApiError::of(ProblemType::UNSUPPORTED_MEDIA_TYPE));
            }
            let body = body.await.map_err(|_| unreadable())?;
            let body = body
                .to_bytes_limited(MAX_BODY_BYTES)
                .await
                .map_err(|_| ApiError::of(ProblemType::TOO_LARGE))?
                .map_err(|_| unreadable())?;
            Ok(Self(from_slice(&body)?))
        })
    }
}

/// Reads `T` from a body.
///
/// # Errors
/// A 400 problem that points at the first value that does not fit.
pub fn from_slice<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let value: Value =
        serde_json::from_slice(body).map_err(|_| Problem::new(ProblemType::INVALID_JSON))?;
    if let Some(pointer) = pointer_to_nul(&value) {
        return Err(Problem::invalid(pointer, "Teksten inneholder ugyldige tegn."));
    }
    serde_path_to_error::deserialize(lenient::Lenient(value)).map_err(|error| {
        let (pointer, detail) = explain(&error);
        Problem::invalid(pointer, detail)
    })
}

fn unreadable() -> ApiError {
    ApiError::of(ProblemType::INVALID_JSON)
}

fn is_json(request: &HttpRequest) -> bool {
    let Some(value) = request.headers().get(header::CONTENT_TYPE) else { return false };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

/// No text column and no jsonb value can hold U+0000, so it is refused wherever it stands.
fn pointer_to_nul(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| pointer_to_nul(item).map(|rest| format!("/{index}{rest}"))),
        Value::Object(members) => members.iter().find_map(|(key, item)| {
            if key.contains('\0') {
                return Some(String::new());
            }
            pointer_to_nul(item).map(|rest| format!("/{key}{rest}"))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Turns the library's English explanation into a pointer and a Norwegian sentence.
fn explain(error: &serde_path_to_error::Error<serde_json::Error>) -> (String, String) {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in error.path() {
        match segment {
            Segment::Unknown => {}
            // Segments print as their key, index or variant.
            named => pointer.extend(["/", named.to_string().trim_matches(['[', ']'])]),
        }
    }
    let text = error.inner().to_string();
    if let Some(rest) = text.strip_prefix("missing field `") {
        let field = rest.split('`').next().unwrap_or_default();
        return (format!("{pointer}/{field}"), format!("Feltet {field} mangler."));
    }
    let Some((_, field)) = pointer.rsplit_once('/') else {
        return (pointer, "Innholdet har feil form.".to_owned());
    };
    let detail = if text.starts_with("invalid type") {
        format!("Feltet {field} har feil type.")
    } else {
        format!("Feltet {field} har ugyldig verdi.")
    };
    (pointer, detail)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct Inner {
        case_name: String,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct Body {
        expected_version: Option<i32>,
        #[serde(default)]
        comment: Patch<String>,
        #[serde(default)]
        items: Vec<Inner>,
    }

    fn read(body: &str) -> Result<Body, Problem> {
        from_slice(body.as_bytes())
    }

    #[test]
    fn property_names_are_read_in_any_case_and_unknown_ones_ignored() {
        let body = read(r#"{"EXPECTEDVERSION":3,"x":1,"Items":[{"CaseName":"a"}]}"#).unwrap();
        assert_eq!(body.expected_version, Some(3));
        assert_eq!(body.items, [Inner { case_name: "a".into() }]);
    }

    #[test]
    fn absent_null_and_value_are_three_things() {
        assert_eq!(read("{}").unwrap().comment, Patch::Absent);
        assert_eq!(read(r#"{"comment":null}"#).unwrap().comment, Patch::Null);
        assert_eq!(read(r#"{"comment":"a"}"#).unwrap().comment, Patch::Value("a".into()));
    }

    #[test]
    fn a_number_without_a_fraction_is_an_integer() {
        for number in ["3", "3.0", "3e0", "0.3e1"] {
            let body = read(&format!(r#"{{"expectedVersion":{number}}}"#)).unwrap();
            assert_eq!(body.expected_version, Some(3), "{number}");
        }
        for number in ["3.5", "1e10", "1e300", "\"3\""] {
            read(&format!(r#"{{"expectedVersion":{number}}}"#)).unwrap_err();
        }
    }

    #[test]
    fn a_wrong_value_is_pointed_at() {
        let text = |body| format!("{:?}", read(body).unwrap_err());
        assert!(text(r#"{"items":[{"caseName":1}]}"#).contains("/items/0/caseName"));
        assert!(text(r#"{"items":[{}]}"#).contains("/items/0/caseName"));
        assert!(text("{\"items\":[{\"caseName\":\"\\u0000\"}]}").contains("/items/0/caseName"));
    }

    #[test]
    fn i8_hostile_json_is_an_ordinary_problem() {
        let deep = "[".repeat(100_000);
        for body in ["", "{", "\u{feff}{}", r#""\ud800""#, r#"{"expectedVersion":1e400}"#, &deep] {
            assert_eq!(read(body).unwrap_err().kind(), ProblemType::INVALID_JSON, "{body:.20}");
        }
        for body in ["[]", "null", "7", r#"{"expectedVersion":1e30}"#] {
            assert_eq!(read(body).unwrap_err().kind(), ProblemType::INVALID_REQUEST, "{body}");
        }
    }
}
