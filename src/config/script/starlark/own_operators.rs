//! Operators of classes that the file defines: `__getitem__`, `__str__`, `__add__` and their like.
//!
//! Starlark's operators cannot call functions of the file. The front end puts these calls in their place, the rarer
//! ones only if some class of the files defines what they ask for.

use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::dict::DictRef;
use starlark::values::list::ListRef;
use starlark::values::tuple::TupleRef;
use starlark::values::{Heap, Value};

use super::constructor::fail;
use super::formatting;
use super::instance::{Instance, instance_class, own_method};
use super::natives::items_of;

/// Values inside values are looked at this far for objects with texts of their own.
const MAX_DEPTH: usize = 4;
/// Operators, and the methods behind them: of the left side, and of the right one.
const BINARY: [(&str, &str, &str); 11] = [
    ("+", "__add__", "__radd__"),
    ("-", "__sub__", "__rsub__"),
    ("*", "__mul__", "__rmul__"),
    ("/", "__truediv__", "__rtruediv__"),
    ("//", "__floordiv__", "__rfloordiv__"),
    ("%", "__mod__", "__rmod__"),
    ("&", "__and__", "__rand__"),
    ("|", "__or__", "__ror__"),
    ("^", "__xor__", "__rxor__"),
    ("<<", "__lshift__", "__rlshift__"),
    (">>", "__rshift__", "__rrshift__"),
];
/// Comparisons, and the methods behind them: of the left side, and of the right one.
const COMPARISONS: [(&str, &str, &str); 6] = [
    ("==", "__eq__", "__eq__"),
    ("!=", "__ne__", "__ne__"),
    ("<", "__lt__", "__gt__"),
    (">", "__gt__", "__lt__"),
    ("<=", "__le__", "__ge__"),
    (">=", "__ge__", "__le__"),
];

type Maybe<'v> = starlark::Result<Option<Value<'v>>>;

/// Calls a method of an object's class, if there is such a one in the file.
pub fn call<'v>(this: Value<'v>, method: &str, given: &[Value<'v>], eval: &mut Evaluator<'v, '_, '_>) -> Maybe<'v> {
    let Some(function) = own_method(this, method, eval.heap()) else { return Ok(None) };
    eval.eval_function(function, given, &[]).map(Some)
}

/// A comparison that a class of the file decides.
pub fn compare<'v>(left: Value<'v>, operator: &str, right: Value<'v>, eval: &mut Evaluator<'v, '_, '_>) -> Maybe<'v> {
    if matches!(operator, "in" | "not in") {
        let found = match call(right, "__contains__", &[left], eval)? {
            None if instance_class(right).is_some() => match call(right, "__iter__", &[], eval)? {
                Some(items) => Some(eval.heap().alloc(items_of(items, eval.heap())?).is_in(left)?),
                None => None,
            },
            found => found.map(Value::to_bool),
        };
        return Ok(found.map(|found| Value::new_bool(found == (operator == "in"))));
    }
    let Some((_, method, mirrored)) = COMPARISONS.iter().find(|(known, ..)| *known == operator) else {
        return Ok(None);
    };
    if let Some(found) = call(left, method, &[right], eval)? {
        return Ok(Some(found));
    }
    if let Some(found) = call(right, mirrored, &[left], eval)? {
        return Ok(Some(found));
    }
    if operator == "!=" {
        let equal = call(left, "__eq__", &[right], eval)?;
        return Ok(equal.map(|equal| Value::new_bool(!equal.to_bool())));
    }
    Ok(None)
}

/// Has objects inside of a value say what they are as text, for what prints them next.
pub fn prepare<'v>(value: Value<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<()> {
    prepare_inside(value, 0, eval)
}

fn prepare_inside<'v>(value: Value<'v>, depth: usize, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<()> {
    if instance_class(value).is_some() {
        return prepare_one(value, eval);
    }
    if MAX_DEPTH < depth {
        return Ok(());
    }
    let parts = if let Some(list) = ListRef::from_value(value) {
        list.content().to_vec()
    } else if let Some(tuple) = TupleRef::from_value(value) {
        tuple.content().to_vec()
    } else if let Some(dict) = DictRef::from_value(value) {
        dict.values().collect()
    } else {
        return Ok(());
    };
    parts.into_iter().try_for_each(|part| prepare_inside(part, depth + 1, eval))
}

fn prepare_one<'v>(value: Value<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<()> {
    let repr = call(value, "__repr__", &[], eval)?;
    let text = call(value, "__str__", &[], eval)?.or(repr);
    if let Some(text) = text {
        let unpack = |value: Value<'v>| value.unpack_str().unwrap_or_default().to_owned();
        Instance::say(value, unpack(text), repr.map(unpack));
    }
    Ok(())
}

/// The text of a value.
pub fn text<'v>(value: Value<'v>, literal: bool, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<String> {
    prepare(value, eval)?;
    formatting::text(value, literal).or_else(fail)
}

/// What a loop goes over.
pub fn items<'v>(value: Value<'v>, eval: &mut Evaluator<'v, '_, '_>) -> Maybe<'v> {
    if instance_class(value).is_none() {
        return Ok(None);
    }
    if let Some(found) = call(value, "__iter__", &[], eval)? {
        return Ok(Some(found));
    }
    Ok(None)
}

#[starlark_module]
pub fn own_operators(builder: &mut GlobalsBuilder) {
    fn str<'v>(
        #[starlark(require = pos)] value: Option<Value<'v>>,
        #[starlark(args)] _encoding: starlark::values::tuple::UnpackTuple<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let Some(value) = value else { return Ok(eval.heap().alloc("")) };
        if value.unpack_str().is_some() {
            return Ok(value);
        }
        let text = text(value, false, eval)?;
        Ok(eval.heap().alloc(text))
    }

    fn repr<'v>(
        #[starlark(require = pos)] value: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<String> {
        text(value, true, eval)
    }

    fn len<'v>(#[starlark(require = pos)] value: Value<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<i32> {
        match call(value, "__len__", &[], eval)?.and_then(|length| length.unpack_i32()) {
            Some(length) => Ok(length),
            None => value.length(),
        }
    }

    /// `left + right` and the like.
    fn _bb_binary<'v>(
        #[starlark(require = pos)] operator: &str,
        #[starlark(require = pos)] left: Value<'v>,
        #[starlark(require = pos)] right: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        if let Some((_, method, mirrored)) = BINARY.iter().find(|(known, ..)| *known == operator) {
            if let Some(made) = call(left, method, &[right], eval)? {
                return Ok(made);
            }
            if let Some(made) = call(right, mirrored, &[left], eval)? {
                return Ok(made);
            }
        }
        plain(operator, left, right, eval.heap())
    }

    /// `holder[key]`.
    fn _bb_getitem<'v>(
        #[starlark(require = pos)] holder: Value<'v>,
        #[starlark(require = pos)] key: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        match call(holder, "__getitem__", &[key], eval)? {
            Some(found) => Ok(found),
            None => holder.at(key, eval.heap()),
        }
    }

    /// `holder[key] = value`.
    fn _bb_setitem<'v>(
        #[starlark(require = pos)] holder: Value<'v>,
        #[starlark(require = pos)] key: Value<'v>,
        #[starlark(require = pos)] value: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        if call(holder, "__setitem__", &[key, value], eval)?.is_none() {
            holder.set_at(key, value)?;
        }
        Ok(Value::new_none())
    }
}

fn plain<'v>(operator: &str, left: Value<'v>, right: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
    match operator {
        "+" => left.add(right, heap),
        "-" => left.sub(right, heap),
        "*" => left.mul(right, heap),
        "/" => left.div(right, heap),
        "//" => left.floor_div(right, heap),
        "%" => left.percent(right, heap),
        "&" => left.bit_and(right, heap),
        "|" => left.bit_or(right, heap),
        "^" => left.bit_xor(right, heap),
        "<<" => left.left_shift(right, heap),
        _ => left.right_shift(right, heap),
    }
}
