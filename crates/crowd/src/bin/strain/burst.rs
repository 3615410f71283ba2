//! Readers who come at the same moment.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::plan::{Plan, Sample};
use crate::wait_for_the_word;

pub(crate) async fn run(plan: &Arc<Plan>, connections: usize) -> Result<Vec<Sample>> {
    let (begin, beginning) = watch::channel(None::<Instant>);
    let mut readers = JoinSet::new();
    for nth in 0..connections {
        let mut connection = plan.connection(nth)?;
        connection.open().await?;
        let request = plan.request(nth)?;
        let mut beginning = beginning.clone();
        readers.spawn(async move {
            let start = beginning.wait_for(Option::is_some).await.ok().and_then(|start| *start)?;
            Some(Sample::take(&mut connection, request, (start, Instant::now())).await)
        });
    }
    wait_for_the_word().await?;
    begin.send(Some(Instant::now()))?;
    let samples: Option<Vec<Sample>> = readers.join_all().await.into_iter().collect();
    samples.ok_or_else(|| anyhow!("a reader never began"))
}
