//! A log that the function of a step writes to.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::fmt::{self, Debug, Display};
use std::sync::Arc;

use allocative::Allocative;
use starlark::environment::{Methods, MethodsBuilder};
use starlark::values::list::UnpackList;
use starlark::values::{NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, Value, starlark_value};
use starlark::{starlark_module, starlark_simple_value};

use super::step_context::Host;
use crate::domain::{LogId, Stream};
use crate::steps::function::Wish;

#[derive(ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct StepLog {
    #[allocative(skip)]
    host: Arc<Host>,
    #[allocative(skip)]
    log: LogId,
}

starlark_simple_value!(StepLog);

impl StepLog {
    pub fn new(host: Arc<Host>, log: LogId) -> Self {
        Self { host, log }
    }

    fn write<'v>(&self, stream: Stream, text: String) -> starlark::Result<Value<'v>> {
        if !text.is_empty() {
            self.host.ask(Wish::Write { log: self.log, stream, text })?;
        }
        Ok(Value::new_none())
    }
}

/// Whole lines.
pub fn lines(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

impl Debug for StepLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl Display for StepLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<log {}>", self.log.0)
    }
}

starlark::methods_static!(METHODS = methods);

#[starlark_value(type = "log")]
impl<'v> StarlarkValue<'v> for StepLog {
    fn get_methods() -> Option<&'static Methods> {
        Some(METHODS.methods())
    }
}

#[starlark_module]
fn methods(builder: &mut MethodsBuilder) {
    fn addStdout<'v>(this: &StepLog, #[starlark(require = pos)] text: &str) -> starlark::Result<Value<'v>> {
        this.write(Stream::Stdout, lines(text))
    }

    fn addStderr<'v>(this: &StepLog, #[starlark(require = pos)] text: &str) -> starlark::Result<Value<'v>> {
        this.write(Stream::Stderr, lines(text))
    }

    fn addHeader<'v>(this: &StepLog, #[starlark(require = pos)] text: &str) -> starlark::Result<Value<'v>> {
        this.write(Stream::Header, lines(text))
    }

    /// Buildbot's name for the text of logs without streams.
    fn addContent<'v>(this: &StepLog, #[starlark(require = pos)] text: &str) -> starlark::Result<Value<'v>> {
        this.write(Stream::Stdout, lines(text))
    }

    /// Lines of the standard output.
    fn addLines<'v>(
        this: &StepLog,
        #[starlark(require = pos)] items: UnpackList<String>,
    ) -> starlark::Result<Value<'v>> {
        this.write(Stream::Stdout, items.items.iter().map(|line| format!("{line}\n")).collect())
    }

    /// The log ends with the step; this is for functions that were written for Buildbot.
    fn finish<'v>(this: &StepLog) -> starlark::Result<Value<'v>> {
        let _ = this;
        Ok(Value::new_none())
    }
}
