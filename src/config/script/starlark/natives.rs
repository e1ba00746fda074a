//! Functions and methods of Python that Starlark lacks.

use starlark::collections::SmallMap;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::dict::{AllocDict, DictRef};
use starlark::values::float::UnpackFloat;
use starlark::values::list::{AllocList, ListRef};
use starlark::values::tuple::{TupleRef, UnpackTuple};
use starlark::values::{Heap, Value, ValueLike};

use super::constructor::{Constructor, construct, fail};
use super::formatting::{self, Spec};
use super::object::ScriptObject;
use super::recorder::Recorder;

/// Longest text that padding may make.
const MAX_WIDTH: i32 = 10_000;

type Named<'v> = SmallMap<String, Value<'v>>;

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

/// What imports of Buildbot 0.8 bind.
#[starlark_module]
pub fn old_util(builder: &mut GlobalsBuilder) {
    /// `s(Step, argument=...)`: a step before its time.
    fn s<'v>(
        #[starlark(require = pos)] class: Value<'v>,
        #[starlark(kwargs)] named: Named<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        step_of_class(class, &named, eval)
    }
}

/// A step of its class and arguments, as Buildbot 0.8 wrote one.
pub fn step_of_class<'v>(
    class: Value<'v>,
    named: &Named<'v>,
    evaluator: &mut Evaluator<'v, '_, '_>,
) -> starlark::Result<Value<'v>> {
    let Some(constructor) = class.downcast_ref::<Constructor>() else {
        return fail(format!("a class of steps is expected, not a {}", class.get_type()));
    };
    if let Some(recorder) = Recorder::of(evaluator) {
        let name = constructor.class.full_name();
        let message = format!("a class and its arguments are an old way to write {name}(...)");
        recorder.warning(recorder.call(evaluator), message);
    }
    let given: Vec<_> = named.iter().map(|(name, value)| (Some(name.clone()), *value)).collect();
    construct(constructor.class, &given, evaluator)
}

#[starlark_module]
pub fn natives(builder: &mut GlobalsBuilder) {
    fn sum<'v>(#[starlark(require = pos)] items: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let mut total = heap.alloc(0);
        for item in items.iterate(heap)? {
            total = total.add(item, heap)?;
        }
        Ok(total)
    }

    fn round(#[starlark(require = pos)] number: UnpackFloat) -> starlark::Result<i64> {
        Ok(number.0.round_ties_even() as i64)
    }

    fn isinstance<'v>(
        #[starlark(require = pos)] value: Value<'v>,
        #[starlark(require = pos)] kind: Value<'v>,
    ) -> starlark::Result<bool> {
        let kinds = TupleRef::from_value(kind).map_or_else(|| vec![kind], |kinds| kinds.content().to_vec());
        Ok(kinds.into_iter().any(|kind| is_instance(value, kind)))
    }

    fn callable<'v>(#[starlark(require = pos)] value: Value<'v>) -> starlark::Result<bool> {
        Ok(value.function_name().is_some() || value.get_type() == "class")
    }

    /// `text.format(...)`.
    fn _bb_method_format<'v>(
        #[starlark(require = pos)] receiver: Value<'v>,
        #[starlark(args)] args: UnpackTuple<Value<'v>>,
        #[starlark(kwargs)] named: Named<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = eval.heap();
        match receiver.unpack_str() {
            Some(template) => {
                let fields = Fields { positional: &args.items, named: &named, heap };
                Ok(heap.alloc(fields.format(template).or_else(fail)?))
            }
            None => call_method(receiver, "format", &args.items, &named, eval),
        }
    }

    fn _bb_method_copy<'v>(
        #[starlark(require = pos)] receiver: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = eval.heap();
        if let Some(list) = ListRef::from_value(receiver) {
            return Ok(heap.alloc(AllocList(list.content().to_vec())));
        }
        if let Some(dict) = DictRef::from_value(receiver) {
            return Ok(heap.alloc(AllocDict(dict.iter().collect::<Vec<_>>())));
        }
        call_method(receiver, "copy", &[], &Named::default(), eval)
    }

    fn _bb_method_iteritems<'v>(
        #[starlark(require = pos)] receiver: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        call_method(receiver, "items", &[], &Named::default(), eval)
    }

    fn _bb_method_sort<'v>(
        #[starlark(require = pos)] receiver: Value<'v>,
        key: Option<Value<'v>>,
        reverse: Option<bool>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let Some(list) = ListRef::from_value(receiver) else {
            return fail(format!("a {} cannot be sorted in place", receiver.get_type()));
        };
        let mut items = Vec::new();
        for item in list.content().to_vec() {
            let key = match key.filter(|key| !key.is_none()) {
                Some(key) => eval.eval_function(key, &[item], &[])?,
                None => item,
            };
            items.push((key, item));
        }
        let mut error = None;
        items.sort_by(|a, b| {
            a.0.compare(b.0).unwrap_or_else(|failed| {
                error = Some(failed);
                std::cmp::Ordering::Equal
            })
        });
        if let Some(error) = error {
            return Err(error);
        }
        if reverse == Some(true) {
            items.reverse();
        }
        replace_items(receiver, items.into_iter().map(|(_, item)| item).collect(), eval)
    }

    fn _bb_method_reverse<'v>(
        #[starlark(require = pos)] receiver: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let Some(list) = ListRef::from_value(receiver) else {
            return call_method(receiver, "reverse", &[], &Named::default(), eval);
        };
        let items = list.content().iter().rev().copied().collect();
        replace_items(receiver, items, eval)
    }

    fn _bb_method_zfill(#[starlark(require = pos)] text: &str, width: i32) -> starlark::Result<String> {
        let digits = text.trim_start_matches(['+', '-']);
        let sign = &text[..text.len() - digits.len()];
        Ok(format!("{sign}{}{digits}", padding(text, width, "0")?))
    }

    fn _bb_method_ljust(
        #[starlark(require = pos)] text: &str,
        width: i32,
        fill: Option<&str>,
    ) -> starlark::Result<String> {
        Ok(format!("{text}{}", padding(text, width, fill.unwrap_or(" "))?))
    }

    fn _bb_method_rjust(
        #[starlark(require = pos)] text: &str,
        width: i32,
        fill: Option<&str>,
    ) -> starlark::Result<String> {
        Ok(format!("{}{text}", padding(text, width, fill.unwrap_or(" "))?))
    }

    /// Bytes are text here.
    fn _bb_method_encode<'v>(
        #[starlark(require = pos)] text: Value<'v>,
        #[starlark(args)] _args: UnpackTuple<Value<'v>>,
        #[starlark(kwargs)] _named: Named<'v>,
    ) -> starlark::Result<Value<'v>> {
        Ok(text)
    }

    fn _bb_method_decode<'v>(
        #[starlark(require = pos)] text: Value<'v>,
        #[starlark(args)] _args: UnpackTuple<Value<'v>>,
        #[starlark(kwargs)] _named: Named<'v>,
    ) -> starlark::Result<Value<'v>> {
        Ok(text)
    }
}

/// Whether a value is of the type that a function like `str` makes, or of a class of the table.
fn is_instance<'v>(value: Value<'v>, kind: Value<'v>) -> bool {
    if let Some(constructor) = kind.downcast_ref::<Constructor>() {
        return ScriptObject::class_of(value).is_some_and(|class| class.full_name() == constructor.class.full_name());
    }
    match kind.function_name() {
        Some("str") => value.get_type() == "string",
        // As in Python, where True is a number.
        Some("int") => matches!(value.get_type(), "int" | "bool"),
        Some(name) => name == value.get_type(),
        None => false,
    }
}

fn padding(text: &str, width: i32, fill: &str) -> starlark::Result<String> {
    if MAX_WIDTH < width {
        return fail(format!("a field of {width} characters is too wide"));
    }
    let missing = usize::try_from(width).unwrap_or(0).saturating_sub(text.chars().count());
    Ok(fill.repeat(missing))
}

fn call_method<'v>(
    receiver: Value<'v>,
    name: &str,
    positional: &[Value<'v>],
    named: &Named<'v>,
    evaluator: &mut Evaluator<'v, '_, '_>,
) -> starlark::Result<Value<'v>> {
    let method = receiver.get_attr_error(name, evaluator.heap())?;
    let named: Vec<(&str, Value<'v>)> = named.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    evaluator.eval_function(method, positional, &named)
}

fn replace_items<'v>(
    list: Value<'v>,
    items: Vec<Value<'v>>,
    evaluator: &mut Evaluator<'v, '_, '_>,
) -> starlark::Result<Value<'v>> {
    call_method(list, "clear", &[], &Named::default(), evaluator)?;
    let items = evaluator.heap().alloc(AllocList(items));
    call_method(list, "extend", &[items], &Named::default(), evaluator)
}

/// Values for the fields of `text.format(...)`.
struct Fields<'a, 'v> {
    positional: &'a [Value<'v>],
    named: &'a Named<'v>,
    heap: Heap<'v>,
}

impl<'v> Fields<'_, 'v> {
    fn format(&self, template: &str) -> Result<String, String> {
        let mut next = 0;
        self.pieces(template, &mut next, 0)
    }

    fn pieces(&self, template: &str, next: &mut usize, depth: usize) -> Result<String, String> {
        let mut result = String::new();
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            result.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(doubled) = rest.strip_prefix(brace) {
                result.push_str(brace);
                rest = doubled;
                continue;
            }
            if brace == "}" {
                return Err("a single '}' in the format".to_owned());
            }
            let end = closing(rest).ok_or("a '{' without '}' in the format")?;
            result.push_str(&self.field(&rest[..end], next, depth)?);
            rest = &rest[end + 1..];
        }
        result.push_str(rest);
        Ok(result)
    }

    fn field(&self, field: &str, next: &mut usize, depth: usize) -> Result<String, String> {
        if 2 < depth {
            return Err("fields inside fields inside fields".to_owned());
        }
        let (field, spec) = field.split_once(':').unwrap_or((field, ""));
        let (path, conversion) = field.split_once('!').unwrap_or((field, ""));
        let value = self.lookup(path, next)?;
        let spec = Spec::parse(&self.pieces(spec, next, depth + 1)?)?;
        match conversion {
            "" => spec.apply(value),
            _ => spec.pad(&formatting::text(value, conversion != "s")?),
        }
    }

    /// `name.attribute[item]`.
    fn lookup(&self, path: &str, next: &mut usize) -> Result<Value<'v>, String> {
        let end = path.find(['.', '[']).unwrap_or(path.len());
        let (name, mut rest) = path.split_at(end);
        let mut value = match name.parse::<usize>() {
            Ok(position) => self.positional.get(position).copied(),
            Err(_) if name.is_empty() => {
                *next += 1;
                self.positional.get(*next - 1).copied()
            }
            Err(_) => self.named.get(name).copied(),
        }
        .ok_or_else(|| format!("the format needs a value for '{{{name}}}'"))?;
        while !rest.is_empty() {
            if let Some(attribute) = rest.strip_prefix('.') {
                let end = attribute.find(['.', '[']).unwrap_or(attribute.len());
                let found = value.get_attr_error(&attribute[..end], self.heap);
                value = found.map_err(|error| error.without_diagnostic().to_string())?;
                rest = &attribute[end..];
            } else {
                let end = rest.find(']').ok_or("a '[' without ']' in the format")?;
                let key = &rest[1..end];
                let key = key.parse::<i32>().map_or_else(|_| self.heap.alloc(key), |number| self.heap.alloc(number));
                value = value.at(key, self.heap).map_err(|error| error.without_diagnostic().to_string())?;
                rest = &rest[end + 1..];
            }
        }
        Ok(value)
    }
}

/// The closing brace of a field, over braces inside it.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}
