//! What `type(value)` gives: something to compare with `str`, `list` and their like.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Display};

use allocative::Allocative;
use starlark::starlark_simple_value;
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, ValueLike, starlark_value,
};

#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct TypeObject {
    name: String,
}

starlark_simple_value!(TypeObject);

impl TypeObject {
    pub fn of(value: Value<'_>) -> Self {
        Self { name: name(value).to_owned() }
    }

    pub fn is_of(&self, value: Value<'_>) -> bool {
        name(value) == self.name
    }
}

/// Python's name of a value's type.
fn name(value: Value<'_>) -> &str {
    match value.get_type() {
        "string" => "str",
        other => other,
    }
}

impl Display for TypeObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<class '{}'>", self.name)
    }
}

#[starlark_value(type = "type object")]
impl<'v> StarlarkValue<'v> for TypeObject {
    fn equals(&self, other: Value<'v>) -> starlark::Result<bool> {
        let same = other.downcast_ref::<Self>().is_some_and(|other| other.name == self.name);
        Ok(same || other.function_name() == Some(self.name.as_str()))
    }

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        (attribute == "__name__").then(|| heap.alloc(self.name.as_str()))
    }
}
