//! `pathlib`: paths as values, and of the file system what `os.path` and `open` tell.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use allocative::Allocative;
use starlark::environment::{GlobalsBuilder, Methods, MethodsBuilder};
use starlark::eval::{Arguments, Evaluator};
use starlark::values::list::AllocList;
use starlark::values::tuple::{AllocTuple, UnpackTuple};
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, ValueLike, starlark_value,
};
use starlark::{starlark_module, starlark_simple_value};

use super::exceptions::{raise, refuse};
use super::missing::Missing;
use super::open::TextFile;
use super::os;
use super::texts::wildcard;
use crate::config::script::{Files, Surroundings};

/// A path, without `.` and doubled slashes.
#[derive(Clone, Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct PathValue {
    text: String,
    /// What may be read; a pure path asks nobody.
    #[allocative(skip)]
    files: Files,
}

starlark_simple_value!(PathValue);

impl Display for PathValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The text of a path: a text, or a `Path`.
pub fn path_text<'v>(value: Value<'v>) -> Option<&'v str> {
    value.unpack_str().or_else(|| value.downcast_ref::<PathValue>().map(|path| path.text.as_str()))
}

fn normal(text: &str) -> String {
    let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let root = if text.starts_with('/') { "/" } else { "" };
    let joined = format!("{root}{}", parts.join("/"));
    if joined.is_empty() { ".".to_owned() } else { joined }
}

impl PathValue {
    fn with(&self, text: &str) -> Self {
        Self { text: normal(text), files: self.files.clone() }
    }

    fn joined(&self, other: &str) -> Self {
        if other.starts_with('/') { self.with(other) } else { self.with(&format!("{}/{other}", self.text)) }
    }

    fn name(&self) -> &str {
        if self.text == "." { "" } else { self.text.rsplit('/').next().unwrap_or_default() }
    }

    /// Where the last ending begins in the name.
    fn dot(&self) -> usize {
        let name = self.name();
        name.rfind('.').filter(|dot| 0 < *dot && *dot + 1 < name.len()).unwrap_or(name.len())
    }

    fn parts(&self) -> Vec<&str> {
        let root = self.text.starts_with('/').then_some("/");
        root.into_iter().chain(self.text.split('/').filter(|part| !matches!(*part, "" | "."))).collect()
    }

    fn parent(&self) -> Self {
        match self.text.rfind('/') {
            Some(0) => self.with("/"),
            Some(at) => self.with(&self.text[..at]),
            None => self.with("."),
        }
    }

    fn located(&self) -> Option<PathBuf> {
        self.files.locate(&self.text).ok()
    }
}

starlark::methods_static!(METHODS = methods);

#[starlark_value(type = "Path")]
impl<'v> StarlarkValue<'v> for PathValue {
    fn get_methods() -> Option<&'static Methods> {
        Some(METHODS.methods())
    }

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        let name = self.name();
        Some(match attribute {
            "name" => heap.alloc(name),
            "stem" => heap.alloc(&name[..self.dot()]),
            "suffix" => heap.alloc(&name[self.dot()..]),
            "suffixes" => {
                let endings = name.trim_start_matches('.').split('.').skip(1).map(|ending| format!(".{ending}"));
                heap.alloc(AllocList(endings))
            }
            "parts" => heap.alloc(AllocTuple(self.parts())),
            "parent" => heap.alloc(self.parent()),
            "parents" => {
                let mut all = Vec::new();
                let mut path = self.clone();
                while path.parent().text != path.text {
                    path = path.parent();
                    all.push(path.clone());
                }
                heap.alloc(AllocList(all))
            }
            "root" | "anchor" => heap.alloc(if self.text.starts_with('/') { "/" } else { "" }),
            "drive" => heap.alloc(""),
            "mkdir" | "touch" | "write_text" | "write_bytes" | "unlink" | "rmdir" | "rename" | "chmod"
            | "symlink_to" | "replace" => heap.alloc(Missing::new(&format!("os.{attribute}"))),
            _ => return None,
        })
    }

    fn div(&self, other: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        match path_text(other) {
            Some(other) => Ok(heap.alloc(self.joined(other))),
            None => raise("TypeError", format!("'/' joins paths and texts, not a {}", other.get_type())),
        }
    }

    fn equals(&self, other: Value<'v>) -> starlark::Result<bool> {
        Ok(other.downcast_ref::<Self>().is_some_and(|other| other.text == self.text))
    }

    fn compare(&self, other: Value<'v>) -> starlark::Result<std::cmp::Ordering> {
        match other.downcast_ref::<Self>() {
            Some(other) => Ok(self.parts().cmp(&other.parts())),
            None => raise("TypeError", "a path is compared with paths only"),
        }
    }

    fn write_hash(&self, hasher: &mut starlark::collections::StarlarkHasher) -> starlark::Result<()> {
        std::hash::Hash::hash(&self.text, hasher);
        Ok(())
    }
}

fn path<'v>(value: Value<'v>) -> starlark::Result<&'v PathValue> {
    match value.downcast_ref::<PathValue>() {
        Some(path) => Ok(path),
        None => raise("TypeError", "this is no path"),
    }
}

fn text_or_fail<'v>(value: Value<'v>) -> starlark::Result<&'v str> {
    match path_text(value) {
        Some(text) => Ok(text),
        None => raise("TypeError", format!("a path is a text or a Path, not a {}", value.get_type())),
    }
}

#[starlark_module]
fn methods(builder: &mut MethodsBuilder) {
    fn joinpath<'v>(this: Value<'v>, #[starlark(args)] parts: UnpackTuple<Value<'v>>) -> starlark::Result<PathValue> {
        let mut joined = path(this)?.clone();
        for part in parts.items {
            joined = joined.joined(text_or_fail(part)?);
        }
        Ok(joined)
    }

    fn with_name<'v>(this: Value<'v>, #[starlark(require = pos)] name: &str) -> starlark::Result<PathValue> {
        Ok(path(this)?.parent().joined(name))
    }

    fn with_suffix<'v>(this: Value<'v>, #[starlark(require = pos)] suffix: &str) -> starlark::Result<PathValue> {
        let path = path(this)?;
        Ok(path.parent().joined(&format!("{}{suffix}", &path.name()[..path.dot()])))
    }

    fn with_stem<'v>(this: Value<'v>, #[starlark(require = pos)] stem: &str) -> starlark::Result<PathValue> {
        let path = path(this)?;
        Ok(path.parent().joined(&format!("{stem}{}", &path.name()[path.dot()..])))
    }

    fn relative_to<'v>(this: Value<'v>, #[starlark(require = pos)] other: Value<'v>) -> starlark::Result<PathValue> {
        let (path, other) = (path(this)?, text_or_fail(other)?);
        match Path::new(&path.text).strip_prefix(normal(other)) {
            Ok(rest) => Ok(path.with(&rest.to_string_lossy())),
            Err(_) => raise("ValueError", format!("'{path}' does not lie in '{other}'")),
        }
    }

    fn is_relative_to<'v>(this: Value<'v>, #[starlark(require = pos)] other: Value<'v>) -> starlark::Result<bool> {
        Ok(Path::new(&path(this)?.text).starts_with(normal(text_or_fail(other)?)))
    }

    fn is_absolute<'v>(this: Value<'v>) -> starlark::Result<bool> {
        Ok(path(this)?.text.starts_with('/'))
    }

    fn as_posix<'v>(this: Value<'v>) -> starlark::Result<String> {
        Ok(path(this)?.text.clone())
    }

    fn r#match<'v>(this: Value<'v>, #[starlark(require = pos)] pattern: &str) -> starlark::Result<bool> {
        let path = path(this)?;
        Ok(wildcard(pattern, if pattern.contains('/') { &path.text } else { path.name() }))
    }

    fn exists<'v>(this: Value<'v>) -> starlark::Result<bool> {
        Ok(path(this)?.located().is_some())
    }

    fn is_file<'v>(this: Value<'v>) -> starlark::Result<bool> {
        Ok(path(this)?.located().is_some_and(|found| found.is_file()))
    }

    fn is_dir<'v>(this: Value<'v>) -> starlark::Result<bool> {
        Ok(path(this)?.located().is_some_and(|found| found.is_dir()))
    }

    fn resolve<'v>(
        this: Value<'v>,
        #[starlark(kwargs)] _options: starlark::collections::SmallMap<String, Value<'v>>,
    ) -> starlark::Result<PathValue> {
        let path = path(this)?;
        Ok(path.with(&path.files.absolute(&path.text).to_string_lossy()))
    }

    fn absolute<'v>(this: Value<'v>) -> starlark::Result<PathValue> {
        let path = path(this)?;
        Ok(path.with(&path.files.absolute(&path.text).to_string_lossy()))
    }

    /// Nobody is at home in a configuration.
    fn expanduser<'v>(this: Value<'v>) -> starlark::Result<PathValue> {
        Ok(path(this)?.clone())
    }

    fn read_text<'v>(
        this: Value<'v>,
        #[starlark(args)] _encoding: UnpackTuple<Value<'v>>,
        #[starlark(kwargs)] _options: starlark::collections::SmallMap<String, Value<'v>>,
    ) -> starlark::Result<String> {
        let path = path(this)?;
        path.files.text(&path.text).or_else(|refusal| refuse(&refusal))
    }

    fn read_bytes<'v>(this: Value<'v>) -> starlark::Result<String> {
        let path = path(this)?;
        path.files.text(&path.text).or_else(|refusal| refuse(&refusal))
    }

    fn open<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] mode: Option<&str>,
        #[starlark(kwargs)] _options: starlark::collections::SmallMap<String, Value<'v>>,
    ) -> starlark::Result<TextFile> {
        let path = path(this)?;
        if mode.is_some_and(|mode| mode.contains(['w', 'a', 'x', '+'])) {
            let text = format!("'{path}' cannot be opened for writing: a configuration only reads");
            return raise("PermissionError", text);
        }
        match path.files.text(&path.text) {
            Ok(text) => Ok(TextFile::new(&path.text, text)),
            Err(refusal) => refuse(&refusal),
        }
    }

    fn iterdir<'v>(this: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let path = path(this)?;
        match path.files.locate(&path.text) {
            Ok(found) => Ok(heap.alloc(AllocList(os::names(&found)?.into_iter().map(|name| path.joined(&name))))),
            Err(refusal) => refuse(&refusal),
        }
    }

    fn glob<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] pattern: &str,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let path = path(this)?;
        if pattern.contains("**") {
            return raise("NotImplementedError", "'**' in a pattern is not supported; name the directories");
        }
        let found = os::matches(&path.files, &path.joined(pattern).text)?;
        Ok(heap.alloc(AllocList(found.into_iter().map(|found| path.with(&found)))))
    }
}

/// `Path` and its sisters.
#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct PathClass {
    #[allocative(skip)]
    files: Files,
}

starlark_simple_value!(PathClass);

impl Display for PathClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<class 'Path'>")
    }
}

impl PathClass {
    pub fn is_of(value: Value<'_>) -> bool {
        value.downcast_ref::<PathValue>().is_some()
    }
}

#[starlark_value(type = "class")]
impl<'v> StarlarkValue<'v> for PathClass {
    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        let path = |text: &str| PathValue { text: text.to_owned(), files: self.files.clone() };
        match attribute {
            "cwd" | "home" => {
                let base_dir = path(&self.files.base_dir().to_string_lossy());
                Some(heap.alloc(Here { path: base_dir }))
            }
            _ => None,
        }
    }

    fn invoke(
        &self,
        _: Value<'v>,
        arguments: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let mut path = PathValue { text: ".".to_owned(), files: self.files.clone() };
        for part in arguments.positions(evaluator.heap())? {
            path = path.joined(text_or_fail(part)?);
        }
        Ok(evaluator.heap().alloc(path))
    }
}

/// `Path.cwd`.
#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
struct Here {
    path: PathValue,
}

starlark_simple_value!(Here);

impl Display for Here {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Path.cwd")
    }
}

#[starlark_value(type = "function")]
impl<'v> StarlarkValue<'v> for Here {
    fn invoke(
        &self,
        _: Value<'v>,
        _: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        Ok(evaluator.heap().alloc(self.path.clone()))
    }
}

pub fn fill(builder: &mut GlobalsBuilder, surroundings: &Surroundings) {
    for class in ["Path", "PosixPath", "PurePath", "PurePosixPath"] {
        builder.set(class, PathClass { files: surroundings.files.clone() });
    }
}
