//! How deeply values are nested, found without recursion: freezing and printing them does recurse.

use std::collections::HashSet;

use starlark::values::dict::DictRef;
use starlark::values::list::ListRef;
use starlark::values::tuple::TupleRef;
use starlark::values::{Value, ValueIdentity};

use super::boxes::Variable;
use super::object::ScriptObject;
use super::{classes, module_object};

const MAX_DEPTH: usize = 2_000;

/// Whether any of these values holds values deeper than the stack can bear.
pub fn any_too_deep<'v>(values: impl Iterator<Item = Value<'v>>) -> bool {
    let mut seen: HashSet<ValueIdentity<'v>> = HashSet::new();
    let mut waiting: Vec<(Value<'v>, usize)> = values.map(|value| (value, 0)).collect();
    while let Some((value, depth)) = waiting.pop() {
        if MAX_DEPTH < depth {
            return true;
        }
        let parts = parts(value);
        if !parts.is_empty() && seen.insert(value.identity()) {
            waiting.extend(parts.into_iter().map(|part| (part, depth + 1)));
        }
    }
    false
}

/// The values that a container holds.
fn parts(value: Value<'_>) -> Vec<Value<'_>> {
    if let Some(list) = ListRef::from_value(value) {
        return list.content().to_vec();
    }
    if let Some(tuple) = TupleRef::from_value(value) {
        return tuple.content().to_vec();
    }
    if let Some(dict) = DictRef::from_value(value) {
        return dict.iter().flat_map(|(key, item)| [key, item]).collect();
    }
    let mut parts = ScriptObject::values_of(value);
    parts.extend(classes::parts(value));
    parts.extend(Variable::content(value));
    parts.extend(module_object::parts(value));
    parts
}
