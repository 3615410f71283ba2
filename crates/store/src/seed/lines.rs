//! Real budget lines as subjects of seeded cases: chapter, item, name and amount from a CSV file of
//! the state budget. Lines of departments that the portal does not know are counted, not guessed at.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use domain::department::canonical_code;
use serde::Deserialize;

use super::error::SeedError;
use super::organisation::{FIN, MINISTRIES};

/// One chapter and item of the budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetLine {
    /// Chapter number, as printed.
    pub chapter: String,
    /// Name of the chapter.
    pub chapter_name: String,
    /// Item number, two digits.
    pub post: String,
    /// Name of the item.
    pub item_name: String,
    /// Amount in 1 000 NOK.
    pub amount: i64,
}

/// The budget lines of each ministry, expenditure before revenue and otherwise in file order.
#[derive(Clone, Debug, Default)]
pub struct BudgetLines {
    by_ministry: HashMap<String, Vec<BudgetLine>>,
    /// Number of lines without a ministry, by the code they carried.
    pub(super) unknown: BTreeMap<String, u32>,
}

/// The columns used here; the file has more.
#[derive(Deserialize)]
struct Record {
    side: String,
    departement: String,
    kapittel: String,
    kapittelnavn: String,
    post: String,
    postnavn: String,
    belop_kr: i64,
}

impl BudgetLines {
    /// Reads a budget-line CSV (UTF-8, comma separated, one header line).
    ///
    /// # Errors
    /// [`SeedError::Lines`] when the file cannot be read or a needed column is missing or malformed.
    pub fn read(path: &Path) -> Result<Self, SeedError> {
        let failed = |source| SeedError::Lines { path: path.to_owned(), source };
        let reader = csv::Reader::from_path(path).map_err(failed)?;
        Self::from_reader(reader).map_err(failed)
    }

    fn from_reader<R: std::io::Read>(mut reader: csv::Reader<R>) -> Result<Self, csv::Error> {
        let mut records = reader.deserialize().collect::<Result<Vec<Record>, _>>()?;
        // Stable: a case about expenditure says more than one about revenue, and comes first.
        records.sort_by_key(|record| record.side != "utgifter");
        let mut lines = Self::default();
        for record in records {
            lines.add(record);
        }
        Ok(lines)
    }

    fn add(&mut self, record: Record) {
        let code = ministry_code(&record.departement);
        if !MINISTRIES.iter().any(|ministry| ministry.code == code) {
            *self.unknown.entry(record.departement).or_default() += 1;
            return;
        }
        let line = BudgetLine {
            chapter: record.kapittel,
            chapter_name: record.kapittelnavn,
            post: format!("{:0>2}", record.post),
            item_name: record.postnavn,
            amount: rounded_thousands(record.belop_kr),
        };
        self.by_ministry.entry(code).or_default().push(line);
    }

    /// The line for the `index`th case of a ministry. More cases than lines begin again from the
    /// first, which is what happens in reality: the same line returns in every round.
    pub(super) fn line(&self, ministry: &str, index: usize) -> Option<&BudgetLine> {
        let lines = self.by_ministry.get(ministry)?;
        lines.get(index % lines.len())
    }
}

/// The ministry that answers for a line. FIN itself proposes nothing in the portal: its chapters
/// belong to the ministry's own spending departments.
fn ministry_code(departement: &str) -> String {
    let code = canonical_code(departement.trim());
    if code == FIN { "FIN-FAG".to_owned() } else { code }
}

/// Kroner to 1 000 NOK, rounded half away from zero.
fn rounded_thousands(kroner: i64) -> i64 {
    (kroner + 500 * kroner.signum()) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "budsjettaar,side,departement,omraade,kapittel,kapittelnavn,post,underpost,postnavn,belop_kr,postgruppe\n\
        2026,inntekter,JD,Justis,3410,Rettsgebyr,1,0,Rettsgebyr,324900499,driftsutgifter\n\
        2026,utgifter,JD,Justis,410,Domstolene,21,0,Spesielle driftsutgifter,115835500,driftsutgifter\n\
        2026,utgifter,FIN,Konstitusjonelle,1,H.M. Kongen,1,0,Apanasje,16234000,driftsutgifter\n\
        2026,utgifter,XYZ,Ukjent,1,A,1,0,B,1,driftsutgifter\n";

    fn parsed() -> BudgetLines {
        BudgetLines::from_reader(csv::Reader::from_reader(FILE.as_bytes())).unwrap()
    }

    #[test]
    fn expenditure_comes_first_and_lines_begin_again_at_the_end() {
        let lines = parsed();
        let first = lines.line("JD", 0).unwrap();
        assert_eq!((first.chapter.as_str(), first.post.as_str()), ("410", "21"));
        assert_eq!(first.amount, 115_836);
        assert_eq!(lines.line("JD", 1).unwrap().post, "01");
        assert_eq!(lines.line("JD", 2), Some(first));
    }

    #[test]
    fn fin_lines_belong_to_its_spending_departments_and_unknown_codes_are_counted() {
        let lines = parsed();
        assert_eq!(lines.line("FIN-FAG", 0).unwrap().item_name, "Apanasje");
        assert_eq!(lines.line("SD", 0), None);
        assert_eq!(lines.unknown, BTreeMap::from([("XYZ".to_owned(), 1)]));
    }

    #[test]
    fn kroner_are_rounded_half_away_from_zero() {
        assert_eq!(
            [499, 500, -500, -499, -397_642_000].map(rounded_thousands),
            [0, 1, -1, 0, -397_642]
        );
    }

    #[test]
    fn a_missing_column_is_an_error() {
        let reader = csv::Reader::from_reader("side,departement\nutgifter,JD\n".as_bytes());
        assert!(BudgetLines::from_reader(reader).is_err());
    }
}
