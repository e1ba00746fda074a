//! From the first step to the last: what runs, what is skipped, and what the build's result is.

use std::cell::RefCell;
use std::pin::pin;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::watch;
use tracing::warn;

use super::condition;
use super::locks::{self, BuildLocks};
use super::secrets::BuildSecrets;
use super::step_context::{ActorStepContext, StepRecord};
use super::step_locks::start_with_locks;
use super::{BuildDeps, BuildPlan, Ended, StopRunning};
use crate::actors::lock_keeper::Refused;
use crate::db::DbError;
use crate::db::transitions::{AddStep, FinishCause, FinishStep, SetBuildProperties, SetBuildState};
use crate::domain::{BuildId, Properties, PropertyValue, Results};
use crate::steps::config::StepConfig;
use crate::steps::{self, Agenda, BuildEnv, BuildProgress, Fault, StepsPlace};

/// What all steps of one build share.
pub struct BuildRun {
    pub plan: Arc<BuildPlan>,
    pub deps: BuildDeps,
    pub locks: BuildLocks,
    pub secrets: BuildSecrets,
    properties: RefCell<Arc<Properties>>,
    /// What is still to run; steps may add to it.
    agenda: RefCell<Agenda>,
    /// Properties set since the last write.
    unsaved: RefCell<Properties>,
    stop: RefCell<Option<StopRunning>>,
    /// Counts requests to stop, so that a step sees only those that came after its beginning.
    stops: watch::Sender<u32>,
}

impl BuildRun {
    pub fn new(plan: Arc<BuildPlan>, deps: BuildDeps) -> Self {
        let mut properties = plan.properties.clone();
        properties.set("buildnumber", plan.build.number, "Build");
        let mut unsaved = Properties::new();
        unsaved.set("buildnumber", plan.build.number, "Build");
        Self {
            agenda: RefCell::new(Agenda::new(plan.config.factory.steps.iter().cloned())),
            properties: RefCell::new(Arc::new(properties)),
            unsaved: RefCell::new(unsaved),
            stop: RefCell::new(None),
            stops: watch::Sender::new(0),
            locks: BuildLocks::new(&plan, &deps),
            secrets: BuildSecrets::new(deps.secrets.clone()),
            plan,
            deps,
        }
    }

    pub fn build_id(&self) -> BuildId {
        self.plan.build.id
    }

    pub fn stop(&self, message: StopRunning) {
        *self.stop.borrow_mut() = Some(message);
        self.stops.send_modify(|count| *count = count.saturating_add(1));
    }

    /// Why the build is being stopped, if it is.
    pub fn stop_reason(&self) -> Option<String> {
        self.stop.borrow().as_ref().map(|stop| stop.reason.clone())
    }

    pub fn stops(&self) -> watch::Receiver<u32> {
        self.stops.subscribe()
    }

    /// Has further steps run in this build. The error says why it cannot.
    pub fn add_steps(&self, steps: Vec<StepConfig>, place: StepsPlace) -> Result<(), String> {
        self.agenda.borrow_mut().add(steps, place)
    }

    pub fn properties(&self) -> Arc<Properties> {
        Arc::clone(&self.properties.borrow())
    }

    pub fn set_property(&self, name: &str, value: PropertyValue, source: &str) {
        let (name, value) = (self.secrets.mask(name), self.secrets.mask_value(value));
        Arc::make_mut(&mut self.properties.borrow_mut()).set(name.clone(), value.clone(), source);
        self.unsaved.borrow_mut().set(name, value, source);
    }

    /// Stores the properties that were set since the last time.
    pub async fn save_properties(&self) -> Result<(), DbError> {
        let properties = std::mem::take(&mut *self.unsaved.borrow_mut());
        if properties.is_empty() {
            return Ok(());
        }
        self.deps.db.write(SetBuildProperties { build: self.build_id(), properties }).await.map(drop)
    }
}

/// How one step ended.
struct StepEnd {
    results: Results,
    state: String,
    worker_lost: bool,
}

/// Runs all steps; never fails, as a build that cannot go on has a result too.
pub async fn run_build(run: &BuildRun) -> Ended {
    if let Some((results, state)) = condition::refusal(run).await {
        return ended(run, results, state, FinishCause::Normal).await;
    }
    if let Err(early) = take_locks(run).await {
        return early;
    }
    let mut progress = BuildProgress::default();
    let mut worst = None;
    let env = BuildEnv { workdir: run.plan.config.factory.workdir.clone(), env: run.plan.config.env.clone() };
    let next_step = || run.agenda.borrow_mut().next_step();
    for (number, config) in (0..).zip(std::iter::from_fn(next_step)) {
        if !progress.may_run(&config.common) {
            continue;
        }
        let stopped = run.stop.borrow().as_ref().map(|stop| stop.results);
        if let Some(results) = stopped
            && !config.common.always_run
        {
            progress.stop(results);
            continue;
        }
        let end = match run_step(run, number, &config, &env).await {
            Ok(end) => end,
            Err(error) => StepEnd {
                results: Results::Exception,
                state: format!("cannot record a step: {error}"),
                worker_lost: false,
            },
        };
        if end.worker_lost {
            let cause = FinishCause::WorkerLost { max_losses: run.plan.max_worker_losses };
            return ended(run, Results::Retry, end.state, cause).await;
        }
        let before = progress.results();
        progress.add(&config.common, end.results);
        if progress.results() != before || worst.is_none() {
            worst = Some(end.state);
        }
    }
    let results = match run.stop.borrow().as_ref() {
        Some(stop) => stop.results,
        None => progress.results(),
    };
    let state = build_state(run, results, worst);
    ended(run, results, state, FinishCause::Normal).await
}

/// Waits for the locks of the build; the end of the build, if it is not to begin.
async fn take_locks(run: &BuildRun) -> Result<(), Ended> {
    let mut stops = run.stops();
    let mut taking = pin!(run.locks.take_for_build());
    if let Some(outcome) = taking.as_mut().now_or_never() {
        return locks_decided(run, outcome).await;
    }
    say(run, format!("waiting for locks: {}", locks::names(run.locks.of_build()))).await;
    tokio::select! {
        biased;
        outcome = taking => {
            say(run, "building".to_owned()).await;
            locks_decided(run, outcome).await
        }
        _ = stops.wait_for(|count| 0 < *count) => {
            let results = run.stop.borrow().as_ref().map_or(Results::Cancelled, |stop| stop.results);
            let state = build_state(run, results, None);
            Err(ended(run, results, state, FinishCause::Normal).await)
        }
        () = run.plan.link.ended() => {
            let cause = FinishCause::WorkerLost { max_losses: run.plan.max_worker_losses };
            Err(ended(run, Results::Retry, "lost the worker while waiting for locks".to_owned(), cause).await)
        }
    }
}

async fn locks_decided(run: &BuildRun, outcome: Result<(), Refused>) -> Result<(), Ended> {
    let Err(why) = outcome else { return Ok(()) };
    let results = match why {
        Refused::TooSmall(_) => Results::Exception,
        Refused::Cycle(_) => Results::Retry,
    };
    Err(ended(run, results, why.to_string(), FinishCause::Normal).await)
}

/// Shows a line for the whole build; that it could not be stored is no reason to fail.
async fn say(run: &BuildRun, state_string: String) {
    let write = SetBuildState { build: run.build_id(), state_string };
    if let Err(error) = run.deps.db.write(write).await {
        warn!(error = &error as &dyn std::error::Error, "cannot store the state of a build");
    }
}

/// The line that pages show for the whole build.
fn build_state(run: &BuildRun, results: Results, worst: Option<String>) -> String {
    let detail = worst.unwrap_or_default();
    match (results, run.stop_reason()) {
        (_, Some(reason)) => format!("stopped: {reason}"),
        (Results::Success | Results::Skipped, _) => "build successful".to_owned(),
        (Results::Warnings, _) => format!("warnings {detail}"),
        (Results::Exception, _) => format!("exception {detail}"),
        _ => format!("failed {detail}"),
    }
}

async fn ended(run: &BuildRun, results: Results, state_string: String, cause: FinishCause) -> Ended {
    let properties = std::mem::take(&mut *run.unsaved.borrow_mut());
    Ended { results, state_string, properties, cause }
}

/// Adds the step's row, decides whether it runs, runs it, and closes the row.
async fn run_step(run: &BuildRun, number: i32, config: &StepConfig, env: &BuildEnv) -> Result<StepEnd, DbError> {
    run.save_properties().await?;
    let draft = ActorStepContext::draft(run);
    let name = steps::step_name(config, &draft).await;
    let text = name.as_ref().map_or_else(|_| steps::default_name(config), Clone::clone);
    let text = run.secrets.mask(&text);
    let add = AddStep { build: run.build_id(), number, name: text, state_string: "pending".to_owned() };
    let step = run.deps.db.write(add).await?;
    let context = ActorStepContext::new(run, StepRecord { id: step.id, name: step.name });
    let outcome = match name {
        Ok(_) => act(run, &context, config, env).await,
        Err(fault) => Err(fault),
    };
    let mut end = conclude(run, &context, outcome).await;
    end.state = run.secrets.mask(&end.state);
    let hidden = steps::is_hidden(config, &context, end.results).await.unwrap_or(false);
    context.finish_logs().await;
    let finish = FinishStep {
        step: context.step(),
        results: end.results,
        hidden,
        state_string: end.state.clone(),
        urls: context.urls(),
    };
    let finished = run.deps.db.write(finish).await;
    run.locks.give_back(context.step());
    finished.map(|()| end)
}

async fn act(
    run: &BuildRun,
    context: &ActorStepContext<'_>,
    config: &StepConfig,
    env: &BuildEnv,
) -> Result<Results, Fault> {
    if !steps::should_run(config, context).await? {
        context.note_state(&steps::summary(config, Results::Skipped, context).await);
        return Ok(Results::Skipped);
    }
    start_with_locks(run, context, &config.common.locks).await?;
    steps::make(config, env).run(context).await
}

/// Turns the outcome into a result and a line; what went wrong is written to a log of the step.
async fn conclude(run: &BuildRun, context: &ActorStepContext<'_>, outcome: Result<Results, Fault>) -> StepEnd {
    let fault = match outcome {
        Ok(results) => return StepEnd { results, state: context.state(), worker_lost: false },
        Err(fault) => fault,
    };
    let state = context.state();
    let subject = if state.is_empty() { context.name().to_owned() } else { state };
    match &fault {
        Fault::WorkerLost(_) => {
            StepEnd { results: Results::Retry, state: format!("{subject}: {fault}"), worker_lost: true }
        }
        Fault::Interrupted(_) => {
            let results = run.stop.borrow().as_ref().map_or(Results::Cancelled, |stop| stop.results);
            StepEnd { results, state: format!("{subject} (cancelled)"), worker_lost: false }
        }
        Fault::Config(_) | Fault::Script(_) | Fault::World(_) => {
            warn!(
                build.id = run.build_id().0,
                step.name = context.name(),
                error = run.secrets.mask(&fault.to_string()),
                "a step could not be carried out"
            );
            context.write_error(&fault.to_string()).await;
            StepEnd { results: Results::Exception, state: format!("{subject} (exception)"), worker_lost: false }
        }
    }
}
