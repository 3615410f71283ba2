//! Comments with their replies, as documents print them.
//!
//! Reads only; the table belongs to `cases-api`. The page of a case asks for more (who resolved, what
//! text was marked) and has queries of its own.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::auto_type;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use domain::ids::{CaseId, DepartmentListId};
use domain::rich_text::{Comment, Reply};
use uuid::Uuid;

use crate::error::StoreError;
use crate::schema::{case_comments, department_list_case_entries, users};

/// Status of a comment that somebody has settled (domain 2.9).
const RESOLVED: &str = "resolved";

#[derive(Debug, Clone, Queryable)]
struct Row {
    id: Uuid,
    parent_id: Option<Uuid>,
    anchor: String,
    text: String,
    status: String,
    at: DateTime<Utc>,
    author: String,
}

/// Comments with the names of their authors.
#[auto_type]
fn with_authors() -> _ {
    case_comments::table.inner_join(users::table.on(users::id.eq(case_comments::author_id)))
}

/// What is read of [`with_authors`]; loads as [`Row`].
#[auto_type]
fn columns() -> _ {
    (
        case_comments::id,
        case_comments::parent_comment_id,
        case_comments::comment_id,
        case_comments::comment_text,
        case_comments::status,
        case_comments::created_at,
        users::full_name,
    )
}

/// Lists the comments of a case, oldest first.
pub async fn list_threads_of_case(
    conn: &mut AsyncPgConnection,
    case: CaseId,
) -> Result<Vec<Comment>, StoreError> {
    let rows = with_authors()
        .filter(case_comments::case_id.eq(Uuid::from(case)))
        .order((case_comments::created_at, case_comments::id))
        .select(columns())
        .load(conn)
        .await?;
    Ok(threads(rows))
}

/// Lists the comments of every case in a department list, oldest first.
pub async fn list_threads_of_list(
    conn: &mut AsyncPgConnection,
    list: DepartmentListId,
) -> Result<Vec<Comment>, StoreError> {
    let cases = department_list_case_entries::table
        .filter(department_list_case_entries::department_list_id.eq(Uuid::from(list)))
        .select(department_list_case_entries::case_id);
    let rows = with_authors()
        .filter(case_comments::case_id.eq_any(cases))
        .order((case_comments::created_at, case_comments::id))
        .select(columns())
        .load(conn)
        .await?;
    Ok(threads(rows))
}

/// Puts replies below what they answer. There is one level of them.
fn threads(rows: Vec<Row>) -> Vec<Comment> {
    let mut replies: HashMap<Uuid, Vec<Reply>> = HashMap::new();
    let mut roots = Vec::new();
    for row in rows {
        match row.parent_id {
            Some(parent) => {
                let reply = Reply { author: row.author, at: row.at, text: row.text };
                replies.entry(parent).or_default().push(reply);
            }
            None => roots.push(row),
        }
    }
    roots
        .into_iter()
        .map(|root| Comment {
            replies: replies.remove(&root.id).unwrap_or_default(),
            anchor: root.anchor,
            author: root.author,
            at: root.at,
            text: root.text,
            resolved: root.status == RESOLVED,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: u128, parent: Option<u128>, status: &str) -> Row {
        Row {
            id: Uuid::from_u128(id),
            parent_id: parent.map(Uuid::from_u128),
            anchor: format!("merke {}", parent.unwrap_or(id)),
            text: format!("tekst {id}"),
            status: status.to_owned(),
            at: DateTime::UNIX_EPOCH,
            author: "Kari".to_owned(),
        }
    }

    #[test]
    fn replies_stand_below_their_comment_in_order_and_those_of_nobody_nowhere() {
        let rows = vec![
            row(1, None, "open"),
            row(2, None, "resolved"),
            row(3, Some(1), "open"),
            row(4, Some(9), "open"),
            row(5, Some(1), "open"),
        ];
        let threads = threads(rows);
        let found: Vec<_> = threads.iter().map(|c| (c.text.as_str(), c.resolved)).collect();
        assert_eq!(found, [("tekst 1", false), ("tekst 2", true)]);
        let replies: Vec<_> = threads[0].replies.iter().map(|reply| reply.text.as_str()).collect();
        assert_eq!(replies, ["tekst 3", "tekst 5"]);
    }
}
