//! `jsonb` and `json` columns as the text the wire contract asks for.
//!
//! The API returns documents as JSON *strings*, and a case document is the largest thing in the system.
//! Building a `serde_json::Value` from it only to print it again would be the most expensive step of
//! reading a case, so [`JsonText`] hands the server's own text through unparsed.

use std::io::Write;
use std::str;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Json, Jsonb};

/// First byte of PostgreSQL's binary `jsonb` format; only this version exists.
const JSONB_VERSION: u8 = 1;

/// JSON text read from or written to a `jsonb` or `json` column without being parsed here.
///
/// PostgreSQL checks the syntax on write, so text that is not JSON comes back as a query error: parse
/// input at the edge (`domain::document`) before it gets here.
#[derive(Clone, Debug, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Jsonb)]
#[diesel(sql_type = Json)]
pub struct JsonText(String);

impl JsonText {
    /// Borrows the JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the JSON text, as the wire contract carries it.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl From<String> for JsonText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&serde_json::Value> for JsonText {
    fn from(value: &serde_json::Value) -> Self {
        Self(value.to_string())
    }
}

impl FromSql<Jsonb, Pg> for JsonText {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        match value.as_bytes().split_first() {
            Some((&JSONB_VERSION, text)) => Ok(Self(str::from_utf8(text)?.to_owned())),
            Some((version, _)) => Err(format!("unsupported jsonb version {version}").into()),
            None => Err("empty jsonb value".into()),
        }
    }
}

impl ToSql<Jsonb, Pg> for JsonText {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[JSONB_VERSION])?;
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

/// `json` is the text itself.
impl FromSql<Json, Pg> for JsonText {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(str::from_utf8(value.as_bytes())?.to_owned()))
    }
}

impl ToSql<Json, Pg> for JsonText {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}
