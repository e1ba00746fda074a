//! `sys.path`: what is added to it was read before the file ran (see `front_end::modules`).

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Display};

use allocative::Allocative;
use starlark::environment::{Methods, MethodsBuilder};
use starlark::values::tuple::UnpackTuple;
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, starlark_value,
};
use starlark::{starlark_module, starlark_simple_value};

#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct SysPath;

starlark_simple_value!(SysPath);

impl Display for SysPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sys.path")
    }
}

starlark::methods_static!(METHODS = methods);

#[starlark_value(type = "list")]
impl<'v> StarlarkValue<'v> for SysPath {
    fn get_methods() -> Option<&'static Methods> {
        Some(METHODS.methods())
    }

    fn iterate_collect(&self, _: Heap<'v>) -> starlark::Result<Vec<Value<'v>>> {
        Ok(Vec::new())
    }

    fn is_in(&self, _: Value<'v>) -> starlark::Result<bool> {
        Ok(false)
    }
}

#[starlark_module]
fn methods(builder: &mut MethodsBuilder) {
    fn append<'v>(
        #[starlark(this)] _this: Value<'v>,
        #[starlark(args)] _args: UnpackTuple<Value<'v>>,
    ) -> starlark::Result<Value<'v>> {
        Ok(Value::new_none())
    }

    fn insert<'v>(
        #[starlark(this)] _this: Value<'v>,
        #[starlark(args)] _args: UnpackTuple<Value<'v>>,
    ) -> starlark::Result<Value<'v>> {
        Ok(Value::new_none())
    }

    fn extend<'v>(
        #[starlark(this)] _this: Value<'v>,
        #[starlark(args)] _args: UnpackTuple<Value<'v>>,
    ) -> starlark::Result<Value<'v>> {
        Ok(Value::new_none())
    }

    fn remove<'v>(
        #[starlark(this)] _this: Value<'v>,
        #[starlark(args)] _args: UnpackTuple<Value<'v>>,
    ) -> starlark::Result<Value<'v>> {
        Ok(Value::new_none())
    }
}
