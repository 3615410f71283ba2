//! Enumerations whose values are words of the wire contract.
//!
//! The contract, the database and the client share one spelling per value. The macro here writes
//! that spelling once and derives parsing, printing, serde and the OpenAPI schema from it, so the
//! four cannot drift apart.

/// A text that is none of an enumeration's wire values.
///
/// Carries no copy of the text: it may be anything a client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a known {kind}")]
pub struct UnknownValue {
    /// Name of the enumeration, for the operator's log.
    pub kind: &'static str,
}

/// Defines an enumeration from `Variant = "wire value", "Norwegian label"` rows.
macro_rules! wire_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $wire:tt, $label:tt; )+
        }
    ) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, utoipa::ToSchema,
        )]
        pub enum $name {
            $( $(#[$variant_meta])* #[serde(rename = $wire)] $variant, )+
        }

        impl $name {
            /// Every value, in the order of the contract.
            pub const ALL: [Self; [$($wire),+].len()] = [$(Self::$variant),+];

            /// The literal wire value.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire,)+ }
            }

            /// The Norwegian text shown to people.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::wire::UnknownValue;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($wire => Ok(Self::$variant),)+
                    _ => Err($crate::wire::UnknownValue { kind: stringify!($name) }),
                }
            }
        }
    };
}

pub(crate) use wire_enum;

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use crate::ids::CaseId;
    use crate::money::ThousandNok;
    use crate::status::Status;

    fn schema<T: PartialSchema>() -> serde_json::Value {
        serde_json::to_value(T::schema()).unwrap()
    }

    #[test]
    fn the_openapi_schema_lists_the_wire_values() {
        let documented = schema::<Status>()["enum"].clone();
        let words: Vec<_> = Status::ALL.into_iter().map(Status::as_str).collect();
        assert_eq!(documented, serde_json::json!(words));
    }

    #[test]
    fn the_openapi_schema_of_a_value_type_is_that_of_its_wire_form() {
        assert_eq!(schema::<CaseId>()["format"], "uuid");
        assert_eq!(schema::<ThousandNok>()["format"], "int64");
    }
}
