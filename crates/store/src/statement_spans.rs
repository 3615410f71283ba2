//! A span for every statement, for as long as the database works on it.
//!
//! diesel tells of statements together with the values bound to them. Values are what users wrote,
//! so they are cut off before anything else sees them.

use std::collections::VecDeque;
use std::fmt::{self, Display, Write as _};

use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::result::Error as QueryError;
use tracing::Span;

/// What diesel writes between a statement and its values.
const BEFORE_VALUES: &str = " -- binds:";

/// The statements of one connection that are under way. Several are when they are sent together;
/// one whose caller went away is never reported as ended and leaves with this value, which a
/// connection gets anew whenever the pool lends it out.
#[derive(Default)]
pub(crate) struct StatementSpans(VecDeque<(String, Span)>);

impl Instrumentation for StatementSpans {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { query, .. } if telemetry::span::is_recorded() => {
                let template = template(query);
                let span = telemetry::span::sql(&template);
                self.0.push_back((template, span));
            }
            InstrumentationEvent::FinishQuery { query, error, .. } if !self.0.is_empty() => {
                let template = template(query);
                let ended = self.0.iter().position(|(begun, _)| *begun == template);
                if let Some((_, span)) = ended.and_then(|index| self.0.remove(index))
                    && let Some(error) = error
                {
                    telemetry::span::fail(&span, &kind_of(error));
                }
            }
            _ => {}
        }
    }
}

fn kind_of(error: &QueryError) -> String {
    match error {
        QueryError::DatabaseError(kind, _) => format!("{kind:?}"),
        _ => "client".to_owned(),
    }
}

/// The statement without its values.
fn template(query: &(impl Display + ?Sized)) -> String {
    let mut template = Template(String::new());
    // Ends with an error where the values begin, so that they are not even formatted.
    let _ = write!(template, "{query}");
    template.0
}

struct Template(String);

impl fmt::Write for Template {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let begin = self.0.len();
        self.0.push_str(text);
        // The mark may come in pieces.
        let from = self.0.floor_char_boundary(begin.saturating_sub(BEFORE_VALUES.len()));
        match self.0[from..].find(BEFORE_VALUES) {
            Some(at) => {
                self.0.truncate(from + at);
                Err(fmt::Error)
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use diesel::pg::Pg;
    use diesel::prelude::*;

    use super::*;
    use crate::schema::users;

    #[test]
    fn values_are_never_part_of_a_template() {
        let query =
            users::table.filter(users::email.eq("kari.nordmann@test.no")).select(users::full_name);
        let template = template(&diesel::debug_query::<Pg, _>(&query));
        assert!(template.ends_with(r#"WHERE ("users"."email" = $1)"#), "{template}");
    }

    #[test]
    fn the_mark_is_found_in_pieces_and_after_letters_of_many_bytes() {
        let mut whole = Template(String::new());
        let pieces = ["SELECT 'æøå' -", "- bin", "ds: [\"hemmelig\"]"];
        assert!(pieces.iter().try_for_each(|piece| whole.write_str(piece)).is_err());
        assert_eq!(whole.0, "SELECT 'æøå'");
    }
}
