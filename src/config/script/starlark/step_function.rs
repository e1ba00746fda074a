//! Functions that are steps: each runs on a thread of its own, and wishes for things by its argument.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use starlark::environment::Module;
use starlark::eval::Evaluator;
use starlark::values::Value;

use super::function::StarlarkFunction;
use super::step_context::{Host, Printer, StepValue};
use super::{limits, subject};
use crate::domain::script::{ScriptFunction, ScriptLimits};
use crate::domain::{Callback, PropertyValue, ScriptError};
use crate::steps::function::{FunctionSide, Say, StepCallback, StepFunction, Wish};

/// Enough for the deepest calls that are allowed; pages that are not touched cost nothing.
const STACK_BYTES: usize = 8 << 20;

/// The function behind a callback as a step; nothing for one that is not of this language.
pub fn step_function(callback: &Callback) -> Option<StepCallback> {
    let function: Arc<dyn Any + Send + Sync> = Arc::clone(&callback.0) as _;
    let function = function.downcast::<StarlarkFunction>().ok()?;
    Some(StepCallback(function))
}

impl StepFunction for StarlarkFunction {
    fn start(&self, side: FunctionSide, limits: ScriptLimits) -> Result<(), ScriptError> {
        let function = self.clone();
        let work = move || function.run_as_step(side, limits);
        let thread = thread::Builder::new().name("step".to_owned()).stack_size(STACK_BYTES).spawn(work);
        thread.map(drop).map_err(|error| self.error(format!("cannot start a thread: {error}")))
    }

    fn name(&self) -> &str {
        ScriptFunction::name(self)
    }

    fn location(&self) -> &str {
        ScriptFunction::location(self)
    }

    fn digest(&self) -> &str {
        ScriptFunction::digest(self)
    }
}

impl StarlarkFunction {
    fn run_as_step(&self, side: FunctionSide, limits: ScriptLimits) {
        let side = Arc::new(side);
        let converse = AssertUnwindSafe(|| self.converse(&side, limits));
        let returned =
            catch_unwind(converse).unwrap_or_else(|_| Err(self.error("it died of a bug of the master".to_owned())));
        // A build that is gone does not want to know.
        let _ = side.wish(Wish::Done(returned));
    }

    fn converse(&self, side: &Arc<FunctionSide>, limits: ScriptLimits) -> Result<PropertyValue, ScriptError> {
        let Ok(Say::Begin(facts)) = side.hear() else {
            return Err(self.error("the build is gone".to_owned()));
        };
        let host = Arc::new(Host::new(Arc::clone(side), facts, self.clone()));
        Module::with_temp_heap(|module| {
            let heap = module.heap();
            let printer = Printer(Arc::clone(&host));
            let mut evaluator = Evaluator::new(&module);
            limits::apply_to_turns(&mut evaluator, limits, side.leash()).map_err(|error| self.explain(&error))?;
            evaluator.set_print_handler(&printer);
            let context = heap.alloc(StepValue::new(host));
            let function = heap.access_owned_frozen_value(&self.function);
            let result = evaluator.eval_function(function, &[context], &[]).map_err(|error| self.explain(&error))?;
            self.result(result, &module)
        })
    }

    /// What the function returned; of the end of a command, its result.
    fn result<'v>(&self, value: Value<'v>, module: &Module<'v>) -> Result<PropertyValue, ScriptError> {
        let results = match value.get_type() {
            "subject" => value.get_attr("results", module.heap()).ok().flatten(),
            _ => None,
        };
        subject::read(results.unwrap_or(value)).map_err(|message| self.error(message))
    }
}
