//! RFC 9457 problem documents: the one shape of every failing answer.
//!
//! Clients branch on `type`; people read `message`, a Norwegian sentence that is safe to show
//! (contract 1.3). `detail` repeats it for clients that know the RFC only.

use std::borrow::Cow;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// One kind of problem: its stable type, its constant title and its status, in one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProblemType {
    /// Last segment of `type`, kebab-case.
    pub slug: &'static str,
    /// HTTP status of every problem of this type.
    pub status: u16,
    /// Constant Norwegian title.
    pub title: &'static str,
    /// Sentence used when the caller has nothing more precise to say.
    pub default_message: &'static str,
}

macro_rules! problem_types {
    ($($(#[doc = $doc:literal])* $name:ident = $slug:literal, $status:literal, $title:literal, $message:literal;)*) => {
        impl ProblemType {
            $($(#[doc = $doc])*
            pub const $name: Self = Self {
                slug: $slug, status: $status, title: $title, default_message: $message,
            };)*

            /// Every type there is, for documentation and for completeness tests.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

problem_types! {
    /// A value is missing, malformed or breaks a rule; `errors` points at it.
    INVALID_REQUEST = "invalid-request", 400, "Ugyldig forespørsel", "Forespørselen inneholder ugyldige verdier.";
    /// The body is not JSON.
    INVALID_JSON = "invalid-json", 400, "Ugyldig JSON", "Innholdet kunne ikke leses som JSON.";
    /// The document is not a usable TipTap document (`documents.md` 1.7).
    INVALID_DOCUMENT = "invalid-document", 400, "Ugyldig dokument", "Dokumentet kunne ikke leses.";
    /// The step is not in the transition table for this status and role.
    TRANSITION_REFUSED = "transition-refused", 400, "Ugyldig statusendring", "Statusendringen er ikke tillatt.";
    /// The step needs a reason.
    REASON_REQUIRED = "reason-required", 400, "Begrunnelse mangler", "Du må oppgi en begrunnelse.";
    /// An opinion is pending, which blocks status changes.
    PENDING_OPINIONS = "pending-opinions", 400, "Ubesvart uttalelse", "Saken har en uttalelse eller godkjenning som ikke er besvart.";
    /// A request for an opinion cannot be made by this caller, answered so, or passed on.
    OPINION_REFUSED = "opinion-refused", 400, "Uttalelse avvist", "Forespørselen om uttalelse eller godkjenning kan ikke behandles slik.";
    /// Cases cannot be sent to the Ministry of Finance together; `errors` points at them.
    SUBMISSION_REFUSED = "submission-refused", 400, "Innspillet kan ikke sendes", "Innspillet inneholder saker som ikke kan sendes til FIN.";
    /// The budget round is over, and nothing of it is changed any more.
    ROUND_CLOSED = "round-closed", 400, "Budsjettrunden er lukket", "Budsjettrunden er lukket.";
    /// No token, or one that is not valid any more.
    UNAUTHENTICATED = "unauthenticated", 401, "Ikke pålogget", "Du må logge på for å fortsette.";
    /// Wrong password, or a user who may not sign in.
    WRONG_CREDENTIALS = "wrong-credentials", 401, "Pålogging avvist", "Feil e-postadresse eller passord.";
    /// The caller's role or department does not permit this.
    FORBIDDEN = "forbidden", 403, "Ingen tilgang", "Du har ikke tilgang til dette.";
    /// No such object, or no such address.
    NOT_FOUND = "not-found", 404, "Finnes ikke", "Fant ikke det du ba om.";
    /// The address exists, but not for this method.
    METHOD_NOT_ALLOWED = "method-not-allowed", 405, "Metoden er ikke tillatt", "Adressen kan ikke brukes på denne måten.";
    /// The request took too long to arrive.
    REQUEST_TIMEOUT = "request-timeout", 408, "Tidsavbrudd", "Forespørselen kom ikke fram i tide.";
    /// Someone else saved first (architecture, section 3).
    VERSION_CONFLICT = "version-conflict", 409, "Saken er endret av en annen", "Saken er lagret av en annen siden du åpnet den.";
    /// Someone else holds the lock.
    LOCK_HELD = "lock-held", 409, "Låst av en annen", "Ressursen er låst av en annen bruker.";
    /// A later holding of the lock has begun than the one a save refers to.
    LOCK_OVERTAKEN = "lock-overtaken", 409, "Låsen er overtatt", "En annen har overtatt redigeringen. Endringene dine er ikke lagret.";
    /// The object exists already, or its state does not permit this.
    CONFLICT = "conflict", 409, "Konflikt", "Handlingen er i konflikt med det som allerede er registrert.";
    /// The result is gone: kept for a limited time only.
    GONE = "gone", 410, "Ikke lenger tilgjengelig", "Innholdet er ikke lenger tilgjengelig.";
    /// The body or the document is larger than allowed.
    TOO_LARGE = "too-large", 413, "For stort", "Innholdet er for stort.";
    /// The body has a media type that is not read here.
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", 415, "Ukjent innholdstype", "Innholdet må sendes som application/json.";
    /// The caller has used up a rate limit.
    RATE_LIMITED = "rate-limited", 429, "For mange forespørsler", "Du har sendt for mange forespørsler. Vent litt og prøv igjen.";
    /// Our bug. Nothing about the cause leaves the process.
    INTERNAL = "internal", 500, "Intern feil", "Noe gikk galt hos oss. Prøv igjen om litt.";
    /// A part that is needed for this cannot be reached in time.
    UNAVAILABLE = "unavailable", 503, "Midlertidig utilgjengelig", "Tjenesten er midlertidig utilgjengelig. Prøv igjen om litt.";
}

impl ProblemType {
    /// The type that stands for a bare HTTP status, for answers that the framework makes itself.
    #[must_use]
    pub fn for_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::UNAUTHENTICATED,
            403 => Self::FORBIDDEN,
            404 => Self::NOT_FOUND,
            405 => Self::METHOD_NOT_ALLOWED,
            408 => Self::REQUEST_TIMEOUT,
            409 => Self::CONFLICT,
            410 => Self::GONE,
            413 => Self::TOO_LARGE,
            415 => Self::UNSUPPORTED_MEDIA_TYPE,
            429 => Self::RATE_LIMITED,
            503 => Self::UNAVAILABLE,
            400..=499 => Self::INVALID_REQUEST,
            _ => Self::INTERNAL,
        }
    }
}

/// One value that is wrong, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer into the body, or the name of a query parameter.
    pub pointer: String,
    /// What is wrong, in Norwegian.
    pub detail: Cow<'static, str>,
}

/// A failing answer under construction. Boxed inside, because it travels as the error of results
/// whose success is often one word.
#[derive(Clone, Debug)]
pub struct Problem(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    kind: ProblemType,
    message: Cow<'static, str>,
    errors: Vec<FieldError>,
    extensions: Map<String, Value>,
    retry_after: Option<Duration>,
    allow: Option<String>,
}

impl Problem {
    /// A problem with the type's default message.
    #[must_use]
    pub fn new(kind: ProblemType) -> Self {
        Self(Box::new(Parts {
            kind,
            message: Cow::Borrowed(kind.default_message),
            errors: Vec::new(),
            extensions: Map::new(),
            retry_after: None,
            allow: None,
        }))
    }

    /// [`ProblemType::INVALID_REQUEST`] that points at one value.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        Self::new(ProblemType::INVALID_REQUEST)
            .with_message(detail.clone())
            .with_error(pointer, detail)
    }

    /// Replaces the sentence that the user reads.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.0.message = message.into();
        self
    }

    /// Adds a wrong value.
    #[must_use]
    pub fn with_error(
        mut self,
        pointer: impl Into<String>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.0.errors.push(FieldError { pointer: pointer.into(), detail: detail.into() });
        self
    }

    /// Adds an extension member, such as `currentVersion`.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.extensions.insert(key.to_owned(), value.into());
        self
    }

    /// Adds every member of a serialised object as an extension, as the lock conflict needs
    /// (contract 1.3). Values that are not objects add nothing.
    #[must_use]
    pub fn with_members(mut self, members: Value) -> Self {
        if let Value::Object(members) = members {
            self.0.extensions.extend(members);
        }
        self
    }

    /// Sets `Retry-After`, rounded up to whole seconds.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Sets `Allow`, which RFC 9110 demands of a 405.
    #[must_use]
    pub fn with_allow(mut self, methods: String) -> Self {
        self.0.allow = Some(methods);
        self
    }

    /// The kind of problem.
    #[must_use]
    pub fn kind(&self) -> ProblemType {
        self.0.kind
    }

    /// HTTP status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The answer, marked with the current request's trace id.
    #[must_use]
    pub fn to_response(&self) -> HttpResponse {
        let mut body = self.0.extensions.clone();
        body.insert("type".into(), format!("/problems/{}", self.0.kind.slug).into());
        body.insert("title".into(), self.0.kind.title.into());
        body.insert("status".into(), self.0.kind.status.into());
        body.insert("detail".into(), self.0.message.as_ref().into());
        body.insert("message".into(), self.0.message.as_ref().into());
        body.insert("instance".into(), crate::observe::instance().into());
        if !self.0.errors.is_empty() {
            let errors = serde_json::to_value(&self.0.errors).unwrap_or_default();
            body.insert("errors".into(), errors);
        }
        let mut response = HttpResponse::build(self.status());
        response.insert_header((header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE)));
        response.insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")));
        if let Some(wait) = self.0.retry_after {
            response.insert_header((header::RETRY_AFTER, whole_seconds(wait).to_string()));
        }
        if let Some(methods) = &self.0.allow {
            response.insert_header((header::ALLOW, methods.as_str()));
        }
        response.body(Value::Object(body).to_string())
    }
}

/// Rounded up: who comes back then is not early.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// A failing answer: a problem document as RFC 9457 describes it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemSchema {
    /// Stable identifier of the kind of problem, `/problems/{slug}`.
    #[serde(rename = "type")]
    #[schema(example = "/problems/not-found")]
    pub kind: String,
    /// Constant title of the type, in Norwegian.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// The same sentence as `message`.
    pub detail: String,
    /// A sentence in Norwegian that may be shown to the user.
    pub message: String,
    /// Trace id of the request, to quote to the operators.
    pub instance: String,
    /// The values that were wrong, when the problem is about values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<FieldError>>,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_type_has_its_own_slug() {
        let slugs: HashSet<_> = ProblemType::ALL.iter().map(|kind| kind.slug).collect();
        assert_eq!(slugs.len(), ProblemType::ALL.len());
    }

    /// `UPDATE_DOCS=1 cargo nextest run -p edge` writes the page anew.
    #[test]
    fn the_problem_page_lists_every_type() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/problems.md");
        let page = problem_page();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), page, "see this test's comment");
    }

    fn problem_page() -> String {
        let mut page = String::from(
            "# Problem types\n\nWritten by a test of `crates/edge`; edit `problem.rs` instead. \
             Every failing answer is `application/problem+json` with one of these types; \
             `message` is often more precise than the default shown here.\n\n\
             | type | status | title | default message |\n|---|---|---|---|\n",
        );
        for kind in ProblemType::ALL {
            let ProblemType { slug, status, title, default_message } = kind;
            page.push_str("| ");
            page.push_str(
                &[&format!("`/problems/{slug}`"), &status.to_string(), *title, default_message]
                    .join(" | "),
            );
            page.push_str(" |\n");
        }
        page
    }

    #[actix_web::test]
    async fn a_problem_carries_message_extensions_and_retry_after() {
        let response = Problem::new(ProblemType::VERSION_CONFLICT)
            .with("currentVersion", 4)
            .with_retry_after(Duration::from_millis(1500))
            .to_response();
        assert_eq!(response.headers().get(header::CONTENT_TYPE).unwrap(), MEDIA_TYPE);
        assert_eq!(response.headers().get(header::RETRY_AFTER).unwrap(), "2");
        let body = actix_web::body::to_bytes(response.into_body()).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["type"], "/problems/version-conflict");
        assert_eq!(body["currentVersion"], 4);
        assert_eq!(body["detail"], body["message"]);
    }
}
