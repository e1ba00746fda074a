//! Functions of a class together with the object they are called for, `super()`, and what the wrappers
//! `property`, `staticmethod` and `classmethod` make.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Display};

use allocative::Allocative;
use starlark::eval::{Arguments, Evaluator};
use starlark::values::{
    Freeze, FreezeResult, Freezer, FrozenValue, Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic,
    StarlarkValue, Trace, Value, ValueLike, starlark_value,
};
use starlark::{starlark_complex_values, starlark_simple_value};

use super::base::{Given, base_init};
use super::classes::{as_method, class_member, line};
use super::constructor::{Constructor, fail};
use super::exceptions::ExceptionClass;
use super::instance::{inner_object, instance_class};
use super::partial::{function_behind, is_partial};

/// A function with its first argument, or a wrapper of one.
#[derive(Debug, Trace, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct Bound<'v> {
    #[trace(unsafe_ignore)]
    #[allocative(skip)]
    kind: BoundKind,
    function: Value<'v>,
    this: Value<'v>,
}

#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct FrozenBound {
    #[allocative(skip)]
    kind: BoundKind,
    function: FrozenValue,
    this: FrozenValue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundKind {
    Method,
    /// `super()`: the class whose bases are meant, and the object.
    Super,
    Static,
    OfClass,
    Property,
    /// A decorator that gives something else than what it decorates.
    Kept,
}

starlark_complex_values!(Bound);

impl<'v> Freeze for Bound<'v> {
    type Frozen = FrozenBound;

    fn freeze(self, freezer: &Freezer) -> FreezeResult<FrozenBound> {
        Ok(FrozenBound { kind: self.kind, function: self.function.freeze(freezer)?, this: self.this.freeze(freezer)? })
    }
}

pub struct BoundView<'v> {
    pub kind: BoundKind,
    pub function: Value<'v>,
    pub this: Value<'v>,
}

pub fn bound<'v>(value: Value<'v>) -> Option<BoundView<'v>> {
    if let Some(bound) = value.downcast_ref::<FrozenBound>() {
        let (function, this) = (bound.function.to_value(), bound.this.to_value());
        return Some(BoundView { kind: bound.kind, function, this });
    }
    let bound = value.downcast_ref::<Bound>()?;
    Some(BoundView { kind: bound.kind, function: bound.function, this: bound.this })
}

/// Whether a value is one of the file's functions, alone or together with its object.
pub fn is_function(value: Value<'_>) -> bool {
    let is_method = || bound(value).is_some_and(|view| view.kind == BoundKind::Method);
    value.function_name().is_some() || is_method() || is_partial(value)
}

/// The function of a method or a partial call, and how many arguments it is given before those of the caller; any
/// other value as it is.
pub fn function_inside(value: Value<'_>) -> (Value<'_>, usize) {
    let (function, n_before) = function_behind(value).unwrap_or((value, 0));
    match bound(function).filter(|view| view.kind == BoundKind::Method) {
        Some(view) => (view.function, n_before + 1),
        None => (function, n_before),
    }
}

pub fn bind<'v>(kind: BoundKind, function: Value<'v>, this: Value<'v>, heap: Heap<'v>) -> Value<'v> {
    heap.alloc(Bound { kind, function, this })
}

impl Display for Bound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<method>")
    }
}

impl Display for FrozenBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<method>")
    }
}

/// Calls a method: its function with the object in front.
fn call_bound<'v>(
    view: BoundView<'v>,
    arguments: &Arguments<'v, '_>,
    evaluator: &mut Evaluator<'v, '_, '_>,
) -> starlark::Result<Value<'v>> {
    let given = Given::of(arguments, evaluator)?;
    match view.kind {
        BoundKind::Kept => Ok(view.function),
        BoundKind::Method => given.call(view.function, Some(view.this), evaluator),
        _ => given.call(view.function, None, evaluator),
    }
}

/// An attribute of `super()`: of the classes behind the one that is named.
fn attribute_of_super<'v>(view: &BoundView<'v>, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
    if view.kind != BoundKind::Super {
        return None;
    }
    let class = instance_class(view.this)?;
    let behind = line(class).into_iter().skip_while(|one| !one.ptr_eq(view.function)).skip(1);
    for one in behind {
        if let Some(member) = class_member(one, attribute) {
            return Some(as_method(member, view.this, class, heap));
        }
        let is_ours = one.downcast_ref::<Constructor>().is_some() || one.downcast_ref::<ExceptionClass>().is_some();
        if is_ours && attribute == "__init__" {
            return Some(bind(BoundKind::Method, heap.alloc(BaseInit::plain()), view.this, heap));
        }
    }
    if attribute == "__init__" {
        return Some(bind(BoundKind::Method, heap.alloc(BaseInit::plain()), view.this, heap));
    }
    inner_object(view.this)?.get_attr(attribute, heap).ok().flatten()
}

#[starlark_value(type = "method")]
impl<'v> StarlarkValue<'v> for Bound<'v> {
    type Canonical = FrozenBound;

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        if self.kind == BoundKind::Property && matches!(attribute, "setter" | "deleter") {
            // The property stays: setting it is an error, where it is set.
            let property = bind(BoundKind::Property, self.function, self.this, heap);
            return Some(bind(BoundKind::Kept, property, property, heap));
        }
        let view = BoundView { kind: self.kind, function: self.function, this: self.this };
        attribute_of_super(&view, attribute, heap)
    }

    fn invoke(
        &self,
        _: Value<'v>,
        arguments: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let view = BoundView { kind: self.kind, function: self.function, this: self.this };
        call_bound(view, arguments, evaluator)
    }
}

#[starlark_value(type = "method")]
impl<'v> StarlarkValue<'v> for FrozenBound {
    type Canonical = FrozenBound;

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        let (function, this) = (self.function.to_value(), self.this.to_value());
        attribute_of_super(&BoundView { kind: self.kind, function, this }, attribute, heap)
    }

    fn invoke(
        &self,
        _: Value<'v>,
        arguments: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let (function, this) = (self.function.to_value(), self.this.to_value());
        call_bound(BoundView { kind: self.kind, function, this }, arguments, evaluator)
    }
}

/// `ShellCommand.__init__`, `Exception.__init__`, `BuildFactory.addStep`: taken from the class, called with an object.
#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct BaseInit {
    method: String,
}

starlark_simple_value!(BaseInit);

impl BaseInit {
    pub fn plain() -> Self {
        Self { method: "__init__".to_owned() }
    }

    pub fn method(name: &str) -> Self {
        Self { method: name.to_owned() }
    }
}

impl Display for BaseInit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.method)
    }
}

#[starlark_value(type = "function")]
impl<'v> StarlarkValue<'v> for BaseInit {
    fn invoke(
        &self,
        _: Value<'v>,
        arguments: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let mut given = Given::of(arguments, evaluator)?;
        if given.positional.is_empty() {
            return fail(format!("{}() needs the object it is called for", self.method));
        }
        let this = given.positional.remove(0);
        if self.method == "__init__" {
            base_init(this, given, evaluator)?;
            return Ok(Value::new_none());
        }
        let method = inner_object(this).unwrap_or(this).get_attr_error(&self.method, evaluator.heap())?;
        given.call(method, None, evaluator)
    }
}
