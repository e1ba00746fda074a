//! `os`, as far as it changes nothing: the environment it was given, paths, and which files there are.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::fs;
use std::path::Path;

use allocative::Allocative;
use starlark::environment::GlobalsBuilder;
use starlark::eval::{Arguments, Evaluator};
use starlark::values::dict::AllocDict;
use starlark::values::tuple::UnpackTuple;
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, starlark_value,
};
use starlark::{starlark_module, starlark_simple_value};

use super::constructor::fail;
use super::exceptions::{exceptions_of_os, raise, refuse};
use super::pathlib::path_text;
use super::texts::wildcard;
use crate::config::script::{Files, Surroundings};

/// Most names of one directory.
const MAX_NAMES: usize = 100_000;

pub fn fill(builder: &mut GlobalsBuilder, surroundings: &Surroundings) {
    let environ = &surroundings.environ;
    let variables = environ.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let dictionary = builder.alloc(AllocDict(variables));
    builder.set("environ", dictionary);
    builder.set("getenv", GetEnv { variables: environ.clone() });
    for (name, value) in [("sep", "/"), ("linesep", "\n"), ("curdir", "."), ("pardir", ".."), ("name", "posix")] {
        builder.set(name, value);
    }
    exceptions_of_os(builder);
    let base_dir = surroundings.files.base_dir().to_string_lossy().into_owned();
    builder.set("getcwd", super::constant::Constant::new(base_dir));
    let question = |about| Question { files: surroundings.files.clone(), about };
    builder.set("listdir", question(About::Names));
    builder.namespace("path", |builder| {
        paths(builder);
        builder.set("sep", "/");
        let questions = [
            ("exists", About::Exists),
            ("lexists", About::Exists),
            ("isfile", About::IsFile),
            ("isdir", About::IsDirectory),
            ("getsize", About::Size),
            ("abspath", About::Absolute),
            ("realpath", About::Absolute),
            ("expanduser", About::Home),
        ];
        for (name, about) in questions {
            builder.set(name, question(about));
        }
    });
}

pub fn glob(builder: &mut GlobalsBuilder, surroundings: &Surroundings) {
    let question = || Question { files: surroundings.files.clone(), about: About::Matches };
    builder.set("glob", question());
    builder.set("iglob", question());
}

/// What is asked of the file system. What lies outside of the master's directory does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    Exists,
    IsFile,
    IsDirectory,
    Size,
    Names,
    Matches,
    Absolute,
    Home,
}

#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
struct Question {
    #[allocative(skip)]
    files: Files,
    #[allocative(skip)]
    about: About,
}

starlark_simple_value!(Question);

impl Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<function of os: {:?}>", self.about)
    }
}

#[starlark_value(type = "function")]
impl<'v> StarlarkValue<'v> for Question {
    fn invoke(
        &self,
        _: Value<'v>,
        arguments: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = evaluator.heap();
        let first = arguments.positions(heap)?.next();
        let path = match first {
            None if self.about == About::Names => ".",
            None => return raise("TypeError", "this needs a path"),
            Some(path) => match path_text(path) {
                Some(path) => path,
                None => return raise("TypeError", format!("a path is a text, not a {}", path.get_type())),
            },
        };
        let found = self.files.locate(path).ok();
        Ok(match self.about {
            About::Exists => Value::new_bool(found.is_some()),
            About::IsFile => Value::new_bool(found.is_some_and(|path| path.is_file())),
            About::IsDirectory => Value::new_bool(found.is_some_and(|path| path.is_dir())),
            About::Absolute => heap.alloc(self.files.absolute(path).to_string_lossy().as_ref()),
            // Nobody is at home in a configuration.
            About::Home => heap.alloc(path),
            About::Size => match self.files.locate(path) {
                Ok(path) => {
                    heap.alloc(fs::metadata(path).map_or(0, |found| i64::try_from(found.len()).unwrap_or(i64::MAX)))
                }
                Err(refusal) => return refuse(&refusal),
            },
            About::Names => match self.files.locate(path) {
                Ok(path) => heap.alloc(names(&path)?),
                Err(refusal) => return refuse(&refusal),
            },
            About::Matches => heap.alloc(matches(&self.files, path)?),
        })
    }
}

/// Paths that fit a pattern, part by part.
pub fn matches(files: &Files, pattern: &str) -> starlark::Result<Vec<String>> {
    let mut found = vec![String::new()];
    for (position, part) in pattern.split('/').enumerate() {
        let join = |directory: &str, name: &str| match position {
            0 => name.to_owned(),
            _ => format!("{directory}/{name}"),
        };
        if !part.contains(['*', '?', '[']) {
            found = found.iter().map(|directory| join(directory, part)).collect();
            continue;
        }
        let mut next = Vec::new();
        for directory in &found {
            let shown = if directory.is_empty() && position == 0 { "." } else { directory };
            let Ok(real) = files.locate(if shown.is_empty() { "/" } else { shown }) else { continue };
            let fitting = names(&real)?.into_iter().filter(|name| !name.starts_with('.') && wildcard(part, name));
            next.extend(fitting.map(|name| join(directory, &name)));
            if MAX_NAMES < next.len() {
                return fail("too many files fit the pattern".to_owned());
            }
        }
        found = next;
    }
    Ok(found.into_iter().filter(|path| files.locate(path).is_ok()).collect())
}

pub fn names(directory: &Path) -> starlark::Result<Vec<String>> {
    let Ok(entries) = fs::read_dir(directory) else {
        return raise("NotADirectoryError", "this is no directory");
    };
    let mut names: Vec<String> =
        entries.flatten().take(MAX_NAMES).map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

/// `os.getenv(name, default=None)`.
#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
struct GetEnv {
    variables: BTreeMap<String, String>,
}

starlark_simple_value!(GetEnv);

impl Display for GetEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("os.getenv")
    }
}

#[starlark_value(type = "function")]
impl<'v> StarlarkValue<'v> for GetEnv {
    fn invoke(
        &self,
        _: Value<'v>,
        arguments: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let positions: Vec<Value<'v>> = arguments.positions(evaluator.heap())?.collect();
        let named = arguments.names_map()?;
        let default = positions.get(1).or_else(|| named.values().next()).copied();
        let Some(name) = positions.first().and_then(|name| name.unpack_str()) else {
            return fail("os.getenv() needs the name of a variable".to_owned());
        };
        Ok(match self.variables.get(name) {
            Some(value) => evaluator.heap().alloc(value.as_str()),
            None => default.unwrap_or(Value::new_none()),
        })
    }
}

#[starlark_module]
fn paths(builder: &mut GlobalsBuilder) {
    fn join<'v>(#[starlark(args)] parts: UnpackTuple<Value<'v>>) -> starlark::Result<String> {
        let mut path = String::new();
        for part in parts.items {
            let part = text(part)?;
            if part.starts_with('/') {
                path.clear();
            } else if !path.is_empty() && !path.ends_with('/') {
                path.push('/');
            }
            path.push_str(part);
        }
        Ok(path)
    }

    fn basename<'v>(#[starlark(require = pos)] path: Value<'v>) -> starlark::Result<&'v str> {
        let path = text(path)?;
        Ok(path.rsplit('/').next().unwrap_or_default())
    }

    fn dirname<'v>(#[starlark(require = pos)] path: Value<'v>) -> starlark::Result<&'v str> {
        let path = text(path)?;
        Ok(directory(path))
    }

    fn splitext<'v>(#[starlark(require = pos)] path: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let path = text(path)?;
        let name = path.rsplit('/').next().unwrap_or_default();
        let dot = name.rfind('.').filter(|dot| name[..*dot].contains(|letter| letter != '.'));
        let split = dot.map_or(path.len(), |dot| path.len() - name.len() + dot);
        Ok(heap.alloc((&path[..split], &path[split..])))
    }

    fn split<'v>(#[starlark(require = pos)] path: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let path = text(path)?;
        Ok(heap.alloc((directory(path), path.rsplit('/').next().unwrap_or_default())))
    }

    fn normpath<'v>(#[starlark(require = pos)] path: Value<'v>) -> starlark::Result<String> {
        let path = text(path)?;
        let mut parts: Vec<&str> = Vec::new();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." if parts.last().is_some_and(|last| *last != "..") => {
                    parts.pop();
                }
                ".." if path.starts_with('/') => {}
                part => parts.push(part),
            }
        }
        let root = if path.starts_with('/') { "/" } else { "" };
        let joined = parts.join("/");
        Ok(if joined.is_empty() && root.is_empty() { ".".to_owned() } else { format!("{root}{joined}") })
    }

    fn isabs<'v>(#[starlark(require = pos)] path: Value<'v>) -> starlark::Result<bool> {
        let path = text(path)?;
        Ok(path.starts_with('/'))
    }
}

fn text<'v>(path: Value<'v>) -> starlark::Result<&'v str> {
    match path_text(path) {
        Some(text) => Ok(text),
        None => raise("TypeError", format!("a path is a text, not a {}", path.get_type())),
    }
}

fn directory(path: &str) -> &str {
    match path.rfind('/') {
        None => "",
        Some(0) => "/",
        Some(at) => path[..at].trim_end_matches('/'),
    }
}
