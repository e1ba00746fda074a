//! Reads what happened since a bot last looked.

use std::sync::Arc;

use super::BotDeps;
use super::decide::News;
use crate::actors::reporters::gather;
use crate::db::DbError;
use crate::db::views::{properties, reporters};
use crate::domain::{BuildId, BuildRequestId, Timestamp};
use crate::reporters::generator::Occasion;

/// Events that are read at once.
const AT_ONCE: i64 = 200;

/// What was read at once.
pub struct Batch {
    /// Each with its number and when it happened.
    pub news: Vec<(i64, Timestamp, News)>,
    /// The last event that was looked at.
    pub seen: i64,
    /// What is stored of that.
    pub stored: i64,
    /// Whether there is more.
    pub more: bool,
}

/// Nothing if the chat has no row yet, or has left the configuration.
pub async fn read(deps: BotDeps, chat: String, seen: Option<i64>) -> Result<Option<Batch>, DbError> {
    let master = deps.db.master().id;
    let read = deps.db.read(move |conn| {
        let Some(stored) = reporters::cursor(conn, &chat, master)? else { return Ok(None) };
        let from = seen.unwrap_or(stored).max(stored);
        Ok(Some((stored, from, reporters::events_after(conn, master, from, AT_ONCE)?)))
    });
    let Some((stored, from, events)) = read.await? else { return Ok(None) };
    let more = i64::try_from(events.len()).is_ok_and(|n_events| n_events == AT_ONCE);
    let (mut news, mut seen) = (Vec::new(), from);
    for event in events {
        seen = event.seq;
        let Some(occasion) = Occasion::of(&event.key) else { continue };
        news.extend(facts(&deps, occasion).await?.map(|facts| (event.seq, event.at, facts)));
    }
    Ok(Some(Batch { news, seen, stored, more }))
}

async fn facts(deps: &BotDeps, occasion: Occasion) -> Result<Option<News>, DbError> {
    match occasion {
        Occasion::BuildStarted(id) => started(deps, id).await,
        Occasion::BuildFinished(id) => {
            let facts = deps.db.read(move |conn| gather::build(conn, id)).await?;
            Ok(facts.map(|facts| News::Finished(Box::new(facts))))
        }
        Occasion::RequestCancelled(request) => {
            let master = deps.db.master().id;
            let facts = deps.db.read(move |conn| gather::pending(conn, request, master)).await?;
            Ok(facts.map(|facts| News::Cancelled { request, builder: facts.builder.name }))
        }
        Occasion::WorkerMissing(id) => {
            let applied = Arc::clone(&deps.config.borrow());
            let known = applied.ids.workers.iter().find(|(_, known)| **known == id);
            Ok(known.map(|(name, _)| News::WorkerMissing(name.clone())))
        }
        Occasion::RequestAdded(_) | Occasion::BuildsetCompleted(_) => Ok(None),
    }
}

async fn started(deps: &BotDeps, id: BuildId) -> Result<Option<News>, DbError> {
    let read = deps.db.read(move |conn| Ok((gather::build(conn, id)?, properties::requests_of_build(conn, id)?)));
    let (facts, requests) = read.await?;
    let requests = requests.into_iter().map(BuildRequestId).collect();
    Ok(facts.map(|facts| News::Started(Box::new(facts.at_start()), requests)))
}
