//! Pictures in the text.

use std::io::{self, Write};

use super::xml::Xml;
use crate::report::Figure;

/// Width of the text, and the height a picture may have, in Word's units: 360 000 to a centimetre.
const TEXT_WIDTH: u64 = 5_731_200;
const MOST_HEIGHT: u64 = 7_920_000;
const PICTURE: &str = "http://schemas.openxmlformats.org/drawingml/2006/picture";

/// Writes a picture as a paragraph of its own, kept together with its caption.
pub(super) fn write<W: Write>(
    xml: &mut Xml<W>,
    figure: &Figure,
    relation: &str,
    number: usize,
) -> io::Result<()> {
    let (width, height) = size(figure);
    let (width, height) = (width.to_string(), height.to_string());
    let number = number.to_string();
    let name = format!("Figur {number}");
    let named = [("id", &*number), ("name", &*name), ("descr", &*figure.alt)];
    xml.start("w:p", &[])?;
    xml.start("w:pPr", &[])?;
    xml.empty("w:keepNext", &[])?;
    xml.end("w:pPr")?;
    xml.start("w:r", &[])?;
    xml.start("w:drawing", &[])?;
    xml.start("wp:inline", &[("distT", "0"), ("distB", "0"), ("distL", "0"), ("distR", "0")])?;
    xml.empty("wp:extent", &[("cx", &width), ("cy", &height)])?;
    xml.empty("wp:docPr", &named)?;
    xml.start("a:graphic", &[])?;
    xml.start("a:graphicData", &[("uri", PICTURE)])?;
    xml.start("pic:pic", &[])?;
    xml.start("pic:nvPicPr", &[])?;
    xml.empty("pic:cNvPr", &named)?;
    xml.empty("pic:cNvPicPr", &[])?;
    xml.end("pic:nvPicPr")?;
    xml.start("pic:blipFill", &[])?;
    xml.empty("a:blip", &[("r:embed", relation)])?;
    xml.start("a:stretch", &[])?;
    xml.empty("a:fillRect", &[])?;
    xml.end("a:stretch")?;
    xml.end("pic:blipFill")?;
    xml.start("pic:spPr", &[])?;
    xml.start("a:xfrm", &[])?;
    xml.empty("a:off", &[("x", "0"), ("y", "0")])?;
    xml.empty("a:ext", &[("cx", &width), ("cy", &height)])?;
    xml.end("a:xfrm")?;
    xml.start("a:prstGeom", &[("prst", "rect")])?;
    xml.empty("a:avLst", &[])?;
    xml.end("a:prstGeom")?;
    xml.end("pic:spPr")?;
    for element in ["pic:pic", "a:graphicData", "a:graphic", "wp:inline", "w:drawing", "w:r", "w:p"]
    {
        xml.end(element)?;
    }
    Ok(())
}

/// Width and height on the page, in proportion, and never higher than a page.
fn size(figure: &Figure) -> (u64, u64) {
    let (across, down) = (u64::from(figure.picture.width), u64::from(figure.picture.height));
    let width = TEXT_WIDTH * u64::from(figure.width_percent) / 100;
    let height = width * down / across.max(1);
    if height <= MOST_HEIGHT {
        (width.max(1), height.max(1))
    } else {
        ((MOST_HEIGHT * across / down.max(1)).max(1), MOST_HEIGHT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Picture, PictureFormat};

    fn figure(width: u32, height: u32, width_percent: u8) -> Figure {
        let bytes = [].into();
        let picture = Picture { format: PictureFormat::Png, bytes, width, height };
        Figure { picture, width_percent, alt: String::new() }
    }

    #[test]
    fn a_figure_takes_its_share_of_the_width_and_keeps_its_proportions() {
        assert_eq!(size(&figure(400, 200, 100)), (5_731_200, 2_865_600));
        assert_eq!(size(&figure(400, 200, 50)), (2_865_600, 1_432_800));
    }

    #[test]
    fn a_tall_figure_fits_the_page_and_an_extreme_one_is_never_nothing() {
        assert_eq!(size(&figure(100, 1_000, 100)), (792_000, MOST_HEIGHT));
        assert_eq!(size(&figure(40_000_000, 1, 1)).1, 1);
        assert_eq!(size(&figure(1, 40_000_000, 100)).0, 1);
    }
}
