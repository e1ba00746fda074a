//! Functions that always answer the same: `socket.gethostname()` and its like.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Display};

use allocative::Allocative;
use starlark::eval::{Arguments, Evaluator};
use starlark::starlark_simple_value;
use starlark::values::{NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, starlark_value};

#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct Constant {
    text: String,
    number: Option<i32>,
}

starlark_simple_value!(Constant);

impl Constant {
    pub fn new(text: String) -> Self {
        Self { text, number: None }
    }

    pub fn number(number: i32) -> Self {
        Self { text: number.to_string(), number: Some(number) }
    }
}

impl Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<function that gives {}>", self.text)
    }
}

#[starlark_value(type = "function")]
impl<'v> StarlarkValue<'v> for Constant {
    fn invoke(
        &self,
        _: Value<'v>,
        _: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = evaluator.heap();
        Ok(self.number.map_or_else(|| heap.alloc(self.text.as_str()), |number| heap.alloc(number)))
    }
}
