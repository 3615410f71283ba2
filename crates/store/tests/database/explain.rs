//! Plans of exactly the statements that our query functions send, with their parameters.
//!
//! `auto_explain` runs inside the server and reports the plan of every statement of a session as a notice,
//! as `EXPLAIN (ANALYZE, BUFFERS)` would. So nothing has to be copied from the query functions, and
//! nothing can differ from them.

use std::collections::BTreeSet;

use diesel_async::AsyncPgConnection;
use futures_util::future::poll_fn;
use serde_json::Value;
use test_support::{Stack, TestDatabase};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::{AsyncMessage, NoTls};

/// Settings only a superuser may make; `jit` as the services' roles have it.
const OPTIONS: &str = "-c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0 \
    -c auto_explain.log_analyze=on -c auto_explain.log_buffers=on -c auto_explain.log_format=json \
    -c auto_explain.log_level=notice -c auto_explain.log_nested_statements=off -c jit=off";

/// A connection that tells the plan of every statement it ran.
pub(crate) struct ExplainingConnection {
    /// The connection to hand to query functions.
    pub(crate) conn: AsyncPgConnection,
    notices: UnboundedReceiver<String>,
}

/// The plan of one statement.
#[derive(Debug)]
pub(crate) struct Plan(Value);

impl ExplainingConnection {
    /// Connects directly to PostgreSQL; `plan_cache_mode` as PostgreSQL spells it.
    pub(crate) async fn open(database: &TestDatabase, plan_cache_mode: &str) -> Self {
        let url = Stack::load().superuser_url(database.name());
        let mut config: tokio_postgres::Config = url.parse().unwrap();
        config.options(format!("{OPTIONS} -c plan_cache_mode={plan_cache_mode}"));
        let (client, mut connection) = config.connect(NoTls).await.unwrap();
        let (sender, notices) = unbounded_channel();
        tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await
            {
                if let AsyncMessage::Notice(notice) = message {
                    // The receiver is gone when the test has ended.
                    sender.send(notice.message().to_owned()).ok();
                }
            }
        });
        let mut explaining =
            Self { conn: AsyncPgConnection::try_from(client).await.unwrap(), notices };
        explaining.take_plans().await;
        explaining
    }

    /// The plans of the statements since the last call, except those of `BEGIN` and the like.
    pub(crate) async fn take_plans(&mut self) -> Vec<Plan> {
        // Its answer comes after the notices of everything before it.
        let marker = "SELECT 'everything before this has been reported'";
        diesel_async::SimpleAsyncConnection::batch_execute(&mut self.conn, marker).await.unwrap();
        let mut plans = Vec::new();
        while let Ok(notice) = self.notices.try_recv() {
            let Some((_, plan)) = notice.split_once("plan:\n") else { continue };
            let plan: Value = serde_json::from_str(plan).unwrap();
            if plan["Query Text"] != marker {
                plans.push(Plan(plan));
            }
        }
        plans
    }
}

impl Plan {
    /// Every node, the root first.
    fn nodes(&self) -> Vec<&Value> {
        let mut nodes = vec![&self.0["Plan"]];
        let mut next = 0;
        while let Some(node) = nodes.get(next).copied() {
            nodes.extend(node["Plans"].as_array().into_iter().flatten());
            next += 1;
        }
        nodes
    }

    /// Names of the indexes it reads.
    pub(crate) fn indexes(&self) -> BTreeSet<&str> {
        self.nodes().into_iter().filter_map(|node| node["Index Name"].as_str()).collect()
    }

    /// Tells whether any node reads the table, with or without an index.
    pub(crate) fn touches(&self, table: &str) -> bool {
        self.nodes().into_iter().any(|node| node["Relation Name"] == table)
    }

    /// Tells whether it reads the table from end to end.
    pub(crate) fn scans(&self, table: &str) -> bool {
        self.nodes()
            .into_iter()
            .any(|node| node["Node Type"] == "Seq Scan" && node["Relation Name"] == table)
    }

    /// Pages it read, from memory or from disk.
    pub(crate) fn pages(&self) -> u64 {
        let root = &self.0["Plan"];
        ["Shared Hit Blocks", "Shared Read Blocks"]
            .iter()
            .filter_map(|key| root[key].as_u64())
            .sum()
    }

    /// The statement.
    pub(crate) fn statement(&self) -> &str {
        self.0["Query Text"].as_str().unwrap()
    }
}
