//! `json` and `yaml`: texts to values and back.

use starlark::collections::SmallMap;
use starlark::environment::GlobalsBuilder;
use starlark::starlark_module;
use starlark::values::dict::{AllocDict, DictRef};
use starlark::values::float::UnpackFloat;
use starlark::values::list::{AllocList, ListRef};
use starlark::values::tuple::{TupleRef, UnpackTuple};
use starlark::values::{Heap, UnpackValue, Value};
use yaml_rust2::parser::{Event, MarkedEventReceiver, Parser, Tag};
use yaml_rust2::scanner::{Marker, TScalarStyle};

use super::depth;
use super::exceptions::raise;
use super::modules::exception;
use super::open::text_of;
use crate::json::Value as Json;

/// Values inside values.
const MAX_DEPTH: usize = 200;
/// Values of one document.
const MAX_VALUES: usize = 1_000_000;

pub fn json(builder: &mut GlobalsBuilder) {
    exception(builder, "JSONDecodeError");
    json_functions(builder);
}

pub fn yaml(builder: &mut GlobalsBuilder) {
    exception(builder, "YAMLError");
    for loader in ["SafeLoader", "FullLoader", "Loader", "CSafeLoader"] {
        builder.set(loader, loader);
    }
    yaml_functions(builder);
}

#[starlark_module]
fn json_functions(builder: &mut GlobalsBuilder) {
    fn loads<'v>(
        #[starlark(require = pos)] text: Value<'v>,
        #[starlark(kwargs)] _named: SmallMap<String, Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        read_json(text, heap)
    }

    fn _bb_load<'v>(
        #[starlark(require = pos)] file: Value<'v>,
        #[starlark(kwargs)] _named: SmallMap<String, Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        read_json(file, heap)
    }

    fn dumps<'v>(
        #[starlark(require = pos)] value: Value<'v>,
        indent: Option<i32>,
        sort_keys: Option<bool>,
        separators: Option<Value<'v>>,
        #[starlark(kwargs)] _named: SmallMap<String, Value<'v>>,
    ) -> starlark::Result<String> {
        if depth::any_too_deep(std::iter::once(value)) {
            return raise("ValueError", "the value is nested too deeply, or holds itself");
        }
        let separators = separators.and_then(TupleRef::from_value);
        let separators: Vec<String> =
            separators.map(|pair| pair.content().iter().map(|part| part.to_str()).collect()).unwrap_or_default();
        let indent = indent.map(|indent| usize::try_from(indent).unwrap_or(0).min(16));
        let style = JsonStyle {
            indent,
            sorted: sort_keys.unwrap_or(false),
            item: separators.first().cloned().unwrap_or_else(|| if indent.is_some() { "," } else { ", " }.to_owned()),
            key: separators.get(1).cloned().unwrap_or_else(|| ": ".to_owned()),
        };
        let mut text = String::new();
        style.write(value, 0, &mut text)?;
        Ok(text)
    }
}

fn read_json<'v>(source: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
    match crate::json::from_str::<Json>(text_of(source)?) {
        Ok(value) => Ok(of_json(&value, heap)),
        Err(error) => raise("JSONDecodeError", format!("this is no JSON: {error}")),
    }
}

/// A value of its JSON, which we wrote.
pub fn value_of_json<'v>(text: &str, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
    match crate::json::from_str::<Json>(text) {
        Ok(value) => Ok(of_json(&value, heap)),
        Err(error) => raise("ValueError", format!("what is stored is no JSON: {error}")),
    }
}

/// The JSON of a value, on one line.
pub fn json_of_value(value: Value<'_>) -> starlark::Result<String> {
    if depth::any_too_deep(std::iter::once(value)) {
        return raise("ValueError", "the value is nested too deeply, or holds itself");
    }
    let style = JsonStyle { indent: None, sorted: false, item: ", ".to_owned(), key: ": ".to_owned() };
    let mut text = String::new();
    style.write(value, 0, &mut text)?;
    Ok(text)
}

fn of_json<'v>(value: &Json, heap: Heap<'v>) -> Value<'v> {
    match value {
        Json::Null => Value::new_none(),
        Json::Bool(flag) => Value::new_bool(*flag),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => heap.alloc(whole),
            (None, real) => heap.alloc(real.unwrap_or(f64::NAN)),
        },
        Json::String(text) => heap.alloc(text.as_str()),
        Json::Array(items) => heap.alloc(AllocList(items.iter().map(|item| of_json(item, heap)))),
        Json::Object(items) => heap
            .alloc(AllocDict(items.iter().map(|(key, item)| (key.as_str(), of_json(item, heap))).collect::<Vec<_>>())),
    }
}

/// As Python's `json.dumps` writes.
struct JsonStyle {
    indent: Option<usize>,
    sorted: bool,
    item: String,
    key: String,
}

impl JsonStyle {
    fn write(&self, value: Value<'_>, depth: usize, text: &mut String) -> starlark::Result<()> {
        if MAX_DEPTH < depth {
            return raise("ValueError", "the value is nested too deeply, or holds itself");
        }
        if let Some(list) = ListRef::from_value(value) {
            return self.list(list.content(), depth, text);
        }
        if let Some(tuple) = TupleRef::from_value(value) {
            return self.list(tuple.content(), depth, text);
        }
        if let Some(dict) = DictRef::from_value(value) {
            let mut items: Vec<(String, Value<'_>)> =
                dict.iter().map(|(key, item)| (scalar(key).unwrap_or_else(|| key.to_str()), item)).collect();
            for (key, _) in &mut items {
                *key = key.trim_matches('"').to_owned();
            }
            if self.sorted {
                items.sort_by(|a, b| a.0.cmp(&b.0));
            }
            return self.items(("{", "}"), (items.len(), depth), text, |at, text| {
                text.push_str(&quoted(&items[at].0));
                text.push_str(&self.key);
                self.write(items[at].1, depth + 1, text)
            });
        }
        match scalar(value) {
            Some(plain) => text.push_str(&plain),
            None => return raise("TypeError", format!("a {} cannot be written as JSON", value.get_type())),
        }
        Ok(())
    }

    fn list(&self, items: &[Value<'_>], depth: usize, text: &mut String) -> starlark::Result<()> {
        self.items(("[", "]"), (items.len(), depth), text, |at, text| self.write(items[at], depth + 1, text))
    }

    fn items(
        &self,
        (open, close): (&str, &str),
        (length, depth): (usize, usize),
        text: &mut String,
        mut write: impl FnMut(usize, &mut String) -> starlark::Result<()>,
    ) -> starlark::Result<()> {
        text.push_str(open);
        for at in 0..length {
            if at != 0 {
                text.push_str(&self.item);
            }
            if let Some(indent) = self.indent {
                text.push('\n');
                text.push_str(&" ".repeat(indent * (depth + 1)));
            }
            write(at, text)?;
        }
        if let (Some(indent), true) = (self.indent, length != 0) {
            text.push('\n');
            text.push_str(&" ".repeat(indent * depth));
        }
        text.push_str(close);
        Ok(())
    }
}

fn quoted(text: &str) -> String {
    crate::json::to_string(&text)
}

fn scalar(value: Value<'_>) -> Option<String> {
    if value.is_none() {
        return Some("null".to_owned());
    }
    if let Some(flag) = value.unpack_bool() {
        return Some(flag.to_string());
    }
    if let Some(text) = value.unpack_str() {
        return Some(quoted(text));
    }
    if value.get_type() == "int" {
        return Some(value.to_str());
    }
    UnpackFloat::unpack_value(value).ok().flatten().map(|number| format!("{:?}", number.0))
}

#[starlark_module]
fn yaml_functions(builder: &mut GlobalsBuilder) {
    fn _bb_load<'v>(
        #[starlark(require = pos)] source: Value<'v>,
        #[starlark(args)] _args: UnpackTuple<Value<'v>>,
        #[starlark(kwargs)] _named: SmallMap<String, Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        read_yaml(source, heap)
    }

    fn safe_load<'v>(#[starlark(require = pos)] source: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        read_yaml(source, heap)
    }

    /// JSON is YAML.
    fn dump<'v>(
        #[starlark(require = pos)] value: Value<'v>,
        #[starlark(kwargs)] _named: SmallMap<String, Value<'v>>,
    ) -> starlark::Result<String> {
        let style = JsonStyle { indent: None, sorted: true, item: ", ".to_owned(), key: ": ".to_owned() };
        let mut text = String::new();
        style.write(value, 0, &mut text)?;
        Ok(text + "\n")
    }
}

fn read_yaml<'v>(source: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
    let text = text_of(source)?;
    let mut reader = Reader { heap, open: Vec::new(), anchors: Vec::new(), done: None, n_values: 0, problem: None };
    let mut parser = Parser::new_from_str(text);
    let outcome = parser.load(&mut reader, false);
    match (reader.problem, outcome) {
        (Some(problem), _) => raise("YAMLError", problem),
        (None, Err(error)) => raise("YAMLError", format!("this is no YAML: {error}")),
        (None, Ok(())) => Ok(reader.done.unwrap_or(Value::new_none())),
    }
}

/// Builds values from the events of the parser. An alias is the value itself, not a copy: so aliases of aliases cost
/// nothing.
struct Reader<'v> {
    heap: Heap<'v>,
    open: Vec<Open<'v>>,
    /// Values by the numbers of their anchors.
    anchors: Vec<(usize, Value<'v>)>,
    done: Option<Value<'v>>,
    n_values: usize,
    problem: Option<String>,
}

/// A list or dictionary whose end has not come.
struct Open<'v> {
    anchor: usize,
    is_map: bool,
    items: Vec<Value<'v>>,
}

impl MarkedEventReceiver for Reader<'_> {
    fn on_event(&mut self, event: Event, mark: Marker) {
        if self.problem.is_some() {
            return;
        }
        self.n_values += 1;
        if MAX_VALUES < self.n_values || MAX_DEPTH < self.open.len() {
            self.problem = Some(format!("line {}: the document is too large, or nested too deeply", mark.line()));
            return;
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = self.scalar(&text, style, tag.as_ref());
                self.put(value, anchor);
            }
            Event::SequenceStart(anchor, _) => self.open.push(Open { anchor, is_map: false, items: Vec::new() }),
            Event::MappingStart(anchor, _) => self.open.push(Open { anchor, is_map: true, items: Vec::new() }),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => {
                let found = self.anchors.iter().rev().find(|(known, _)| *known == anchor).map(|(_, value)| *value);
                match found {
                    Some(value) => self.put(value, 0),
                    None => self.problem = Some(format!("line {}: an alias inside of what it stands for", mark.line())),
                }
            }
            _ => {}
        }
    }
}

impl<'v> Reader<'v> {
    fn put(&mut self, value: Value<'v>, anchor: usize) {
        if anchor != 0 {
            self.anchors.push((anchor, value));
        }
        match self.open.last_mut() {
            Some(open) => open.items.push(value),
            None => self.done = self.done.or(Some(value)),
        }
    }

    fn close(&mut self) {
        let Some(Open { anchor, is_map, items }) = self.open.pop() else { return };
        let value = if is_map { self.map(&items) } else { self.heap.alloc(AllocList(items)) };
        self.put(value, anchor);
    }

    /// A dictionary; `<<` takes in others, which what is written here wins over.
    fn map(&mut self, items: &[Value<'v>]) -> Value<'v> {
        let mut found: SmallMap<Value<'v>, Value<'v>> = SmallMap::new();
        let mut merged = Vec::new();
        for pair in items.chunks_exact(2) {
            if pair[0].unpack_str() == Some("<<") {
                match ListRef::from_value(pair[1]) {
                    Some(list) => merged.extend(list.content().iter().copied()),
                    None => merged.push(pair[1]),
                }
                continue;
            }
            match pair[0].get_hashed() {
                Ok(key) => {
                    found.insert_hashed(key, pair[1]);
                }
                Err(_) => self.problem = Some("a list or dictionary cannot be a key".to_owned()),
            }
        }
        for dict in merged.into_iter().filter_map(DictRef::from_value) {
            for (key, value) in dict.iter() {
                if let Ok(key) = key.get_hashed()
                    && !found.contains_key_hashed(key.as_ref())
                {
                    found.insert_hashed(key, value);
                }
            }
        }
        self.heap.alloc(AllocDict(found.into_iter().collect::<Vec<_>>()))
    }

    /// A scalar as PyYAML reads it: YAML 1.1, where `yes` and `on` are true.
    fn scalar(&self, text: &str, style: TScalarStyle, tag: Option<&Tag>) -> Value<'v> {
        let is_text = style != TScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix == "str");
        if is_text {
            return self.heap.alloc(text);
        }
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Value::new_none(),
            "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Value::new_bool(true),
            "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Value::new_bool(false),
            _ => {}
        }
        let digits = text.replace('_', "");
        let unsigned = digits.trim_start_matches(['+', '-']);
        let sign = if digits.starts_with('-') { -1 } else { 1 };
        let radix =
            |prefix: &str, radix| unsigned.strip_prefix(prefix).and_then(|rest| i64::from_str_radix(rest, radix).ok());
        let octal =
            |text: &str| (1 < text.len() && text.starts_with('0')).then(|| i64::from_str_radix(text, 8).ok()).flatten();
        let whole = radix("0x", 16).or_else(|| radix("0b", 2)).or_else(|| octal(unsigned));
        if let Some(whole) = whole.or_else(|| unsigned.parse().ok()) {
            return self.heap.alloc(sign * whole);
        }
        let looks_real = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') && unsigned.contains('.');
        match digits.parse::<f64>() {
            Ok(real) if looks_real => self.heap.alloc(real),
            _ => self.heap.alloc(text),
        }
    }
}
