//! Buildset keeper: knows every request that waits, and ends those that nobody wants any more.
//!
//! - Hears: [`EventsCommitted`], [`DescribeWaiting`], [`CancelBuildRequest`], [`PrioritiseBuildRequest`],
//!   [`RebuildBuild`],
//!   [`SubjectFailed`] from the supervisor, and its own timer.
//! - Tells: [`ReconsiderRequests`] to the distributor when the set of waiting requests changed.
//! - Writes: requests and buildsets (`cancel_request`, `set_priority`, `rebuild`).
//! - Restart: permanent. The index equals the unclaimed rows: it is read at the start and compared by a slow timer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use actix::Message;
use tracing::{error, warn};

use super::distributor::ReconsiderRequests;
use super::event_bus::EventsCommitted;
use super::supervisor::{Child, Handle, Reply, ShellContext, SubjectFailed, Tell};
use crate::db::transitions::{CancelRequest, Cancelled, Fired, Prioritised, Rebuild, SetPriority};
use crate::db::views::deciders;
use crate::db::{Db, DbError};
use crate::domain::{BuildId, BuildRequest, BuildRequestId, Event, RequestState, Results};

/// Asks for all waiting requests, oldest first.
#[derive(Message)]
#[rtype(result = "Vec<Arc<BuildRequest>>")]
pub struct DescribeWaiting;

/// Gives a request that waits another priority.
#[derive(Message)]
#[rtype(result = "Result<Prioritised, DbError>")]
pub struct PrioritiseBuildRequest {
    pub request: BuildRequestId,
    pub priority: i32,
}

/// Ends a request that no build has taken.
#[derive(Message)]
#[rtype(result = "Result<Cancelled, DbError>")]
pub struct CancelBuildRequest {
    pub request: BuildRequestId,
    pub reason: String,
}

/// Has a build built once more; nothing if there is no such build.
#[derive(Message)]
#[rtype(result = "Result<Option<Fired>, DbError>")]
pub struct RebuildBuild {
    pub build: BuildId,
    pub reason: String,
}

#[derive(Clone)]
pub struct BuildsetKeeperDeps {
    pub db: Db,
    pub distributor: Tell<ReconsiderRequests>,
}

pub struct BuildsetKeeper {
    deps: BuildsetKeeperDeps,
    /// Equals the unclaimed rows.
    waiting: BTreeMap<BuildRequestId, Arc<BuildRequest>>,
    /// Requests whose rows must be read again, because an event named them.
    stale: BTreeSet<BuildRequestId>,
    /// Whether a read is under way.
    reading: bool,
}

/// How often the index is compared with the rows.
const COMPARE_EVERY: Duration = Duration::from_secs(60);
/// Wait before a failed read is tried again.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(1);

impl BuildsetKeeper {
    pub fn new(deps: BuildsetKeeperDeps) -> Self {
        Self { deps, waiting: BTreeMap::new(), stale: BTreeSet::new(), reading: false }
    }

    /// Replaces the index by the rows. `expected` says that a difference is no news.
    fn load(&mut self, ctx: &mut ShellContext<'_, Self>, expected: bool) {
        let db = self.deps.db.clone();
        let read = async move { db.read(|conn| deciders::unclaimed_requests(conn, None)).await };
        ctx.spawn(read, move |this, requests, ctx| match requests {
            Ok(requests) => this.replace(requests, expected),
            Err(error) => {
                error!(error = &error as &dyn std::error::Error, "cannot read the waiting requests");
                ctx.later(READ_AGAIN_AFTER, move |this, ctx| this.load(ctx, expected));
            }
        });
    }

    fn replace(&mut self, requests: Vec<BuildRequest>, expected: bool) {
        let rows: BTreeMap<_, _> = requests.into_iter().map(|request| (request.id, Arc::new(request))).collect();
        // A request that an event has named is about to be read anyway.
        let differs = |id: &BuildRequestId| !self.stale.contains(id);
        let missing = rows.keys().filter(|id| !self.waiting.contains_key(id) && differs(id)).count();
        let surplus = self.waiting.keys().filter(|id| !rows.contains_key(id) && differs(id)).count();
        if !expected && (0 < missing || 0 < surplus) {
            warn!(missing, surplus, "the index of waiting requests differed from the database and was mended");
        }
        self.waiting = rows;
        self.deps.distributor.tell(ReconsiderRequests);
    }

    /// Reads the rows that events named, all in one go.
    fn read_stale(&mut self, ctx: &mut ShellContext<'_, Self>) {
        if self.reading || self.stale.is_empty() {
            return;
        }
        self.reading = true;
        let ids: Vec<_> = std::mem::take(&mut self.stale).into_iter().collect();
        let db = self.deps.db.clone();
        let read = {
            let ids = ids.clone();
            async move { db.read(move |conn| deciders::requests_by_id(conn, &ids)).await }
        };
        ctx.spawn(read, move |this, requests, ctx| {
            this.reading = false;
            match requests {
                Ok(requests) => {
                    this.note(&ids, requests);
                    this.read_stale(ctx);
                }
                Err(error) => {
                    error!(error = &error as &dyn std::error::Error, "cannot read new requests");
                    this.stale.extend(ids);
                    ctx.later(READ_AGAIN_AFTER, Self::read_stale);
                }
            }
        });
    }

    fn note(&mut self, ids: &[BuildRequestId], requests: Vec<BuildRequest>) {
        for id in ids {
            self.waiting.remove(id);
        }
        for request in requests {
            if request.state == RequestState::Unclaimed {
                self.waiting.insert(request.id, Arc::new(request));
            }
        }
        self.deps.distributor.tell(ReconsiderRequests);
    }
}

impl Child for BuildsetKeeper {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        self.load(ctx, true);
        ctx.every(COMPARE_EVERY, |this, ctx| this.load(ctx, false));
    }
}

impl Handle<EventsCommitted> for BuildsetKeeper {
    fn handle(&mut self, EventsCommitted(events): EventsCommitted, ctx: &mut ShellContext<'_, Self>) -> Reply<()> {
        let mut removed = false;
        for committed in events.iter() {
            match &committed.event {
                Event::BuildRequestAdded { request, .. }
                | Event::BuildRequestUnclaimed { request, .. }
                | Event::BuildRequestUpdated { request, .. } => {
                    self.stale.insert(*request);
                }
                Event::BuildRequestClaimed { request, .. }
                | Event::BuildRequestCompleted { request, .. }
                | Event::BuildRequestCancelled { request, .. } => {
                    removed |= self.waiting.remove(request).is_some();
                    if self.reading {
                        // The read that is under way may have seen the row as it was before.
                        self.stale.insert(*request);
                    }
                }
                _ => {}
            }
        }
        if removed {
            self.deps.distributor.tell(ReconsiderRequests);
        }
        self.read_stale(ctx);
        Reply::Now(())
    }
}

impl Handle<DescribeWaiting> for BuildsetKeeper {
    fn handle(&mut self, _: DescribeWaiting, _: &mut ShellContext<'_, Self>) -> Reply<Vec<Arc<BuildRequest>>> {
        Reply::Now(self.waiting.values().cloned().collect())
    }
}

impl Handle<CancelBuildRequest> for BuildsetKeeper {
    fn handle(
        &mut self,
        message: CancelBuildRequest,
        _: &mut ShellContext<'_, Self>,
    ) -> Reply<Result<Cancelled, DbError>> {
        let db = self.deps.db.clone();
        let CancelBuildRequest { request, reason } = message;
        Reply::Later(Box::pin(
            async move { db.write(CancelRequest { request, reason, results: Results::Cancelled }).await },
        ))
    }
}

impl Handle<PrioritiseBuildRequest> for BuildsetKeeper {
    fn handle(
        &mut self,
        PrioritiseBuildRequest { request, priority }: PrioritiseBuildRequest,
        _: &mut ShellContext<'_, Self>,
    ) -> Reply<Result<Prioritised, DbError>> {
        let db = self.deps.db.clone();
        // The keeper itself hears of it by the event.
        Reply::later(async move { db.write(SetPriority { request, priority }).await })
    }
}

impl Handle<RebuildBuild> for BuildsetKeeper {
    fn handle(
        &mut self,
        message: RebuildBuild,
        _: &mut ShellContext<'_, Self>,
    ) -> Reply<Result<Option<Fired>, DbError>> {
        let db = self.deps.db.clone();
        let RebuildBuild { build, reason } = message;
        Reply::later(async move { db.write(Rebuild { build, reason }).await })
    }
}

impl Handle<SubjectFailed> for BuildsetKeeper {
    /// A request that made actors panic twice would do so again: it ends in EXCEPTION.
    fn handle(&mut self, message: SubjectFailed, ctx: &mut ShellContext<'_, Self>) -> Reply<()> {
        let SubjectFailed { request, text } = message;
        error!(build_request.id = request.0, text, "a request is given up, as handling it fails again and again");
        let db = self.deps.db.clone();
        let end = CancelRequest { request, reason: text, results: Results::Exception };
        ctx.spawn(async move { db.write(end).await }, |_, outcome, _| {
            if let Err(error) = outcome {
                error!(error = &error as &dyn std::error::Error, "cannot end a request");
            }
        });
        Reply::Now(())
    }
}
