//! Tickets for the event stream: single-use, and over after half a minute, because they travel in
//! an address (architecture 7).

use std::time::Duration;

use edge::actor::Actor;
use edge::redis::commands::cmd;
use edge::redis::{Redis, Unavailable};
use edge::token::Identity;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// How long a ticket can be used.
pub(crate) const TIME_TO_LIVE: Duration = Duration::from_secs(30);

/// A ticket: 122 random bits.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct Ticket(Uuid);

/// Makes a ticket for somebody.
///
/// # Errors
///
/// [`Unavailable`] without Redis, where every process finds it.
pub(crate) async fn issue(redis: &Redis, actor: &Actor) -> Result<Ticket, Unavailable> {
    let ticket = Uuid::new_v4();
    let holder = serde_json::to_vec(&actor.0).unwrap_or_default();
    let mut keep = cmd("SET");
    keep.arg(key(redis, ticket)).arg(holder).arg("EX").arg(TIME_TO_LIVE.as_secs());
    redis.command::<()>(&keep).await?;
    Ok(Ticket(ticket))
}

/// Takes a ticket; `None` when it is none, is over, or was used.
///
/// # Errors
///
/// [`Unavailable`].
pub(crate) async fn redeem(redis: &Redis, ticket: &str) -> Result<Option<Actor>, Unavailable> {
    let Ok(ticket) = ticket.parse() else { return Ok(None) };
    let mut take = cmd("GETDEL");
    take.arg(key(redis, ticket));
    let holder: Option<Vec<u8>> = redis.command(&take).await?;
    Ok(holder.and_then(|holder| serde_json::from_slice::<Identity>(&holder).ok()).map(Actor))
}

fn key(redis: &Redis, ticket: Uuid) -> String {
    redis.key(&format!("events:ticket:{ticket}"))
}
