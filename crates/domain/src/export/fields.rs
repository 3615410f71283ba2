//! The columns a case list can be exported with (documents contract 6.2).

use serde::{Deserialize, Serialize};

use crate::content::ContentField;
use crate::wire::UnknownValue;

/// One selectable column: a property of the case, or one of its ten texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
#[expect(missing_docs, reason = "the names are the contract's keys; headers say what they hold")]
pub enum ExportField {
    CaseName,
    DepartmentCode,
    DepartmentName,
    BudgetRoundName,
    Chapter,
    Post,
    Amount,
    FinAmount,
    GovAmount,
    CaseType,
    Status,
    AssignedToName,
    FinAssignedToName,
    CreatedByName,
    ResponsibleDivision,
    FinListPlacement,
    PriorityNumber,
    Origin,
    Version,
    CreatedAt,
    UpdatedAt,
    /// One of the ten texts of the newest version.
    Content(ContentField),
}

/// How a column's values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Short text, also where it looks like a number: chapter and post keep their zeros.
    Text,
    /// Amount in 1 000 NOK, grouped.
    Amount,
    /// Plain number.
    Number,
    /// Date.
    Date,
    /// Long text, wrapped.
    LongText,
}

/// Key, header and kind of every column that is not a content text, in contract order.
const COLUMNS: [(ExportField, &str, &str, FieldKind); 21] = [
    (ExportField::CaseName, "caseName", "Saksnavn", FieldKind::Text),
    (ExportField::DepartmentCode, "departmentCode", "Departement", FieldKind::Text),
    (ExportField::DepartmentName, "departmentName", "Departementsnavn", FieldKind::Text),
    (ExportField::BudgetRoundName, "budgetRoundName", "Budsjettrunde", FieldKind::Text),
    (ExportField::Chapter, "chapter", "Kapittel", FieldKind::Text),
    (ExportField::Post, "post", "Post", FieldKind::Text),
    (ExportField::Amount, "amount", "FAGs forslag (1 000 kr)", FieldKind::Amount),
    (ExportField::FinAmount, "finAmount", "FINs tilråding (1 000 kr)", FieldKind::Amount),
    (ExportField::GovAmount, "govAmount", "Regjeringens vedtak (1 000 kr)", FieldKind::Amount),
    (ExportField::CaseType, "caseType", "Sakstype", FieldKind::Text),
    (ExportField::Status, "status", "Status", FieldKind::Text),
    (ExportField::AssignedToName, "assignedToName", "Ansvarlig saksbehandler", FieldKind::Text),
    (ExportField::FinAssignedToName, "finAssignedToName", "FIN-saksbehandler", FieldKind::Text),
    (ExportField::CreatedByName, "createdByName", "Opprettet av", FieldKind::Text),
    (
        ExportField::ResponsibleDivision,
        "responsibleDivision",
        "Ansvarlig avdeling",
        FieldKind::Text,
    ),
    (ExportField::FinListPlacement, "finListPlacement", "A/B-liste", FieldKind::Text),
    (ExportField::PriorityNumber, "priorityNumber", "Prioritet", FieldKind::Number),
    (ExportField::Origin, "origin", "Opprinnelse", FieldKind::Text),
    (ExportField::Version, "version", "Versjon", FieldKind::Number),
    (ExportField::CreatedAt, "createdAt", "Opprettet", FieldKind::Date),
    (ExportField::UpdatedAt, "updatedAt", "Oppdatert", FieldKind::Date),
];

impl ExportField {
    /// The columns of an export that asks for none.
    pub const DEFAULT: [Self; 10] = [
        Self::CaseName,
        Self::DepartmentCode,
        Self::Chapter,
        Self::Post,
        Self::Amount,
        Self::FinAmount,
        Self::GovAmount,
        Self::CaseType,
        Self::Status,
        Self::AssignedToName,
    ];

    /// Every column, in contract order.
    pub fn all() -> impl Iterator<Item = Self> {
        COLUMNS
            .into_iter()
            .map(|(field, ..)| field)
            .chain(ContentField::ALL.into_iter().map(Self::Content))
    }

    /// The key a request names the column by.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Content(field) => field.as_str(),
            _ => self.column().1,
        }
    }

    /// The Norwegian header.
    #[must_use]
    pub fn header(self) -> &'static str {
        match self {
            Self::Content(field) => field.label(),
            _ => self.column().2,
        }
    }

    /// How values are written.
    #[must_use]
    pub fn kind(self) -> FieldKind {
        match self {
            Self::Content(_) => FieldKind::LongText,
            _ => self.column().3,
        }
    }

    /// The content text the column shows, if it shows one. Without any of these an export needs no
    /// content versions at all.
    #[must_use]
    pub const fn content_field(self) -> Option<ContentField> {
        match self {
            Self::Content(field) => Some(field),
            _ => None,
        }
    }

    fn column(self) -> (Self, &'static str, &'static str, FieldKind) {
        // Every other variant has its row, which a test holds; the first is never the answer.
        COLUMNS.into_iter().find(|(field, ..)| *field == self).unwrap_or(COLUMNS[0])
    }
}

impl From<ExportField> for &'static str {
    fn from(field: ExportField) -> Self {
        field.as_str()
    }
}

impl std::str::FromStr for ExportField {
    type Err = UnknownValue;

    fn from_str(key: &str) -> Result<Self, UnknownValue> {
        Self::all().find(|field| field.as_str() == key).ok_or(UnknownValue { kind: "ExportField" })
    }
}

impl TryFrom<String> for ExportField {
    type Error = UnknownValue;

    fn try_from(key: String) -> Result<Self, UnknownValue> {
        key.parse()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_31_columns_each_with_its_own_key_and_header() {
        let keys: BTreeSet<_> = ExportField::all().map(ExportField::as_str).collect();
        let headers: BTreeSet<_> = ExportField::all().map(ExportField::header).collect();
        assert_eq!((keys.len(), headers.len()), (31, 31));
    }

    #[test]
    fn every_key_reads_back_as_its_column() {
        for field in ExportField::all() {
            assert_eq!(field.as_str().parse::<ExportField>(), Ok(field));
            let json = serde_json::to_string(&field).unwrap();
            assert_eq!(json, format!("\"{}\"", field.as_str()));
            assert_eq!(serde_json::from_str::<ExportField>(&json).unwrap(), field);
        }
        assert!("contentJson".parse::<ExportField>().is_err());
    }

    #[test]
    fn codes_are_text_amounts_are_amounts_and_content_is_long_text() {
        assert_eq!(ExportField::Chapter.kind(), FieldKind::Text);
        assert_eq!(ExportField::GovAmount.kind(), FieldKind::Amount);
        assert_eq!(ExportField::UpdatedAt.kind(), FieldKind::Date);
        let text = ExportField::Content(ContentField::FinVerbal);
        assert_eq!((text.kind(), text.header()), (FieldKind::LongText, "Konklusjon"));
    }
}
