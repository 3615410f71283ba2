//! Drawings (SVG), made into pixels as fine as print shows.
//!
//! A drawing may name fonts, files and other pictures. It gets the fonts it is given here and
//! nothing else: the machine that draws it has secrets in its files, and a network.

use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{ImageHrefResolver, Options, Tree, fontdb};

use super::{FINEST, Picture, PictureFormat};

/// What texts in drawings are set in when the font they name is not there.
const FAMILY: &str = "Carlito";
/// Most pixels down.
const TALLEST: f32 = 4_000.0;
/// How much finer than on the screen a drawing is made.
const FINER: f32 = 3.0;

/// The fonts that texts in drawings are set in. Without any, a drawing has no text.
#[derive(Clone, Debug, Default)]
pub struct PictureFonts(Arc<fontdb::Database>);

impl PictureFonts {
    /// Takes font files; what is none is left out.
    #[must_use]
    pub fn of_files(files: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut fonts = fontdb::Database::new();
        files.into_iter().for_each(|file| fonts.load_font_data(file));
        // Every font that is not there ends in one of these.
        fonts.set_serif_family(FAMILY);
        fonts.set_sans_serif_family(FAMILY);
        fonts.set_monospace_family(FAMILY);
        fonts.set_cursive_family(FAMILY);
        fonts.set_fantasy_family(FAMILY);
        Self(Arc::new(fonts))
    }

    /// Whether drawings have texts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Draws; `None` when it is no drawing, or shows nothing.
pub(super) fn draw(bytes: &[u8], fonts: &PictureFonts) -> Option<Picture> {
    let options = Options {
        fontdb: Arc::clone(&fonts.0),
        font_family: FAMILY.to_owned(),
        image_href_resolver: ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..Options::default()
    };
    let tree = Tree::from_data(bytes, &options).ok()?;
    let size = tree.size();
    let finest = f32::from(u16::try_from(FINEST).unwrap_or(u16::MAX));
    let scale = FINER.min(finest / size.width()).min(TALLEST / size.height());
    let pixels = size.to_int_size().scale_by(scale)?;
    let mut pixmap = Pixmap::new(pixels.width(), pixels.height())?;
    // Exactly as many pixels as there are, whatever rounding has done.
    let across = side(pixels.width()) / size.width();
    let down = side(pixels.height()) / size.height();
    resvg::render(&tree, Transform::from_scale(across, down), &mut pixmap.as_mut());
    let shown = size.to_int_size();
    Some(Picture {
        format: PictureFormat::Png,
        bytes: pixmap.encode_png().ok()?.into(),
        width: shown.width(),
        height: shown.height(),
    })
}

/// A side of a picture no larger than [`FINEST`] or [`TALLEST`] allow.
fn side(pixels: u32) -> f32 {
    f32::from(u16::try_from(pixels).unwrap_or(u16::MAX))
}
