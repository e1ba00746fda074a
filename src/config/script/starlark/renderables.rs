//! Operators on renderables: what they give is a renderable, too, whose value is known when those of its sides are.

use starlark::collections::SmallMap;
use starlark::values::list::{AllocList, ListRef};
use starlark::values::{Heap, Value};

use super::constructor::fail;
use super::object::{Contents, Given, ScriptObject};
use crate::config::source::Span;
use crate::config::table::{RENDERABLES, operation_class};

/// Whether the value of a value is known only when a build runs.
pub fn is_renderable(value: Value<'_>) -> bool {
    ScriptObject::class_of(value).is_some_and(|class| RENDERABLES.contains(&class.name))
}

/// `left operator right`, if one of them is a renderable.
pub fn operation<'v>(operator: &str, left: Value<'v>, right: Value<'v>, heap: Heap<'v>) -> Option<Value<'v>> {
    if !is_renderable(left) && !is_renderable(right) {
        return None;
    }
    let span = [left, right].into_iter().find_map(ScriptObject::contents).map_or(Span::default(), |found| found.span);
    let sides = [("operator", heap.alloc(operator)), ("left", left), ("right", right)];
    let arguments = sides.map(|(name, value)| Given { name: name.to_owned(), value, span });
    Some(heap.alloc(ScriptObject::new(operation_class()?, span, arguments.into(), Vec::new())))
}

/// The same for an object that may be none.
pub fn operate<'v>(
    operator: &str,
    left: Option<Value<'v>>,
    right: Value<'v>,
    heap: Heap<'v>,
) -> starlark::Result<Value<'v>> {
    match left.and_then(|left| operation(operator, left, right, heap)) {
        Some(made) => Ok(made),
        None => fail(format!("this object has no operator '{operator}'")),
    }
}

/// `left + right`; what is added to a `FlattenList` is flattened, too.
pub fn add<'v>(left: Value<'v>, right: Value<'v>, heap: Heap<'v>) -> Option<starlark::Result<Value<'v>>> {
    let list = |value: Value<'v>| {
        let contents = ScriptObject::contents(value).filter(|contents| contents.class.name == "FlattenList")?;
        contents.arguments.into_iter().find(|given| given.name == "nestedlist").map(|given| given.value)
    };
    let Some(nested) = list(left) else { return operation("+", left, right, heap).map(Ok) };
    let more = list(right).unwrap_or(right);
    let both = match (ListRef::from_value(nested), ListRef::from_value(more)) {
        (Some(nested), Some(more)) => heap.alloc(AllocList(nested.content().iter().chain(more.content()).copied())),
        _ => operation("+", nested, more, heap)?,
    };
    let contents = ScriptObject::contents(left)?;
    let argument = Given { name: "nestedlist".to_owned(), value: both, span: contents.span };
    Some(Ok(heap.alloc(ScriptObject::new(contents.class, contents.span, vec![argument], Vec::new()))))
}

/// A `renderer` whose function gets further arguments, behind those it has.
pub fn with_arguments<'v>(
    mut contents: Contents<'v>,
    args: Vec<Value<'v>>,
    kwargs: SmallMap<String, Value<'v>>,
) -> ScriptObject<'v> {
    contents.rest.extend(args);
    for (name, value) in kwargs {
        contents.arguments.retain(|given| given.name != name || given.name == "fn");
        contents.arguments.push(Given { name, value, span: contents.span });
    }
    ScriptObject::new(contents.class, contents.span, contents.arguments, contents.rest)
}
