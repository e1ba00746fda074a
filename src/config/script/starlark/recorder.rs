//! Collects problems while a file runs, so that one wrong argument does not hide the next.

use std::cell::RefCell;
use std::sync::Arc;

use starlark::PrintHandler;
use starlark::any::ProvidesStaticType;
use starlark::eval::Evaluator;

use super::Script;
use super::db_config::Store;
use crate::config::source::Span;
use crate::config::{ConfigError, StoredValue};

/// Problems and old spellings, with the places they are at.
#[derive(Debug, ProvidesStaticType)]
pub struct Recorder {
    script: Arc<Script>,
    problems: RefCell<Vec<ConfigError>>,
    warnings: RefCell<Vec<ConfigError>>,
    /// Values in the database.
    pub store: Store,
}

impl Recorder {
    pub fn new(script: Arc<Script>, store: Store) -> Self {
        Self { script, problems: RefCell::default(), warnings: RefCell::default(), store }
    }

    /// The recorder of the file that is being loaded; none while a callback runs.
    pub fn of<'a>(evaluator: &Evaluator<'_, 'a, '_>) -> Option<&'a Self> {
        evaluator.extra.and_then(|extra| extra.downcast_ref())
    }

    /// The place of the call that is running.
    pub fn call(&self, evaluator: &Evaluator<'_, '_, '_>) -> Span {
        evaluator.call_stack_top_location().map(|place| self.script.original(place.span)).unwrap_or_default()
    }

    /// The place of the n-th positional or of a named argument of a call, or of the call.
    pub fn argument(&self, call: Span, name: Option<&str>, position: usize) -> Span {
        let arguments = self.script.rewritten.places.calls.get(&call).map(|place| place.arguments.as_slice());
        let mut same = arguments.unwrap_or_default().iter().filter(|(given, _)| given.as_deref() == name);
        same.nth(if name.is_some() { 0 } else { position }).map_or(call, |(_, span)| *span)
    }

    pub fn problem(&self, span: Span, message: String) {
        self.problems.borrow_mut().push(self.script.source.error(span, message));
    }

    pub fn warning(&self, span: Span, message: String) {
        self.warnings.borrow_mut().push(self.script.source.error(span, message));
    }

    /// Problems, warnings, and values to keep.
    pub fn into_parts(self) -> (Vec<ConfigError>, Vec<ConfigError>, Vec<StoredValue>) {
        (self.problems.into_inner(), self.warnings.into_inner(), self.store.into_set())
    }
}

/// `print` writes to the master's log.
impl PrintHandler for Recorder {
    fn println(&self, text: &str) -> starlark::Result<()> {
        tracing::info!(config.file = self.script.source.name, "configuration prints: {text}");
        Ok(())
    }
}
