//! The demo data set as values, before anything is written: what tests count and what the loader
//! copies.

use super::cases::{DemoCase, demo_cases};
use super::dialogue::{conclusions, opinions, questions};
use super::error::SeedError;
use super::lines::BudgetLines;
use super::lists::{Lists, demo_lists};
use super::organisation::{MINISTRIES, case_types, departments, rounds};
use super::people::{People, Team, people};
use super::rows::{
    CaseRow, CaseTypeRow, CommentRow, ConclusionRow, ContentRow, DepartmentRow, EventRow,
    OpinionRow, QuestionRow, RoundRow, TemplateRow, TemplateSectionRow,
};
use super::submissions::{Submissions, submissions};
use super::template::Template;
use super::tracked;

/// Everything of seed-data sections 1 to 7 with the recommended extras.
pub(super) struct DemoData {
    pub(super) departments: Vec<DepartmentRow>,
    pub(super) people: People,
    pub(super) rounds: Vec<RoundRow>,
    pub(super) case_types: Vec<CaseTypeRow>,
    pub(super) cases: Vec<CaseRow>,
    pub(super) contents: Vec<ContentRow>,
    pub(super) events: Vec<EventRow>,
    pub(super) opinions: Vec<OpinionRow>,
    pub(super) comments: Vec<CommentRow>,
    pub(super) conclusions: Vec<ConclusionRow>,
    pub(super) questions: Vec<QuestionRow>,
    pub(super) submissions: Submissions,
    pub(super) templates: Vec<TemplateRow>,
    pub(super) template_sections: Vec<TemplateSectionRow>,
    pub(super) lists: Lists,
}

impl DemoData {
    pub(super) fn generate(lines: Option<&BudgetLines>) -> Result<Self, SeedError> {
        let (mars, august) = (Template::mars(), Template::august());
        let mut data = Self {
            departments: departments(),
            people: people()?,
            rounds: rounds(),
            case_types: case_types(),
            cases: Vec::new(),
            contents: Vec::new(),
            events: Vec::new(),
            opinions: Vec::new(),
            comments: Vec::new(),
            conclusions: Vec::new(),
            questions: Vec::new(),
            submissions: Submissions::default(),
            templates: vec![mars.row(), august.row()],
            template_sections: [mars.section_rows(), august.section_rows()].concat(),
            lists: Lists::default(),
        };
        for (nth, ministry) in MINISTRIES.iter().enumerate() {
            let team = Team::of(ministry);
            data.add_ministry(&demo_cases(nth, ministry, &team, lines));
        }
        data.lists = demo_lists(&mars, &august, &data.cases);
        Ok(data)
    }

    fn add_ministry(&mut self, cases: &[DemoCase<'_>]) {
        for case in cases {
            let contents = case.contents();
            let anchor = contents
                .last()
                .and_then(|newest| newest.justification.as_deref())
                .and_then(|text| text.lines().next())
                .map(ToOwned::to_owned);
            let opinions = opinions(case);
            self.cases.push(case.row());
            self.contents.extend(contents);
            self.events.extend(case.events());
            self.events.extend(opinions.events);
            self.opinions.extend(opinions.rows);
            self.comments.extend(tracked::comments(case, anchor));
            self.conclusions.extend(conclusions(case));
            self.questions.extend(questions(case));
        }
        let sent = submissions(cases);
        self.submissions.rows.extend(sent.rows);
        self.submissions.links.extend(sent.links);
    }
}

#[cfg(test)]
mod tests;
