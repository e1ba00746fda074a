//! Helpers behind Python's operators that Starlark lacks; the front end puts calls of them into the text.

use starlark::collections::SmallMap;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::dict::{AllocDict, DictRef};
use starlark::values::float::UnpackFloat;
use starlark::values::list::AllocList;
use starlark::values::tuple::{AllocTuple, UnpackTuple};
use starlark::values::{Heap, UnpackValue, Value, ValueLike};

use super::constructor::fail;
use super::exceptions::raise;
use super::formatting::{self, Spec};
use super::natives::items_of;
use super::own_operators;
use super::renderables;
use super::type_object::TypeObject;

#[starlark_module]
pub fn operators(builder: &mut GlobalsBuilder) {
    /// `left % right`.
    fn _bb_mod<'v>(left: Value<'v>, right: Value<'v>, eval: &mut Evaluator<'v, '_, '_>) -> starlark::Result<Value<'v>> {
        let heap = eval.heap();
        match left.unpack_str() {
            Some(template) => {
                own_operators::prepare(right, eval)?;
                Ok(heap.alloc(formatting::percent(template, right).or_else(fail)?))
            }
            None => match own_operators::call(left, "__mod__", &[right], eval)? {
                Some(made) => Ok(made),
                None => left.percent(right, heap),
            },
        }
    }

    /// `base ** power`.
    fn _bb_pow<'v>(base: Value<'v>, power: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let whole = |value| i64::unpack_value(value).ok().flatten();
        let (Some(base), Some(power)) = (whole(base), whole(power).filter(|power| 0 <= *power)) else {
            let number = |value| UnpackFloat::unpack_value(value).ok().flatten().map(|number| number.0);
            let (Some(base), Some(power)) = (number(base), number(power)) else {
                return fail("'**' works on numbers, whole ones of up to 64 bits".to_owned());
            };
            return Ok(heap.alloc(base.powf(power)));
        };
        match u32::try_from(power).ok().and_then(|power| base.checked_pow(power)) {
            Some(result) => Ok(heap.alloc(result)),
            None => fail(format!("{base} ** {power} is out of range")),
        }
    }

    /// `a < b < c` as `_bb_compare(a, "<", b, "<", c)`; a renderable if one of them is one.
    fn _bb_compare<'v>(
        #[starlark(args)] parts: UnpackTuple<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = eval.heap();
        let mut result = Value::new_bool(true);
        for comparison in parts.items.windows(3).step_by(2) {
            let (left, operator, right) = (comparison[0], comparison[1], comparison[2]);
            let operator = operator.unpack_str().unwrap_or_default();
            let made = match own_operators::compare(left, operator, right, eval)? {
                None => made_of_renderables(operator, left, right, heap),
                decided => decided,
            };
            result = match made {
                Some(made) if made.get_type() == "bool" && !made.to_bool() => return Ok(made),
                Some(made) => made,
                None if compare(left, operator, right)? => Value::new_bool(true),
                None => return Ok(Value::new_bool(false)),
            };
        }
        Ok(result)
    }

    /// `a is b`.
    fn _bb_is<'v>(left: Value<'v>, right: Value<'v>) -> starlark::Result<bool> {
        same(left, right)
    }

    /// `a is not b`.
    fn _bb_is_not<'v>(left: Value<'v>, right: Value<'v>) -> starlark::Result<bool> {
        Ok(!same(left, right)?)
    }

    /// `a, *b, c = value` as `a, b, c = _bb_unpack(1, 1, (value))`.
    fn _bb_unpack<'v>(n_before: u32, n_after: u32, value: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let items = items_of(value, heap)?;
        let (n_before, n_after) = (n_before as usize, n_after as usize);
        let Some(n_between) = items.len().checked_sub(n_before + n_after) else {
            let wanted = n_before + n_after;
            return raise(
                "ValueError",
                format!("not enough values to unpack (at least {wanted}, got {})", items.len()),
            );
        };
        let (before, rest) = items.split_at(n_before);
        let (between, after) = rest.split_at(n_between);
        let between = heap.alloc(AllocList(between.iter().copied()));
        Ok(heap.alloc(AllocTuple([before, &[between], after].concat())))
    }

    /// `[*a, b]` as `_bb_join(a, [b])`.
    fn _bb_join<'v>(#[starlark(args)] parts: UnpackTuple<Value<'v>>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let mut items = Vec::new();
        for part in parts.items {
            items.extend(part.iterate(heap)?);
        }
        Ok(heap.alloc(AllocList(items)))
    }

    /// `{**a, 'b': c}` as `_bb_merge(a, {'b': c})`.
    fn _bb_merge<'v>(#[starlark(args)] parts: UnpackTuple<Value<'v>>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let mut items: Vec<(Value<'v>, Value<'v>)> = Vec::new();
        for part in parts.items {
            let Some(dict) = DictRef::from_value(part) else {
                return fail(format!("'**' needs a dictionary, not a {}", part.get_type()));
            };
            items.extend(dict.iter());
        }
        Ok(heap.alloc(AllocDict(items)))
    }

    fn _bb_dict<'v>(
        #[starlark(kwargs)] named: SmallMap<String, Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(AllocDict(named)))
    }

    /// Pieces of a formatted string.
    fn _bb_cat<'v>(#[starlark(args)] parts: UnpackTuple<&'v str>) -> starlark::Result<String> {
        Ok(parts.items.concat())
    }

    /// `{value!conversion:spec}` of a formatted string.
    fn _bb_field<'v>(
        value: Value<'v>,
        conversion: &str,
        spec: Option<&str>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<String> {
        own_operators::prepare(value, eval)?;
        let spec = Spec::parse(spec.unwrap_or_default()).or_else(fail)?;
        if conversion.is_empty() {
            return spec.apply(value).or_else(fail);
        }
        let text = formatting::text(value, conversion == "r").or_else(fail)?;
        spec.pad(&text).or_else(fail)
    }

    fn _bb_raise<'v>(
        kind: &str,
        #[starlark(args)] parts: UnpackTuple<Value<'v>>,
        #[starlark(kwargs)] _named: SmallMap<String, Value<'v>>,
    ) -> starlark::Result<Value<'v>> {
        let text = parts.items.iter().map(|part| formatting::text(*part, false)).collect::<Result<Vec<_>, _>>();
        let text = text.or_else(fail)?.join(", ");
        fail(if text.is_empty() { format!("raises {kind}") } else { format!("raises {kind}: {text}") })
    }

    fn _bb_assert<'v>(condition: Value<'v>, message: Option<Value<'v>>) -> starlark::Result<Value<'v>> {
        if condition.to_bool() {
            return Ok(Value::new_none());
        }
        match message {
            Some(message) => fail(format!("assertion failed: {}", formatting::text(message, false).or_else(fail)?)),
            None => fail("assertion failed".to_owned()),
        }
    }
}

/// A comparison whose result is known only when a build runs. Whether an object is in a plain list is not one: it would
/// be compared with each item.
fn made_of_renderables<'v>(operator: &str, left: Value<'v>, right: Value<'v>, heap: Heap<'v>) -> Option<Value<'v>> {
    let is_made = match operator {
        "is" | "is not" => false,
        "in" | "not in" => renderables::is_renderable(right),
        _ => true,
    };
    if is_made { renderables::operation(operator, left, right, heap) } else { None }
}

/// Objects are the same only if they are one; numbers and texts if they are equal.
fn same<'v>(left: Value<'v>, right: Value<'v>) -> starlark::Result<bool> {
    if left.ptr_eq(right) {
        return Ok(true);
    }
    if left.downcast_ref::<TypeObject>().is_some() {
        return left.equals(right);
    }
    let is_plain = |value: Value<'v>| matches!(value.get_type(), "int" | "float" | "string");
    Ok(is_plain(left) && is_plain(right) && left.equals(right)?)
}

fn compare<'v>(left: Value<'v>, operator: &str, right: Value<'v>) -> starlark::Result<bool> {
    Ok(match operator {
        "==" => left.equals(right)?,
        "!=" => !left.equals(right)?,
        "<" => left.compare(right)?.is_lt(),
        "<=" => left.compare(right)?.is_le(),
        ">" => left.compare(right)?.is_gt(),
        ">=" => left.compare(right)?.is_ge(),
        "in" => right.is_in(left)?,
        "is" => same(left, right)?,
        "is not" => !same(left, right)?,
        _ => !right.is_in(left)?,
    })
}
