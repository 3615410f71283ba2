//! One case as a case-list export shows it: every value a column can ask for (documents.md 6.2).
//!
//! The database fills it, a document is rendered from it, and neither knows the other. Which of
//! the values a reader may see is decided here, before the row reaches a document (I6).

use chrono::{DateTime, Utc};

use crate::content::FlatFields;
use crate::export::ExportField;
use crate::money::ThousandNok;
use crate::origin::Origin;
use crate::placement::ListPlacement;
use crate::role::Role;
use crate::status::Status;
use crate::visibility::hides_fin_text;

/// A case with its names resolved and the texts of its newest version.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportedCase {
    /// Name of the case.
    pub case_name: String,
    /// Code of the owning department.
    pub department_code: String,
    /// Name of the owning department.
    pub department_name: String,
    /// Name of the budget round.
    pub budget_round_name: String,
    /// Budget chapter; text, because leading zeros count.
    pub chapter: Option<String>,
    /// Budget item; text, because leading zeros count.
    pub post: Option<String>,
    /// FAG's proposal.
    pub amount: Option<ThousandNok>,
    /// FIN's recommendation.
    pub fin_amount: Option<ThousandNok>,
    /// The government's decision.
    pub gov_amount: Option<ThousandNok>,
    /// Norwegian name of the case type.
    pub case_type: String,
    /// Status, which also decides who may read FIN's texts.
    pub status: Status,
    /// Name of the case worker in the department.
    pub assigned_to_name: Option<String>,
    /// Name of the case worker in the Ministry of Finance.
    pub fin_assigned_to_name: Option<String>,
    /// Name of the creator.
    pub created_by_name: String,
    /// Division that is responsible in the department.
    pub responsible_division: Option<String>,
    /// Placement in the department list.
    pub fin_list_placement: Option<ListPlacement>,
    /// The department's own priority.
    pub priority_number: Option<i32>,
    /// Which side created the case.
    pub origin: Origin,
    /// Newest content version.
    pub version: i32,
    /// When the case was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Texts of the newest version.
    pub texts: FlatFields,
}

/// The value of one field of a case, and how it is meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FieldValue<'a> {
    /// The case has none.
    Empty,
    /// Short text.
    Text(&'a str),
    /// Digits whose leading zeros count.
    Code(&'a str),
    /// Text of several lines.
    LongText(&'a str),
    /// Amount.
    Amount(ThousandNok),
    /// Plain number.
    Number(i32),
    /// A moment, of which documents show the day.
    Instant(DateTime<Utc>),
}

impl ExportedCase {
    /// The value of `field` (documents.md 6.2, in its order).
    #[must_use]
    pub fn value(&self, field: ExportField) -> FieldValue<'_> {
        let amount = |value: Option<_>| value.map_or(FieldValue::Empty, FieldValue::Amount);
        match field {
            ExportField::CaseName => FieldValue::Text(&self.case_name),
            ExportField::DepartmentCode => FieldValue::Text(&self.department_code),
            ExportField::DepartmentName => FieldValue::Text(&self.department_name),
            ExportField::BudgetRoundName => FieldValue::Text(&self.budget_round_name),
            ExportField::Chapter => code(self.chapter.as_deref()),
            ExportField::Post => code(self.post.as_deref()),
            ExportField::Amount => amount(self.amount),
            ExportField::FinAmount => amount(self.fin_amount),
            ExportField::GovAmount => amount(self.gov_amount),
            ExportField::CaseType => FieldValue::Text(&self.case_type),
            ExportField::Status => FieldValue::Text(self.status.label()),
            ExportField::AssignedToName => text(self.assigned_to_name.as_deref()),
            ExportField::FinAssignedToName => text(self.fin_assigned_to_name.as_deref()),
            ExportField::CreatedByName => FieldValue::Text(&self.created_by_name),
            ExportField::ResponsibleDivision => text(self.responsible_division.as_deref()),
            ExportField::FinListPlacement => {
                text(self.fin_list_placement.map(ListPlacement::label))
            }
            ExportField::PriorityNumber => {
                self.priority_number.map_or(FieldValue::Empty, FieldValue::Number)
            }
            ExportField::Origin => FieldValue::Text(self.origin.label()),
            ExportField::Version => FieldValue::Number(self.version),
            ExportField::CreatedAt => FieldValue::Instant(self.created_at),
            ExportField::UpdatedAt => FieldValue::Instant(self.updated_at),
            ExportField::Content(content) => {
                self.texts.get(content).map_or(FieldValue::Empty, FieldValue::LongText)
            }
        }
    }

    /// Removes what `role` may not read: FIN's texts before the government has the case (5.2).
    #[must_use]
    pub fn masked_for(mut self, role: Role) -> Self {
        if hides_fin_text(role, self.status, false) {
            self.texts = self.texts.without_fin();
        }
        self
    }
}

fn text(value: Option<&str>) -> FieldValue<'_> {
    value.map_or(FieldValue::Empty, FieldValue::Text)
}

fn code(value: Option<&str>) -> FieldValue<'_> {
    value.map_or(FieldValue::Empty, FieldValue::Code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::ContentField;

    fn case(status: Status) -> ExportedCase {
        let texts = ContentField::ALL.map(|field| (field, Some(field.label().to_owned())));
        ExportedCase {
            case_name: "Økt satsing på jernbane".to_owned(),
            department_code: "SD".to_owned(),
            department_name: "Samferdselsdepartementet".to_owned(),
            budget_round_name: "AUG2026".to_owned(),
            chapter: Some("0300".to_owned()),
            post: Some("01".to_owned()),
            amount: Some(ThousandNok::new(12_000)),
            fin_amount: Some(ThousandNok::new(10_200)),
            gov_amount: None,
            case_type: "Satsingsforslag".to_owned(),
            status,
            assigned_to_name: None,
            fin_assigned_to_name: None,
            created_by_name: "Siri Vik".to_owned(),
            responsible_division: None,
            fin_list_placement: None,
            priority_number: None,
            origin: Origin::Fag,
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
            texts: FlatFields::default().with(&texts),
        }
    }

    #[test]
    fn i6_an_export_shows_each_role_the_texts_it_may_read_and_all_amounts() {
        for role in Role::ALL {
            for status in Status::ALL {
                let exported = case(status).masked_for(role);
                let shown = ContentField::FIN.iter().all(|f| exported.texts.get(*f).is_some());
                assert_eq!(shown, !hides_fin_text(role, status, false), "{role} {status}");
                assert_eq!(exported.fin_amount, case(status).fin_amount);
                assert_eq!(exported.texts.justification, case(status).texts.justification);
            }
        }
    }
}
