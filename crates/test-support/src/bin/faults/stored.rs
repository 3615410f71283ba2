//! Reads what is left in the database and the store when a line is over.

use std::collections::BTreeMap;

use test_support::Stack;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::checker::{Stored, StoredCase, StoredExport};

/// A connection to the services' database, past PgBouncer.
pub(crate) async fn connect(stack: &Stack) -> Client {
    let url = stack.owner_url(&stack.database);
    let (client, connection) =
        tokio_postgres::connect(&url, NoTls).await.expect("PostgreSQL is back");
    tokio::spawn(async move {
        // It ends with the client.
        let _ = connection.await;
    });
    client
}

pub(crate) async fn read(stack: &Stack, cases: &[String], exports: &[String]) -> Stored {
    let client = connect(stack).await;
    Stored {
        cases: read_cases(&client, &ids(cases)).await,
        exports: read_exports(stack, &client, &ids(exports)).await,
    }
}

/// How many of these exports have not ended.
pub(crate) async fn unfinished(client: &Client, exports: &[String]) -> i64 {
    let sql = "SELECT count(*) FROM export_jobs \
               WHERE id = ANY($1) AND status NOT IN ('completed', 'failed')";
    client.query_one(sql, &[&ids(exports)]).await.expect("a count").get(0)
}

fn ids(texts: &[String]) -> Vec<Uuid> {
    texts.iter().map(|text| text.parse().expect("an id")).collect()
}

async fn read_cases(client: &Client, ids: &[Uuid]) -> BTreeMap<String, StoredCase> {
    let sql = "SELECT c.id, c.version, coalesce(newest.version, 0), v.version, \
                   coalesce(v.justification, ''), coalesce(v.proposal_text, '') \
               FROM cases c JOIN case_contents v ON v.case_id = c.id \
               LEFT JOIN case_contents newest ON newest.id = c.latest_content_id \
               WHERE c.id = ANY($1) ORDER BY c.id, v.version";
    let mut cases: BTreeMap<String, StoredCase> = BTreeMap::new();
    for row in client.query(sql, &[&ids]).await.expect("cases") {
        let case = cases.entry(row.get::<_, Uuid>(0).to_string()).or_default();
        (case.version, case.newest) = (row.get(1), row.get(2));
        let (version, text, twin): (i32, String, String) = (row.get(3), row.get(4), row.get(5));
        // The first version is the order's own, with two different texts.
        let twin = if version == 1 { text.clone() } else { twin };
        case.versions.push((version, text, twin));
    }
    cases
}

async fn read_exports(
    stack: &Stack,
    client: &Client,
    ids: &[Uuid],
) -> BTreeMap<String, StoredExport> {
    let folder = stack.local_dir.join("blobs/exports");
    let names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let sql = "SELECT id, status FROM export_jobs WHERE id = ANY($1)";
    let rows = client.query(sql, &[&ids]).await.expect("export jobs");
    rows.iter()
        .map(|row| {
            let id = row.get::<_, Uuid>(0).to_string();
            let documents = names.iter().filter(|name| name.starts_with(&id)).count();
            (id, StoredExport { status: row.get(1), documents })
        })
        .collect()
}
