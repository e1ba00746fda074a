//! `open(...)`: text files that may be read, as a whole.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Display};
use std::sync::atomic::{AtomicUsize, Ordering};

use allocative::Allocative;
use starlark::environment::{GlobalsBuilder, Methods, MethodsBuilder};
use starlark::eval::{Arguments, Evaluator};
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, ValueLike, starlark_value,
};
use starlark::{starlark_module, starlark_simple_value};

use super::constructor::fail;
use super::exceptions::{raise, refuse};
use super::pathlib::path_text;
use crate::config::script::Files;

/// A file that was read when it was opened.
#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct TextFile {
    name: String,
    pub text: String,
    /// Bytes that were given out.
    done: AtomicUsize,
}

starlark_simple_value!(TextFile);

impl TextFile {
    pub fn new(name: &str, text: String) -> Self {
        Self { name: name.to_owned(), text, done: AtomicUsize::new(0) }
    }

    /// What nobody has read yet.
    pub fn rest(&self) -> &str {
        let done = self.done.swap(self.text.len(), Ordering::Relaxed);
        self.text.get(done..).unwrap_or_default()
    }

    fn line(&self) -> &str {
        let done = self.done.load(Ordering::Relaxed);
        let rest = self.text.get(done..).unwrap_or_default();
        let line = rest.split_inclusive('\n').next().unwrap_or_default();
        self.done.store(done + line.len(), Ordering::Relaxed);
        line
    }
}

impl Display for TextFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<file '{}'>", self.name)
    }
}

starlark::methods_static!(METHODS = methods);

#[starlark_value(type = "file")]
impl<'v> StarlarkValue<'v> for TextFile {
    fn get_methods() -> Option<&'static Methods> {
        Some(METHODS.methods())
    }

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        (attribute == "name").then(|| heap.alloc(self.name.as_str()))
    }

    fn iterate_collect(&self, heap: Heap<'v>) -> starlark::Result<Vec<Value<'v>>> {
        Ok(self.rest().split_inclusive('\n').map(|line| heap.alloc(line)).collect())
    }
}

#[starlark_module]
fn methods(builder: &mut MethodsBuilder) {
    fn read<'v>(
        this: Value<'v>,
        #[starlark(require = pos)] size: Option<i32>,
        heap: Heap<'v>,
    ) -> starlark::Result<Value<'v>> {
        let file = file(this)?;
        match size.and_then(|size| usize::try_from(size).ok()) {
            None => Ok(heap.alloc(file.rest())),
            Some(size) => {
                let text: String = file.rest().chars().take(size).collect();
                Ok(heap.alloc(text))
            }
        }
    }

    fn readline<'v>(this: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(file(this)?.line()))
    }

    fn readlines<'v>(this: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        let lines: Vec<&str> = file(this)?.rest().split_inclusive('\n').collect();
        Ok(heap.alloc(lines))
    }

    fn getvalue<'v>(this: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(file(this)?.text.as_str()))
    }

    fn close<'v>(#[starlark(this)] _this: Value<'v>) -> starlark::Result<Value<'v>> {
        Ok(Value::new_none())
    }

    fn write<'v>(
        #[starlark(this)] _this: Value<'v>,
        #[starlark(require = pos)] _text: Value<'v>,
    ) -> starlark::Result<Value<'v>> {
        fail("a configuration only reads: write the file in a step, or before the master starts".to_owned())
    }
}

fn file(value: Value<'_>) -> starlark::Result<&TextFile> {
    match value.downcast_ref::<TextFile>() {
        Some(file) => Ok(file),
        None => fail("this is no file".to_owned()),
    }
}

/// The text of a file that was opened, or the text itself: what `json.load` and the like take.
pub fn text_of<'v>(value: Value<'v>) -> starlark::Result<&'v str> {
    match (value.downcast_ref::<TextFile>(), value.unpack_str()) {
        (Some(file), _) => Ok(file.rest()),
        (_, Some(text)) => Ok(text),
        _ => fail(format!("this needs a text or an open file, not a {}", value.get_type())),
    }
}

/// `open` itself.
#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct Open {
    #[allocative(skip)]
    pub files: Files,
}

starlark_simple_value!(Open);

impl Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("open")
    }
}

#[starlark_value(type = "function")]
impl<'v> StarlarkValue<'v> for Open {
    fn invoke(
        &self,
        _: Value<'v>,
        arguments: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let positions: Vec<Value<'v>> = arguments.positions(evaluator.heap())?.collect();
        let named = arguments.names_map()?;
        let mode = positions
            .get(1)
            .copied()
            .or_else(|| named.iter().find(|(name, _)| name.as_str() == "mode").map(|(_, value)| *value));
        let Some(path) = positions.first().and_then(|path| path_text(*path)) else {
            return raise("TypeError", "open() needs the name of a file");
        };
        if mode.and_then(|mode| mode.unpack_str()).is_some_and(|mode| mode.contains(['w', 'a', 'x', '+'])) {
            return raise(
                "PermissionError",
                format!("'{path}' cannot be opened for writing: a configuration only reads"),
            );
        }
        match self.files.text(path) {
            Ok(text) => Ok(evaluator.heap().alloc(TextFile::new(path, text))),
            Err(refusal) => refuse(&refusal),
        }
    }
}

/// `io.StringIO`.
#[starlark_module]
pub fn io(builder: &mut GlobalsBuilder) {
    fn StringIO<'v>(#[starlark(require = pos)] text: Option<&str>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(TextFile::new("<text>", text.unwrap_or_default().to_owned())))
    }
}
