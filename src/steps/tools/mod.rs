//! Steps that are one tool: each puts its command together (`words`), reads what the tool prints line by line, and says
//! what came of it. How a tool is read is pure, in a file of its own.

mod cppcheck;
mod findings;
mod pyflakes;
mod pylint;
mod robocopy;
mod sphinx;
mod tree_size;
mod words;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::command::{Ended, Place, decode_rc};
use super::config::{ShellConfig, StepConfig, Tool, ToolConfig};
use super::context::{Fault, StepContext};
use super::registry::Work;
use super::render::render;
use super::summary;
use crate::domain::log::LineObserver;
use crate::domain::{LogKind, PropertyValue, Renderable, Results, Stream};

pub struct ToolStep {
    pub place: Place,
    pub step: StepConfig,
    pub config: ToolConfig,
}

/// Rendered arguments of a tool by name.
type Options = BTreeMap<String, PropertyValue>;

/// Reads what a tool prints, and judges it.
trait Reading: Send {
    /// A line of the output, headers left out.
    fn line(&mut self, line: &str);

    /// What came of it; `exit` is what the exit code means by itself.
    fn verdict(&mut self, exit: Exit) -> Verdict;
}

/// How the tool's command ended.
#[derive(Clone, Copy, Debug)]
struct Exit {
    rc: i64,
    /// By `decodeRC`, else 0 is success and all else failure.
    results: Results,
}

/// What came of a tool.
#[derive(Debug, PartialEq)]
struct Verdict {
    results: Results,
    /// Put behind the description of the step.
    words: Option<String>,
    properties: Vec<(String, PropertyValue)>,
    /// Where the properties say they came from.
    source: &'static str,
    /// Names of logs and what is in them.
    logs: Vec<(String, String)>,
}

impl Verdict {
    fn with(results: Results) -> Self {
        Self { results, words: None, properties: Vec::new(), source: "", logs: Vec::new() }
    }
}

/// A tool whose exit code says it all.
struct ExitCode;

impl Reading for ExitCode {
    fn line(&mut self, _: &str) {}

    fn verdict(&mut self, exit: Exit) -> Verdict {
        Verdict::with(exit.results)
    }
}

fn reading(tool: Tool) -> Box<dyn Reading> {
    match tool {
        Tool::CMake => Box::new(ExitCode),
        Tool::Cppcheck => Box::new(cppcheck::Cppcheck::default()),
        Tool::PyFlakes => Box::new(pyflakes::PyFlakes::default()),
        Tool::PyLint => Box::new(pylint::PyLint::default()),
        Tool::Robocopy => Box::new(robocopy::Robocopy),
        Tool::Sphinx => Box::new(sphinx::Sphinx::default()),
        Tool::TreeSize => Box::new(tree_size::TreeSize::default()),
    }
}

struct Reader(Box<dyn Reading>);

impl LineObserver for Reader {
    fn line(&mut self, stream: Stream, line: &str) {
        if stream != Stream::Header {
            self.0.line(line);
        }
    }
}

#[async_trait(?Send)]
impl Work for ToolStep {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        let mut options = Options::new();
        for (name, option) in &self.config.options {
            options.insert(name.clone(), render(option, context).await?);
        }
        let shell = match words::words(self.config.tool, &options).map_err(Fault::Config)? {
            Some(words) => {
                let words = PropertyValue::List(words.into_iter().map(PropertyValue::Str).collect());
                ShellConfig { command: Renderable::Value(words), ..self.config.shell.clone() }
            }
            None => self.config.shell.clone(),
        };
        let reader = Arc::new(Mutex::new(Reader(reading(self.config.tool))));
        let observer: Arc<Mutex<dyn LineObserver>> = Arc::clone(&reader) as _;
        let (outcome, _) = self.place.run_shell(&shell, Some(observer), context).await?;
        let exit = Exit { rc: outcome.rc, results: decode_rc(shell.decode_rc.as_ref(), outcome.rc) };
        let verdict = reader.lock().unwrap_or_else(PoisonError::into_inner).0.verdict(exit);
        let results = verdict.results;
        let description = self.tell(verdict, context).await?;
        Ok(Ended { failure_reason: outcome.failure_reason, description, ..Ended::with(results) })
    }
}

impl ToolStep {
    /// Keeps what came of the tool; answers the step's line.
    async fn tell(&self, verdict: Verdict, context: &dyn StepContext) -> Result<Option<String>, Fault> {
        for (name, text) in verdict.logs {
            let log = context.add_log(&name, LogKind::Text).await?;
            context.write_log(log, Stream::Stdout, &text).await?;
        }
        for (name, value) in verdict.properties {
            context.set_property(&name, value, verdict.source);
        }
        let Some(words) = verdict.words else { return Ok(None) };
        let done = summary::done(&self.step, context).await.into_text();
        Ok(Some(format!("{done} {words}")))
    }
}

#[cfg(test)]
mod tests;
