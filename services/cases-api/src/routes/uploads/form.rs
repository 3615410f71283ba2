//! Reads an upload's form part by part, within limits.
//!
//! What is too large is read to its end all the same, up to what the gateway lets through: an
//! answer to a sender who is still sending would be lost with the connection.

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::web::{Bytes, Payload};
use edge::problem::{Problem, ProblemType};
use futures_util::{StreamExt as _, TryStreamExt as _};

use crate::uploads::MAX_FILE_BYTES;

/// Largest body, as the gateway has it: the file, and what stands around it.
const MAX_BODY_BYTES: usize = 12 * 1024 * 1024;
/// Most parts. Those that nobody knows are skipped.
const MAX_PARTS: usize = 20;
/// Largest part that is not a file.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// A file as it was sent.
pub(in crate::routes) struct SentFile {
    /// What it is called at the sender's.
    pub(in crate::routes) name: String,
    /// All of it.
    pub(in crate::routes) content: Bytes,
}

/// A form with a file in it.
#[derive(Default)]
pub(in crate::routes) struct UploadForm {
    file: Option<SentFile>,
    texts: Vec<(String, String)>,
}

impl UploadForm {
    /// Reads a `multipart/form-data` body to its end.
    ///
    /// # Errors
    /// 400 for a form that cannot be read or has two files, 413 for one that is too large, 415 for
    /// anything else than a form.
    pub(in crate::routes) async fn read(
        request: &HttpRequest,
        body: Payload,
    ) -> Result<Self, Problem> {
        if !is_form(request) {
            return Err(Problem::new(ProblemType::UNSUPPORTED_MEDIA_TYPE)
                .with_message("Filen må sendes som multipart/form-data."));
        }
        let mut sent = 0;
        let limited = body.map(move |chunk| {
            let chunk = chunk?;
            sent += chunk.len();
            if sent > MAX_BODY_BYTES { Err(PayloadError::Overflow) } else { Ok(chunk) }
        });
        let mut parts = Multipart::new(request.headers(), limited);
        let mut form = Self::default();
        // A refusal waits for the end of the body.
        let mut refusal = None;
        let mut count = 0;
        while let Some(part) = parts.try_next().await.map_err(|error| unreadable(&error))? {
            count += 1;
            if count > MAX_PARTS {
                return Err(Problem::invalid("/file", "Skjemaet har for mange deler."));
            }
            if let Err(problem) = form.take(part).await {
                refusal.get_or_insert(problem);
            }
        }
        match refusal {
            Some(problem) => Err(problem),
            None => Ok(form),
        }
    }

    /// The file of the form.
    ///
    /// # Errors
    /// 400 when there is none.
    pub(in crate::routes) fn into_file(self) -> Result<SentFile, Problem> {
        self.file
            .ok_or_else(|| Problem::invalid("/file", "Skjemaet mangler en fil i delen «file»."))
    }

    /// A part that is text.
    pub(in crate::routes) fn text(&self, name: &str) -> Option<&str> {
        self.texts.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    async fn take(&mut self, mut part: Field) -> Result<(), Problem> {
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" {
            let file_name = file_name(&part);
            let content = read_part(&mut part, MAX_FILE_BYTES).await?.ok_or_else(|| {
                Problem::new(ProblemType::TOO_LARGE).with_message("Filen er større enn 10 MB.")
            })?;
            if self.file.is_some() {
                return Err(Problem::invalid("/file", "Skjemaet kan bare ha én fil."));
            }
            self.file = Some(SentFile { name: file_name, content });
            return Ok(());
        }
        let pointer = format!("/{name}");
        let Some(content) = read_part(&mut part, MAX_TEXT_BYTES).await? else {
            return Err(Problem::invalid(pointer, "Teksten er for lang."));
        };
        match String::from_utf8(content.to_vec()) {
            Ok(text) if !text.contains('\0') => self.texts.push((name, text)),
            _ => return Err(Problem::invalid(pointer, "Teksten inneholder ugyldige tegn.")),
        }
        Ok(())
    }
}

fn is_form(request: &HttpRequest) -> bool {
    let value = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("multipart/form-data")
}

/// The name as the sender gave it, in either of the two ways there are.
fn file_name(part: &Field) -> String {
    let Some(disposition) = part.content_disposition() else { return String::new() };
    let extended = || {
        let name = disposition.get_filename_ext()?;
        Some(String::from_utf8_lossy(&name.value).into_owned())
    };
    disposition.get_filename().map(str::to_owned).or_else(extended).unwrap_or_default()
}

/// All of a part; `None` when it is larger than `limit`.
async fn read_part(part: &mut Field, limit: usize) -> Result<Option<Bytes>, Problem> {
    match part.bytes(limit).await {
        Ok(Ok(content)) => Ok(Some(content)),
        Ok(Err(error)) => Err(unreadable(&error)),
        Err(_) => Ok(None),
    }
}

fn unreadable(error: &MultipartError) -> Problem {
    if matches!(error, MultipartError::Payload(PayloadError::Overflow)) {
        return Problem::new(ProblemType::TOO_LARGE).with_message("Filen er større enn 10 MB.");
    }
    Problem::new(ProblemType::INVALID_REQUEST).with_message("Skjemaet kunne ikke leses.")
}
