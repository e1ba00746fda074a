//! One turn of a build: a step, or the steps of a group, which run at the same time where the worker can.
//!
//! What the end of a step means for others is decided when the whole turn is over, so it does not matter which step of
//! a group is the quickest. Only a stop of the build, and the loss of its worker, end all of them at once.

use futures_util::future::join_all;

use super::one_step::{self, StepEnd};
use super::run::BuildRun;
use crate::domain::{Pace, StepGroup};
use crate::steps::config::StepConfig;
use crate::steps::{BuildEnv, BuildProgress};

/// A step of the turn, and how it ended.
pub struct TurnEnd<'a> {
    pub step: &'a StepConfig,
    pub end: StepEnd,
}

/// Runs those of the steps that may run; their ends are in the order of the steps. They are numbered from `first`.
pub async fn run<'a>(
    run: &BuildRun,
    progress: &mut BuildProgress,
    first: i32,
    steps: &'a [StepConfig],
) -> Vec<TurnEnd<'a>> {
    let group = group(run, first, steps);
    let env = BuildEnv { workdir: run.plan.config.factory.workdir.clone(), env: run.plan.config.env.clone() };
    let together = group.as_ref().is_some_and(|group| group.pace == Pace::Together);
    let (mut begun, mut ends) = (Vec::new(), Vec::new());
    for (number, step) in (first..).zip(steps) {
        if !may_run(run, progress, step) {
            continue;
        }
        // All rows of a group are there before the first of its steps begins, so their order is that of the group.
        let row = one_step::begin(run, number, step, group.clone()).await;
        if together {
            begun.push((step, row));
            continue;
        }
        let end = one_step::carry_out(run, row, step, &env).await;
        let is_over = end.worker_lost;
        ends.push(TurnEnd { step, end });
        if is_over {
            break;
        }
    }
    let env = &env;
    let rest = begun.into_iter().map(|(step, row)| async move {
        let end = one_step::carry_out(run, row, step, env).await;
        TurnEnd { step, end }
    });
    ends.extend(join_all(rest).await);
    ends
}

/// Whether a step is to begin; a build that was stopped is halted.
fn may_run(run: &BuildRun, progress: &mut BuildProgress, step: &StepConfig) -> bool {
    if !progress.may_run(&step.common) {
        return false;
    }
    match run.stop_results() {
        Some(results) if !step.common.always_run => {
            progress.stop(results);
            false
        }
        _ => true,
    }
}

fn group(run: &BuildRun, first: i32, steps: &[StepConfig]) -> Option<StepGroup> {
    let place = steps.first()?.common.group.as_ref()?;
    let pace = if run.plan.link.runs_several() { Pace::Together } else { Pace::OneByOne };
    Some(StepGroup { first, name: run.secrets.mask(&place.name).into_inner(), pace })
}
