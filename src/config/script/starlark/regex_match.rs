//! What `re` found.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Display};

use allocative::Allocative;
use fancy_regex::{Captures, Regex};
use starlark::collections::SmallMap;
use starlark::environment::{Methods, MethodsBuilder};
use starlark::values::dict::AllocDict;
use starlark::values::tuple::{AllocTuple, UnpackTuple};
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, UnpackValue, Value, ValueLike,
    starlark_value,
};
use starlark::{starlark_module, starlark_simple_value};

use super::constructor::fail;
use super::exceptions::raise;

/// A match, with copies of what it found.
#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct Match {
    text: String,
    pub groups: Vec<Option<String>>,
    pub spans: Vec<Option<(usize, usize)>>,
    /// Names of groups and their numbers.
    names: Vec<(String, usize)>,
}

starlark_simple_value!(Match);

impl Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<match {:?}>", self.groups.first().and_then(Option::as_deref).unwrap_or_default())
    }
}

starlark::methods_static!(MATCH_METHODS = match_methods);

#[starlark_value(type = "match")]
impl<'v> StarlarkValue<'v> for Match {
    fn get_methods() -> Option<&'static Methods> {
        Some(MATCH_METHODS.methods())
    }

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        match attribute {
            "string" => Some(heap.alloc(self.text.as_str())),
            "lastindex" => {
                let last = (1..self.groups.len()).rev().find(|group| self.groups[*group].is_some());
                Some(last.map_or(Value::new_none(), |last| heap.alloc(i32::try_from(last).unwrap_or(0))))
            }
            _ => None,
        }
    }

    fn at(&self, index: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(self.value(self.number(index)?, Value::new_none(), heap))
    }
}

impl Match {
    pub fn new(regex: &Regex, text: &str, captures: &Captures<'_>) -> Self {
        let spans: Vec<_> = captures.iter().map(|group| group.map(|group| (group.start(), group.end()))).collect();
        let groups = captures.iter().map(|group| group.map(|group| group.as_str().to_owned())).collect();
        let names = regex.capture_names().enumerate();
        let names = names.filter_map(|(number, name)| name.map(|name| (name.to_owned(), number))).collect();
        Self { text: text.to_owned(), groups, spans, names }
    }

    fn number(&self, group: Value<'_>) -> starlark::Result<usize> {
        let number = match group.unpack_str() {
            Some(name) => self.names.iter().find(|(known, _)| known == name).map(|(_, number)| *number),
            None => i64::unpack_value(group).ok().flatten().and_then(|number| usize::try_from(number).ok()),
        };
        match number.filter(|number| *number < self.groups.len()) {
            Some(number) => Ok(number),
            None => raise("IndexError", format!("there is no group {}", group.to_repr())),
        }
    }

    pub fn value<'v>(&self, group: usize, default: Value<'v>, heap: Heap<'v>) -> Value<'v> {
        self.groups.get(group).and_then(Option::as_deref).map_or(default, |text| heap.alloc(text))
    }

    /// `\1` and `\g<name>` in a template.
    pub fn expand(&self, template: &str) -> String {
        let mut result = String::new();
        let mut rest = template;
        while let Some(at) = rest.find('\\') {
            result.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some((name, after)) = rest.strip_prefix("g<").and_then(|rest| rest.split_once('>')) {
                let number = name
                    .parse()
                    .ok()
                    .or_else(|| self.names.iter().find(|(known, _)| known == name).map(|(_, number)| *number));
                result
                    .push_str(number.and_then(|number: usize| self.groups.get(number)?.as_deref()).unwrap_or_default());
                rest = after;
                continue;
            }
            let mut letters = rest.chars();
            match letters.next() {
                Some(digit) if digit.is_ascii_digit() => {
                    let number = digit.to_digit(10).unwrap_or(0) as usize;
                    result.push_str(self.groups.get(number).and_then(Option::as_deref).unwrap_or_default());
                }
                Some('n') => result.push('\n'),
                Some('t') => result.push('\t'),
                Some(other) => result.push(other),
                None => result.push('\\'),
            }
            rest = letters.as_str();
        }
        result + rest
    }
}

fn found<'v>(value: Value<'v>) -> starlark::Result<&'v Match> {
    value.downcast_ref::<Match>().map_or_else(|| fail("this is no match".to_owned()), Ok)
}

#[starlark_module]
fn match_methods(builder: &mut MethodsBuilder) {
    fn group<'v>(
        this: Value<'v>,
        #[starlark(args)] groups: UnpackTuple<Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let found = found(this)?;
        match groups.items.as_slice() {
            [] => Ok(found.value(0, Value::new_none(), heap)),
            [group] => Ok(found.value(found.number(*group)?, Value::new_none(), heap)),
            several => {
                let values =
                    several.iter().map(|group| Ok(found.value(found.number(*group)?, Value::new_none(), heap)));
                Ok(heap.alloc(AllocTuple(values.collect::<starlark::Result<Vec<_>>>()?)))
            }
        }
    }

    fn groups<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] default: Option<Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let (found, default) = (found(this)?, default.unwrap_or(Value::new_none()));
        Ok(heap.alloc(AllocTuple((1..found.groups.len()).map(|group| found.value(group, default, heap)))))
    }

    fn groupdict<'v>(
        this: Value<'v>,
        #[starlark(kwargs)] named: SmallMap<String, Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let default = named.get("default").copied().unwrap_or(Value::new_none());
        let found = found(this)?;
        let named = found.names.iter().map(|(name, number)| (name.as_str(), found.value(*number, default, heap)));
        Ok(heap.alloc(AllocDict(named.collect::<Vec<_>>())))
    }

    fn start<'v>(this: Value<'v>, #[starlark(require = pos)] group: Option<Value<'v>>) -> starlark::Result<i32> {
        Ok(self::found(this)?.edge(group)?.0)
    }

    fn end<'v>(this: Value<'v>, #[starlark(require = pos)] group: Option<Value<'v>>) -> starlark::Result<i32> {
        Ok(self::found(this)?.edge(group)?.1)
    }

    fn span<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] group: Option<Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(self::found(this)?.edge(group)?))
    }
}

impl Match {
    /// Where a group begins and ends, in characters; -1 where it is not in the match.
    fn edge(&self, group: Option<Value<'_>>) -> starlark::Result<(i32, i32)> {
        let number = group.map_or(Ok(0), |group| self.number(group))?;
        let characters = |at: usize| i32::try_from(self.text[..at].chars().count()).unwrap_or(i32::MAX);
        let span = self.spans.get(number).copied().flatten();
        Ok(span.map_or((-1, -1), |(start, end)| (characters(start), characters(end))))
    }
}
