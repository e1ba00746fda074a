//! Boxes: variables that Python lets inner functions and blocks assign.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::cell::RefCell;
use std::fmt::{self, Display};

use allocative::Allocative;
use starlark::environment::GlobalsBuilder;
use starlark::values::tuple::UnpackTuple;
use starlark::values::{
    Freeze, FreezeResult, Freezer, FrozenValue, Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic,
    StarlarkValue, Trace, Value, ValueLike, starlark_value,
};
use starlark::{starlark_complex_values, starlark_module};

use super::missing::Missing;

#[derive(Debug, Trace, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct Variable<'v> {
    name: String,
    content: RefCell<Option<Value<'v>>>,
}

#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct FrozenVariable {
    name: String,
    content: Option<FrozenValue>,
}

starlark_complex_values!(Variable);

impl<'v> Freeze for Variable<'v> {
    type Frozen = FrozenVariable;

    fn freeze(self, freezer: &Freezer) -> FreezeResult<FrozenVariable> {
        let content = self.content.into_inner().map(|content| content.freeze(freezer)).transpose()?;
        Ok(FrozenVariable { name: self.name, content })
    }
}

impl Display for Variable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.name)
    }
}

impl Display for FrozenVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.name)
    }
}

impl<'v> Variable<'v> {
    /// What is in a box; `None` if the value is no box, or an empty one.
    pub fn content(value: Value<'v>) -> Option<Value<'v>> {
        if let Some(frozen) = value.downcast_ref::<FrozenVariable>() {
            return frozen.content.map(FrozenValue::to_value);
        }
        *value.downcast_ref::<Variable>()?.content.borrow()
    }

    pub fn is_box(value: Value<'v>) -> bool {
        value.downcast_ref::<FrozenVariable>().is_some() || value.downcast_ref::<Variable>().is_some()
    }
}

#[starlark_value(type = "variable")]
impl<'v> StarlarkValue<'v> for Variable<'v> {
    type Canonical = FrozenVariable;

    fn get_attr(&self, _: &str, _: Heap<'v>) -> Option<Value<'v>> {
        *self.content.borrow()
    }

    fn set_attr(&self, _: &str, new_value: Value<'v>) -> starlark::Result<()> {
        *self.content.borrow_mut() = Some(new_value);
        Ok(())
    }
}

#[starlark_value(type = "variable")]
impl<'v> StarlarkValue<'v> for FrozenVariable {
    type Canonical = FrozenVariable;

    fn get_attr(&self, _: &str, _: Heap<'v>) -> Option<Value<'v>> {
        self.content.map(FrozenValue::to_value)
    }

    fn set_attr(&self, _: &str, _: Value<'v>) -> starlark::Result<()> {
        super::constructor::fail("immutable".to_owned())
    }
}

#[starlark_module]
pub fn boxes(builder: &mut GlobalsBuilder) {
    /// `_bb_box("name")`, or `_bb_box("name", value)`.
    fn _bb_box<'v>(
        #[starlark(require = pos)] name: &str,
        #[starlark(args)] given: UnpackTuple<Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let content = RefCell::new(given.items.first().copied());
        Ok(heap.alloc(Variable { name: name.to_owned(), content }))
    }

    /// What another file takes from a box. That it is empty is an error only where it is used.
    fn _bb_content<'v>(#[starlark(require = pos)] variable: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        match Variable::content(variable) {
            Some(content) => Ok(content),
            None => {
                let name = variable.to_str();
                Ok(Missing::unset(name.trim_matches(['<', '>']), heap))
            }
        }
    }

    /// `(name := value)`.
    fn _bb_set<'v>(
        #[starlark(require = pos)] variable: Value<'v>,
        #[starlark(require = pos)] value: Value<'v>,
    ) -> starlark::Result<Value<'v>> {
        variable.set_attr("value", value)?;
        Ok(value)
    }
}
