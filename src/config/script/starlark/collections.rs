//! `collections`: dictionaries with order (all have), with defaults, named tuples, counters.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Display};

use allocative::Allocative;
use starlark::collections::SmallMap;
use starlark::environment::GlobalsBuilder;
use starlark::eval::{Arguments, Evaluator};
use starlark::values::dict::{AllocDict, DictRef};
use starlark::values::list::AllocList;
use starlark::values::structs::AllocStruct;
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, starlark_value,
};
use starlark::{starlark_module, starlark_simple_value};

use super::exceptions::raise;
use super::natives::items_of;

#[starlark_module]
pub fn collections(builder: &mut GlobalsBuilder) {
    /// Dictionaries keep their order.
    fn OrderedDict<'v>(
        #[starlark(require = pos)] items: Option<Value<'v>>,
        #[starlark(kwargs)] named: SmallMap<String, Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let mut found: Vec<(Value<'v>, Value<'v>)> = Vec::new();
        if let Some(items) = items {
            match DictRef::from_value(items) {
                Some(dict) => found.extend(dict.iter()),
                None => {
                    for pair in items_of(items, heap)? {
                        let [key, value] = items_of(pair, heap)?[..] else {
                            return raise("ValueError", "OrderedDict() needs pairs");
                        };
                        found.push((key, value));
                    }
                }
            }
        }
        found.extend(named.into_iter().map(|(name, value)| (heap.alloc(name), value)));
        Ok(heap.alloc(AllocDict(found)))
    }

    fn Counter<'v>(#[starlark(require = pos)] items: Option<Value<'v>>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let mut counts: SmallMap<Value<'v>, i32> = SmallMap::new();
        for item in items.map_or_else(|| Ok(Vec::new()), |items| items_of(items, heap))? {
            *counts.entry_hashed(item.get_hashed()?).or_insert(0) += 1;
        }
        Ok(heap.alloc(AllocDict(counts.into_iter().collect::<Vec<_>>())))
    }

    fn deque<'v>(#[starlark(require = pos)] items: Option<Value<'v>>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let items = items.map_or_else(|| Ok(Vec::new()), |items| items_of(items, heap))?;
        Ok(heap.alloc(AllocList(items)))
    }

    fn namedtuple<'v>(
        #[starlark(require = pos)] name: &str,
        #[starlark(require = pos)] fields: Value<'v>,
        #[starlark(require = named)] defaults: Option<Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let fields: Vec<String> = match fields.unpack_str() {
            Some(text) => text.split([',', ' ']).filter(|part| !part.is_empty()).map(str::to_owned).collect(),
            None => items_of(fields, heap)?.into_iter().map(|field| field.to_str()).collect(),
        };
        let n_defaults = defaults.map_or(Ok(0), |defaults| items_of(defaults, heap).map(|items| items.len()))?;
        Ok(heap.alloc(NamedTuple { name: name.to_owned(), fields, n_defaults }))
    }
}

/// What `namedtuple` gives: it makes structs.
#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
struct NamedTuple {
    name: String,
    fields: Vec<String>,
    /// Fields at the end that may be left out, and are None then.
    n_defaults: usize,
}

starlark_simple_value!(NamedTuple);

impl Display for NamedTuple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<class '{}'>", self.name)
    }
}

#[starlark_value(type = "class")]
impl<'v> StarlarkValue<'v> for NamedTuple {
    fn invoke(
        &self,
        _: Value<'v>,
        arguments: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = evaluator.heap();
        let positional: Vec<Value<'v>> = arguments.positions(heap)?.collect();
        let named = arguments.names_map()?;
        let named: Vec<(&str, Value<'v>)> = named.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        if self.fields.len() < positional.len() + named.len() {
            return raise("TypeError", format!("{}() takes {} values", self.name, self.fields.len()));
        }
        let mut fields = Vec::new();
        for (at, field) in self.fields.iter().enumerate() {
            let by_name = || named.iter().find(|(name, _)| name == field).map(|(_, value)| *value);
            let value = positional.get(at).copied().or_else(by_name);
            let may_miss = self.fields.len() <= at + self.n_defaults;
            match value.or_else(|| may_miss.then(Value::new_none)) {
                Some(value) => fields.push((field.as_str(), value)),
                None => return raise("TypeError", format!("{}() needs '{field}'", self.name)),
            }
        }
        Ok(heap.alloc(AllocStruct(fields)))
    }
}
