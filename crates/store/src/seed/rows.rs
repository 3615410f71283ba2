//! The rows that the seed writes, one struct for each table with the table's own column names.
//! Columns that are not listed keep the default of the schema.

use chrono::{DateTime, Utc};
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::copy::{CopyRow, JsonText};

macro_rules! table_row {
    ($(#[$meta:meta])* $name:ident => $table:literal { $($column:ident: $kind:ty),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub(super) struct $name { $(pub(super) $column: $kind),+ }

        impl CopyRow for $name {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($column)),+];

            fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
                vec![$(&self.$column),+]
            }
        }
    };
}

type Timestamp = DateTime<Utc>;
type Name = &'static str;

table_row! { DepartmentRow => "departments" { id: Uuid, code: Name, name: Name } }

table_row! { UserRow => "users" {
    id: Uuid, email: String, full_name: String, department_id: Uuid, role: Name,
    division: Option<Name>, section: Option<Name>, job_title: Option<Name>,
    leader_level: Option<Name>, password_hash: Option<String>,
} }

table_row! { AssignmentRow => "user_department_assignments" {
    id: Uuid, user_id: Uuid, department_id: Uuid, is_primary: bool,
} }

table_row! { RoundRow => "budget_rounds" {
    id: Uuid, name: String, r#type: Name, year: i32, status: Name,
    deadline: Option<Timestamp>, closed_at: Option<Timestamp>,
} }

table_row! { CaseTypeRow => "case_type_definitions" {
    id: Uuid, code: Name, name: Name, description: Name, sort_order: i32, fields: JsonText,
    created_at: Timestamp, updated_at: Timestamp,
} }

table_row! { CaseRow => "cases" {
    id: Uuid, budget_round_id: Uuid, department_id: Uuid, case_name: String,
    chapter: Option<String>, post: Option<String>,
    amount: Option<i64>, fin_amount: Option<i64>, gov_amount: Option<i64>,
    case_type: Name, status: Name, assigned_to: Option<Uuid>, fin_assigned_to: Option<Uuid>,
    created_by: Uuid, version: i32, responsible_division: Option<Name>,
    fin_list_placement: Option<Name>, priority_number: Option<i32>,
    created_at: Timestamp, updated_at: Timestamp, latest_content_id: Option<Uuid>,
} }

table_row! { ContentRow => "case_contents" {
    id: Uuid, case_id: Uuid, version: i32, case_name: Option<String>,
    chapter: Option<String>, post: Option<String>,
    amount: Option<i64>, fin_amount: Option<i64>, gov_amount: Option<i64>, status: Option<Name>,
    proposal_text: Option<String>, justification: Option<String>,
    verbal_conclusion: Option<String>, socioeconomic_analysis: Option<String>,
    goal_indicator: Option<String>, benefit_plan: Option<String>, comment: Option<String>,
    fin_assessment: Option<String>, fin_verbal: Option<String>, fin_r_conclusion: Option<String>,
    content_json: Option<JsonText>, track_changes_active: bool,
    created_by: Uuid, created_at: Timestamp,
} }

table_row! { EventRow => "case_events" {
    id: Uuid, case_id: Uuid, event_type: Name, event_data: Option<JsonText>,
    user_id: Uuid, created_at: Timestamp,
} }

table_row! { OpinionRow => "case_opinions" {
    id: Uuid, case_id: Uuid, r#type: Name, requested_by: Uuid, assigned_to: Uuid, status: Name,
    opinion_text: Option<String>, request_comment: Option<String>,
    forwarded_from_id: Option<Uuid>, original_opinion_id: Option<Uuid>,
    created_at: Timestamp, resolved_at: Option<Timestamp>,
} }

table_row! { CommentRow => "case_comments" {
    id: Uuid, case_id: Uuid, comment_id: String, comment_text: String,
    anchor_text: Option<String>, status: Name, parent_comment_id: Option<Uuid>, author_id: Uuid,
    created_at: Timestamp, resolved_at: Option<Timestamp>, resolved_by: Option<Uuid>,
} }

table_row! { ConclusionRow => "case_conclusions" {
    id: Uuid, case_id: Uuid, sort_order: i32, text: String, created_by: Uuid,
    created_at: Timestamp,
} }

table_row! { QuestionRow => "questions" {
    id: Uuid, case_id: Uuid, asked_by: Uuid, question_text: String,
    answer_text: Option<String>, answer_json: Option<JsonText>, answered_by: Option<Uuid>,
    created_at: Timestamp, answered_at: Option<Timestamp>,
} }

table_row! { SubmissionRow => "submissions" {
    id: Uuid, budget_round_id: Uuid, department_id: Uuid, submitted_by: Uuid,
    is_supplement: bool, submitted_at: Timestamp,
} }

table_row! { SubmissionCaseRow => "submission_cases" { submission_id: Uuid, case_id: Uuid } }

table_row! { TemplateRow => "department_list_templates" {
    id: Uuid, name: Name, budget_round_type: Name, department_name_placeholder: Name,
    classification_text: Option<Name>, created_by: Uuid,
    created_at: Timestamp, updated_at: Timestamp,
} }

table_row! { TemplateSectionRow => "department_list_template_sections" {
    id: Uuid, template_id: Uuid, parent_id: Option<Uuid>, title_template: Name,
    heading_style: Name, section_type: Name, sort_order: i32, config: Option<JsonText>,
} }

table_row! { ListRow => "department_lists" {
    id: Uuid, template_id: Uuid, budget_round_id: Uuid, department_id: Uuid, status: Name,
    created_by: Uuid, created_at: Timestamp, updated_at: Timestamp,
} }

table_row! { ListSectionRow => "department_list_sections" {
    id: Uuid, department_list_id: Uuid, template_section_id: Uuid, parent_id: Option<Uuid>,
    title: Option<String>, sort_order: i32, content_json: Option<JsonText>,
} }

table_row! { ListEntryRow => "department_list_case_entries" {
    id: Uuid, department_list_id: Uuid, section_id: Uuid, case_id: Uuid,
    subgroup: Option<Name>, sort_order: i32, included_at: Timestamp,
} }
