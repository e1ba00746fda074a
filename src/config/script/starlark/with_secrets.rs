//! `with factory.withSecrets(...)`: files with secrets are written before the steps of the block and removed after
//! them.
//!
//! The front end makes a loop of the block, which runs once; its end adds the last step.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Display};

use allocative::Allocative;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::{
    AllocValue, Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Trace, Value, ValueLike,
    starlark_value,
};

use super::constructor::{self, fail};
use super::object::{ScriptObject, add_step};

#[derive(Debug, Trace, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct WithSecrets<'v> {
    factory: Value<'v>,
    /// The step that removes the files.
    remove: Value<'v>,
}

impl<'v> WithSecrets<'v> {
    /// Adds the step that writes the files.
    pub fn begin(
        factory: Value<'v>,
        secrets: Value<'v>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Self> {
        let secrets = ("populated_secret_list", secrets);
        let write = constructor::make("DownloadSecretsToWorker", &[secrets], evaluator)?;
        // A step that fails ends the build, but the files must not stay.
        let always = ("alwaysRun", Value::new_bool(true));
        let remove = constructor::make("RemoveWorkerFileSecret", &[secrets, always], evaluator)?;
        add_step(factory, write, 0, evaluator)?;
        Ok(Self { factory, remove })
    }

    /// Adds the step that removes the files.
    pub fn end(&self) {
        if let Some(factory) = self.factory.downcast_ref::<ScriptObject>() {
            factory.steps.borrow_mut().push(self.remove);
        }
    }
}

impl Display for WithSecrets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("withSecrets(...)")
    }
}

impl<'v> AllocValue<'v> for WithSecrets<'v> {
    fn alloc_value(self, heap: Heap<'v>) -> Value<'v> {
        heap.alloc_complex_no_freeze(self)
    }
}

#[starlark_value(type = "withSecrets")]
impl<'v> StarlarkValue<'v> for WithSecrets<'v> {
    // These are declared unsafe because lists lock themselves meanwhile; nothing is locked here.
    unsafe fn iterate(&self, me: Value<'v>, _: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(me)
    }

    /// First the factory; then the block is over.
    unsafe fn iter_next(&self, index: usize, _: Heap<'v>) -> Option<Value<'v>> {
        if index == 0 {
            return Some(self.factory);
        }
        self.end();
        None
    }

    unsafe fn iter_stop(&self) {}
}

#[starlark_module]
pub fn with_secrets(builder: &mut GlobalsBuilder) {
    /// What stands behind `with`.
    fn _bb_with<'v>(#[starlark(require = pos)] manager: Value<'v>) -> starlark::Result<Value<'v>> {
        if manager.downcast_ref::<WithSecrets>().is_some() {
            return Ok(manager);
        }
        fail(format!("'with' works with factory.withSecrets(...) only, not with a {}", manager.get_type()))
    }
}
