//! What a seeded case is about: its name, budget line and amount, invented from the ministry's
//! topics or taken from real budget lines.

use domain::case_type::StandardCaseType;

use super::ids::signed;
use super::lines::{BudgetLine, BudgetLines};
use super::organisation::Ministry;

/// Name and budget line of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) case_type: StandardCaseType,
    pub(super) case_name: String,
    /// The subject as it stands inside a sentence.
    pub(super) topic: String,
    pub(super) chapter: Option<String>,
    pub(super) post: Option<String>,
    pub(super) amount: Option<i64>,
}

const CHAPTERS: [&str; 20] = [
    "200", "225", "260", "300", "325", "400", "440", "500", "571", "600", "700", "840", "900",
    "1100", "1142", "1300", "1352", "1400", "1600", "1900",
];

const POSTS: [&str; 9] = ["01", "11", "21", "31", "41", "51", "61", "71", "81"];

/// The `index`th subject of a ministry.
pub(super) fn subject(ministry: &Ministry, index: usize, lines: Option<&BudgetLines>) -> Subject {
    subject_of_type(ministry, index, cycled_type(index), lines)
}

/// The type of the `index`th case (seed-data 4.2).
fn cycled_type(index: usize) -> StandardCaseType {
    StandardCaseType::ALL[index % StandardCaseType::ALL.len()]
}

/// The same for a case whose type is chosen otherwise.
pub(super) fn subject_of_type(
    ministry: &Ministry,
    index: usize,
    case_type: StandardCaseType,
    lines: Option<&BudgetLines>,
) -> Subject {
    let line = lines.and_then(|lines| lines.line(ministry.code, index));
    let subject = match line {
        Some(line) => from_line(line, case_type),
        None => invented(ministry, index, case_type),
    };
    if case_type == StandardCaseType::AndreSaker {
        // A case that changes no appropriation has no budget line either (seed-data 4.3).
        return Subject { chapter: None, post: None, amount: None, ..subject };
    }
    subject
}

fn from_line(line: &BudgetLine, case_type: StandardCaseType) -> Subject {
    Subject {
        case_type,
        case_name: format!("{}: {}", line.chapter_name, line.item_name),
        topic: format!("«{}» under {}", line.item_name, line.chapter_name),
        chapter: Some(line.chapter.clone()),
        post: Some(line.post.clone()),
        amount: Some(line.amount),
    }
}

fn invented(ministry: &Ministry, index: usize, case_type: StandardCaseType) -> Subject {
    let amount = invented_amount(index);
    // The nth case of its type; steps of three through the topics, and one further each time round,
    // so that no two cases of a ministry get the same name. Neighbours differ by their index.
    let nth = index / StandardCaseType::ALL.len();
    let topic = ministry.topics[(3 * nth + nth / 8 + 2 * (index % 4)) % ministry.topics.len()];
    let names = name_patterns(case_type, amount);
    Subject {
        case_type,
        case_name: names[nth % names.len()].replace("{}", topic),
        topic: topic.to_owned(),
        chapter: Some(CHAPTERS[index % CHAPTERS.len()].to_owned()),
        post: Some(POSTS[index % POSTS.len()].to_owned()),
        amount: Some(amount),
    }
}

/// Amount rule of seed-data 4.3. Every second `budsjettiltak` saves money.
fn invented_amount(index: usize) -> i64 {
    let step = if index.is_multiple_of(3) { 12_000 } else { 18_000 };
    let amount = (signed(index) + 1) * step;
    if index % 8 == 5 { -amount } else { amount }
}

fn name_patterns(case_type: StandardCaseType, amount: i64) -> &'static [&'static str] {
    match case_type {
        StandardCaseType::Satsingsforslag => &[
            "Økt bevilgning til {}",
            "Styrket innsats for {}",
            "Nytt initiativ for {}",
            "Modernisering av arbeidet med {}",
        ],
        StandardCaseType::Budsjettiltak if amount < 0 => &["Redusert ramme for {}"],
        StandardCaseType::Budsjettiltak => {
            &["Videreføring av innsatsen for {}", "Omprioritering til {}"]
        }
        StandardCaseType::TekniskJustering => {
            &["Teknisk justering av bevilgningen til {}", "Oppdatert anslag for {}"]
        }
        StandardCaseType::AndreSaker => &["Utredning av {}", "Omtale av {} i proposisjonen"],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::seed::organisation::MINISTRIES;

    #[test]
    fn no_two_cases_of_a_ministry_have_the_same_name() {
        for ministry in &MINISTRIES {
            let names: BTreeSet<String> =
                (0..52).map(|index| subject(ministry, index, None).case_name).collect();
            assert_eq!(names.len(), 52, "{}", ministry.code);
        }
    }

    #[test]
    fn amounts_follow_the_contract_and_some_are_savings() {
        let amount = |index| subject(&MINISTRIES[0], index, None).amount;
        assert_eq!(amount(0), Some(12_000));
        assert_eq!(amount(1), Some(36_000));
        assert_eq!(amount(5), Some(-108_000));
        assert_eq!(amount(3), None, "andre_saker changes no appropriation");
    }
}
