//! A group of cases: introduction, summary table, subgroups (documents contract 5.6 to 5.8).

use domain::department_list::{ListEntry, ListSection};
use domain::list_render_config::OTHERS_TITLE;
use domain::money::ThousandNok;
use domain::placement::ListPlacement;

use super::Printer;
use super::config::GroupConfig;
use crate::report::{Block, Column, Style, Table};

/// In the place of an amount that is not set (domain contract 7.6).
const NO_AMOUNT: &str = "-";

impl Printer<'_> {
    pub(super) fn group(&mut self, group: &ListSection) {
        let config = GroupConfig::of(group);
        if let Some(intro) = &config.intro {
            let intro = self.intro(intro, &group.entries);
            self.flow.heading(Style::Body, intro);
        }
        if config.has_table && !group.entries.is_empty() {
            let title = config.table_title.as_ref().or(group.title.as_ref());
            let title = self.named(title.map_or("Oppsummering", String::as_str));
            self.flow.heading(Style::TableTitle, format!("{title} (1 000 kr)"));
            self.flow.blocks.push(Block::Table(self.table(&group.entries)));
        }
        if config.subgroups.is_empty() {
            group.entries.iter().for_each(|entry| self.entry(entry, &config));
        } else {
            self.subgroups(&group.entries, &config);
        }
    }

    fn subgroups(&mut self, entries: &[ListEntry], config: &GroupConfig) {
        for subgroup in &config.subgroups {
            self.flow.heading(Style::Group, &subgroup.title);
            let is_in = |entry: &&ListEntry| entry.subgroup.as_deref() == Some(&subgroup.value);
            entries.iter().filter(is_in).for_each(|entry| self.entry(entry, config));
        }
        let is_known = |value: &str| config.subgroups.iter().any(|known| known.value == value);
        let mut others = entries
            .iter()
            .filter(|entry| !entry.subgroup.as_deref().is_some_and(is_known))
            .peekable();
        if others.peek().is_some() {
            self.flow.heading(Style::Group, OTHERS_TITLE);
        }
        others.for_each(|entry| self.entry(entry, config));
    }

    /// The introduction; what it counts are the cases on the A-list.
    fn intro(&self, template: &str, entries: &[ListEntry]) -> String {
        let a_list = ListPlacement::AList.as_str();
        let counted: Vec<_> =
            entries.iter().filter(|entry| entry.subgroup.as_deref() == Some(a_list)).collect();
        let total = sum(counted.iter().filter_map(|entry| entry.fin_amount.or(entry.amount)));
        self.named(template)
            .replace("{count}", &counted.len().to_string())
            .replace("{total_amount}", &total.unwrap_or_default().millions())
    }

    /// A pattern with the ministry in the place of its placeholders.
    pub(super) fn named(&self, pattern: &str) -> String {
        pattern
            .replace("{department_name}", &self.head.department_name)
            .replace("{department_abbrev}", &self.head.department_code)
    }

    fn table(&self, entries: &[ListEntry]) -> Table {
        let proposal = format!("{}s forslag", self.head.department_code);
        let column =
            |title: &str, numeric, width| Column { title: title.to_owned(), numeric, width };
        let rows = entries.iter().zip(1..).map(|(entry, number): (_, u32)| {
            vec![
                number.to_string(),
                entry.case_name.clone(),
                cell(entry.amount),
                cell(entry.fin_amount),
            ]
        });
        Table {
            columns: vec![
                column("Nr.", false, 8),
                column("Sak", false, 52),
                column(&proposal, true, 20),
                column("FINs tilråding", true, 20),
            ],
            rows: rows.collect(),
            sum: Some(vec![
                String::new(),
                "Sum".to_owned(),
                cell(sum(entries.iter().filter_map(|entry| entry.amount))),
                cell(sum(entries.iter().filter_map(|entry| entry.fin_amount))),
            ]),
        }
    }
}

fn cell(amount: Option<ThousandNok>) -> String {
    amount.map_or_else(|| NO_AMOUNT.to_owned(), |amount| amount.to_string())
}

/// `None` when there is nothing to add up: no sum is not a sum of zero.
fn sum(amounts: impl Iterator<Item = ThousandNok>) -> Option<ThousandNok> {
    amounts.map(ThousandNok::get).reduce(i64::saturating_add).map(ThousandNok::new)
}
