//! `configparser`: files of sections.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Display};
use std::sync::{Mutex, MutexGuard, PoisonError};

use allocative::Allocative;
use starlark::collections::SmallMap;
use starlark::environment::{GlobalsBuilder, Methods, MethodsBuilder};
use starlark::eval::{Arguments, Evaluator};
use starlark::values::dict::DictRef;
use starlark::values::list::{AllocList, ListRef};
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, ValueLike, starlark_value,
};
use starlark::{starlark_module, starlark_simple_value};

use super::exceptions::{ExceptionClass, chain, raise, refuse};
use super::open::text_of;
use super::pathlib::path_text;
use crate::config::script::{Files, Refusal, Surroundings};

/// The section whose options all others have.
const DEFAULT: &str = "DEFAULT";
/// Names inside of values are followed this far.
const MAX_DEPTH: usize = 10;
/// Most text of a value with other values in it.
const MAX_BYTES: usize = 1 << 20;

type Section = Vec<(String, String)>;
type Named<'v> = SmallMap<String, Value<'v>>;

/// What was read so far.
#[derive(Debug, Default)]
struct Content {
    sections: Vec<(String, Section)>,
    defaults: Section,
}

#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
struct Parser {
    #[allocative(skip)]
    content: Mutex<Content>,
    #[allocative(skip)]
    files: Files,
    /// Whether `%(name)s` in a value is another value.
    interpolates: bool,
}

starlark_simple_value!(Parser);

impl Display for Parser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<ConfigParser>")
    }
}

/// Sets an option; the last one counts.
fn put(section: &mut Section, name: &str, value: &str) {
    let name = name.trim().to_lowercase();
    match section.iter_mut().find(|(known, _)| *known == name) {
        Some((_, old)) => value.clone_into(old),
        None => section.push((name, value.to_owned())),
    }
}

impl Content {
    fn section(&mut self, name: &str) -> &mut Section {
        if name == DEFAULT {
            return &mut self.defaults;
        }
        let at = self.sections.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.sections.push((name.to_owned(), Vec::new()));
            self.sections.len() - 1
        });
        &mut self.sections[at].1
    }

    /// Adds what a text says; otherwise the number of the line that is not understood.
    fn parse(&mut self, text: &str) -> Result<(), usize> {
        let mut current: Option<String> = None;
        let mut option: Option<String> = None;
        for (number, line) in text.lines().enumerate() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                continue;
            }
            if let (true, Some(section), Some(name)) = (line.starts_with([' ', '\t']), &current, &option) {
                if let Some((_, value)) = self.section(section).iter_mut().find(|(known, _)| known == name) {
                    value.push_str(if value.is_empty() { "" } else { "\n" });
                    value.push_str(trimmed);
                }
                continue;
            }
            if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                self.section(name);
                (current, option) = (Some(name.to_owned()), None);
                continue;
            }
            let Some(section) = &current else { return Err(number + 1) };
            let (name, value) = trimmed.split_once(['=', ':']).unwrap_or((trimmed, ""));
            put(self.section(section), name, value.trim());
            option = Some(name.trim().to_lowercase());
        }
        Ok(())
    }

    fn own(&self, section: &str) -> Option<&Section> {
        if section == DEFAULT {
            return Some(&self.defaults);
        }
        self.sections.iter().find(|(known, _)| known == section).map(|(_, options)| options)
    }

    fn raw(&self, section: &str, option: &str) -> Option<&str> {
        let option = option.to_lowercase();
        let all = self.own(section).into_iter().flatten().chain(&self.defaults);
        let mut all = all.filter(|(known, _)| *known == option);
        all.next().map(|(_, value)| value.as_str())
    }

    fn options(&self, section: &str) -> Vec<String> {
        let own = self.own(section).cloned().unwrap_or_default();
        let mut names: Vec<String> = own.into_iter().map(|(name, _)| name).collect();
        for (name, _) in &self.defaults {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// A value with the values that it names.
    fn filled(&self, section: &str, value: &str, depth: usize) -> Result<String, String> {
        if MAX_DEPTH < depth {
            return Err("values name each other too deeply".to_owned());
        }
        let (mut text, mut rest) = (String::new(), value);
        while let Some((before, behind)) = rest.split_once('%') {
            text.push_str(before);
            if let Some(behind) = behind.strip_prefix('%') {
                text.push('%');
                rest = behind;
                continue;
            }
            let name = behind.strip_prefix('(').and_then(|behind| behind.split_once(")s"));
            let Some((name, behind)) = name else { return Err(format!("'%' in '{value}' is written '%%'")) };
            let Some(inner) = self.raw(section, name) else {
                return Err(format!("'{value}' names '{name}', which is not there"));
            };
            text.push_str(&self.filled(section, inner, depth + 1)?);
            if MAX_BYTES < text.len() {
                return Err("a value is too long".to_owned());
            }
            rest = behind;
        }
        Ok(text + rest)
    }
}

impl Parser {
    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn parse(&self, text: &str, name: &str) -> starlark::Result<()> {
        match self.content().parse(text) {
            Ok(()) => Ok(()),
            Err(line) => raise("ParsingError", format!("{name}:{line}: a line without a section")),
        }
    }

    fn has(&self, section: &str) -> bool {
        section == DEFAULT || self.content().own(section).is_some()
    }

    fn value(&self, section: &str, option: &str, raw: bool) -> starlark::Result<String> {
        let content = self.content();
        if content.own(section).is_none() {
            return raise("NoSectionError", format!("there is no section '{section}'"));
        }
        let Some(value) = content.raw(section, option) else {
            return raise("NoOptionError", format!("there is no option '{option}' in section '{section}'"));
        };
        if raw || !self.interpolates {
            return Ok(value.to_owned());
        }
        content.filled(section, value, 0).or_else(|message| raise("InterpolationError", message))
    }
}

fn parser<'v>(value: Value<'v>) -> starlark::Result<&'v Parser> {
    match value.downcast_ref::<Parser>() {
        Some(parser) => Ok(parser),
        None => raise("TypeError", "this is no ConfigParser"),
    }
}

/// `get` and its sisters: `fallback` stands in for what is missing.
fn look_up<'v>(
    this: Value<'v>,
    section: &str,
    option: &str,
    named: &Named<'v>,
    convert: impl Fn(&str) -> Option<Value<'v>>,
) -> starlark::Result<Value<'v>> {
    let raw = named.get("raw").is_some_and(|raw| raw.to_bool());
    match (parser(this)?.value(section, option, raw), named.get("fallback")) {
        (Ok(text), _) => match convert(&text) {
            Some(value) => Ok(value),
            None => raise("ValueError", format!("'{option}' of section '{section}' is '{text}'")),
        },
        (Err(_), Some(fallback)) => Ok(*fallback),
        (Err(error), None) => Err(error),
    }
}

starlark::methods_static!(METHODS = methods);

#[starlark_value(type = "ConfigParser")]
impl<'v> StarlarkValue<'v> for Parser {
    fn get_methods() -> Option<&'static Methods> {
        Some(METHODS.methods())
    }

    fn is_in(&self, other: Value<'v>) -> starlark::Result<bool> {
        Ok(other.unpack_str().is_some_and(|section| self.has(section)))
    }

    /// `parser['section']`.
    fn at(&self, index: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let section = index.unpack_str().unwrap_or_default();
        if !self.has(section) {
            return raise("KeyError", index.to_repr());
        }
        let names = self.content().options(section);
        let values = names.into_iter().map(|name| self.value(section, &name, false).map(|value| (name, value)));
        let values = values.collect::<starlark::Result<Vec<_>>>()?;
        Ok(heap.alloc(starlark::values::dict::AllocDict(values)))
    }

    fn iterate_collect(&self, heap: Heap<'v>) -> starlark::Result<Vec<Value<'v>>> {
        let content = self.content();
        let names = content.sections.iter().map(|(name, _)| name.as_str());
        Ok(std::iter::once(DEFAULT).chain(names).map(|name| heap.alloc(name)).collect())
    }
}

#[starlark_module]
fn methods(builder: &mut MethodsBuilder) {
    /// Reads files that may be missing; the names of those that were there.
    fn read<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] names: Value<'v>,
        #[starlark(require = pos)] _encoding: Option<Value<'v>>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let parser = parser(this)?;
        let all = ListRef::from_value(names).map_or_else(|| vec![names], |names| names.content().to_vec());
        let mut found = Vec::new();
        for name in all {
            let Some(path) = path_text(name) else { return raise("TypeError", "read() needs names of files") };
            match parser.files.text(path) {
                Ok(text) => {
                    parser.parse(&text, path)?;
                    found.push(name);
                }
                Err(Refusal::Missing(_)) => {}
                Err(refusal) => return refuse(&refusal),
            }
        }
        Ok(heap.alloc(AllocList(found)))
    }

    fn read_string<'v>(this: Value<'v>, #[starlark(require = pos)] text: &str) -> starlark::Result<Value<'v>> {
        parser(this)?.parse(text, "<text>")?;
        Ok(Value::new_none())
    }

    fn read_file<'v>(this: Value<'v>, #[starlark(require = pos)] file: Value<'v>) -> starlark::Result<Value<'v>> {
        parser(this)?.parse(text_of(file)?, "<file>")?;
        Ok(Value::new_none())
    }

    fn readfp<'v>(this: Value<'v>, #[starlark(require = pos)] file: Value<'v>) -> starlark::Result<Value<'v>> {
        parser(this)?.parse(text_of(file)?, "<file>")?;
        Ok(Value::new_none())
    }

    fn sections<'v>(this: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let names: Vec<String> = parser(this)?.content().sections.iter().map(|(name, _)| name.clone()).collect();
        Ok(heap.alloc(names))
    }

    fn options<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] section: &str,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let parser = parser(this)?;
        if !parser.has(section) {
            return raise("NoSectionError", format!("there is no section '{section}'"));
        }
        let options = parser.content().options(section);
        Ok(heap.alloc(options))
    }

    fn items<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] section: &str,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let parser = parser(this)?;
        if !parser.has(section) {
            return raise("NoSectionError", format!("there is no section '{section}'"));
        }
        let names = parser.content().options(section);
        let pairs = names.into_iter().map(|name| parser.value(section, &name, false).map(|value| (name, value)));
        let pairs = pairs.collect::<starlark::Result<Vec<_>>>()?;
        Ok(heap.alloc(AllocList(pairs)))
    }

    fn has_section<'v>(this: Value<'v>, #[starlark(require = pos)] section: &str) -> starlark::Result<bool> {
        Ok(section != DEFAULT && parser(this)?.has(section))
    }

    fn has_option<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] section: &str,
        #[starlark(require = pos)] option: &str,
    ) -> starlark::Result<bool> {
        let parser = parser(this)?;
        Ok(parser.has(section) && parser.content().raw(section, option).is_some())
    }

    fn add_section<'v>(this: Value<'v>, #[starlark(require = pos)] section: &str) -> starlark::Result<Value<'v>> {
        parser(this)?.content().section(section);
        Ok(Value::new_none())
    }

    fn set<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] section: &str,
        #[starlark(require = pos)] option: &str,
        #[starlark(require = pos)] value: &str,
    ) -> starlark::Result<Value<'v>> {
        put(parser(this)?.content().section(section), option, value);
        Ok(Value::new_none())
    }

    fn get<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] section: &str,
        #[starlark(require = pos)] option: &str,
        #[starlark(kwargs)] named: Named<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        look_up(this, section, option, &named, |text| Some(heap.alloc(text)))
    }

    fn getint<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] section: &str,
        #[starlark(require = pos)] option: &str,
        #[starlark(kwargs)] named: Named<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        look_up(this, section, option, &named, |text| text.trim().parse::<i64>().ok().map(|number| heap.alloc(number)))
    }

    fn getfloat<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] section: &str,
        #[starlark(require = pos)] option: &str,
        #[starlark(kwargs)] named: Named<'v>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        look_up(this, section, option, &named, |text| text.trim().parse::<f64>().ok().map(|number| heap.alloc(number)))
    }

    fn getboolean<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] section: &str,
        #[starlark(require = pos)] option: &str,
        #[starlark(kwargs)] named: Named<'v>,
    ) -> starlark::Result<Value<'v>> {
        look_up(this, section, option, &named, |text| match text.to_lowercase().as_str() {
            "1" | "yes" | "true" | "on" => Some(Value::new_bool(true)),
            "0" | "no" | "false" | "off" => Some(Value::new_bool(false)),
            _ => None,
        })
    }
}

/// `ConfigParser` and its sisters.
#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
struct ParserClass {
    #[allocative(skip)]
    files: Files,
    interpolates: bool,
}

starlark_simple_value!(ParserClass);

impl Display for ParserClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<class 'ConfigParser'>")
    }
}

#[starlark_value(type = "class")]
impl<'v> StarlarkValue<'v> for ParserClass {
    fn invoke(
        &self,
        _: Value<'v>,
        arguments: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let named = arguments.names_map()?;
        let find = |wanted: &str| named.iter().find(|(name, _)| name.as_str() == wanted).map(|(_, value)| *value);
        let defaults = arguments.positions(evaluator.heap())?.next().or_else(|| find("defaults"));
        let mut content = Content::default();
        if let Some(defaults) = defaults.and_then(DictRef::from_value) {
            for (name, value) in defaults.iter() {
                put(&mut content.defaults, &name.to_str(), &value.to_str());
            }
        }
        let interpolates = self.interpolates && find("interpolation").is_none_or(|value| !value.is_none());
        let files = self.files.clone();
        Ok(evaluator.heap().alloc(Parser { content: Mutex::new(content), files, interpolates }))
    }
}

pub fn fill(builder: &mut GlobalsBuilder, surroundings: &Surroundings) {
    for (class, interpolates) in [("ConfigParser", true), ("SafeConfigParser", true), ("RawConfigParser", false)] {
        builder.set(class, ParserClass { files: surroundings.files.clone(), interpolates });
    }
    for kind in ["Error", "NoSectionError", "NoOptionError", "ParsingError", "InterpolationError"] {
        let kind_here = if kind == "Error" { "ConfigParserError" } else { kind };
        builder.set(kind, ExceptionClass { chain: chain(kind_here) });
    }
}
