//! Objects that take everything: loggers, which write to the master's log, and interfaces, which do nothing.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Display};

use allocative::Allocative;
use starlark::eval::{Arguments, Evaluator};
use starlark::starlark_simple_value;
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, starlark_value,
};

/// What is done with what it is called with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Allocative)]
pub enum SinkKind {
    Log,
    /// Makes decorators: `implementer(...)`.
    Decorators,
    /// A decorator that changes nothing.
    Decorator,
}

#[derive(Clone, Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct Sink {
    kind: SinkKind,
}

starlark_simple_value!(Sink);

impl Sink {
    pub fn new(kind: SinkKind) -> Self {
        Self { kind }
    }
}

impl Display for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<logger>")
    }
}

#[starlark_value(type = "logger")]
impl<'v> StarlarkValue<'v> for Sink {
    fn get_attr(&self, _: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        Some(heap.alloc(self.clone()))
    }

    fn set_attr(&self, _: &str, _: Value<'v>) -> starlark::Result<()> {
        Ok(())
    }

    /// A class or function that is decorated stays what it is.
    fn invoke(
        &self,
        _: Value<'v>,
        arguments: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let given: Vec<Value<'v>> = arguments.positions(evaluator.heap())?.collect();
        match (self.kind, given.as_slice()) {
            (SinkKind::Decorator, [only]) => return Ok(*only),
            (SinkKind::Decorators, _) => return Ok(evaluator.heap().alloc(Self::new(SinkKind::Decorator))),
            (SinkKind::Log, _) => {
                let texts: Vec<String> = given.iter().map(|value| value.to_str()).collect();
                tracing::info!("configuration logs: {}", texts.join(" "));
            }
            _ => {}
        }
        Ok(evaluator.heap().alloc(self.clone()))
    }
}
