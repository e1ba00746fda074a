//! Methods of Python's texts, lists and dictionaries that Starlark's lack.

use std::collections::HashSet;

use starlark::collections::SmallMap;
use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::dict::{AllocDict, DictRef};
use starlark::values::list::{AllocList, ListRef};
use starlark::values::tuple::{TupleRef, UnpackTuple};
use starlark::values::{Heap, Value};

use super::constructor::fail;
use super::formatting::{self, Spec};
use super::own_operators;

/// Longest text that padding may make.
const MAX_WIDTH: i32 = 10_000;

type Named<'v> = SmallMap<String, Value<'v>>;

#[starlark_module]
pub fn methods(builder: &mut GlobalsBuilder) {
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
                for value in args.items.iter().chain(named.values()) {
                    own_operators::prepare(*value, eval)?;
                }
                let fields = Fields { positional: &args.items, named: &named, heap };
                Ok(heap.alloc(fields.format(template).or_else(fail)?))
            }
            None => call_method(receiver, "format", &args.items, &named, eval),
        }
    }

    fn _bb_method_copy<'v>(
        #[starlark(require = pos)] receiver: Value<'v>,
        #[starlark(args)] args: UnpackTuple<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = eval.heap();
        if let Some(list) = ListRef::from_value(receiver) {
            return Ok(heap.alloc(AllocList(list.content().to_vec())));
        }
        if let Some(dict) = DictRef::from_value(receiver) {
            return Ok(heap.alloc(AllocDict(dict.iter().collect::<Vec<_>>())));
        }
        if receiver.get_type() == "set" {
            let empty: Vec<Value<'v>> = Vec::new();
            return call_method(receiver, "union", &[heap.alloc(empty)], &Named::default(), eval);
        }
        call_method(receiver, "copy", &args.items, &Named::default(), eval)
    }

    fn _bb_method_iterkeys<'v>(
        #[starlark(require = pos)] receiver: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        call_method(receiver, "keys", &[], &Named::default(), eval)
    }

    fn _bb_method_itervalues<'v>(
        #[starlark(require = pos)] receiver: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        call_method(receiver, "values", &[], &Named::default(), eval)
    }

    fn _bb_method_has_key<'v>(
        #[starlark(require = pos)] receiver: Value<'v>,
        #[starlark(require = pos)] key: Value<'v>,
    ) -> starlark::Result<bool> {
        receiver.is_in(key)
    }

    fn _bb_method_count<'v>(
        #[starlark(require = pos)] receiver: Value<'v>,
        #[starlark(args)] args: UnpackTuple<Value<'v>>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let items = ListRef::from_value(receiver).map(|list| list.content().to_vec());
        let items = items.or_else(|| TupleRef::from_value(receiver).map(|tuple| tuple.content().to_vec()));
        let (Some(items), [wanted]) = (items, args.items.as_slice()) else {
            return call_method(receiver, "count", &args.items, &Named::default(), eval);
        };
        let mut count = 0;
        for item in items {
            count += i32::from(item.equals(*wanted)?);
        }
        Ok(eval.heap().alloc(count))
    }

    fn _bb_method_swapcase(#[starlark(require = pos)] text: &str) -> starlark::Result<String> {
        let swapped = text.chars().map(|letter| {
            if letter.is_uppercase() { letter.to_lowercase().to_string() } else { letter.to_uppercase().to_string() }
        });
        Ok(swapped.collect())
    }

    fn _bb_method_expandtabs(#[starlark(require = pos)] text: &str, tabsize: Option<i32>) -> starlark::Result<String> {
        let width = usize::try_from(tabsize.unwrap_or(8)).unwrap_or(0).min(100);
        let (mut result, mut column) = (String::new(), 0);
        for letter in text.chars() {
            match letter {
                '\t' if width != 0 => {
                    let missing = width - column % width;
                    result.extend(std::iter::repeat_n(' ', missing));
                    column += missing;
                }
                '\n' => {
                    result.push('\n');
                    column = 0;
                }
                letter => {
                    result.push(letter);
                    column += 1;
                }
            }
        }
        Ok(result)
    }

    fn _bb_method_center(
        #[starlark(require = pos)] text: &str,
        width: i32,
        fill: Option<&str>,
    ) -> starlark::Result<String> {
        let missing = padding(text, width, " ")?.len();
        let fill = fill.unwrap_or(" ");
        Ok(format!("{}{text}{}", fill.repeat(missing / 2), fill.repeat(missing - missing / 2)))
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

    /// `del list[start:end:step]`.
    fn _bb_del_slice<'v>(
        #[starlark(require = pos)] list: Value<'v>,
        #[starlark(require = pos)] start: Value<'v>,
        #[starlark(require = pos)] end: Value<'v>,
        #[starlark(require = pos)] step: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let Some(items) = ListRef::from_value(list).map(|list| list.content().to_vec()) else {
            return fail(format!("a slice of a {} cannot be deleted", list.get_type()));
        };
        let heap = eval.heap();
        let given = |value: Value<'v>| (!value.is_none()).then_some(value);
        let places = heap.alloc(AllocList(0..i32::try_from(items.len()).unwrap_or(i32::MAX)));
        let gone = places.slice(given(start), given(end), given(step), heap)?;
        let gone: HashSet<i32> = gone.iterate(heap)?.filter_map(|place| place.unpack_i32()).collect();
        let is_kept = |place: usize| i32::try_from(place).is_ok_and(|place| !gone.contains(&place));
        let kept = items.into_iter().enumerate().filter(|(place, _)| is_kept(*place)).map(|(_, item)| item).collect();
        replace_items(list, kept, eval)
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
        #[starlark(args)] args: UnpackTuple<Value<'v>>,
        #[starlark(kwargs)] named: Named<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        if text.unpack_str().is_none() {
            return call_method(text, "encode", &args.items, &named, eval);
        }
        Ok(text)
    }

    fn _bb_method_decode<'v>(
        #[starlark(require = pos)] text: Value<'v>,
        #[starlark(args)] args: UnpackTuple<Value<'v>>,
        #[starlark(kwargs)] named: Named<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        if text.unpack_str().is_none() {
            return call_method(text, "decode", &args.items, &named, eval);
        }
        Ok(text)
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
