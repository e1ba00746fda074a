//! Old build canceller: ends builds that a newer commit has made needless.
//!
//! - Hears: [`EventsCommitted`] from its parent.
//! - Tells: the buildset keeper and the builders what to cancel.
//! - Writes: nothing itself.
//! - Restart: permanent. Begins with the open requests and the newest changes, in the order of their times.

mod turn;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tracing::{error, info};

use self::turn::{Fact, Known, Rules};
use super::cancellers::CancellerDeps;
use super::event_bus::EventsCommitted;
use super::supervisor::{Child, Handle, Reply, ShellContext};
use crate::db::DbError;
use crate::domain::{Callback, Event};
use crate::schedulers::config::OldBuildsFilter;

/// Wait before a failed turn is taken again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

const REASON: &str = "a newer commit is to be built";

pub struct OldBuildCanceller {
    rules: Arc<Rules>,
    deps: CancellerDeps,
    /// What happened since the last turn, in order.
    news: Vec<Fact>,
    /// `None` before the first turn, and while one is taken.
    known: Option<Known>,
    busy: bool,
}

impl OldBuildCanceller {
    pub fn new(filters: &[OldBuildsFilter], branch_key: Option<Callback>, deps: CancellerDeps) -> Self {
        let rules = Arc::new(Rules::new(filters, branch_key));
        Self { rules, deps, news: Vec::new(), known: None, busy: false }
    }

    fn take_turn(&mut self, ctx: &mut ShellContext<'_, Self>) {
        if self.busy {
            return;
        }
        self.busy = true;
        let (known, news) = (self.known.take(), std::mem::take(&mut self.news));
        let (rules, deps) = (Arc::clone(&self.rules), self.deps.clone());
        let turn = async move {
            let taken = turn::take(known, news, &rules, &deps).await?;
            if !taken.needless.is_empty() {
                let ids: Vec<i64> = taken.needless.iter().map(|request| request.0).collect();
                info!(requests = ?ids, "cancelling what a newer commit has made needless");
                deps.cancel.all(taken.needless, REASON).await;
            }
            Ok::<_, DbError>(taken.known)
        };
        ctx.spawn(turn, |this, outcome, ctx| {
            this.busy = false;
            match outcome {
                Ok(known) => {
                    this.known = Some(known);
                    if !this.news.is_empty() {
                        this.take_turn(ctx);
                    }
                }
                Err(error) => {
                    // It begins anew from what is stored, so nothing is missed.
                    error!(error = &error as &dyn Error, "cannot see what is needless");
                    ctx.later(AGAIN_AFTER, Self::take_turn);
                }
            }
        });
    }
}

impl Child for OldBuildCanceller {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        self.take_turn(ctx);
    }
}

impl Handle<EventsCommitted> for OldBuildCanceller {
    fn handle(&mut self, EventsCommitted(events): EventsCommitted, ctx: &mut ShellContext<'_, Self>) -> Reply<()> {
        let facts = events.iter().filter_map(|committed| match &committed.event {
            Event::ChangeAdded { change } => Some(Fact::Changed(*change)),
            Event::BuildRequestAdded { request, .. } => Some(Fact::Requested(*request)),
            Event::BuildRequestCompleted { request, .. } | Event::BuildRequestCancelled { request, .. } => {
                Some(Fact::Ended(*request))
            }
            _ => None,
        });
        let n_before = self.news.len();
        self.news.extend(facts);
        if n_before < self.news.len() {
            self.take_turn(ctx);
        }
        Reply::Now(())
    }
}
