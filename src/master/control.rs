//! What the control socket asks of a running master.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tracing::{error, info};

use super::Master;
use super::overview::{self, Outlook};
use crate::actors::applied::AppliedConfig;
use crate::actors::builders::DescribeBuilders;
use crate::actors::buildset_keeper::DescribeWaiting;
use crate::actors::command_desk::{Asker, CommandDesk};
use crate::actors::distributor::ReconsiderRequests;
use crate::actors::handle::MasterHandle;
use crate::actors::janitor::CleanUp;
use crate::actors::reconfigurator::{ConfigurationApplied, GoBack, Reconfigure, ReconfigureError};
use crate::actors::stop_wish::StopWish;
use crate::actors::supervisor::{Ask, AskError, Tell};
use crate::actors::workers::DescribeWorkers;
use crate::clock::Clock;
use crate::commands::parse;
use crate::commands::table::Place;
use crate::control::{CleanedUp, ControlHandler, Overview, Reconfigured, Status, VersionLine};
use crate::db::Db;
use crate::db::views::config_versions::{self, ConfigVersion};
use crate::web::forecasts;

/// What the socket needs of the actors.
#[derive(Clone)]
pub struct ControlDeps {
    pub builders: Ask<DescribeBuilders>,
    pub waiting: Ask<DescribeWaiting>,
    pub workers: Ask<DescribeWorkers>,
    pub distributor: Tell<ReconsiderRequests>,
    pub clean_up: Ask<CleanUp>,
}

pub struct Control {
    deps: ControlDeps,
    handle: MasterHandle,
    desk: CommandDesk,
    config: AppliedConfig,
    reconfigure: Ask<Reconfigure>,
    go_back: Ask<GoBack>,
    db: Db,
    clock: Clock,
    is_up: AtomicBool,
}

/// Versions of the configuration that are listed.
const MOST_VERSIONS: i64 = 200;
/// How often a clean stop looks whether all builds have ended.
const LOOK_EVERY: Duration = Duration::from_millis(200);

impl Control {
    pub(super) fn new(master: &Master, clock: Clock) -> Self {
        Self {
            deps: master.control.clone(),
            handle: master.handle.clone(),
            desk: master.desk.clone(),
            config: master.config.clone(),
            reconfigure: master.reconfigure.clone(),
            go_back: master.go_back.clone(),
            db: master.db.clone(),
            clock,
            is_up: AtomicBool::new(false),
        }
    }

    /// From now on `status` says that the master is up.
    pub(super) fn is_up(&self) {
        self.is_up.store(true, Ordering::Release);
    }

    /// Returns when no build runs.
    pub(super) async fn wait_for_builds(&self) {
        // An answer that does not come is looked for again.
        while self.deps.builders.ask(DescribeBuilders).await.map_or(true, |builders| !builders.running.is_empty()) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Builds are started again: their end is no longer wanted.
    pub(super) fn go_on(&self) {
        self.deps.distributor.tell(ReconsiderRequests);
    }

    pub(super) async fn reconfigure_by_signal(&self) {
        match self.reconfig(false).await {
            Ok(done) => info!(changes = done.changes.join("; "), "the configuration was loaded again"),
            Err(errors) => error!("{}", errors.join("\n")),
        }
    }
}

#[async_trait]
impl ControlHandler for Control {
    async fn status(&self) -> Status {
        let builders = self.deps.builders.ask(DescribeBuilders).await.ok();
        let waiting = self.deps.waiting.ask(DescribeWaiting).await.unwrap_or_default();
        let workers = self.deps.workers.ask(DescribeWorkers).await.unwrap_or_default();
        let degraded = self.handle.health().await.degraded;
        let quarantined = self.handle.figures().into_iter().filter(|figures| figures.state == "quarantined");
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        Status {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            is_up: self.is_up.load(Ordering::Acquire),
            is_stopping: *self.desk.stop_wish.borrow() != StopWish::None,
            degraded,
            n_builders: count(self.config.borrow().config.builders.len()),
            n_running_builds: count(builders.map_or(0, |builders| builders.running.len())),
            n_waiting_requests: count(waiting.len()),
            n_attached_workers: count(workers.iter().filter(|worker| worker.link.is_some()).count()),
            n_workers: count(workers.len()),
            quarantined: quarantined
                .map(|figures| {
                    format!("{} {}: {}", figures.kind, figures.name, figures.last_failure.unwrap_or_default())
                })
                .collect(),
        }
    }

    async fn overview(&self) -> Overview {
        let status = self.status().await;
        let www = self.config.borrow().config.www.clone();
        let url = www.and_then(|www| www.listen).map(|listen| overview::url(&listen));
        let overview = Overview { status, now: self.clock.now().secs(), url, ..Overview::default() };
        match self.db.read(overview::read).await {
            Ok(lists) => {
                let forecasts = forecasts::of_running(&self.db, lists.running(), self.clock.now()).await;
                let reasons = self.handle.explain_requests(lists.first_waiting()).await;
                // without estimates the lists are still worth something
                lists.into_overview(Outlook { forecasts: forecasts.unwrap_or_default(), reasons }, overview)
            }
            Err(error) => Overview { trouble: Some(error.to_string()), ..overview },
        }
    }

    async fn reconfig(&self, dry_run: bool) -> Result<Reconfigured, Vec<String>> {
        shown(self.reconfigure.ask(Reconfigure { dry_run }).await)
    }

    async fn go_back(&self, version: i64, dry_run: bool) -> Result<Reconfigured, Vec<String>> {
        shown(self.go_back.ask(GoBack { version, dry_run }).await)
    }

    async fn versions(&self) -> Result<Vec<VersionLine>, String> {
        let read = self.db.read(|conn| config_versions::newest(conn, MOST_VERSIONS)).await;
        let line = |version: ConfigVersion| VersionLine {
            number: version.number,
            applied_at: version.applied_at.secs(),
            cause: version.cause,
            changes: version.changes,
        };
        read.map(|versions| versions.into_iter().map(line).collect()).map_err(|error| error.to_string())
    }

    async fn clean_up(&self, dry_run: bool) -> Result<CleanedUp, String> {
        match self.deps.clean_up.ask(CleanUp { dry_run }).await {
            Ok(Ok(done)) => Ok(super::clean_up::shown(&done)),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn command(&self, line: &str, asker: String) -> Result<Vec<String>, String> {
        let Some(command) = parse(line).map_err(|error| error.to_string())? else { return Ok(Vec::new()) };
        let asker = Asker { name: asker, place: Place::Everywhere };
        match self.desk.carry_out(command, &asker).await {
            Ok(answer) => Ok(answer.lines),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn stop(&self, clean: bool) -> Result<(), String> {
        self.desk.stop_wish.send_replace(if clean { StopWish::Clean } else { StopWish::Now });
        Ok(())
    }
}

type Answer = Result<Result<ConfigurationApplied, ReconfigureError>, AskError>;

/// A verdict as the socket says it.
fn shown(answer: Answer) -> Result<Reconfigured, Vec<String>> {
    match answer {
        Ok(Ok(ConfigurationApplied { changes, warnings, version })) => Ok(Reconfigured { changes, warnings, version }),
        Ok(Err(ReconfigureError::Invalid(errors))) => Err(errors),
        Ok(Err(error)) => Err(vec![error.to_string()]),
        Err(error) => Err(vec![error.to_string()]),
    }
}
