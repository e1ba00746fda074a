//! Exceptions: their classes, their values, and what kind an error of Starlark or of ours is.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Display};

use allocative::Allocative;
use starlark::environment::GlobalsBuilder;
use starlark::eval::{Arguments, Evaluator};
use starlark::starlark_simple_value;
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, ValueLike, starlark_value,
};

use super::limits;
use crate::config::script::Refusal;

/// Kinds and what they are kinds of.
const KINDS: [(&str, &str); 47] = [
    ("Exception", "BaseException"),
    ("SystemExit", "BaseException"),
    ("KeyboardInterrupt", "BaseException"),
    ("StopIteration", "Exception"),
    ("ArithmeticError", "Exception"),
    ("ZeroDivisionError", "ArithmeticError"),
    ("OverflowError", "ArithmeticError"),
    ("AssertionError", "Exception"),
    ("AttributeError", "Exception"),
    ("EOFError", "Exception"),
    ("ImportError", "Exception"),
    ("ModuleNotFoundError", "ImportError"),
    ("LookupError", "Exception"),
    ("IndexError", "LookupError"),
    ("KeyError", "LookupError"),
    ("NameError", "Exception"),
    ("UnboundLocalError", "NameError"),
    ("OSError", "Exception"),
    ("IOError", "OSError"),
    ("EnvironmentError", "OSError"),
    ("FileNotFoundError", "OSError"),
    ("FileExistsError", "OSError"),
    ("PermissionError", "OSError"),
    ("NotADirectoryError", "OSError"),
    ("IsADirectoryError", "OSError"),
    ("ConnectionError", "OSError"),
    ("TimeoutError", "OSError"),
    ("RuntimeError", "Exception"),
    ("NotImplementedError", "RuntimeError"),
    ("RecursionError", "RuntimeError"),
    ("SyntaxError", "Exception"),
    ("TypeError", "Exception"),
    ("ValueError", "Exception"),
    ("UnicodeError", "ValueError"),
    ("UnicodeDecodeError", "UnicodeError"),
    ("UnicodeEncodeError", "UnicodeError"),
    ("JSONDecodeError", "ValueError"),
    ("Warning", "Exception"),
    ("DeprecationWarning", "Warning"),
    ("UserWarning", "Warning"),
    ("YAMLError", "Exception"),
    ("ConfigErrors", "Exception"),
    ("ConfigParserError", "Exception"),
    ("NoSectionError", "ConfigParserError"),
    ("NoOptionError", "ConfigParserError"),
    ("ParsingError", "ConfigParserError"),
    ("InterpolationError", "ConfigParserError"),
];

/// A kind with all it is a kind of. `IOError` and `OSError` are one.
pub fn chain(kind: &str) -> Vec<String> {
    let mut chain = Vec::new();
    let mut next = if matches!(kind, "IOError" | "EnvironmentError") { "OSError" } else { kind };
    loop {
        chain.push(next.to_owned());
        match KINDS.iter().find(|(known, _)| *known == next) {
            Some((_, above)) => next = above,
            None => return chain,
        }
    }
}

/// An exception on its way.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", self.shown())]
pub struct Raised {
    pub chain: Vec<String>,
    pub text: String,
    /// Whether the file itself raised it.
    pub by_file: bool,
}

impl Raised {
    fn shown(&self) -> String {
        match (self.by_file, self.chain.first()) {
            (false, _) | (_, None) => self.text.clone(),
            (true, Some(kind)) if self.text.is_empty() => format!("raises {kind}"),
            (true, Some(kind)) => format!("raises {kind}: {}", self.text),
        }
    }
}

/// An error of a native function that a file may catch.
pub fn raise<T>(kind: &str, text: impl Into<String>) -> starlark::Result<T> {
    let raised = Raised { chain: chain(kind), text: text.into(), by_file: false };
    Err(starlark::Error::new_other(anyhow::Error::new(raised)))
}

/// An error of a file that cannot be read.
pub fn refuse<T>(refusal: &Refusal) -> starlark::Result<T> {
    let kind = match refusal {
        Refusal::Missing(_) => "FileNotFoundError",
        Refusal::Forbidden(_) => "PermissionError",
        Refusal::Other(_) => "OSError",
    };
    raise(kind, refusal.text())
}

/// What an error is to `except`; nothing if it is one of our limits, which no file may catch.
pub fn caught(error: &starlark::Error) -> Option<Raised> {
    use starlark::ErrorKind;
    let inner = match error.kind() {
        ErrorKind::StackOverflow(_) | ErrorKind::Internal(_) | ErrorKind::Freeze(_) => return None,
        // `int('x')` says the same as a wrong number in the text of a file.
        ErrorKind::Parser(inner)
        | ErrorKind::Fail(inner)
        | ErrorKind::Value(inner)
        | ErrorKind::Function(inner)
        | ErrorKind::Scope(inner)
        | ErrorKind::Native(inner)
        | ErrorKind::Other(inner) => inner,
        _ => return None,
    };
    if let Some(raised) = inner.downcast_ref::<Raised>() {
        return Some(raised.clone());
    }
    if limits::is_limit(error) {
        return None;
    }
    let text = limits::message(error);
    Some(Raised { chain: chain(kind_of(&text.to_lowercase(), error)), text, by_file: false })
}

/// Starlark's errors have texts, not kinds.
fn kind_of(text: &str, error: &starlark::Error) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["key '", "key `"]) && has(&["not found"]) {
        "KeyError"
    } else if has(&["out of bound", "out of range"]) {
        "IndexError"
    } else if has(&["has no attribute", "there is no '"]) {
        "AttributeError"
    } else if has(&["divide by zero", "division by zero"]) {
        "ZeroDivisionError"
    } else if has(&["assertion failed"]) {
        "AssertionError"
    } else if has(&["not found", "referenced before assignment", "has no value"]) {
        "NameError"
    } else if has(&["not supported", "expected type", "doesn't match", "not hashable", "parameter", "argument"])
        || matches!(error.kind(), starlark::ErrorKind::Function(_))
    {
        "TypeError"
    } else {
        "ValueError"
    }
}

/// A class of exceptions.
#[derive(Debug, Clone, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct ExceptionClass {
    pub chain: Vec<String>,
}

starlark_simple_value!(ExceptionClass);

impl Display for ExceptionClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.chain.first().map_or("Exception", String::as_str))
    }
}

#[starlark_value(type = "exception class")]
impl<'v> StarlarkValue<'v> for ExceptionClass {
    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        match attribute {
            "__name__" => Some(heap.alloc(self.to_string())),
            "__init__" => Some(heap.alloc(super::bound::BaseInit::plain())),
            _ => None,
        }
    }

    fn invoke(
        &self,
        _: Value<'v>,
        arguments: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let texts: Vec<String> = arguments.positions(evaluator.heap())?.map(|value| value.to_str()).collect();
        Ok(evaluator.heap().alloc(ExceptionValue { chain: self.chain.clone(), text: texts.join(", ") }))
    }
}

/// An exception as a file sees it.
#[derive(Debug, Clone, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct ExceptionValue {
    pub chain: Vec<String>,
    pub text: String,
}

starlark_simple_value!(ExceptionValue);

impl Display for ExceptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[starlark_value(type = "exception")]
impl<'v> StarlarkValue<'v> for ExceptionValue {
    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        match attribute {
            "message" | "strerror" | "msg" | "reason" => Some(heap.alloc(self.text.as_str())),
            "args" => Some(heap.alloc((self.text.as_str(),))),
            "errno" => Some(heap.alloc(2)),
            "__class__" => Some(heap.alloc(ExceptionClass { chain: self.chain.clone() })),
            _ => None,
        }
    }
}

/// All kinds, by name.
pub fn exceptions(builder: &mut GlobalsBuilder) {
    for (kind, _) in KINDS.iter().chain([("BaseException", "")].iter()) {
        builder.set(kind, ExceptionClass { chain: chain(kind) });
    }
}

/// `os.error`.
pub fn exceptions_of_os(builder: &mut GlobalsBuilder) {
    builder.set("error", ExceptionClass { chain: chain("OSError") });
}

/// Whether an exception is of a kind that `except` names.
pub fn is_of_kind<'v>(raised: &Raised, kind: Value<'v>) -> bool {
    if let Some(class) = kind.downcast_ref::<ExceptionClass>() {
        return class.chain.first().is_some_and(|kind| raised.chain.contains(kind));
    }
    super::classes::exception_chain(kind)
        .and_then(|chain| chain.into_iter().next())
        .is_some_and(|kind| raised.chain.contains(&kind))
}
