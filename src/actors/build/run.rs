//! What all steps of one build share: properties, secrets, locks, what is still to run, and whether it shall stop.

use std::cell::RefCell;
use std::sync::Arc;

use tokio::sync::watch;

use super::locks::BuildLocks;
use super::secrets::{BuildSecrets, Masked};
use super::{BuildDeps, BuildPlan, StopRunning};
use crate::db::DbError;
use crate::domain::{BuildId, Properties, PropertyValue, Results};
use crate::steps::config::StepConfig;
use crate::steps::{Agenda, StepsPlace};

pub struct BuildRun {
    pub plan: Arc<BuildPlan>,
    pub deps: BuildDeps,
    pub locks: BuildLocks,
    pub secrets: BuildSecrets,
    properties: RefCell<Arc<Properties>>,
    /// What is still to run; steps may add to it.
    agenda: RefCell<Agenda>,
    /// Properties set since the last write.
    unsaved: RefCell<Masked<Properties>>,
    stop: RefCell<Option<StopRunning>>,
    /// Counts requests to stop, so that a step sees only those that came after its beginning.
    stops: watch::Sender<u32>,
}

/// The requests to stop that a step does not hear of, because they came before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopsBefore(u32);

impl BuildRun {
    pub fn new(plan: Arc<BuildPlan>, deps: BuildDeps) -> Self {
        let run = Self {
            agenda: RefCell::new(Agenda::new(plan.config.factory.steps.iter().cloned())),
            properties: RefCell::new(Arc::new(plan.properties.clone())),
            unsaved: RefCell::new(Masked::none()),
            stop: RefCell::new(None),
            stops: watch::Sender::new(0),
            locks: BuildLocks::new(&plan, &deps),
            secrets: BuildSecrets::new(deps.secrets.clone()),
            plan,
            deps,
        };
        run.set_property("buildnumber", run.plan.build.number.into(), "Build");
        run
    }

    pub fn build_id(&self) -> BuildId {
        self.plan.build.id
    }

    pub fn stop(&self, message: StopRunning) {
        *self.stop.borrow_mut() = Some(message);
        self.stops.send_modify(|count| *count = count.saturating_add(1));
    }

    /// What the build's result is to be, if it is being stopped.
    pub fn stop_results(&self) -> Option<Results> {
        self.stop.borrow().as_ref().map(|stop| stop.results)
    }

    /// Why the build is being stopped, if it is.
    pub fn stop_reason(&self) -> Option<String> {
        self.stop.borrow().as_ref().map(|stop| stop.reason.clone())
    }

    pub fn stops_before(&self) -> StopsBefore {
        StopsBefore(*self.stops.borrow())
    }

    /// Resolves with the reason once there is a request to stop besides these.
    pub async fn stopped_since(&self, before: StopsBefore) -> String {
        // The sender lives as long as this borrow.
        if self.stops.subscribe().wait_for(|count| *count != before.0).await.is_err() {
            std::future::pending::<()>().await;
        }
        self.stop_reason().unwrap_or_default()
    }

    /// The steps whose turn it is: one, or all of a group.
    pub fn next_turn(&self) -> Option<Vec<StepConfig>> {
        self.agenda.borrow_mut().next_turn()
    }

    /// Has further steps run in this build. The error says why it cannot.
    pub fn add_steps(&self, steps: Vec<StepConfig>, place: StepsPlace) -> Result<(), String> {
        self.agenda.borrow_mut().add(steps, place)
    }

    pub fn properties(&self) -> Arc<Properties> {
        Arc::clone(&self.properties.borrow())
    }

    pub fn set_property(&self, name: &str, value: PropertyValue, source: &str) {
        let property = self.secrets.mask_property(name, value, source);
        Arc::make_mut(&mut self.properties.borrow_mut()).update(&property);
        self.unsaved.borrow_mut().update(property);
    }

    /// Stores the properties that were set since the last time.
    pub async fn save_properties(&self) -> Result<(), DbError> {
        let properties = self.take_unsaved();
        if properties.is_empty() {
            return Ok(());
        }
        self.deps.rows.set_properties(self.build_id(), properties).await
    }

    /// Properties that are still to be stored.
    pub fn take_unsaved(&self) -> Masked<Properties> {
        self.unsaved.replace(Masked::none())
    }
}
