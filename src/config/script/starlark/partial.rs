//! What `functools.partial`, `operator.itemgetter` and `operator.attrgetter` make: calls of which a part is known.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Display};

use allocative::Allocative;
use starlark::collections::SmallMap;
use starlark::eval::{Arguments, Evaluator};
use starlark::starlark_complex_values;
use starlark::values::tuple::AllocTuple;
use starlark::values::{
    Freeze, FreezeResult, Freezer, FrozenValue, Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic,
    StarlarkValue, Trace, Value, ValueLike, starlark_value,
};

use super::base::Given;
use super::constructor::fail;

/// A function with its first arguments, or the items or attributes that are to be taken.
#[derive(Debug, Trace, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct Partial<'v> {
    #[trace(unsafe_ignore)]
    #[allocative(skip)]
    kind: PartialKind,
    /// The function first, if there is one.
    positional: Vec<Value<'v>>,
    named: SmallMap<String, Value<'v>>,
}

#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct FrozenPartial {
    #[allocative(skip)]
    kind: PartialKind,
    positional: Vec<FrozenValue>,
    named: SmallMap<String, FrozenValue>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartialKind {
    Function,
    Items,
    Attributes,
}

starlark_complex_values!(Partial);

impl<'v> Freeze for Partial<'v> {
    type Frozen = FrozenPartial;

    fn freeze(self, freezer: &Freezer) -> FreezeResult<FrozenPartial> {
        let positional = self.positional.into_iter().map(|value| value.freeze(freezer)).collect::<FreezeResult<_>>()?;
        let named = self.named.into_iter().map(|(name, value)| Ok((name, value.freeze(freezer)?)));
        Ok(FrozenPartial { kind: self.kind, positional, named: named.collect::<FreezeResult<_>>()? })
    }
}

impl<'v> Partial<'v> {
    pub fn new(kind: PartialKind, positional: Vec<Value<'v>>, named: SmallMap<String, Value<'v>>) -> Self {
        Self { kind, positional, named }
    }
}

fn view<'v>(value: Value<'v>) -> Option<Partial<'v>> {
    if let Some(frozen) = value.downcast_ref::<FrozenPartial>() {
        let positional = frozen.positional.iter().map(|value| value.to_value()).collect();
        let named = frozen.named.iter().map(|(name, value)| (name.clone(), value.to_value())).collect();
        return Some(Partial { kind: frozen.kind, positional, named });
    }
    let partial = value.downcast_ref::<Partial>()?;
    Some(Partial { kind: partial.kind, positional: partial.positional.clone(), named: partial.named.clone() })
}

/// Whether it can be called in place of a function.
pub fn is_partial(value: Value<'_>) -> bool {
    view(value).is_some()
}

/// What it is made of.
pub fn parts<'v>(value: Value<'v>) -> Vec<Value<'v>> {
    let named = |partial: &Partial<'v>| partial.named.values().copied().collect::<Vec<_>>();
    view(value).map(|partial| [named(&partial), partial.positional].concat()).unwrap_or_default()
}

/// The function of a partial call, and how many arguments come before those of the caller.
pub fn function_behind(value: Value<'_>) -> Option<(Value<'_>, usize)> {
    let partial = view(value).filter(|partial| partial.kind == PartialKind::Function)?;
    Some((*partial.positional.first()?, partial.positional.len() - 1))
}

impl Display for Partial<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<partial function>")
    }
}

impl Display for FrozenPartial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<partial function>")
    }
}

fn call<'v>(
    me: Value<'v>,
    arguments: &Arguments<'v, '_>,
    evaluator: &mut Evaluator<'v, '_, '_>,
) -> starlark::Result<Value<'v>> {
    let Some(partial) = view(me) else { return fail("this cannot be called".to_owned()) };
    let given = Given::of(arguments, evaluator)?;
    let heap = evaluator.heap();
    if partial.kind == PartialKind::Function {
        let Some((function, first)) = partial.positional.split_first() else {
            return fail("partial() needs a function".to_owned());
        };
        let positional = [first, &given.positional].concat();
        let mut named = partial.named.clone();
        named.extend(given.named.iter().cloned());
        let named: Vec<(&str, Value<'v>)> = named.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        return evaluator.eval_function(*function, &positional, &named);
    }
    let [object] = given.positional.as_slice() else { return fail("exactly one object is looked into".to_owned()) };
    let taken = partial.positional.iter().map(|key| take(partial.kind, *object, *key, heap));
    let taken = taken.collect::<starlark::Result<Vec<_>>>()?;
    Ok(match taken.as_slice() {
        [one] => *one,
        _ => heap.alloc(AllocTuple(taken)),
    })
}

fn take<'v>(kind: PartialKind, object: Value<'v>, key: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
    if kind == PartialKind::Items {
        return object.at(key, heap);
    }
    let path = key.unpack_str().unwrap_or_default();
    path.split('.').try_fold(object, |object, name| object.get_attr_error(name, heap))
}

#[starlark_value(type = "partial function")]
impl<'v> StarlarkValue<'v> for Partial<'v> {
    type Canonical = FrozenPartial;

    fn invoke(
        &self,
        me: Value<'v>,
        arguments: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        call(me, arguments, evaluator)
    }
}

#[starlark_value(type = "partial function")]
impl<'v> StarlarkValue<'v> for FrozenPartial {
    type Canonical = FrozenPartial;

    fn invoke(
        &self,
        me: Value<'v>,
        arguments: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        call(me, arguments, evaluator)
    }
}
