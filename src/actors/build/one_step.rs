//! One step of a build: its row, whether it runs, how it runs, and how it ended.

use tracing::warn;

use super::run::BuildRun;
use super::secrets::Masked;
use super::step_context::ActorStepContext;
use super::step_locks::start_with_locks;
use crate::db::DbError;
use crate::domain::{Results, StepGroup};
use crate::steps::config::StepConfig;
use crate::steps::{self, BuildEnv, Fault};

/// How one step ended.
pub struct StepEnd {
    pub results: Results,
    pub state: Masked<String>,
    pub worker_lost: bool,
}

/// A step that has a row and has not begun.
pub struct Begun<'a> {
    context: ActorStepContext<'a>,
    /// What kept its name from being rendered.
    fault: Option<Fault>,
}

/// Adds the step's row.
pub async fn begin<'a>(
    run: &'a BuildRun,
    number: i32,
    config: &StepConfig,
    group: Option<StepGroup>,
) -> Result<Begun<'a>, DbError> {
    // Whoever stops the build from now on stops this step.
    let stops_before = run.stops_before();
    run.save_properties().await?;
    let draft = ActorStepContext::draft(run);
    let (name, fault) = match steps::step_name(config, &draft).await {
        Ok(name) => (name, None),
        Err(fault) => (steps::default_name(config), Some(fault)),
    };
    let row = run.deps.rows.add_step(run.build_id(), number, run.secrets.mask(&name), group).await?;
    Ok(Begun { context: ActorStepContext::new(run, row, stops_before), fault })
}

/// Decides whether the step runs, runs it, and closes its row.
pub async fn carry_out(
    run: &BuildRun,
    begun: Result<Begun<'_>, DbError>,
    config: &StepConfig,
    env: &BuildEnv,
) -> StepEnd {
    let ended = match begun {
        Ok(begun) => end_of(run, begun, config, env).await,
        Err(error) => Err(error),
    };
    ended.unwrap_or_else(|error| StepEnd {
        results: Results::Exception,
        state: run.secrets.mask(&format!("cannot record a step: {error}")),
        worker_lost: false,
    })
}

async fn end_of(run: &BuildRun, begun: Begun<'_>, config: &StepConfig, env: &BuildEnv) -> Result<StepEnd, DbError> {
    let Begun { context, fault } = begun;
    let outcome = match fault {
        None => act(run, &context, config, env).await,
        Some(fault) => Err(fault),
    };
    let end = conclude(run, &context, outcome).await;
    let hidden = steps::is_hidden(config, &context, end.results).await.unwrap_or(false);
    context.finish_logs().await;
    let shown = context.last_shown(end.state.clone());
    let finished = run.deps.rows.finish_step(context.step(), end.results, hidden, shown).await;
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
    let line = context.state();
    let end = |results, state: &str| StepEnd { results, state: run.secrets.mask(state), worker_lost: false };
    let fault = match outcome {
        Ok(results) => return end(results, &line),
        Err(fault) => fault,
    };
    let subject = if line.is_empty() { context.name() } else { line.as_str() };
    match &fault {
        Fault::WorkerLost(_) => StepEnd { worker_lost: true, ..end(Results::Retry, &format!("{subject}: {fault}")) },
        Fault::Interrupted(_) => {
            let results = run.stop_results().unwrap_or(Results::Cancelled);
            end(results, &format!("{subject} (cancelled)"))
        }
        Fault::Config(_) | Fault::Script(_) | Fault::World(_) => {
            warn!(
                build.id = run.build_id().0,
                step.name = context.name(),
                error = run.secrets.mask(&fault.to_string()).as_str(),
                "a step could not be carried out"
            );
            context.write_error(&fault.to_string()).await;
            end(Results::Exception, &format!("{subject} (exception)"))
        }
    }
}
