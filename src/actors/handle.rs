//! The one door through which web and command line reach the actors: plain data in and out.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::applied::AppliedConfig;
use super::builders::StopBuild;
use super::buildset_keeper::{CancelBuildRequest, PrioritiseBuildRequest, RebuildBuild};
use super::change_intake::AcceptChanges;
use super::compatible_builds;
pub use super::compatible_builds::PastBuild;
use super::explain::{self, ExplainDeps};
pub use super::explain::{RequestStanding, SchedulerStance};
pub use super::live_feed::LiveFeed;
use super::reporters::DeliverAgain;
use super::schedulers::{ForceBuilds, Switch};
use super::supervisor::{Ask, AskError, Supervisor};
use super::workers::{ControlError, ControlWorker};
use crate::config::MasterConfig;
use crate::db::Db;
use crate::db::transitions::{Cancelled, Prioritised};
use crate::domain::{
    BuildId, BuildRequestId, BuilderId, BuildsetId, Callback, ChangeId, DeliveryId, NewChange, PropertyValue,
    RequestState, Results, SchedulerId, WorkerAction, WorkerId,
};
use crate::schedulers::config::SchedulerConfig;

/// What a person filled into a force form.
#[derive(Clone, Debug, PartialEq)]
pub struct ForceRequest {
    pub scheduler: String,
    /// Empty means all builders of the scheduler.
    pub builders: Vec<BuilderId>,
    /// Full field name to value, as sent.
    pub values: BTreeMap<String, PropertyValue>,
    /// Who asks, if known from a session.
    pub owner: Option<String>,
}

/// The outcome of a force or rebuild.
#[derive(Clone, Debug, PartialEq)]
pub struct Forced {
    pub buildset: BuildsetId,
    pub requests: Vec<(BuilderId, BuildRequestId)>,
}

/// The reason a command was not carried out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CommandError {
    #[error("{0}")]
    NotFound(String),
    /// Field name to what is wrong with it.
    #[error("invalid values: {0:?}")]
    Invalid(BTreeMap<String, String>),
    /// Too much is waiting already; try again later.
    #[error("the master is overloaded")]
    Overloaded,
    #[error("{0}")]
    Failed(String),
}

/// Whether the master can do its work.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// `None` is healthy; otherwise what is wrong.
    pub degraded: Option<String>,
}

/// What the supervisor counted for one actor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActorFigures {
    pub kind: &'static str,
    pub name: String,
    /// `prepared`, `running`, `restarting`, `quarantined`, `stopped`.
    pub state: &'static str,
    pub mailbox_depth: u64,
    pub handled: u64,
    /// Messages that came while the actor was quarantined.
    pub refused: u64,
    pub waiting_seconds: f64,
    pub handling_seconds: f64,
    pub longest_handling_seconds: f64,
    pub panics: u64,
    pub restarts: u64,
    pub last_failure: Option<String>,
}

/// Where the door's commands go.
#[derive(Clone)]
pub struct HandleDeps {
    pub config: AppliedConfig,
    pub db: Db,
    pub supervisor: Supervisor,
    pub force: Ask<ForceBuilds>,
    pub stop: Ask<StopBuild>,
    pub cancel: Ask<CancelBuildRequest>,
    pub prioritise: Ask<PrioritiseBuildRequest>,
    pub rebuild: Ask<RebuildBuild>,
    pub intake: Ask<AcceptChanges>,
    pub explain: ExplainDeps,
    pub worker: Ask<ControlWorker>,
    pub switch: Ask<Switch>,
    pub deliver: Ask<DeliverAgain>,
    pub live: LiveFeed,
}

/// Cheap to clone, usable from every thread.
#[derive(Clone)]
pub struct MasterHandle {
    deps: HandleDeps,
}

impl MasterHandle {
    pub fn new(deps: HandleDeps) -> Self {
        Self { deps }
    }

    pub async fn force(&self, request: ForceRequest) -> Result<Forced, CommandError> {
        self.deps.force.ask(ForceBuilds { request }).await?
    }

    pub async fn rebuild(&self, build: BuildId) -> Result<Forced, CommandError> {
        match self.deps.rebuild.ask(RebuildBuild { build, reason: "rebuild".to_owned() }).await? {
            Ok(Some(fired)) => Ok(Forced { buildset: fired.buildset, requests: fired.requests }),
            Ok(None) => Err(CommandError::NotFound(format!("there is no build {build}"))),
            Err(error) => Err(CommandError::Failed(error.to_string())),
        }
    }

    /// Stops a running build; one that has ended already is left alone.
    pub async fn stop_build(&self, build: BuildId, reason: String) -> Result<(), CommandError> {
        self.deps.stop.ask(StopBuild { build, reason, results: Results::Cancelled }).await?;
        Ok(())
    }

    pub async fn cancel_request(&self, request: BuildRequestId, reason: String) -> Result<(), CommandError> {
        match self.deps.cancel.ask(CancelBuildRequest { request, reason }).await? {
            Ok(Cancelled::Yes) => Ok(()),
            Ok(Cancelled::NotWaiting(RequestState::Complete { .. })) => Ok(()),
            Ok(Cancelled::NotWaiting(_)) => {
                Err(CommandError::Failed("the request is being built already: stop its build instead".to_owned()))
            }
            Ok(Cancelled::NoSuch) => Err(CommandError::NotFound(format!("there is no build request {request}"))),
            Err(error) => Err(CommandError::Failed(error.to_string())),
        }
    }

    /// Gives a request that waits another priority, and returns once that is stored; the greatest is built first.
    pub async fn set_priority(&self, request: BuildRequestId, priority: i32) -> Result<(), CommandError> {
        match self.deps.prioritise.ask(PrioritiseBuildRequest { request, priority }).await? {
            Ok(Prioritised::Yes) => Ok(()),
            Ok(Prioritised::NotWaiting(_)) => {
                Err(CommandError::Failed("the request does not wait any more: it has a build, or has ended".to_owned()))
            }
            Ok(Prioritised::NoSuch) => Err(CommandError::NotFound(format!("there is no build request {request}"))),
            Err(error) => Err(CommandError::Failed(error.to_string())),
        }
    }

    /// Pauses a worker or has it end, and returns once that is stored.
    pub async fn control_worker(&self, worker: WorkerId, action: WorkerAction) -> Result<(), CommandError> {
        match self.deps.worker.ask(ControlWorker { worker, action }).await? {
            Ok(()) => Ok(()),
            Err(error @ ControlError::NoSuch) => Err(CommandError::NotFound(error.to_string())),
            Err(error) => Err(CommandError::Failed(error.to_string())),
        }
    }

    /// Switches a scheduler on or off, and returns once that is stored.
    pub async fn switch_scheduler(&self, scheduler: SchedulerId, enabled: bool) -> Result<(), CommandError> {
        match self.deps.switch.ask(Switch { scheduler, enabled }).await? {
            Ok(true) => Ok(()),
            Ok(false) => Err(CommandError::NotFound(format!("there is no scheduler {scheduler}"))),
            Err(error) => Err(CommandError::Failed(error.to_string())),
        }
    }

    /// Has a message of a reporter sent once more, and returns once that is stored.
    pub async fn deliver_again(&self, delivery: DeliveryId) -> Result<(), CommandError> {
        match self.deps.deliver.ask(DeliverAgain { delivery }).await? {
            Ok(true) => Ok(()),
            Ok(false) => Err(CommandError::NotFound(format!("there is no delivery {delivery}"))),
            Err(error) => Err(CommandError::Failed(error.to_string())),
        }
    }

    /// Stores changes from a hook; `source` names the hook, and together with a delivery key makes them idempotent.
    pub async fn add_changes(&self, source: &str, changes: Vec<NewChange>) -> Result<Vec<ChangeId>, CommandError> {
        if self.deps.db.degraded().is_some() {
            return Err(CommandError::Overloaded);
        }
        let source = source.to_owned();
        let accept = AcceptChanges { source, source_id: None, changes, poll_state: None, history: None };
        self.deps.intake.ask(accept).await?.map_err(|error| CommandError::Failed(error.to_string()))
    }

    /// Why these requests wait, a line for each reason; those that do not wait are left out. Empty, too, while the
    /// distributor does not answer: a page says less then.
    pub async fn explain_requests(&self, requests: Vec<BuildRequestId>) -> HashMap<BuildRequestId, Vec<String>> {
        if requests.is_empty() {
            return HashMap::new();
        }
        explain::requests(&self.deps.explain, requests).await
    }

    /// Where a request stands, and why.
    pub async fn explain_request(&self, request: BuildRequestId) -> Result<RequestStanding, CommandError> {
        let found = explain::request(&self.deps.explain, request).await;
        let missing = || CommandError::NotFound(format!("there is no build request {request}"));
        found.map_err(|error| CommandError::Failed(error.to_string()))?.ok_or_else(missing)
    }

    /// What each scheduler makes of a change.
    pub async fn explain_change(&self, change: ChangeId) -> Result<Vec<SchedulerStance>, CommandError> {
        let found = explain::stances(&self.deps.explain, change).await;
        let missing = || CommandError::NotFound(format!("there is no change {change}"));
        found.map_err(|error| CommandError::Failed(error.to_string()))?.ok_or_else(missing)
    }

    /// What the functions of force forms name as builds to inherit from, out of the last builds of a builder or of
    /// whatever they know. One that fails names none.
    pub async fn compatible_builds<'config>(
        &self,
        schedulers: impl Iterator<Item = &'config SchedulerConfig>,
        builder: Option<&str>,
        past: &[PastBuild],
    ) -> Vec<(Callback, Vec<String>)> {
        compatible_builds::ask(&self.deps.explain.scripts, schedulers, builder, past).await
    }

    pub fn config(&self) -> Arc<MasterConfig> {
        Arc::clone(&self.deps.config.borrow().config)
    }

    pub async fn health(&self) -> Health {
        Health { degraded: self.deps.db.degraded() }
    }

    /// What happens, for those who watch.
    pub fn live(&self) -> LiveFeed {
        self.deps.live.clone()
    }

    /// Starts a quarantined actor again; `false` if there is no such actor.
    pub fn retry_actor(&self, kind: &str, name: &str) -> bool {
        self.deps.supervisor.retry(kind, name)
    }

    pub fn figures(&self) -> Vec<ActorFigures> {
        self.deps.supervisor.figures()
    }
}

impl From<AskError> for CommandError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Deadline => Self::Overloaded,
            AskError::Closed | AskError::Quarantined(_) => Self::Failed(error.to_string()),
        }
    }
}
