//! One type per kind of identifier, so that a department id never fits where a case id is asked
//! for.
//!
//! Services create ids (the clock and the random source are theirs); this module only carries
//! them. On the wire an id is a lower-case hyphenated UUID; any case is accepted.

use uuid::Uuid;

macro_rules! id {
    ($($(#[$meta:meta])* $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, utoipa::ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID in a constant; `From<Uuid>` is the ordinary way.
            #[must_use]
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The id of nothing: all bits zero, never given to a row.
            #[must_use]
            pub const fn nil() -> Self {
                Self(Uuid::nil())
            }

            /// The bare UUID, for storage and messages.
            #[must_use]
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    )+};
}

id! {
    /// Identifies a user (contract 1.2).
    UserId;
    /// Identifies a department (contract 1.1).
    DepartmentId;
    /// Identifies a budget round (contract 1.4).
    BudgetRoundId;
    /// Identifies a case-type definition (contract 1.6).
    CaseTypeId;
    /// Identifies a case (contract 1.7).
    CaseId;
    /// Identifies one content version of a case (contract 1.8).
    CaseContentId;
    /// Identifies an entry of the event log (contract 1.9).
    CaseEventId;
    /// Identifies an opinion request (contract 1.10).
    OpinionId;
    /// Identifies a comment or a reply (contract 1.11); the mark in the document has a name of its own.
    CommentId;
    /// Identifies a conclusion (contract 1.12).
    ConclusionId;
    /// Identifies a question (contract 1.13).
    QuestionId;
    /// Identifies a lock (contract 1.15). Whoever knows it may release it (D-12), so a foreign
    /// lock's id is never shown.
    LockId;
    /// Identifies an export job (contract 1.22).
    ExportJobId;
    /// Identifies a department list (contract 1.18).
    DepartmentListId;
    /// Identifies a section of a department list (contract 1.19).
    ListSectionId;
    /// Identifies an entry of a department list (contract 1.20).
    ListEntryId;
    /// Identifies a figure of a department list (contract 1.21).
    ListFigureId;
    /// Identifies a department-list template (contract 1.16).
    TemplateId;
    /// Identifies a section of a department-list template (contract 1.17).
    TemplateSectionId;
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPPER: &str = "\"6F9619FF-8B86-D011-B42D-00C04FC964FF\"";

    #[test]
    fn an_id_is_read_in_any_case_and_written_in_lower_case() {
        let id: CaseId = serde_json::from_str(UPPER).unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), UPPER.to_lowercase());
        assert_eq!(id.to_string().parse::<CaseId>().unwrap(), id);
        assert_eq!(CaseId::from(Uuid::from(id)), id);
    }

    #[test]
    fn debug_names_the_kind_of_id() {
        assert_eq!(format!("{:?}", LockId::nil()), "LockId(00000000-0000-0000-0000-000000000000)");
    }
}
