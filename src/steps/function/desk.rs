//! Carries out what the function of a step wishes for.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::lines::Lines;
use super::talk::{Answer, Ran, RunOrder, Say, Wish};
use super::threads::RunningFunction;
use crate::domain::log::LineObserver;
use crate::domain::{LogId, LogKind, PropertyValue, Results, ScriptError, Stream};
use crate::steps::command::{Ended, Place, ShellLogs, decode_rc};
use crate::steps::context::{Fault, StepContext};
use crate::steps::output::Output;
use crate::steps::render::render;
use crate::steps::summary::own_words;

/// What a step says of itself is shown at most this often while the function goes on.
const SHOW_EVERY: Duration = Duration::from_secs(1);

/// What became of a wish.
pub enum Served {
    Answer(Result<Answer, String>),
    /// The function is over.
    Over(Returned),
}

/// What a function returned, or its error.
pub type Returned = Result<PropertyValue, ScriptError>;

/// What the function has done so far.
struct Progress {
    logs: BTreeMap<String, LogId>,
    files: BTreeMap<String, LogId>,
    text: Option<String>,
    metrics: BTreeMap<String, PropertyValue>,
    shown: Instant,
    /// Of all commands.
    worst: Results,
    failure_reason: Option<String>,
    /// What could not be carried out, after which the function ends.
    fault: Option<Fault>,
}

pub struct Desk<'a> {
    place: &'a Place,
    context: &'a dyn StepContext,
    running: &'a RunningFunction,
    progress: RefCell<Progress>,
}

impl<'a> Desk<'a> {
    pub fn new(place: &'a Place, context: &'a dyn StepContext, running: &'a RunningFunction) -> Self {
        let progress = Progress {
            logs: BTreeMap::new(),
            files: BTreeMap::new(),
            text: None,
            metrics: BTreeMap::new(),
            shown: Instant::now(),
            worst: Results::Success,
            failure_reason: None,
            fault: None,
        };
        Self { place, context, running, progress: RefCell::new(progress) }
    }

    /// Carries out any wish.
    pub async fn serve(&self, wish: Wish) -> Result<Served, Fault> {
        match wish {
            Wish::Done(returned) => Ok(Served::Over(returned)),
            Wish::Run(order) if order.observed => self.run_observed(*order).await,
            Wish::Run(order) => {
                let answer = self.run(&order, None).await.map(Answer::Ran);
                Ok(Served::Answer(self.told(answer)))
            }
            quick => {
                let answer = self.serve_quick(quick).await;
                Ok(Served::Answer(self.told(answer)))
            }
        }
    }

    /// Carries out a wish that needs no command.
    async fn serve_quick(&self, wish: Wish) -> Result<Answer, Fault> {
        let context = self.context;
        match wish {
            Wish::Log { name, kind } => return self.log(&name, kind).await.map(Answer::Log),
            Wish::Write { log, stream, text } => context.write_log(log, stream, &text).await?,
            Wish::SetProperty { name, value, source } => {
                context.set_property(&name, value, &source);
                return Ok(Answer::Properties(context.properties()));
            }
            Wish::SetBuildData { name, value, source } => {
                context.set_build_data(&name, value.into_bytes(), &source).await?;
            }
            Wish::AddUrl { name, url } => {
                context.add_url(&name, &url);
                self.show_now_and_then().await?;
            }
            Wish::SetState(text) => {
                self.progress.borrow_mut().text = Some(text);
                self.say().await?;
            }
            Wish::SetProgress { metric, value } => {
                match value {
                    PropertyValue::Int(number) => self.context.set_progress(&metric, number as f64),
                    PropertyValue::Float(number) => self.context.set_progress(&metric, number),
                    // What is no number is shown and teaches nothing.
                    _ => {}
                }
                self.progress.borrow_mut().metrics.insert(metric, value);
                self.say().await?;
            }
            Wish::AddSteps { steps, place } => context.add_steps(steps, place)?,
            Wish::Render(renderable) => return render(&renderable, context).await.map(Answer::Value),
            Wish::Sleep(duration) => {
                context.show().await?;
                context.sleep(duration).await?;
            }
            Wish::Run(_) => return Err(Fault::Config("a command runs already".to_owned())),
            Wish::LinesSeen | Wish::Done(_) => {}
        }
        Ok(Answer::Done)
    }

    /// An answer for the function; what went wrong is remembered for the step.
    fn told(&self, answer: Result<Answer, Fault>) -> Result<Answer, String> {
        answer.map_err(|fault| {
            let text = fault.to_string();
            self.progress.borrow_mut().fault = Some(fault);
            text
        })
    }

    async fn log(&self, name: &str, kind: LogKind) -> Result<LogId, Fault> {
        let known = self.progress.borrow().logs.get(name).copied();
        if let Some(log) = known {
            return Ok(log);
        }
        let log = self.context.add_log(name, kind).await?;
        self.progress.borrow_mut().logs.insert(name.to_owned(), log);
        Ok(log)
    }

    async fn run(&self, order: &RunOrder, observer: Option<Arc<Mutex<dyn LineObserver>>>) -> Result<Ran, Fault> {
        let mut place = self.place.clone();
        if order.workdir.is_some() {
            place.common.workdir.clone_from(&order.workdir);
        }
        let stdio = self.log(&order.log, LogKind::Stream).await?;
        let logs = ShellLogs { stdio, files: self.files(order).await? };
        let output = Arc::new(Mutex::new(Output::followed_by(observer)));
        let shell = &order.shell;
        let outcome = place.run_in(shell, &logs, Some(Arc::clone(&output) as _), self.context).await?;
        let (stdout, stderr) = Output::take(&output);
        let results = decode_rc(shell.decode_rc.as_ref(), outcome.rc);
        let mut progress = self.progress.borrow_mut();
        progress.worst = progress.worst.worst(results);
        progress.failure_reason = outcome.failure_reason;
        Ok(Ran { rc: outcome.rc, results, stdout, stderr })
    }

    /// Logs of followed files; those of one name are one log.
    async fn files(&self, order: &RunOrder) -> Result<Vec<(String, LogId)>, Fault> {
        let known = self.progress.borrow().files.clone();
        let mut shell = order.shell.clone();
        shell.log_files.retain(|file| !known.contains_key(&file.name));
        let added = ShellLogs::open_files(&shell, self.context).await?;
        self.progress.borrow_mut().files.extend(added);
        let files = &self.progress.borrow().files;
        let names = order.shell.log_files.iter().map(|file| &file.name);
        Ok(names.filter_map(|name| Some((name.clone(), *files.get(name)?))).collect())
    }

    /// Runs a command and shows its lines to the function meanwhile.
    async fn run_observed(&self, order: RunOrder) -> Result<Served, Fault> {
        let lines = Arc::new(Mutex::new(Lines::default()));
        let arrived = lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner).arrived();
        let mut command = pin!(self.run(&order, Some(Arc::clone(&lines) as _)));
        loop {
            let ended = tokio::select! {
                biased;
                () = arrived.notified() => None,
                ended = &mut command => Some(ended),
            };
            let waiting = match Lines::take(&lines) {
                Ok(waiting) => waiting,
                Err(too_slow) => return Err(Fault::Script(self.running.error(too_slow.to_string()))),
            };
            if !waiting.is_empty()
                && let Some(over) = self.deliver(waiting).await?
            {
                // What still runs ends with it.
                return Ok(over);
            }
            if let Some(ended) = ended {
                return Ok(Served::Answer(self.told(ended.map(Answer::Ran))));
            }
        }
    }

    /// Has the function look at lines; it may wish for something quick meanwhile, or end.
    async fn deliver(&self, lines: Vec<(Stream, String)>) -> Result<Option<Served>, Fault> {
        let mut say = Say::Lines(lines);
        loop {
            match self.running.turn(say, self.context).await? {
                Wish::LinesSeen => return Ok(None),
                Wish::Done(returned) => return Ok(Some(Served::Over(returned))),
                wish => {
                    let answer = self.serve_quick(wish).await;
                    say = Say::Answer(self.told(answer));
                }
            }
        }
    }

    /// What the function says of itself, with its figures.
    fn text(&self) -> Option<String> {
        let progress = self.progress.borrow();
        let metrics = progress.metrics.iter().map(|(metric, value)| format!("{metric} {value}"));
        let parts: Vec<String> = progress.text.clone().into_iter().chain(metrics).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    async fn say(&self) -> Result<(), Fault> {
        if let Some(text) = self.text() {
            self.context.set_state(&text);
        }
        self.show_now_and_then().await
    }

    async fn show_now_and_then(&self) -> Result<(), Fault> {
        if self.progress.borrow().shown.elapsed() < SHOW_EVERY {
            return Ok(());
        }
        self.progress.borrow_mut().shown = Instant::now();
        self.context.show().await
    }

    /// The end of the step.
    pub async fn ended(&self, returned: Returned) -> Result<Ended, Fault> {
        let fault = self.progress.borrow_mut().fault.take();
        let returned = match (returned, fault) {
            (_, Some(fault @ (Fault::WorkerLost(_) | Fault::Interrupted(_)))) => return Err(fault),
            (Err(_), _) if self.running.is_cancelled() => {
                return Err(Fault::Interrupted(self.context.stopped().await));
            }
            (Err(error), _) => return Err(Fault::Script(error)),
            (Ok(returned), _) => returned,
        };
        let worst = self.progress.borrow().worst;
        let results = match returned {
            PropertyValue::Null => Some(worst),
            PropertyValue::Int(code) => i32::try_from(code).ok().and_then(Results::from_code),
            _ => None,
        };
        let Some(results) = results else {
            let message = format!("it returned {}, which is no result such as util.SUCCESS", returned.literal());
            return Err(Fault::Script(self.running.error(message)));
        };
        let description = match self.text() {
            Some(text) => own_words(&self.place.common, text, self.context).await,
            None => None,
        };
        let failure_reason = self.progress.borrow_mut().failure_reason.take();
        Ok(Ended { results, failure_reason, description })
    }
}
