//! How many functions are steps at the same time, and how their turns are given.

use std::sync::{Arc, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::talk::{BuildSide, Facts, Say, StepFunction, Wish, conversation};
use crate::domain::ScriptError;
use crate::domain::script::ScriptLimits;
use crate::steps::context::{Fault, StepContext};

/// Bounds for functions that are steps, of all builds together.
#[derive(Clone, Debug)]
pub struct FunctionThreads {
    threads: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    limits: ScriptLimits,
}

impl FunctionThreads {
    /// At most `n_threads` functions run, most of which wait; `n_turns` of them compute at the same time, each turn
    /// within `limits.time`. The other limits are for the whole function.
    pub fn new(n_threads: usize, n_turns: usize, limits: ScriptLimits) -> Self {
        let [threads, turns] = [n_threads, n_turns].map(|n| Arc::new(Semaphore::new(n)));
        Self { threads, turns, limits }
    }

    /// Waits for a thread; the build's stop ends that.
    async fn enter(&self, context: &dyn StepContext) -> Result<OwnedSemaphorePermit, Fault> {
        if let Ok(permit) = Arc::clone(&self.threads).try_acquire_owned() {
            return Ok(permit);
        }
        context.set_state("waiting for a free thread");
        context.show().await?;
        let permit = tokio::select! {
            permit = Arc::clone(&self.threads).acquire_owned() => {
                permit.map_err(|_| Fault::World("there are no threads for functions".to_owned()))
            }
            reason = context.stopped() => Err(Fault::Interrupted(reason)),
        };
        context.set_state("running");
        permit
    }
}

/// A function that runs; dropping it ends the function soon.
pub struct RunningFunction {
    side: BuildSide,
    turns: Arc<Semaphore>,
    name: String,
    location: String,
}

impl RunningFunction {
    /// Begins a function, which has no turn yet.
    pub async fn begin(function: &dyn StepFunction, context: &dyn StepContext) -> Result<Self, Fault> {
        let threads = context.functions();
        let permit = threads.enter(context).await?;
        let (side, of_function) = conversation(permit);
        function.start(of_function, threads.limits)?;
        let (name, location) = (function.name().to_owned(), function.location().to_owned());
        Ok(Self { side, turns: threads.turns, name, location })
    }

    pub async fn first_turn(&self, facts: Facts, context: &dyn StepContext) -> Result<Wish, Fault> {
        self.turn(Say::Begin(facts), context).await
    }

    /// Gives the function a turn and waits for its end. A stop of the build ends the function, not this wait.
    pub async fn turn(&self, say: Say, context: &dyn StepContext) -> Result<Wish, Fault> {
        let _turn = self.turns.acquire().await.map_err(|_| Fault::World("no function may run".to_owned()))?;
        // If nobody hears it, nobody wishes for anything either.
        let _ = self.side.say.send(say);
        let wishes = Arc::clone(&self.side.wishes);
        let mut waiting =
            tokio::task::spawn_blocking(move || wishes.lock().unwrap_or_else(PoisonError::into_inner).recv());
        let wish = tokio::select! {
            wish = &mut waiting => wish,
            _ = context.stopped() => {
                self.side.leash.cancel();
                waiting.await
            }
        };
        match wish {
            Ok(Ok(wish)) => Ok(wish),
            Ok(Err(_)) | Err(_) => Err(Fault::Script(self.error("its thread died"))),
        }
    }

    /// Whether it was ended because the build is stopped.
    pub fn is_cancelled(&self) -> bool {
        self.side.leash.is_cancelled()
    }

    pub fn error(&self, message: impl Into<String>) -> ScriptError {
        ScriptError { function: self.name.clone(), location: self.location.clone(), message: message.into() }
    }
}

impl Drop for RunningFunction {
    fn drop(&mut self) {
        self.side.leash.cancel();
    }
}
