//! What stands behind `match`: patterns are tuples that the front end makes (see `front_end::matching`).

use std::cell::RefCell;

use starlark::environment::GlobalsBuilder;
use starlark::eval::Evaluator;
use starlark::starlark_module;
use starlark::values::Value;
use starlark::values::dict::{AllocDict, DictRef};
use starlark::values::list::ListRef;
use starlark::values::tuple::TupleRef;

use super::constructor::fail;
use super::natives::is_instance;

/// Types whose only argument in a pattern is the subject itself.
const SELVES: [&str; 9] = ["bool", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"];

#[starlark_module]
pub fn matching(builder: &mut GlobalsBuilder) {
    /// Whether a pattern matches; if it does, its names are bound.
    fn _bb_match<'v>(
        #[starlark(require = pos)] subject: Value<'v>,
        #[starlark(require = pos)] pattern: Value<'v>,
        eval: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<bool> {
        let matching = Matching { eval: RefCell::new(eval), bindings: RefCell::default() };
        if !matching.pattern(subject, pattern)? {
            return Ok(false);
        }
        for (variable, value) in matching.bindings.into_inner() {
            variable.set_attr("value", value)?;
        }
        Ok(true)
    }
}

/// One try of one pattern. Patterns are as deep as the text of the file, which is bounded.
struct Matching<'e, 'v, 'a, 'x> {
    eval: RefCell<&'e mut Evaluator<'v, 'a, 'x>>,
    /// Boxes and what they are to hold.
    bindings: RefCell<Vec<(Value<'v>, Value<'v>)>>,
}

impl<'v> Matching<'_, 'v, '_, '_> {
    fn pattern(&self, subject: Value<'v>, pattern: Value<'v>) -> starlark::Result<bool> {
        let (kind, parts) = parts(pattern)?;
        match (kind, parts) {
            ("value", [value]) => subject.equals(*value),
            ("is", [value]) => Ok(subject.ptr_eq(*value)),
            ("capture", [variable]) => Ok(self.bind(*variable, subject)),
            ("as", [inner, variable]) => Ok(self.pattern(subject, *inner)? && self.bind(*variable, subject)),
            ("or", [choices]) => {
                for choice in items(*choices) {
                    let bound = self.bindings.borrow().len();
                    if self.pattern(subject, choice)? {
                        return Ok(true);
                    }
                    self.bindings.borrow_mut().truncate(bound);
                }
                Ok(false)
            }
            ("sequence", [inner]) => self.sequence(subject, &items(*inner)),
            ("mapping", [inner]) => self.mapping(subject, &items(*inner)),
            ("class", [class, arguments]) => self.class(subject, *class, &items(*arguments)),
            _ => fail("a pattern is not understood".to_owned()),
        }
    }

    fn bind(&self, variable: Value<'v>, value: Value<'v>) -> bool {
        if !variable.is_none() {
            self.bindings.borrow_mut().push((variable, value));
        }
        true
    }

    /// Lists and tuples; texts are none.
    fn sequence(&self, subject: Value<'v>, patterns: &[Value<'v>]) -> starlark::Result<bool> {
        let values = match (ListRef::from_value(subject), TupleRef::from_value(subject)) {
            (Some(list), _) => list.content().to_vec(),
            (_, Some(tuple)) => tuple.content().to_vec(),
            _ => return Ok(false),
        };
        let star = patterns.iter().position(|pattern| parts(*pattern).is_ok_and(|(kind, _)| kind == "star"));
        let Some(star) = star else { return Ok(values.len() == patterns.len() && self.all(&values, patterns)?) };
        let n_behind = patterns.len() - star - 1;
        if values.len() < star + n_behind {
            return Ok(false);
        }
        let (before, behind) = (&values[..star], &values[values.len() - n_behind..]);
        if !self.all(before, &patterns[..star])? || !self.all(behind, &patterns[star + 1..])? {
            return Ok(false);
        }
        let middle = self.eval.borrow().heap().alloc(values[star..values.len() - n_behind].to_vec());
        Ok(self.bind(parts(patterns[star])?.1[0], middle))
    }

    fn all(&self, values: &[Value<'v>], patterns: &[Value<'v>]) -> starlark::Result<bool> {
        for (value, pattern) in values.iter().zip(patterns) {
            if !self.pattern(*value, *pattern)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn mapping(&self, subject: Value<'v>, patterns: &[Value<'v>]) -> starlark::Result<bool> {
        let Some(dict) = DictRef::from_value(subject) else { return Ok(false) };
        let entries: Vec<(Value<'v>, Value<'v>)> = dict.iter().collect();
        drop(dict);
        let mut named: Vec<Value<'v>> = Vec::new();
        for pattern in patterns {
            match parts(*pattern)? {
                ("item", [key, inner]) => {
                    let mut found = None;
                    for (known, value) in &entries {
                        if known.equals(*key)? {
                            found = Some(*value);
                        }
                    }
                    let Some(value) = found else { return Ok(false) };
                    if !self.pattern(value, *inner)? {
                        return Ok(false);
                    }
                    named.push(*key);
                }
                (_, [variable]) => {
                    let is_named = |key: Value<'v>| named.iter().any(|known| known.equals(key).unwrap_or_default());
                    let rest = entries.iter().copied().filter(|(key, _)| !is_named(*key));
                    let rest = self.eval.borrow().heap().alloc(AllocDict(rest));
                    self.bind(*variable, rest);
                }
                _ => {}
            }
        }
        Ok(true)
    }

    fn class(&self, subject: Value<'v>, class: Value<'v>, arguments: &[Value<'v>]) -> starlark::Result<bool> {
        if !is_instance(subject, class) {
            return Ok(false);
        }
        let mut n_positional = 0;
        for argument in arguments {
            let (value, pattern) = match parts(*argument)? {
                ("keyword", [name, pattern]) => match self.attribute(subject, *name)? {
                    Some(value) => (value, *pattern),
                    None => return Ok(false),
                },
                _ if class.function_name().is_some_and(|name| SELVES.contains(&name)) => (subject, *argument),
                _ => match self.by_position(subject, class, n_positional)? {
                    Some(value) => {
                        n_positional += 1;
                        (value, *argument)
                    }
                    None => return Ok(false),
                },
            };
            if !self.pattern(value, pattern)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn attribute(&self, subject: Value<'v>, name: Value<'v>) -> starlark::Result<Option<Value<'v>>> {
        subject.get_attr(name.unpack_str().unwrap_or_default(), self.eval.borrow().heap())
    }

    /// The attribute that `__match_args__` of a class names.
    fn by_position(&self, subject: Value<'v>, class: Value<'v>, at: usize) -> starlark::Result<Option<Value<'v>>> {
        let names = class.get_attr("__match_args__", self.eval.borrow().heap())?;
        let Some(name) = names.and_then(|names| items(names).get(at).copied()) else {
            let class = class.to_str();
            return fail(format!("{class} in a pattern takes its arguments by name, as in Name(attribute=...)"));
        };
        self.attribute(subject, name)
    }
}

/// The kind of a pattern and what belongs to it.
fn parts<'v>(pattern: Value<'v>) -> starlark::Result<(&'v str, &'v [Value<'v>])> {
    let content = TupleRef::from_value(pattern).map(|tuple| tuple.content()).unwrap_or_default();
    match content {
        [kind, parts @ ..] => Ok((kind.unpack_str().unwrap_or_default(), parts)),
        [] => fail("a pattern is not understood".to_owned()),
    }
}

fn items<'v>(value: Value<'v>) -> Vec<Value<'v>> {
    match (ListRef::from_value(value), TupleRef::from_value(value)) {
        (Some(list), _) => list.content().to_vec(),
        (_, Some(tuple)) => tuple.content().to_vec(),
        _ => Vec::new(),
    }
}
