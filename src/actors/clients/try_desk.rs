//! `Try_Userpass` for one client: takes jobs and follows their builds.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::timeout;
use tracing::{info, warn};

use crate::actors::applied::AppliedConfig;
use crate::actors::live_feed::LiveFeed;
use crate::actors::supervisor::Ask;
use crate::actors::try_jobs::SubmitTry;
use crate::db::views::try_status;
use crate::db::{Db, DbError};
use crate::domain::try_job::TryBuildId;
use crate::domain::{BuilderId, BuildsetId, Event, TryJob, TryStatus};
use crate::wire::TryDesk;

/// Finds what a lost event would have hidden.
const LOOK_AT_LEAST_EVERY: Duration = Duration::from_secs(60);

pub(super) struct TryCounter {
    pub(super) scheduler: String,
    pub(super) user: String,
    pub(super) config: AppliedConfig,
    pub(super) db: Db,
    pub(super) live: LiveFeed,
    pub(super) try_jobs: Ask<SubmitTry>,
}

impl TryDesk for TryCounter {
    fn builder_names(&self) -> Vec<String> {
        let applied = Arc::clone(&self.config.borrow());
        let scheduler = applied.config.schedulers.iter().find(|scheduler| scheduler.name == self.scheduler);
        scheduler.map(|scheduler| scheduler.builder_names.clone()).unwrap_or_default()
    }

    fn submit(&self, job: TryJob) -> BoxFuture<'static, Result<Option<watch::Receiver<TryStatus>>, String>> {
        info!(scheduler = self.scheduler, user = self.user, builders = ?job.builder_names, "a try job arrives");
        let (try_jobs, db, live) = (self.try_jobs.clone(), self.db.clone(), self.live.clone());
        let message = SubmitTry { scheduler: self.scheduler.clone(), job };
        Box::pin(async move {
            let stored = try_jobs.ask(message).await.map_err(|error| error.to_string())?;
            let Some(fired) = stored.map_err(|error| error.to_string())? else { return Ok(None) };
            let follower = Follower {
                buildset: fired.buildset,
                builders: fired.requests.iter().map(|(builder, _)| *builder).collect(),
                events: live.subscribe(),
                db,
            };
            let status = follower.look().await.map_err(|error| error.to_string())?;
            let (sender, receiver) = watch::channel(status);
            tokio::spawn(follower.follow(sender));
            Ok(Some(receiver))
        })
    }
}

/// Looks at a job whenever something happened to it, until it is over or nobody listens.
struct Follower {
    buildset: BuildsetId,
    builders: Vec<BuilderId>,
    events: broadcast::Receiver<Arc<[Event]>>,
    db: Db,
}

impl Follower {
    async fn look(&self) -> Result<TryStatus, DbError> {
        let buildset = self.buildset;
        self.db.read(move |conn| try_status::of_buildset(conn, buildset)).await
    }

    async fn follow(mut self, sender: watch::Sender<TryStatus>) {
        while !sender.borrow().is_complete() {
            let waiting = timeout(LOOK_AT_LEAST_EVERY, self.news(&sender));
            tokio::select! {
                () = sender.closed() => return,
                news = waiting => if news == Ok(Err(())) { return },
            }
            match self.look().await {
                Ok(status) => drop(sender.send_replace(status)),
                Err(error) => {
                    warn!(error = &error as &dyn Error, buildset.id = self.buildset.0, "cannot look at a try job");
                }
            }
        }
        // Whoever has not read the end yet can do so as long as it holds the other side.
        sender.closed().await;
    }

    /// Returns when something happened to the job, or may have; an error at the end of the master.
    async fn news(&mut self, sender: &watch::Sender<TryStatus>) -> Result<(), ()> {
        loop {
            match self.events.recv().await {
                Ok(events) => {
                    let status = sender.borrow();
                    if events.iter().any(|event| concerns(event, self.buildset, &self.builders, &status)) {
                        return Ok(());
                    }
                }
                Err(RecvError::Lagged(_)) => return Ok(()),
                Err(RecvError::Closed) => return Err(()),
            }
        }
    }
}

fn concerns(event: &Event, ours: BuildsetId, builders: &[BuilderId], status: &TryStatus) -> bool {
    match event {
        Event::BuildRequestClaimed { buildset, .. }
        | Event::BuildRequestUnclaimed { buildset, .. }
        | Event::BuildRequestCompleted { buildset, .. }
        | Event::BuildRequestCancelled { buildset, .. }
        | Event::BuildsetCompleted { buildset } => *buildset == ours,
        Event::BuildStarted { builder, .. } => builders.contains(builder),
        Event::BuildFinished { build, .. } | Event::StepStarted { build, .. } | Event::StepFinished { build, .. } => {
            status.build(TryBuildId::Build(*build)).is_some()
        }
        _ => false,
    }
}
