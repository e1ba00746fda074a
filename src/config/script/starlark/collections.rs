//! `collections`: dictionaries with order (all have), counters.

use starlark::collections::SmallMap;
use starlark::environment::GlobalsBuilder;
use starlark::starlark_module;
use starlark::values::dict::{AllocDict, DictRef};
use starlark::values::list::AllocList;
use starlark::values::{Heap, Value};

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
}
