//! `WarningCountingShellCommand`, `Compile` and `Test`: a command whose output is searched for warnings.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use buildbot_protocol::Value;
use buildbot_protocol::message::Arguments;

use super::command::{Ended, Place, decode_rc, seconds};
use super::condition::step_object;
use super::config::{StepConfig, WarningCountingConfig, WarningExtractor};
use super::context::{Fault, RemoteCommand, StepContext, WorkerPlace};
use super::registry::Work;
use super::render::{call, render_text};
use super::warnings::{WarningCounter, WarningRules};
use crate::domain::log::LineObserver;
use crate::domain::{LogKind, PropertyValue, Results, ScriptValue, Stream};

pub struct WarningCounting {
    pub place: Place,
    /// As functions see it.
    pub step: StepConfig,
    pub config: WarningCountingConfig,
}

const SOURCE: &str = "WarningCountingShellCommand";

#[async_trait(?Send)]
impl Work for WarningCounting {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        let mut rules = WarningRules::new(&self.config).map_err(|error| Fault::Config(error.to_string()))?;
        if let Some(text) = self.suppression_text(context).await? {
            rules.suppress_by_file(&text).map_err(|error| Fault::Config(error.to_string()))?;
        }
        let counter = Arc::new(Mutex::new(WarningCounter::new(rules)));
        let observer: Arc<Mutex<dyn LineObserver>> = Arc::clone(&counter) as _;
        let (outcome, _) = self.place.run_shell(&self.config.shell, Some(observer), context).await?;
        self.take_apart(&counter, context).await?;
        let (n_warnings, text) = counter.lock().unwrap_or_else(PoisonError::into_inner).take();
        report(n_warnings, &text, context).await?;
        let by_exit_code = decode_rc(self.config.shell.decode_rc.as_ref(), outcome.rc);
        let results = by_exit_code.worst(self.judge(n_warnings));
        Ok(Ended { failure_reason: outcome.failure_reason, ..Ended::with(results) })
    }
}

impl WarningCounting {
    /// Has the configuration's function take apart what was seen.
    async fn take_apart(&self, counter: &Mutex<WarningCounter>, context: &dyn StepContext) -> Result<(), Fault> {
        let WarningExtractor::Function(function) = &self.config.extractor else { return Ok(()) };
        let seen = counter.lock().unwrap_or_else(PoisonError::into_inner).take_seen();
        let step = step_object(&self.step, context).await?;
        for seen in seen {
            let line = ScriptValue::Data(seen.line.as_str().into());
            let groups = ScriptValue::Match(seen.groups.clone().into());
            let parts = call(function, vec![step.clone(), line, groups], context).await?;
            let (file, number, text) = warning_parts(&parts).ok_or_else(|| {
                let (name, place) = (function.0.name(), function.0.location());
                let wanted = "must return (file, line, text), with None for what is not known";
                Fault::Config(format!("warningExtractor {name} ({place}) {wanted}, not {}", parts.literal()))
            })?;
            counter.lock().unwrap_or_else(PoisonError::into_inner).judge(&seen, file, number, text);
        }
        Ok(())
    }

    fn judge(&self, n_warnings: i64) -> Results {
        match self.config.max_warn_count {
            Some(most) if most < n_warnings => Results::Failure,
            _ if 0 < n_warnings => Results::Warnings,
            _ => Results::Success,
        }
    }

    /// Reads the suppression file on the worker.
    async fn suppression_text(&self, context: &dyn StepContext) -> Result<Option<String>, Fault> {
        let Some(file) = &self.config.suppression_file else { return Ok(None) };
        let file = render_text(file, context).await?;
        if file.is_empty() {
            return Ok(None);
        }
        let workdir = self.place.workdir(context).await?;
        let words = ["cat", "--", file.as_str()].into_iter().map(Value::from).collect();
        let args: [(&str, Value); 6] = [
            ("workdir", context.worker_path(WorkerPlace::InBuilder(&workdir)).into()),
            ("command", Value::Array(words)),
            ("env", self.place.environment(&self.config.shell.env, context).await?),
            ("timeout", seconds(self.config.shell.timeout)),
            ("logEnviron", false.into()),
            ("usePTY", false.into()),
        ];
        let args: Arguments = args.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let command = RemoteCommand {
            name: "shell",
            args,
            stdio: None,
            log_files: Vec::new(),
            observer: None,
            collect_stdout: true,
        };
        let outcome = context.run(command).await?;
        if outcome.rc != 0 {
            return Err(Fault::World(format!("cannot read the suppression file {file:?} on the worker")));
        }
        Ok(Some(outcome.stdout))
    }
}

fn warning_parts(value: &PropertyValue) -> Option<(Option<&str>, Option<i64>, &str)> {
    let PropertyValue::List(parts) = value else { return None };
    let [file, number, text] = parts.as_slice() else { return None };
    let number = match number {
        PropertyValue::Null => None,
        PropertyValue::Int(number) => Some(*number),
        other => Some(other.as_str()?.parse().ok()?),
    };
    let file = match file {
        PropertyValue::Null => None,
        other => Some(other.as_str()?),
    };
    Some((file, number, text.as_str()?))
}

/// Writes the log of warnings and adds to the property `warnings-count`.
async fn report(n_warnings: i64, text: &str, context: &dyn StepContext) -> Result<(), Fault> {
    if n_warnings != 0 {
        let log = context.add_log(&format!("warnings ({n_warnings})"), LogKind::Text).await?;
        context.write_log(log, Stream::Stdout, text).await?;
    }
    let before = context.properties().get("warnings-count").and_then(PropertyValue::as_int).unwrap_or(0);
    context.set_property("warnings-count", before.saturating_add(n_warnings).into(), SOURCE);
    Ok(())
}

#[cfg(test)]
mod tests;
