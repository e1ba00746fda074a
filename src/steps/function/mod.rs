//! `FunctionStep`: a function of the configuration that is a step.
//!
//! The function computes on a thread of its own, in turns; what it wishes for is carried out here, by the context of
//! the step. See `talk`.

mod desk;
mod lines;
mod talk;
mod threads;

use async_trait::async_trait;

use self::desk::{Desk, Served};
pub use self::talk::{Answer, Facts, FunctionSide, Gone, Leash, Ran, RunOrder, Say, StepCallback, StepFunction, Wish};
pub use self::threads::FunctionThreads;
use self::threads::RunningFunction;
use super::command::{Ended, Place};
use super::config::StepConfig;
use super::context::{Fault, StepContext};
use super::registry::{Work, step_name};

pub struct FunctionStep {
    pub place: Place,
    pub step: StepConfig,
    pub function: StepCallback,
}

#[async_trait(?Send)]
impl Work for FunctionStep {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        let facts = Facts {
            name: step_name(&self.step, context).await?,
            properties: context.properties(),
            source_stamps: context.source_stamps().to_vec(),
            changes: context.changes().to_vec(),
        };
        let running = RunningFunction::begin(&*self.function.0, context).await?;
        let desk = Desk::new(&self.place, context, &running);
        let mut wish = running.first_turn(facts, context).await?;
        let returned = loop {
            match desk.serve(wish).await? {
                Served::Answer(answer) => wish = running.turn(Say::Answer(answer), context).await?,
                Served::Over(returned) => break returned,
            }
        };
        desk.ended(returned).await
    }
}
