//! How wide a column is, which depends on what stands in it.

use domain::export::{ExportField, FieldKind};

/// Width in characters of the standard font.
pub(super) fn width(field: ExportField) -> f64 {
    match (field, field.kind()) {
        (ExportField::CaseName, _) => 48.0,
        (ExportField::DepartmentName | ExportField::ResponsibleDivision, _) => 32.0,
        (
            ExportField::AssignedToName
            | ExportField::FinAssignedToName
            | ExportField::CreatedByName
            | ExportField::Status
            | ExportField::CaseType,
            _,
        ) => 24.0,
        (_, FieldKind::LongText) => 60.0,
        (_, FieldKind::Amount) => 18.0,
        (_, FieldKind::Text | FieldKind::Number | FieldKind::Date) => 14.0,
    }
}
