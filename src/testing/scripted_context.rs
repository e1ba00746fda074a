//! A step's world, scripted: it records what a step does and answers its commands as the test says.

pub use super::answer::Answer;
pub use super::scripted_function::scripted_function;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use buildbot_protocol::Value;
use buildbot_protocol::message::Arguments;
use tokio::sync::watch;

use crate::domain::script::ScriptLimits;
use crate::domain::{
    BuildRequestId, BuildsetId, Callback, Change, CommandOutcome, LogId, LogKind, MasterFile, Properties,
    PropertyValue, Renderable, ScriptValue, SourceStamp, Stream, TriggerOrder, Triggered, TriggeredBuild, TriggeredEnd,
};
use crate::steps::config::StepConfig;
use crate::steps::function::FunctionThreads;
use crate::steps::{
    Fault, MasterCommand, MasterOutcome, RemoteCommand, StepContext, StepsPlace, Transferred, WorkerPlace,
};

/// A log that a step added.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedLog {
    pub name: String,
    pub kind: LogKind,
    pub text: String,
}

/// Carries commands out instead of the script.
pub type Executor = Box<dyn Fn(&RemoteCommand) -> Result<Answer, Fault>>;

type Script = Vec<(String, Result<Answer, Fault>)>;

/// See the module's header. Commands that the script does not name succeed without output.
pub struct ScriptedContext {
    base: String,
    executor: Option<Executor>,
    script: RefCell<Script>,
    unknown_command: Option<&'static str>,
    files: RefCell<Vec<MasterFile>>,
    problem: Option<String>,
    commands: RefCell<Vec<(String, Arguments)>>,
    logs: RefCell<Vec<RecordedLog>>,
    states: RefCell<Vec<String>>,
    urls: RefCell<Vec<(String, String)>>,
    sleeps: RefCell<Vec<Duration>>,
    properties: RefCell<Arc<Properties>>,
    source_stamps: Vec<SourceStamp>,
    changes: Vec<Arc<Change>>,
    secrets: BTreeMap<String, String>,
    orders: RefCell<Vec<(String, TriggerOrder)>>,
    /// Names of schedulers to how what they built ended.
    triggerables: RefCell<BTreeMap<String, Result<TriggeredEnd, Fault>>>,
    worker_facts: BTreeMap<String, PropertyValue>,
    worker_environ: BTreeMap<String, String>,
    master_environ: BTreeMap<String, String>,
    master_commands: RefCell<Vec<MasterCommand>>,
    master_outcome: MasterOutcome,
    added_steps: RefCell<Vec<(StepsPlace, StepConfig)>>,
    build_data: RefCell<Vec<(String, Vec<u8>, String)>>,
    functions: FunctionThreads,
    stopped: watch::Sender<Option<String>>,
}

impl Default for ScriptedContext {
    fn default() -> Self {
        Self::new()
    }
}

impl ScriptedContext {
    /// A build in the builder directory `/w/b` without properties and stamps.
    pub fn new() -> Self {
        Self {
            base: "/w/b".to_owned(),
            executor: None,
            script: RefCell::default(),
            unknown_command: None,
            files: RefCell::default(),
            problem: None,
            commands: RefCell::default(),
            logs: RefCell::default(),
            states: RefCell::default(),
            urls: RefCell::default(),
            sleeps: RefCell::default(),
            properties: RefCell::default(),
            source_stamps: Vec::new(),
            changes: Vec::new(),
            secrets: BTreeMap::new(),
            orders: RefCell::default(),
            triggerables: RefCell::default(),
            worker_facts: BTreeMap::new(),
            worker_environ: BTreeMap::new(),
            master_environ: BTreeMap::new(),
            master_commands: RefCell::default(),
            master_outcome: MasterOutcome::Exited(0),
            added_steps: RefCell::default(),
            build_data: RefCell::default(),
            functions: FunctionThreads::new(2, 1, ScriptLimits::default()),
            stopped: watch::Sender::new(None),
        }
    }

    /// Runs every command through `executor`, in a builder directory that exists.
    #[must_use]
    pub fn with_executor(mut self, base: &str, executor: Executor) -> Self {
        base.clone_into(&mut self.base);
        self.executor = Some(executor);
        self
    }

    #[must_use]
    pub fn with_property(self, name: &str, value: impl Into<PropertyValue>) -> Self {
        self.set_property(name, value.into(), "test");
        self
    }

    #[must_use]
    pub fn with_stamp(mut self, stamp: SourceStamp) -> Self {
        self.source_stamps.push(stamp);
        self
    }

    #[must_use]
    pub fn with_change(mut self, change: Arc<Change>) -> Self {
        self.changes.push(change);
        self
    }

    #[must_use]
    pub fn with_secret(mut self, name: &str, secret: &str) -> Self {
        self.secrets.insert(name.to_owned(), secret.to_owned());
        self
    }

    #[must_use]
    pub fn with_worker_fact(mut self, name: &str, value: impl Into<PropertyValue>) -> Self {
        self.worker_facts.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub fn with_worker_environ(mut self, variables: &[(&str, &str)]) -> Self {
        self.worker_environ = owned(variables);
        self
    }

    #[must_use]
    pub fn with_master_environ(mut self, variables: &[(&str, &str)]) -> Self {
        self.master_environ = owned(variables);
        self
    }

    /// Commands on the master end so.
    #[must_use]
    pub fn on_master(mut self, outcome: MasterOutcome) -> Self {
        self.master_outcome = outcome;
        self
    }

    /// Functions that are steps have these bounds.
    #[must_use]
    pub fn with_functions(mut self, functions: FunctionThreads) -> Self {
        self.functions = functions;
        self
    }

    /// Somebody asks to stop the build.
    pub fn stop(&self, reason: &str) {
        self.stopped.send_replace(Some(reason.to_owned()));
    }

    /// What ran on the master.
    pub fn master_commands(&self) -> Vec<MasterCommand> {
        self.master_commands.borrow().clone()
    }

    /// Name, value and source of what was left with the build.
    pub fn build_data(&self) -> Vec<(String, Vec<u8>, String)> {
        self.build_data.borrow().clone()
    }

    /// Steps that were added to the build.
    pub fn added_steps(&self) -> Vec<(StepsPlace, StepConfig)> {
        self.added_steps.borrow().clone()
    }

    /// A worker that is too old for `listdir`.
    #[must_use]
    pub fn without_listdir(self) -> Self {
        self.without_command("listdir")
    }

    /// A worker that does not know this command.
    #[must_use]
    pub fn without_command(mut self, command: &'static str) -> Self {
        self.unknown_command = Some(command);
        self
    }

    /// There is such a scheduler, and what it builds ends so.
    #[must_use]
    pub fn with_triggerable(self, scheduler: &str, end: Result<TriggeredEnd, Fault>) -> Self {
        self.triggerables.borrow_mut().insert(scheduler.to_owned(), end);
        self
    }

    /// The master does not take or give any file, for this reason.
    #[must_use]
    pub fn with_problem(mut self, problem: &str) -> Self {
        self.problem = Some(problem.to_owned());
        self
    }

    /// The master's ends of all transfers, in order.
    pub fn files(&self) -> Vec<MasterFile> {
        self.files.borrow().clone()
    }

    /// Names and addresses of the links that the step showed.
    pub fn urls(&self) -> Vec<(String, String)> {
        self.urls.borrow().clone()
    }

    /// The next command whose line begins with `prefix` is answered so. Each answer is given once, in order.
    #[must_use]
    pub fn answer(self, prefix: &str, answer: Answer) -> Self {
        self.script.borrow_mut().push((prefix.to_owned(), Ok(answer)));
        self
    }

    /// The next command whose line begins with `prefix` is not carried out.
    #[must_use]
    pub fn fault(self, prefix: &str, fault: Fault) -> Self {
        self.script.borrow_mut().push((prefix.to_owned(), Err(fault)));
        self
    }

    /// The commands that ran, one line each: `git fetch -f url`, `rmdir /w/b/build`.
    pub fn commands(&self) -> Vec<String> {
        self.commands.borrow().iter().map(|(line, _)| line.clone()).collect()
    }

    /// Arguments of the command at this position.
    pub fn arguments(&self, position: usize) -> Arguments {
        self.commands.borrow().get(position).map(|(_, args)| args.clone()).unwrap_or_default()
    }

    pub fn logs(&self) -> Vec<RecordedLog> {
        self.logs.borrow().clone()
    }

    /// All state lines, in order.
    pub fn states(&self) -> Vec<String> {
        self.states.borrow().clone()
    }

    /// Names of schedulers, and what they were told to build.
    pub fn orders(&self) -> Vec<(String, TriggerOrder)> {
        self.orders.borrow().clone()
    }

    pub fn sleeps(&self) -> Vec<Duration> {
        self.sleeps.borrow().clone()
    }

    /// Answers that no command asked for.
    pub fn unused(&self) -> Vec<String> {
        self.script.borrow().iter().map(|(prefix, _)| prefix.clone()).collect()
    }

    fn next_answer(&self, line: &str, command: &RemoteCommand) -> Result<Answer, Fault> {
        let mut script = self.script.borrow_mut();
        if let Some(position) = script.iter().position(|(prefix, _)| line.starts_with(prefix.as_str())) {
            return script.remove(position).1;
        }
        drop(script);
        match &self.executor {
            Some(executor) => executor(command),
            None => Ok(Answer::rc(0)),
        }
    }

    fn append(&self, log: LogId, text: &str) -> Result<(), Fault> {
        let mut logs = self.logs.borrow_mut();
        let position = usize::try_from(log.0).ok();
        let recorded = position.and_then(|position| logs.get_mut(position));
        recorded.ok_or_else(|| Fault::World(format!("log {log} was never added")))?.text.push_str(text);
        Ok(())
    }
}

#[async_trait(?Send)]
impl StepContext for ScriptedContext {
    async fn run(&self, command: RemoteCommand) -> Result<CommandOutcome, Fault> {
        let line = command_line(command.name, &command.args);
        self.commands.borrow_mut().push((line.clone(), command.args.clone()));
        let answer = self.next_answer(&line, &command)?;
        for (stream, line) in &answer.lines {
            if let Some(log) = command.stdio {
                self.append(log, &format!("{line}\n"))?;
            }
            if let Some(observer) = &command.observer {
                observer.lock().unwrap_or_else(PoisonError::into_inner).line(*stream, line);
            }
        }
        let mut outcome = answer.outcome;
        if !command.collect_stdout {
            outcome.stdout.clear();
        }
        Ok(outcome)
    }

    async fn transfer(&self, command: RemoteCommand, file: MasterFile) -> Result<Transferred, Fault> {
        self.files.borrow_mut().push(file.clone());
        let path = command.args.get("path").and_then(Value::as_str).map(str::to_owned);
        let outcome = self.run(command).await?;
        // Where commands are real, what they fetch is real, too.
        if let (Some(_), MasterFile::SendBytes(bytes), Some(path)) = (&self.executor, &file, path) {
            std::fs::write(path, bytes).map_err(|error| Fault::World(error.to_string()))?;
        }
        Ok(Transferred { outcome, problem: self.problem.clone() })
    }

    fn worker_command_version(&self, command: &str) -> Option<String> {
        (self.unknown_command != Some(command)).then(|| "3.3".to_owned())
    }

    fn worker_path(&self, place: WorkerPlace<'_>) -> String {
        let join = |base: &str, path: &str| match path {
            "" => base.to_owned(),
            absolute if absolute.starts_with('/') => absolute.to_owned(),
            relative => format!("{base}/{relative}"),
        };
        match place {
            WorkerPlace::InBuilder(path) => join(&self.base, path),
            WorkerPlace::InBase(path) => join("/w", path),
            WorkerPlace::InDirectory { directory, path } => join(&join(&self.base, directory), path),
        }
    }

    async fn add_log(&self, name: &str, kind: LogKind) -> Result<LogId, Fault> {
        let mut logs = self.logs.borrow_mut();
        let id = LogId(i64::try_from(logs.len()).unwrap_or(i64::MAX));
        logs.push(RecordedLog { name: name.to_owned(), kind, text: String::new() });
        Ok(id)
    }

    fn add_lazy_log(&self, name: &str, kind: LogKind) -> LogId {
        let mut logs = self.logs.borrow_mut();
        logs.push(RecordedLog { name: format!("{name} (lazy)"), kind, text: String::new() });
        LogId(i64::try_from(logs.len() - 1).unwrap_or(i64::MAX))
    }

    async fn write_log(&self, log: LogId, _: Stream, text: &str) -> Result<(), Fault> {
        self.append(log, text)
    }

    fn properties(&self) -> Arc<Properties> {
        Arc::clone(&self.properties.borrow())
    }

    fn set_property(&self, name: &str, value: PropertyValue, source: &str) {
        Arc::make_mut(&mut self.properties.borrow_mut()).set(name, value, source);
    }

    fn source_stamps(&self) -> &[SourceStamp] {
        &self.source_stamps
    }

    fn changes(&self) -> &[Arc<Change>] {
        &self.changes
    }

    fn set_state(&self, text: &str) {
        self.states.borrow_mut().push(text.to_owned());
    }

    fn set_progress(&self, _metric: &str, _value: f64) {}

    fn add_url(&self, name: &str, url: &str) {
        self.urls.borrow_mut().push((name.to_owned(), url.to_owned()));
    }

    fn worker_fact(&self, name: &str) -> Option<PropertyValue> {
        self.worker_facts.get(name).cloned()
    }

    async fn call(&self, function: &Callback, arguments: Vec<ScriptValue>) -> Result<Renderable, Fault> {
        Ok(function.0.call_to_render(&arguments, &[], ScriptLimits::default())?)
    }

    async fn secret(&self, name: &str) -> Result<String, Fault> {
        self.secrets.get(name).cloned().ok_or_else(|| Fault::Config(format!("there is no secret {name:?}")))
    }

    fn can_trigger(&self, scheduler: &str) -> bool {
        self.triggerables.borrow().contains_key(scheduler)
    }

    async fn trigger(&self, scheduler: &str, _: &str, order: TriggerOrder) -> Result<Triggered, Fault> {
        let mut orders = self.orders.borrow_mut();
        orders.push((scheduler.to_owned(), order));
        let number = i64::try_from(orders.len()).unwrap_or(i64::MAX);
        Ok(Triggered { buildset: Some(BuildsetId(number)), requests: vec![BuildRequestId(number)] })
    }

    async fn triggered_end(&self, triggered: &Triggered) -> Result<TriggeredEnd, Fault> {
        let number = triggered.buildset.and_then(|buildset| usize::try_from(buildset.0).ok()).unwrap_or_default();
        let scheduler = self.orders.borrow().get(number.wrapping_sub(1)).map(|(name, _)| name.clone());
        let end = scheduler.and_then(|name| self.triggerables.borrow_mut().remove(&name));
        end.unwrap_or_else(|| Err(Fault::World("nothing was triggered".to_owned())))
    }

    fn build_url(&self, build: &TriggeredBuild) -> String {
        format!("http://localhost/builders/{}/builds/{}", build.builder, build.number)
    }

    async fn run_on_master(&self, command: MasterCommand) -> Result<MasterOutcome, Fault> {
        self.master_commands.borrow_mut().push(command);
        Ok(self.master_outcome)
    }

    fn master_environ(&self) -> Arc<BTreeMap<String, String>> {
        Arc::new(self.master_environ.clone())
    }

    fn worker_environ(&self) -> BTreeMap<String, String> {
        self.worker_environ.clone()
    }

    async fn set_build_data(&self, name: &str, value: Vec<u8>, source: &str) -> Result<(), Fault> {
        self.build_data.borrow_mut().push((name.to_owned(), value, source.to_owned()));
        Ok(())
    }

    fn add_steps(&self, steps: Vec<StepConfig>, place: StepsPlace) -> Result<(), Fault> {
        self.added_steps.borrow_mut().extend(steps.into_iter().map(|step| (place, step)));
        Ok(())
    }

    async fn show(&self) -> Result<(), Fault> {
        Ok(())
    }

    fn functions(&self) -> FunctionThreads {
        self.functions.clone()
    }

    async fn stopped(&self) -> String {
        let mut stopped = self.stopped.subscribe();
        match stopped.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_) => std::future::pending().await,
        }
    }

    async fn sleep(&self, duration: Duration) -> Result<(), Fault> {
        self.sleeps.borrow_mut().push(duration);
        Ok(())
    }
}

fn owned(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A command as one line: the words of `shell`, or the name and the paths of the others.
fn command_line(name: &str, args: &Arguments) -> String {
    let text = |value: &Value| match value {
        Value::Str(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        other => format!("{other:?}"),
    };
    if name == "shell" {
        return args.get("command").map(text).unwrap_or_default();
    }
    let paths = ["path", "paths", "from_path", "to_path"].into_iter().filter_map(|key| args.get(key)).map(text);
    std::iter::once(name.to_owned()).chain(paths).collect::<Vec<_>>().join(" ")
}
