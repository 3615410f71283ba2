//! Templates of department lists: the kinds of section they are made of, the titles that follow
//! from them, and what an edit of the section tree leaves (domain contract 1.16, 1.17, 2.10 and 7).
//!
//! A list is made from a template and stays linked to it section by section, so an edit of the
//! template must keep the ids of what it keeps. [`check_sections`] refuses a tree that could not be
//! stored, [`plan_sections`] says which sections there will be, [`SectionDiff`] what that changes,
//! and [`list_changes`] what becomes of the lists.

mod lists;
mod plan;

use crate::ids::TemplateSectionId;
use crate::role::Role;
use crate::wire::wire_enum;

pub use lists::{InstantiatedSection, ListChanges, ListSectionChange, list_changes};
pub use plan::{
    SectionDiff, SectionFault, SectionFaultKind, SectionInput, check_config, check_section,
    check_sections, check_title, plan_section, plan_sections, subtree,
};

/// Longest name of a template, in characters.
pub const MAX_NAME: usize = 200;
/// Longest placeholder for the department's name, in characters.
pub const MAX_PLACEHOLDER: usize = 50;
/// Placeholder of a template whose author names none.
pub const DEFAULT_PLACEHOLDER: &str = "XX";
/// Longest title template, and longest title that is made from one, in characters.
pub const MAX_TITLE: usize = 500;
/// Deepest nesting of sections; Word's numbering ends at three levels.
pub const MAX_DEPTH: usize = 6;
/// Most sections in one template. The ministry's own has 21.
pub const MAX_SECTIONS: usize = 500;
/// Largest configuration of one section, in bytes of its JSON text.
pub const MAX_CONFIG_BYTES: usize = 64 * 1024;

wire_enum! {
    /// What a section is for (domain contract 2.10).
    pub enum SectionType {
        /// Name of the department and classification box.
        DepartmentHeader = "department_header", "Departementsoverskrift";
        /// Rich text that comes with the template.
        FixedContent = "fixed_content", "Fast innhold";
        /// Rich text written for one list.
        Freetext = "freetext", "Fritekst";
        /// Place for a figure with a caption.
        FigurePlaceholder = "figure_placeholder", "Figur";
        /// Cases of one type, in subgroups when there are any.
        CaseGroup = "case_group", "Sakskategori";
        /// Structure: one subgroup of a group of cases.
        CaseSubgroup = "case_subgroup", "Undergruppe (A/B-liste)";
        /// Structure: how one case is rendered.
        CaseEntryTemplate = "case_entry_template", "Saksmal";
        /// Cases with lettered conclusions.
        DecisionsSection = "decisions_section", "Beslutningsseksjon";
        /// Cases that are mentioned briefly.
        SummarySection = "summary_section", "Omtaleseksjon";
        /// Structure: a generated summary table.
        AutoTable = "auto_table", "Automatisk tabell";
    }
}

wire_enum! {
    /// Paragraph style of a section's heading (domain contract 2.11).
    pub enum HeadingStyle {
        /// Level 1, numbered.
        Deplisteoverskrift1 = "Deplisteoverskrift1", "Deplisteoverskrift 1";
        /// Level 2, numbered.
        Deplisteoverskrift2 = "Deplisteoverskrift2", "Deplisteoverskrift 2";
        /// Level 3, numbered.
        Deplisteoverskrift3 = "Deplisteoverskrift3", "Deplisteoverskrift 3";
        /// Unnumbered, of a subgroup.
        Overskrift5 = "Overskrift5", "Overskrift 5";
        /// Unnumbered, of a case.
        Overskrift7 = "Overskrift7", "Overskrift 7";
    }
}

wire_enum! {
    /// Kind of round that a template is for: the three of domain contract 2.5 that have lists.
    pub enum TemplateRoundType {
        /// Marskonferansen.
        Mars = "mars", "Marskonferansen";
        /// Augustkonferansen.
        August = "august", "Augustkonferansen";
        /// Revidert nasjonalbudsjett.
        Rnb = "rnb", "Revidert nasjonalbudsjett";
    }
}

/// A section of a template (domain contract 1.17).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateSection {
    /// The section.
    pub id: TemplateSectionId,
    /// The section it lies in.
    pub parent_id: Option<TemplateSectionId>,
    /// Title with placeholders.
    pub title_template: String,
    /// Style of the heading.
    pub heading_style: HeadingStyle,
    /// What the section is for.
    pub section_type: SectionType,
    /// Place among the sections of the same parent.
    pub sort_order: i32,
    /// JSON text with the keys of domain contract 7.4, exactly as its author wrote it.
    pub config: Option<String>,
}

impl SectionType {
    /// Whether the section only tells how its parent is rendered. It has no title of its own in a
    /// list, and clients do not see it there (api 20.1).
    #[must_use]
    pub const fn is_structural(self) -> bool {
        matches!(self, Self::CaseSubgroup | Self::CaseEntryTemplate | Self::AutoTable)
    }

    /// Whether cases may be placed in the section (domain contract 7.2).
    #[must_use]
    pub const fn takes_cases(self) -> bool {
        matches!(self, Self::CaseGroup | Self::DecisionsSection | Self::SummarySection)
    }

    /// The title that a section of this type gets in the list of a department.
    ///
    /// `None` for structural sections, whose titles are patterns for the cases in them, and when
    /// the template has no title. Cut off at [`MAX_TITLE`]: placeholders grow when they are filled.
    ///
    /// ```
    /// # use domain::list_template::SectionType;
    /// let title = |of: SectionType, text| of.title(text, "Klima- og miljødepartementet", "KLD");
    /// let header = title(SectionType::DepartmentHeader, "{department_abbrev}: {department_name}");
    /// assert_eq!(header.unwrap(), "KLD: Klima- og miljødepartementet");
    /// assert_eq!(title(SectionType::CaseEntryTemplate, "{case_name}"), None);
    /// ```
    #[must_use]
    pub fn title(
        self,
        title_template: &str,
        department_name: &str,
        department_code: &str,
    ) -> Option<String> {
        if self.is_structural() || title_template.is_empty() {
            return None;
        }
        let title = title_template
            .replace("{department_name}", department_name)
            .replace("{department_abbrev}", department_code);
        Some(match title.char_indices().nth(MAX_TITLE) {
            Some((end, _)) => title[..end].to_owned(),
            None => title,
        })
    }
}

/// Whether a role may create templates and change them and their sections (api 19).
#[must_use]
pub const fn may_edit_templates(role: Role) -> bool {
    role.is_admin() || role.is_fin_lead()
}

/// Whether a role may delete a template (api 19): fewer than may change it.
#[must_use]
pub const fn may_delete_templates(role: Role) -> bool {
    role.is_admin()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "Kunnskapsdepartementet";

    #[test]
    fn a_section_is_structural_or_takes_cases_but_never_both() {
        let structural = ["case_subgroup", "case_entry_template", "auto_table"];
        let placing = ["case_group", "decisions_section", "summary_section"];
        for kind in SectionType::ALL {
            assert_eq!(kind.is_structural(), structural.contains(&kind.as_str()), "{kind}");
            assert_eq!(kind.takes_cases(), placing.contains(&kind.as_str()), "{kind}");
        }
    }

    #[test]
    fn only_the_two_placeholders_of_the_department_are_filled() {
        let title = SectionType::Freetext.title("{case_name} {department_abbrev} {x", NAME, "KD");
        assert_eq!(title.unwrap(), "{case_name} KD {x");
        assert_eq!(SectionType::Freetext.title("", NAME, "KD"), None);
    }

    #[test]
    fn structural_sections_have_no_title_whatever_the_template_says() {
        for kind in SectionType::ALL {
            let title = kind.title("{department_name}", NAME, "KD");
            assert_eq!(title.is_none(), kind.is_structural(), "{kind}");
        }
    }

    #[test]
    fn a_title_that_outgrows_its_column_is_cut_between_characters() {
        let template = "{department_name}æ".repeat(40);
        let title = SectionType::FixedContent.title(&template, NAME, "KD").unwrap();
        assert_eq!(title.chars().count(), MAX_TITLE);
        assert!(title.starts_with("Kunnskapsdepartementetæ"));
    }

    #[test]
    fn leaders_of_the_ministry_of_finance_and_the_administrator_edit_templates() {
        for role in Role::ALL {
            let is_admin = role == Role::Administrator;
            let leads = role.as_str().ends_with("_fin") && role != Role::SaksbehandlerFin;
            assert_eq!(may_edit_templates(role), is_admin || leads, "{role}");
            assert_eq!(may_delete_templates(role), is_admin, "{role}");
        }
    }
}
