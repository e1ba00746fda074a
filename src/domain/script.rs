//! Functions that the operator wrote in the configuration, as the rest of the program sees them.
//!
//! The engine that runs them (Starlark today) hides behind [`ScriptFunction`]; a function keeps alive what it needs, so
//! an old configuration dies by itself with the last component that uses its functions. Never call one on the core
//! thread: actors ask the script pool.

use std::any::Any;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::{Build, BuildRequest, Change, Properties, PropertyValue, Renderable};

/// What a function may receive or return.
#[derive(Clone, Debug)]
pub enum ScriptValue {
    Data(PropertyValue),
    Change(Arc<Change>),
    Build(Arc<Build>),
    BuildRequest(Arc<BuildRequest>),
    /// Answers `getProperty`, `hasProperty` and `props[...]`.
    Properties(Arc<Properties>),
    List(Vec<ScriptValue>),
    /// What a regular expression matched, and what its groups did; answers `group` and `groups`.
    Match(Arc<[Option<String>]>),
    /// A dictionary.
    Map(Vec<(String, ScriptValue)>),
    /// An object with attributes, for instance a step given to `doStepIf`.
    Object(Vec<(String, ScriptValue)>),
    /// A method whose answer is known, whatever it is asked with.
    Answer(Box<ScriptValue>),
    /// A method that answers with the `url` of what it is asked about.
    UrlOf,
}

/// How long a call may take, in time and in steps of the interpreter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScriptLimits {
    pub time: Duration,
    pub ticks: u64,
    pub heap_bytes: u64,
}

impl Default for ScriptLimits {
    fn default() -> Self {
        Self { time: Duration::from_secs(5), ticks: 10_000_000, heap_bytes: 64 << 20 }
    }
}

/// The reason a function of the configuration gave no value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{function} ({location}): {message}")]
pub struct ScriptError {
    pub function: String,
    /// `file:line` of its definition.
    pub location: String,
    pub message: String,
}

/// One function of the configuration.
pub trait ScriptFunction: Any + Send + Sync {
    /// Runs it; blocks the calling thread for as long as `limits` allow.
    fn call(&self, arguments: &[ScriptValue], limits: ScriptLimits) -> Result<PropertyValue, ScriptError>;
    /// As [`Self::call`], with named arguments besides.
    fn call_named(
        &self,
        arguments: &[ScriptValue],
        named: &[(String, ScriptValue)],
        limits: ScriptLimits,
    ) -> Result<PropertyValue, ScriptError> {
        if named.is_empty() {
            return self.call(arguments, limits);
        }
        let message = "it takes no named arguments".to_owned();
        Err(ScriptError { function: self.name().to_owned(), location: self.location().to_owned(), message })
    }
    /// As [`Self::call_named`], for whoever renders what it returns: that may be another renderable.
    fn call_to_render(
        &self,
        arguments: &[ScriptValue],
        named: &[(String, ScriptValue)],
        limits: ScriptLimits,
    ) -> Result<Renderable, ScriptError> {
        self.call_named(arguments, named, limits).map(Renderable::Value)
    }
    /// Whether it can be called with so many arguments without names.
    fn takes(&self, n_arguments: usize) -> bool {
        let _ = n_arguments;
        true
    }
    fn name(&self) -> &str;
    /// `file:line` of its definition.
    fn location(&self) -> &str;
    /// Its source text and the values it captures, hashed: equal digests mean the same behaviour.
    fn digest(&self) -> &str;
}

/// A shared function; two are equal if their digests are.
#[derive(Clone)]
pub struct Callback(pub Arc<dyn ScriptFunction>);

impl Callback {
    /// The same function, which gets these arguments behind those of each call.
    pub fn with_arguments(&self, arguments: Vec<ScriptValue>, named: Vec<(String, ScriptValue)>) -> Self {
        Self(Arc::new(Bound { function: self.clone(), arguments, named }))
    }
}

impl Callback {
    /// The same function, which gets only these of the arguments of each call, by position.
    pub fn with_only(&self, positions: Range<usize>) -> Self {
        Self(Arc::new(Narrowed { function: self.clone(), positions }))
    }
}

/// See [`Callback::with_only`].
struct Narrowed {
    function: Callback,
    positions: Range<usize>,
}

impl ScriptFunction for Narrowed {
    fn call(&self, arguments: &[ScriptValue], limits: ScriptLimits) -> Result<PropertyValue, ScriptError> {
        self.function.0.call(arguments.get(self.positions.clone()).unwrap_or(arguments), limits)
    }

    fn takes(&self, n_arguments: usize) -> bool {
        self.positions.end <= n_arguments
    }

    fn name(&self) -> &str {
        self.function.0.name()
    }

    fn location(&self) -> &str {
        self.function.0.location()
    }

    /// That of the function, whose parameters are part of its text.
    fn digest(&self) -> &str {
        self.function.0.digest()
    }
}

/// See [`Callback::with_arguments`].
struct Bound {
    function: Callback,
    arguments: Vec<ScriptValue>,
    named: Vec<(String, ScriptValue)>,
}

impl Bound {
    fn all(&self, arguments: &[ScriptValue]) -> Vec<ScriptValue> {
        arguments.iter().chain(&self.arguments).cloned().collect()
    }
}

impl ScriptFunction for Bound {
    fn call(&self, arguments: &[ScriptValue], limits: ScriptLimits) -> Result<PropertyValue, ScriptError> {
        self.function.0.call_named(&self.all(arguments), &self.named, limits)
    }

    fn call_to_render(
        &self,
        arguments: &[ScriptValue],
        named: &[(String, ScriptValue)],
        limits: ScriptLimits,
    ) -> Result<Renderable, ScriptError> {
        let named: Vec<(String, ScriptValue)> = named.iter().chain(&self.named).cloned().collect();
        self.function.0.call_to_render(&self.all(arguments), &named, limits)
    }

    fn name(&self) -> &str {
        self.function.0.name()
    }

    fn location(&self) -> &str {
        self.function.0.location()
    }

    /// That of the function: what is bound is known only when it is called.
    fn digest(&self) -> &str {
        self.function.0.digest()
    }
}

impl PartialEq for Callback {
    fn eq(&self, other: &Self) -> bool {
        self.0.digest() == other.0.digest()
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Callback({} at {})", self.0.name(), self.0.location())
    }
}
