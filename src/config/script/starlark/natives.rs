//! Functions and methods of Python that Starlark lacks.

use starlark::collections::SmallMap;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::dict::AllocDict;
use starlark::values::float::UnpackFloat;
use starlark::values::list::{AllocList, ListRef};
use starlark::values::tuple::{TupleRef, UnpackTuple};
use starlark::values::{Heap, Value, ValueLike};

use super::classes;
use super::constructor::{Constructor, construct, fail};
use super::exceptions::{self, ExceptionValue};
use super::instance::instance_class;
use super::object::ScriptObject;
use super::own_operators;
use super::pathlib::PathClass;
use super::recorder::Recorder;
use super::type_object::TypeObject;

/// Longest list of letters that a text gives.
const MAX_LETTERS: usize = 1_000_000;
/// Longest list that is made of a range.
const MAX_ITEMS: i32 = 1_000_000;

/// Functions of `util`.
#[starlark_module]
pub fn util(builder: &mut GlobalsBuilder) {
    /// For `canStartBuild`: builds on the worker that a `WorkerChoiceParameter` chose, if one was chosen.
    fn enforceChosenWorker<'v>(
        #[starlark(require = pos)] _builder: Value<'v>,
        #[starlark(require = pos)] worker: Value<'v>,
        #[starlark(require = pos)] request: Value<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<bool> {
        let attribute = |value: Value<'v>, name: &str| match value.get_attr(name, heap)? {
            Some(attribute) => Ok(attribute),
            None => fail(format!("enforceChosenWorker() needs an object with '{name}'")),
        };
        let properties = attribute(request, "properties")?;
        let name = heap.alloc("workername");
        Ok(!properties.is_in(name)? || properties.at(name, heap)?.equals(attribute(worker, "workername")?)?)
    }
}

/// A step of its class and arguments, as Buildbot 0.8 wrote one.
pub fn step_of_class<'v>(
    class: Value<'v>,
    named: &SmallMap<String, Value<'v>>,
    evaluator: &mut Evaluator<'v, '_, '_>,
) -> starlark::Result<Value<'v>> {
    let constructor = class.downcast_ref::<Constructor>();
    let own = classes::class_view(class).map(|view| view.name.to_owned());
    let Some(name) = constructor.map(|constructor| constructor.class.full_name()).or(own) else {
        return fail(format!("a class of steps is expected, not a {}", class.get_type()));
    };
    if let Some(recorder) = Recorder::of(evaluator) {
        let message = format!("a class and its arguments are an old way to write {name}(...)");
        recorder.warning(recorder.call(evaluator), message);
    }
    let Some(constructor) = constructor else {
        let named: Vec<(&str, Value<'v>)> = named.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        return evaluator.eval_function(class, &[], &named);
    };
    let given: Vec<_> = named.iter().map(|(name, value)| (Some(name.clone()), *value)).collect();
    construct(constructor.class, &given, evaluator)
}

#[starlark_module]
pub fn natives(builder: &mut GlobalsBuilder) {
    fn sum<'v>(
        #[starlark(require = pos)] items: Value<'v>,
        start: Option<Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let mut total = start.unwrap_or_else(|| heap.alloc(0));
        for item in items_of(items, heap)? {
            total = total.add(item, heap)?;
        }
        Ok(total)
    }

    fn round<'v>(
        #[starlark(require = pos)] number: UnpackFloat,
        #[starlark(require = pos)] digits: Option<i32>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        match digits {
            None => Ok(heap.alloc(number.0.round_ties_even() as i64)),
            Some(digits) => {
                let scale = 10_f64.powi(digits.clamp(-300, 300));
                Ok(heap.alloc((number.0 * scale).round_ties_even() / scale))
            }
        }
    }

    fn divmod<'v>(
        #[starlark(require = pos)] left: Value<'v>,
        #[starlark(require = pos)] right: Value<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc((left.floor_div(right, heap)?, left.percent(right, heap)?)))
    }

    fn hex(#[starlark(require = pos)] number: i64) -> starlark::Result<String> {
        Ok(format!("{}{:#x}", if number < 0 { "-" } else { "" }, number.unsigned_abs()))
    }

    fn oct(#[starlark(require = pos)] number: i64) -> starlark::Result<String> {
        Ok(format!("{}{:#o}", if number < 0 { "-" } else { "" }, number.unsigned_abs()))
    }

    fn bin(#[starlark(require = pos)] number: i64) -> starlark::Result<String> {
        Ok(format!("{}{:#b}", if number < 0 { "-" } else { "" }, number.unsigned_abs()))
    }

    /// Modules are read anew whenever the configuration is.
    fn reload<'v>(#[starlark(require = pos)] module: Value<'v>) -> starlark::Result<Value<'v>> {
        Ok(module)
    }

    fn setattr<'v>(
        #[starlark(require = pos)] object: Value<'v>,
        #[starlark(require = pos)] name: &str,
        #[starlark(require = pos)] value: Value<'v>,
    ) -> starlark::Result<Value<'v>> {
        object.set_attr(name, value)?;
        Ok(Value::new_none())
    }

    fn globals<'v>() -> starlark::Result<Value<'v>> {
        fail("globals() is not here; keep what you look up in a dictionary".to_owned())
    }

    fn locals<'v>() -> starlark::Result<Value<'v>> {
        fail("locals() is not here; keep what you look up in a dictionary".to_owned())
    }

    fn vars<'v>(#[starlark(args)] _args: UnpackTuple<Value<'v>>) -> starlark::Result<Value<'v>> {
        fail("vars() is not here; keep what you look up in a dictionary".to_owned())
    }

    fn eval<'v>(#[starlark(args)] _args: UnpackTuple<Value<'v>>) -> starlark::Result<Value<'v>> {
        fail("eval() is not here; write the expression itself, or read data with json.loads()".to_owned())
    }

    fn exec<'v>(#[starlark(args)] _args: UnpackTuple<Value<'v>>) -> starlark::Result<Value<'v>> {
        fail("exec() works as exec(open('a fixed name').read()) outside of functions and blocks only".to_owned())
    }

    fn execfile<'v>(#[starlark(args)] _args: UnpackTuple<Value<'v>>) -> starlark::Result<Value<'v>> {
        fail("execfile() works with a fixed name, outside of functions and blocks, only".to_owned())
    }

    /// `print`, which goes to the master's log.
    fn _bb_print<'v>(
        #[starlark(args)] parts: UnpackTuple<Value<'v>>,
        #[starlark(kwargs)] named: SmallMap<String, Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let texts = parts.items.iter().map(|part| own_operators::text(*part, false, eval));
        let texts = texts.collect::<starlark::Result<Vec<_>>>()?;
        let separator = named.get("sep").and_then(|separator| separator.unpack_str()).unwrap_or(" ");
        tracing::info!("configuration prints: {}", texts.join(separator));
        Ok(Value::new_none())
    }

    fn _bb_type<'v>(#[starlark(require = pos)] value: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(match value.get_attr("__class__", heap)? {
            Some(class) => class,
            None => heap.alloc(TypeObject::of(value)),
        })
    }

    /// What a loop goes over: the letters of a text, or the thing itself.
    fn _bb_iter<'v>(
        #[starlark(require = pos)] value: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        if let Some(items) = own_operators::items(value, eval)? {
            return Ok(items);
        }
        let heap = eval.heap();
        let Some(text) = value.unpack_str() else { return Ok(value) };
        if MAX_LETTERS < text.len() {
            return fail("the text is too long to go over its letters".to_owned());
        }
        Ok(heap.alloc(AllocList(text.chars().map(|letter| letter.to_string()))))
    }

    /// What a list is made of: as `_bb_iter`, and not without end.
    fn _bb_all<'v>(
        #[starlark(require = pos)] value: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        check_length(value)?;
        if let Some(items) = own_operators::items(value, eval)? {
            return Ok(items);
        }
        if value.unpack_str().is_none() {
            return Ok(value);
        }
        let heap = eval.heap();
        let letters = items_of(value, heap)?;
        Ok(heap.alloc(AllocList(letters)))
    }

    /// `dict.fromkeys(...)`.
    fn _bb_fromkeys<'v>(
        #[starlark(require = pos)] keys: Value<'v>,
        #[starlark(require = pos)] value: Option<Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let value = value.unwrap_or(Value::new_none());
        let keys = items_of(keys, heap)?;
        Ok(heap.alloc(AllocDict(keys.into_iter().map(|key| (key, value)))))
    }

    fn _bb_map<'v>(
        #[starlark(require = pos)] function: Value<'v>,
        #[starlark(args)] lists: UnpackTuple<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = eval.heap();
        let lists = lists.items.iter().map(|list| items_of(*list, heap)).collect::<starlark::Result<Vec<_>>>()?;
        let length = lists.iter().map(Vec::len).min().unwrap_or(0);
        let mut results = Vec::new();
        for at in 0..length {
            let arguments: Vec<Value<'v>> = lists.iter().map(|list| list[at]).collect();
            results.push(eval.eval_function(function, &arguments, &[])?);
        }
        Ok(heap.alloc(results))
    }

    fn _bb_filter<'v>(
        #[starlark(require = pos)] function: Value<'v>,
        #[starlark(require = pos)] list: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = eval.heap();
        let mut results = Vec::new();
        for item in items_of(list, heap)? {
            let keeps = if function.is_none() { item } else { eval.eval_function(function, &[item], &[])? };
            if keeps.to_bool() {
                results.push(item);
            }
        }
        Ok(heap.alloc(results))
    }

    /// Takes the first of what is there: an iterator is a list here, whose items nobody else has.
    fn next<'v>(
        #[starlark(require = pos)] list: Value<'v>,
        #[starlark(require = pos)] default: Option<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = eval.heap();
        if ListRef::from_value(list).is_none() {
            return exceptions::raise("TypeError", format!("'{}' object is not an iterator", list.get_type()));
        }
        match (items_of(list, heap)?.is_empty(), default) {
            (false, _) => {
                let pop = list.get_attr_error("pop", heap)?;
                eval.eval_function(pop, &[heap.alloc(0)], &[])
            }
            (true, Some(default)) => Ok(default),
            (true, None) => exceptions::raise("StopIteration", "there is nothing left"),
        }
    }

    fn iter<'v>(#[starlark(require = pos)] list: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(items_of(list, heap)?))
    }

    fn isinstance<'v>(
        #[starlark(require = pos)] value: Value<'v>,
        #[starlark(require = pos)] kind: Value<'v>,
    ) -> starlark::Result<bool> {
        let kinds = TupleRef::from_value(kind).map_or_else(|| vec![kind], |kinds| kinds.content().to_vec());
        Ok(kinds.into_iter().any(|kind| is_instance(value, kind)))
    }

    fn callable<'v>(#[starlark(require = pos)] value: Value<'v>) -> starlark::Result<bool> {
        let is_own = instance_class(value).is_some();
        let calls = |class| classes::line(class).iter().any(|one| classes::class_member(*one, "__call__").is_some());
        if is_own {
            return Ok(instance_class(value).is_some_and(calls));
        }
        Ok(value.function_name().is_some() || matches!(value.get_type(), "class" | "method" | "exception class"))
    }
}

/// Whether a value is of the type that a function like `str` makes, or of a class of the table.
pub fn is_instance<'v>(value: Value<'v>, kind: Value<'v>) -> bool {
    if let Some(constructor) = kind.downcast_ref::<Constructor>() {
        return ScriptObject::class_of(value).is_some_and(|class| class.full_name() == constructor.class.full_name());
    }
    if classes::is_instance(value, kind) {
        return true;
    }
    if let Some(exception) = value.downcast_ref::<ExceptionValue>() {
        let raised = exceptions::Raised { chain: exception.chain.clone(), text: String::new(), by_file: true };
        return exceptions::is_of_kind(&raised, kind);
    }
    if kind.downcast_ref::<PathClass>().is_some() {
        return PathClass::is_of(value);
    }
    if let Some(type_object) = kind.downcast_ref::<TypeObject>() {
        return type_object.is_of(value);
    }
    match kind.function_name() {
        Some("object") => true,
        Some("str") => value.get_type() == "string",
        // As in Python, where True is a number.
        Some("int") => matches!(value.get_type(), "int" | "bool"),
        Some(name) => name == value.get_type(),
        None => false,
    }
}

/// Refuses to make a list of a range that nobody has memory for.
pub fn check_length(value: Value<'_>) -> starlark::Result<()> {
    if value.get_type() == "range" && MAX_ITEMS < value.length().unwrap_or(i32::MAX) {
        let text = format!("{value} has too many items for a list: more than {MAX_ITEMS}");
        return Err(starlark::Error::new_other(anyhow::Error::msg(text)));
    }
    Ok(())
}

/// What a value gives one by one; letters of a text.
pub fn items_of<'v>(value: Value<'v>, heap: Heap<'v>) -> starlark::Result<Vec<Value<'v>>> {
    if let Some(text) = value.unpack_str() {
        return Ok(text.chars().map(|letter| heap.alloc(letter.to_string())).collect());
    }
    check_length(value)?;
    Ok(value.iterate(heap)?.collect())
}
