//! What a step is, and the arguments that every step has.

use async_trait::async_trait;

use super::config::GroupPlace;
use super::context::{Fault, StepContext};
use crate::domain::lock::LockItem;
use crate::domain::{Callback, Renderable, Results};

/// What a step is: made once per build from its configuration.
#[async_trait(?Send)]
pub trait Step {
    /// Carries the step out. `Ok` is a result of the step, whatever it is.
    async fn run(&self, context: &dyn StepContext) -> Result<Results, Fault>;
}

/// Arguments that every step has (manual section "Common Parameters").
#[derive(Clone, Debug, PartialEq)]
pub struct StepCommon {
    pub name: Renderable,
    pub halt_on_failure: bool,
    pub flunk_on_warnings: bool,
    pub flunk_on_failure: bool,
    pub warn_on_warnings: bool,
    pub warn_on_failure: bool,
    pub always_run: bool,
    pub do_step_if: StepCondition,
    pub hide_step_if: StepCondition,
    pub description: Option<Renderable>,
    pub description_done: Option<Renderable>,
    pub description_suffix: Option<Renderable>,
    /// Directory of commands, below the builder's; `None` takes the factory's.
    pub workdir: Option<Renderable>,
    pub log_encoding: Option<String>,
    /// Taken together before the step starts, and given back when it has ended.
    pub locks: Vec<LockItem>,
    /// `None` for a step that stands alone.
    pub group: Option<GroupPlace>,
}

/// `doStepIf` and `hideStepIf`: a fixed answer, a renderable, or a function of (step) or (results, step).
#[derive(Clone, Debug, PartialEq)]
pub enum StepCondition {
    Always,
    Never,
    Rendered(Renderable),
    Function(Callback),
}
