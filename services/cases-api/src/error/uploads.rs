//! What is said of a picture that is not kept; part of the one table.

use edge::ApiError;
use edge::problem::Problem;

use super::not_found;
use crate::uploads::{ImageType, RasterError, SvgError, UploadError};

impl From<UploadError> for ApiError {
    fn from(error: UploadError) -> Self {
        let refused = |message: &'static str| Problem::invalid("/file", message).into();
        match error {
            UploadError::Empty => refused("Filen er tom."),
            UploadError::Extension(accepted) | UploadError::Content(accepted) => {
                Problem::invalid("/file", format!("Filen må være {}.", one_of(accepted))).into()
            }
            UploadError::Raster(RasterError::TooManyPixels) => {
                refused("Bildet har for mange piksler. Lagre det mindre og prøv igjen.")
            }
            UploadError::Raster(RasterError::MoreThanAPicture) => {
                refused("Filen inneholder mer enn et bilde. Lagre bildet på nytt og prøv igjen.")
            }
            UploadError::Raster(RasterError::Undecodable(_)) => {
                refused("Bildet er skadet og kan ikke vises.")
            }
            UploadError::Svg(SvgError::NotWellFormed(_)) => {
                refused("SVG-filen er ikke gyldig XML.")
            }
            UploadError::Svg(SvgError::DeclaresEntities) => {
                refused("SVG-filen definerer entiteter (DTD), og det er ikke tillatt.")
            }
            UploadError::Svg(SvgError::TooComplex) => {
                refused("SVG-filen har for mange elementer eller nivåer.")
            }
            UploadError::Svg(SvgError::NotADrawing | SvgError::NotCleaned(_)) => {
                refused("Filen er ikke en SVG-tegning.")
            }
            UploadError::NotFound => not_found("Fant ikke bildet."),
            UploadError::Busy | UploadError::Store(_) => Self::unavailable(error),
            UploadError::Died(_) | UploadError::Svg(SvgError::Unwritable(_)) => {
                Self::internal(error)
            }
        }
    }
}

/// «PNG, SVG eller JPEG».
fn one_of(accepted: &[ImageType]) -> String {
    let names: Vec<String> = accepted.iter().map(ToString::to_string).collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} eller {last}", others.join(", ")),
        _ => names.concat(),
    }
}
