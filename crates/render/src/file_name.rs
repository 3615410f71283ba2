//! Names that documents get at the user's.
//!
//! Letters, digits and hyphens, so that every system takes them; the underscore between parts.

use chrono::{DateTime, Utc};
use domain::export::DocumentFormat;

use crate::text::day;

/// Longest part of a name: names of cases have up to 500 characters, file systems 255 bytes.
const LONGEST_PART: usize = 80;

/// Name for the cases of one department or round, such as `Saker_KLD_AUG2026.xlsx`.
#[must_use]
pub fn case_list(department: Option<&str>, round: Option<&str>, format: DocumentFormat) -> String {
    let parts = [Some("Saker"), department, round];
    of_parts(parts.into_iter().flatten(), format)
}

/// Name for one case, such as `Sak_Rein_luft.docx`.
#[must_use]
pub fn case(case_name: &str, format: DocumentFormat) -> String {
    of_parts(["Sak", case_name.trim()], format)
}

/// Name for a department list that was ordered, such as `Depliste_KLD_AUG2026.docx`.
#[must_use]
pub fn department_list(department: &str, round: &str, format: DocumentFormat) -> String {
    of_parts(["Depliste", department, round], format)
}

/// Name for a department list as it is on a day, such as `Departementsliste_KLD_20260817.docx`.
#[must_use]
pub fn department_list_of(
    department: &str,
    made_at: DateTime<Utc>,
    format: DocumentFormat,
) -> String {
    let day = day(made_at).format("%Y%m%d").to_string();
    of_parts(["Departementsliste", department, &day], format)
}

fn of_parts<'a>(parts: impl IntoIterator<Item = &'a str>, format: DocumentFormat) -> String {
    let parts: Vec<String> = parts.into_iter().map(safe).filter(|part| !part.is_empty()).collect();
    format!("{}.{}", parts.join("_"), format.extension())
}

/// The words of a text, with one underscore for whatever is between them.
fn safe(part: &str) -> String {
    let kept: String = part.chars().take(LONGEST_PART).collect();
    let words = kept.split(|c: char| !c.is_alphanumeric() && c != '-');
    words.filter(|word| word.contains(char::is_alphanumeric)).collect::<Vec<_>>().join("_")
}

/// The same name for clients that know no letters beyond ASCII.
#[must_use]
pub fn in_ascii(file_name: &str) -> String {
    let mut plain = String::with_capacity(file_name.len());
    for c in file_name.chars() {
        match c {
            'æ' => plain.push_str("ae"),
            'ø' => plain.push_str("oe"),
            'å' => plain.push_str("aa"),
            'Æ' => plain.push_str("Ae"),
            'Ø' => plain.push_str("Oe"),
            'Å' => plain.push_str("Aa"),
            c if c.is_ascii() => plain.push(c),
            _ => plain.push('_'),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use DocumentFormat::{Docx, Xlsx};

    use super::*;

    #[test]
    fn names_say_what_is_in_the_file() {
        assert_eq!(case_list(Some("KLD"), Some("AUG2026"), Xlsx), "Saker_KLD_AUG2026.xlsx");
        assert_eq!(case_list(None, None, Docx), "Saker.docx");
        assert_eq!(department_list("FIN-FAG", "AUG2026", Docx), "Depliste_FIN-FAG_AUG2026.docx");
        let evening: DateTime<Utc> = "2026-08-16T22:30:00Z".parse().unwrap();
        assert_eq!(department_list_of("KLD", evening, Docx), "Departementsliste_KLD_20260817.docx");
    }

    #[test]
    fn a_name_is_safe_and_short_whatever_the_case_is_called() {
        assert_eq!(case("Økt vern: ../../etc \"§\"", Docx), "Sak_Økt_vern_etc.docx");
        assert_eq!(case("Rein luft – post 21-", Docx), "Sak_Rein_luft_post_21-.docx");
        assert_eq!(case("«…»", Docx), "Sak.docx");
        assert!(case(&"å".repeat(500), Docx).len() <= 255);
    }

    #[test]
    fn a_name_without_norwegian_letters_can_still_be_read() {
        assert_eq!(in_ascii("Sak_Økt_støtte_på_æra_čš.docx"), "Sak_Oekt_stoette_paa_aera___.docx");
    }
}
