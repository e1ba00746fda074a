//! `itertools`, `functools`, `operator`, `copy`, `random`: functions over values. What is lazy in Python is a list here.

use std::cell::RefCell;

use starlark::collections::SmallMap;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::dict::{AllocDict, DictRef};
use starlark::values::list::{AllocList, ListRef};
use starlark::values::tuple::{AllocTuple, TupleRef, UnpackTuple};
use starlark::values::{Heap, Value};

use super::constructor::fail;
use super::natives::items_of;
use super::object::ScriptObject;
use super::partial::{Partial, PartialKind};
use super::sink::{Sink, SinkKind};

/// Most results of a product and its like.
const MAX_RESULTS: usize = 100_000;
/// Copies inside copies.
const MAX_DEPTH: usize = 200;

fn lists<'v>(parts: &[Value<'v>], heap: Heap<'v>) -> starlark::Result<Vec<Vec<Value<'v>>>> {
    parts.iter().map(|part| items_of(*part, heap)).collect()
}

fn tuples<'v>(rows: Vec<Vec<Value<'v>>>, heap: Heap<'v>) -> Value<'v> {
    heap.alloc(AllocList(rows.into_iter().map(AllocTuple)))
}

fn too_many<T>() -> starlark::Result<T> {
    fail(format!("this gives more than {MAX_RESULTS} results"))
}

fn choose<'v>(
    items: &[Value<'v>],
    length: usize,
    (ordered, from): (bool, usize),
    taken: &mut Vec<usize>,
    rows: &mut Vec<Vec<Value<'v>>>,
) -> starlark::Result<()> {
    if taken.len() == length {
        if MAX_RESULTS <= rows.len() {
            return too_many();
        }
        rows.push(taken.iter().map(|at| items[*at]).collect());
        return Ok(());
    }
    for at in if ordered { 0 } else { from }..items.len() {
        if !taken.contains(&at) {
            taken.push(at);
            choose(items, length, (ordered, at + 1), taken, rows)?;
            taken.pop();
        }
    }
    Ok(())
}

#[starlark_module]
pub fn itertools(builder: &mut GlobalsBuilder) {
    fn chain<'v>(#[starlark(args)] parts: UnpackTuple<Value<'v>>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(lists(&parts.items, heap)?.concat()))
    }

    fn product<'v>(
        #[starlark(args)] parts: UnpackTuple<Value<'v>>,
        repeat: Option<i32>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let repeat = usize::try_from(repeat.unwrap_or(1)).unwrap_or(0);
        let lists = lists(&parts.items, heap)?;
        let mut rows: Vec<Vec<Value<'v>>> = vec![Vec::new()];
        for list in std::iter::repeat_n(&lists, repeat).flatten() {
            if MAX_RESULTS < rows.len().saturating_mul(list.len()) {
                return too_many();
            }
            rows = rows.iter().flat_map(|row| list.iter().map(|item| [row.as_slice(), &[*item]].concat())).collect();
        }
        Ok(tuples(rows, heap))
    }

    fn permutations<'v>(
        #[starlark(require = pos)] items: Value<'v>,
        r: Option<i32>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let items = items_of(items, heap)?;
        let length = r.and_then(|length| usize::try_from(length).ok()).unwrap_or(items.len());
        let mut rows = Vec::new();
        choose(&items, length, (true, 0), &mut Vec::new(), &mut rows)?;
        Ok(tuples(rows, heap))
    }

    fn combinations<'v>(
        #[starlark(require = pos)] items: Value<'v>,
        r: i32,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let items = items_of(items, heap)?;
        let mut rows = Vec::new();
        choose(&items, usize::try_from(r).unwrap_or(0), (false, 0), &mut Vec::new(), &mut rows)?;
        Ok(tuples(rows, heap))
    }

    fn repeat<'v>(
        #[starlark(require = pos)] item: Value<'v>,
        #[starlark(require = pos)] times: i32,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let times = usize::try_from(times).unwrap_or(0);
        if MAX_RESULTS < times {
            return too_many();
        }
        Ok(heap.alloc(vec![item; times]))
    }

    fn islice<'v>(
        #[starlark(require = pos)] items: Value<'v>,
        #[starlark(args)] limits: UnpackTuple<i32>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let size = |number: i32| usize::try_from(number).unwrap_or(0);
        let (start, stop, step) = match limits.items.as_slice() {
            [stop] => (0, size(*stop), 1),
            [start, stop] => (size(*start), size(*stop), 1),
            [start, stop, step] => (size(*start), size(*stop), size(*step).max(1)),
            _ => return fail("islice() takes a list and up to three numbers".to_owned()),
        };
        let items = items_of(items, heap)?;
        let kept: Vec<Value<'v>> = items.into_iter().take(stop).skip(start).step_by(step).collect();
        Ok(heap.alloc(kept))
    }

    fn zip_longest<'v>(
        #[starlark(args)] parts: UnpackTuple<Value<'v>>,
        fillvalue: Option<Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let lists = lists(&parts.items, heap)?;
        let fill = fillvalue.unwrap_or(Value::new_none());
        let length = lists.iter().map(Vec::len).max().unwrap_or(0);
        let row = |at: usize| lists.iter().map(|list| list.get(at).copied().unwrap_or(fill)).collect();
        Ok(tuples((0..length).map(row).collect(), heap))
    }

    fn groupby<'v>(
        #[starlark(require = pos)] items: Value<'v>,
        key: Option<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = eval.heap();
        let mut groups: Vec<(Value<'v>, Vec<Value<'v>>)> = Vec::new();
        for item in items_of(items, heap)? {
            let found = match key {
                Some(key) => eval.eval_function(key, &[item], &[])?,
                None => item,
            };
            match groups.last_mut() {
                Some((last, members)) if last.equals(found)? => members.push(item),
                _ => groups.push((found, vec![item])),
            }
        }
        Ok(heap.alloc(AllocList(groups)))
    }
}

#[starlark_module]
pub fn functools(builder: &mut GlobalsBuilder) {
    fn reduce<'v>(
        #[starlark(require = pos)] function: Value<'v>,
        #[starlark(require = pos)] items: Value<'v>,
        #[starlark(require = pos)] start: Option<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let mut items = items_of(items, eval.heap())?.into_iter();
        let Some(mut total) = start.or_else(|| items.next()) else {
            return fail("reduce() of nothing needs a start".to_owned());
        };
        for item in items {
            total = eval.eval_function(function, &[total, item], &[])?;
        }
        Ok(total)
    }

    /// Functions keep no memory here: what they answer is the same.
    fn lru_cache<'v>(
        #[starlark(args)] args: UnpackTuple<Value<'v>>,
        #[starlark(kwargs)] _named: SmallMap<String, Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        if let [function] = args.items.as_slice()
            && function.function_name().is_some()
        {
            return Ok(*function);
        }
        Ok(heap.alloc(Sink::new(SinkKind::Decorator)))
    }

    fn partial<'v>(
        #[starlark(args)] args: UnpackTuple<Value<'v>>,
        #[starlark(kwargs)] named: SmallMap<String, Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        if args.items.is_empty() {
            return fail("partial() needs a function".to_owned());
        }
        Ok(heap.alloc(Partial::new(PartialKind::Function, args.items, named)))
    }

    fn wraps<'v>(#[starlark(require = pos)] _function: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(Sink::new(SinkKind::Decorator)))
    }
}

#[starlark_module]
pub fn operator(builder: &mut GlobalsBuilder) {
    fn itemgetter<'v>(#[starlark(args)] keys: UnpackTuple<Value<'v>>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(Partial::new(PartialKind::Items, keys.items, SmallMap::new())))
    }

    fn attrgetter<'v>(#[starlark(args)] names: UnpackTuple<Value<'v>>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(Partial::new(PartialKind::Attributes, names.items, SmallMap::new())))
    }

    fn add<'v>(
        #[starlark(require = pos)] left: Value<'v>,
        #[starlark(require = pos)] right: Value<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        left.add(right, heap)
    }

    fn mul<'v>(
        #[starlark(require = pos)] left: Value<'v>,
        #[starlark(require = pos)] right: Value<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        left.mul(right, heap)
    }
}

#[starlark_module]
pub fn copy(builder: &mut GlobalsBuilder) {
    fn copy<'v>(#[starlark(require = pos)] value: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        copied(value, heap, 1)
    }

    fn deepcopy<'v>(#[starlark(require = pos)] value: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        copied(value, heap, MAX_DEPTH)
    }
}

/// A copy of lists and dictionaries, to some depth; objects of Buildbot's are shared.
fn copied<'v>(value: Value<'v>, heap: Heap<'v>, depth: usize) -> starlark::Result<Value<'v>> {
    let inner = |value: Value<'v>| match depth {
        1 => Ok(value),
        _ => copied(value, heap, depth - 1),
    };
    if depth == 0 {
        return fail("the value is nested too deeply to copy".to_owned());
    }
    if let Some(list) = ListRef::from_value(value) {
        let items = list.content().iter().map(|item| inner(*item)).collect::<starlark::Result<Vec<_>>>()?;
        return Ok(heap.alloc(items));
    }
    if let Some(tuple) = TupleRef::from_value(value) {
        let items = tuple.content().iter().map(|item| inner(*item)).collect::<starlark::Result<Vec<_>>>()?;
        return Ok(heap.alloc(AllocTuple(items)));
    }
    if let Some(dict) = DictRef::from_value(value) {
        let items = dict.iter().map(|(key, item)| Ok((key, inner(item)?))).collect::<starlark::Result<Vec<_>>>()?;
        return Ok(heap.alloc(AllocDict(items)));
    }
    if let Some(contents) = ScriptObject::contents(value) {
        let object = ScriptObject {
            steps: RefCell::new(contents.steps),
            ..ScriptObject::new(contents.class, contents.span, contents.arguments, contents.rest)
        };
        return Ok(heap.alloc(object));
    }
    Ok(value)
}
