//! Functions of a configuration as the rest of the program calls them.

use std::sync::Arc;

use starlark::environment::Module;
use starlark::eval::Evaluator;
use starlark::values::{Heap, OwnedFrozenValue, Value};

use super::bound::function_inside;
use super::reader::Reader;
use super::{Script, digest, limits, subject};
use crate::config::build::running;
use crate::config::source::Span;
use crate::domain::script::{ScriptFunction, ScriptLimits};
use crate::domain::{PropertyValue, Renderable, ScriptError, ScriptValue};

/// A frozen function and its file; calls from several threads run at the same time.
#[derive(Clone)]
pub struct StarlarkFunction {
    pub(super) script: Arc<Script>,
    pub(super) function: OwnedFrozenValue,
    name: String,
    location: String,
    digest: String,
}

impl StarlarkFunction {
    pub(super) fn new(script: Arc<Script>, function: OwnedFrozenValue, value: Value<'_>, digest: String) -> Self {
        let (inside, _) = function_inside(value);
        let text = digest::mark(inside).and_then(|(number, _)| script.rewritten.functions.get(number));
        let (name, span) = match text {
            Some(text) => (text.name.clone(), text.span),
            None => (inside.function_name().unwrap_or("function").to_owned(), Span::default()),
        };
        let location = script.source.location(span);
        Self { script, function, name, location, digest }
    }

    pub(super) fn error(&self, message: String) -> ScriptError {
        ScriptError { function: self.name.clone(), location: self.location.clone(), message }
    }

    /// What went wrong, and in which line if that is not the function's first.
    pub(super) fn explain(&self, error: &starlark::Error) -> ScriptError {
        let message = limits::message(error);
        match error.span() {
            Some(place) => {
                let location = self.script.source.location(self.script.original(place.span));
                self.error(if location == self.location { message } else { format!("{message} ({location})") })
            }
            None => self.error(message),
        }
    }
}

impl ScriptFunction for StarlarkFunction {
    fn call(&self, arguments: &[ScriptValue], limits: ScriptLimits) -> Result<PropertyValue, ScriptError> {
        self.call_named(arguments, &[], limits)
    }

    fn call_named(
        &self,
        arguments: &[ScriptValue],
        named: &[(String, ScriptValue)],
        limits: ScriptLimits,
    ) -> Result<PropertyValue, ScriptError> {
        self.evaluate(arguments, named, limits, |value, _| subject::read(value))
    }

    fn call_to_render(
        &self,
        arguments: &[ScriptValue],
        named: &[(String, ScriptValue)],
        limits: ScriptLimits,
    ) -> Result<Renderable, ScriptError> {
        self.evaluate(arguments, named, limits, |value, heap| match subject::read(value) {
            Ok(plain) => Ok(Renderable::Value(plain)),
            Err(message) => self.renderable(value, heap)?.ok_or(message),
        })
    }

    fn takes(&self, n_arguments: usize) -> bool {
        let (function, n_before) = function_inside(self.function.value());
        function.parameters_spec().is_none_or(|spec| spec.can_fill_with_args(n_before + n_arguments, &[]))
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn location(&self) -> &str {
        &self.location
    }

    fn digest(&self) -> &str {
        &self.digest
    }
}

impl StarlarkFunction {
    /// Calls the function, and reads what it returned while that is there.
    fn evaluate<T>(
        &self,
        arguments: &[ScriptValue],
        named: &[(String, ScriptValue)],
        limits: ScriptLimits,
        read: impl for<'v> FnOnce(Value<'v>, Heap<'v>) -> Result<T, String>,
    ) -> Result<T, ScriptError> {
        Module::with_temp_heap(|module| {
            let heap = module.heap();
            let mut evaluator = Evaluator::new(&module);
            limits::apply(&mut evaluator, limits).map_err(|error| self.explain(&error))?;
            let arguments: Vec<Value<'_>> = arguments.iter().map(|argument| subject::alloc(argument, heap)).collect();
            let named: Vec<(&str, Value<'_>)> =
                named.iter().map(|(name, value)| (name.as_str(), subject::alloc(value, heap))).collect();
            let function = heap.access_owned_frozen_value(&self.function);
            let result = evaluator.eval_function(function, &arguments, &named).map_err(|error| self.explain(&error))?;
            read(result, heap).map_err(|message| self.error(message))
        })
    }

    /// What was returned as something that is rendered; nothing if it is nothing of that kind.
    fn renderable<'v>(&self, value: Value<'v>, heap: Heap<'v>) -> Result<Option<Renderable>, String> {
        let raw = Reader::of_running(&self.script, &self.function, heap).read(value)?;
        running::returned(&self.script.source, &raw)
    }
}
