//! What a running step can do, carried out by this program: logs to the pipeline, commands to the worker, rows to the
//! writer.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tracing::error;

use super::super::scripts::CallFunction;
use super::lazy_log::LazyLog;
use super::master_command::MasterProcess;
use super::run::BuildRun;
use super::stop_if_dropped::StopIfDropped;
use super::trigger;
use crate::db::DbError;
use crate::db::transitions::{AddLog, FinishLog, NoteProgress, SetBuildData, UpdateStep};
use crate::domain::{
    Callback, Change, LogId, LogKind, MasterFile, Properties, PropertyValue, ScriptValue, SourceStamp, StepId, Stream,
    TriggerOrder, Triggered, TriggeredBuild, TriggeredEnd,
};
use crate::steps::config::StepConfig;
use crate::steps::function::FunctionThreads;
use crate::steps::{
    CommandOutcome, Fault, MasterCommand, MasterOutcome, RemoteCommand, StepContext, StepsPlace, Transferred,
    WorkerPlace,
};
use crate::transfers::{self, MasterTransfer};
use crate::wire::{LinkError, LogLimits, LogWriter, LogWriterConfig, StartCommand, Transfer, WorkerFacts};

/// The row of the step.
pub struct StepRecord {
    pub id: StepId,
    pub name: String,
}

/// The context of one step of one build.
pub struct ActorStepContext<'a> {
    run: &'a BuildRun,
    record: StepRecord,
    state: RefCell<String>,
    /// What the row says.
    told: RefCell<(String, Vec<(String, String)>)>,
    urls: RefCell<Vec<(String, String)>>,
    /// What it has counted and not stored yet.
    counted: RefCell<BTreeMap<String, f64>>,
    logs: RefCell<BTreeMap<LogId, Arc<LogWriter>>>,
    /// Those among them that are added when something is written to them.
    lazy_logs: RefCell<BTreeMap<LogId, Arc<LazyLog>>>,
    /// How many requests to stop there were when the step began.
    stops_before: u32,
}

/// A worker has this long to end an interrupted command.
const INTERRUPT_DEADLINE: Duration = Duration::from_secs(60);

impl<'a> ActorStepContext<'a> {
    pub fn new(run: &'a BuildRun, record: StepRecord) -> Self {
        Self {
            stops_before: *run.stops().borrow(),
            run,
            record,
            state: RefCell::default(),
            told: RefCell::default(),
            urls: RefCell::default(),
            counted: RefCell::default(),
            logs: RefCell::default(),
            lazy_logs: RefCell::default(),
        }
    }

    /// A context to render the step's name in, before there is a row.
    pub fn draft(run: &'a BuildRun) -> Self {
        Self::new(run, StepRecord { id: StepId(0), name: String::new() })
    }

    pub fn step(&self) -> StepId {
        self.record.id
    }

    pub fn name(&self) -> &str {
        &self.record.name
    }

    pub fn state(&self) -> String {
        self.state.borrow().clone()
    }

    pub fn note_state(&self, text: &str) {
        *self.state.borrow_mut() = self.run.secrets.mask(text);
    }

    pub fn urls(&self) -> Vec<(String, String)> {
        self.urls.borrow().clone()
    }

    /// Closes all logs of the step: their last chunks are stored when this returns.
    pub async fn finish_logs(&self) {
        if let Err(fault) = self.tell_progress().await {
            error!(error = %fault, step.id = self.record.id.0, "cannot store how far a step has come");
        }
        let logs = std::mem::take(&mut *self.logs.borrow_mut());
        for (id, log) in logs {
            if let Err(error) = log.finish().await {
                error!(error = %error, log.id = id.0, "cannot store the end of a log");
            }
            let lazy = self.lazy_logs.borrow().get(&id).cloned();
            let row = lazy.map_or(Some(id), |lazy| lazy.row());
            // A log that stayed empty was never added.
            let Some(row) = row else { continue };
            if let Err(error) = self.run.deps.db.write(FinishLog { log: row }).await {
                error!(error = &error as &dyn std::error::Error, log.id = id.0, "cannot close a log");
            }
        }
    }

    fn writer_config(&self, log: LogId, kind: LogKind) -> LogWriterConfig {
        LogWriterConfig {
            log,
            kind,
            limits: LogLimits {
                max_bytes: self.run.plan.logs.max_bytes,
                max_tail_bytes: self.run.plan.logs.max_tail_bytes,
            },
            clock: self.run.deps.clock.clone(),
            redactor: Some(self.run.secrets.redactor()),
            runtime: self.run.deps.wire_runtime.clone(),
        }
    }

    /// Adds a log with the text of an error.
    pub async fn write_error(&self, text: &str) {
        let written = async {
            let log = self.add_log("err.text", LogKind::Text).await?;
            self.write_log(log, Stream::Stderr, &format!("{text}\n")).await
        };
        if let Err(fault) = written.await {
            error!(error = %fault, step.id = self.record.id.0, "cannot write the error of a step to its log");
        }
    }

    /// Stores the state line and links if they changed.
    async fn tell_state(&self) -> Result<(), Fault> {
        self.tell_progress().await?;
        let now = (self.state(), self.urls());
        if *self.told.borrow() == now || self.record.id.0 == 0 {
            return Ok(());
        }
        self.told.replace(now.clone());
        let update = UpdateStep { step: self.record.id, state_string: now.0, urls: now.1 };
        self.run.deps.db.write(update).await.map(drop).map_err(database)
    }

    async fn tell_progress(&self) -> Result<(), Fault> {
        let counted = std::mem::take(&mut *self.counted.borrow_mut());
        for (metric, value) in counted {
            let note = NoteProgress { step: self.record.id, metric, value };
            self.run.deps.db.write(note).await.map_err(database)?;
        }
        Ok(())
    }

    fn log(&self, id: LogId) -> Result<Arc<LogWriter>, Fault> {
        self.logs.borrow().get(&id).cloned().ok_or_else(|| Fault::World(format!("log {id} is not open")))
    }

    /// Runs a command to its end, with somebody who takes its files.
    async fn carry_out(
        &self,
        command: RemoteCommand,
        transfer: Option<Arc<MasterTransfer>>,
    ) -> Result<CommandOutcome, Fault> {
        self.run.save_properties().await.map_err(database)?;
        self.tell_state().await?;
        let command_id = self.run.deps.command_ids.next().await.map_err(database)?;
        let log_files = command.log_files.iter().map(|(name, log)| Ok((name.clone(), self.log(*log)?)));
        let start = StartCommand {
            command_id: command_id.clone(),
            name: command.name.to_owned(),
            args: command.args,
            builder_name: Some(self.run.plan.config.name.clone()),
            stdio: command.stdio.map(|log| self.log(log)).transpose()?,
            log_files: log_files.collect::<Result<_, Fault>>()?,
            observer: command.observer,
            collect_stdout: command.collect_stdout,
            transfer: transfer.clone().map(|transfer| transfer as Arc<dyn Transfer>),
        };
        let link = &self.run.plan.link;
        let mut stop_if_dropped = StopIfDropped { link, command_id: Some(&command_id) };
        let running = link.run(start);
        tokio::pin!(running);
        tokio::select! {
            outcome = &mut running => {
                stop_if_dropped.command_id = None;
                outcome.map_err(link_fault)
            }
            () = refused(transfer.as_deref()) => {
                stop_if_dropped.command_id = None;
                link.interrupt(&command_id, "the master refused the transfer");
                match tokio::time::timeout(INTERRUPT_DEADLINE, &mut running).await {
                    Ok(outcome) => outcome.map_err(link_fault),
                    Err(_) => Err(Fault::World("the worker went on after the master refused the transfer".to_owned())),
                }
            }
            reason = self.stopped() => {
                stop_if_dropped.command_id = None;
                link.interrupt(&command_id, &reason);
                match tokio::time::timeout(INTERRUPT_DEADLINE, &mut running).await {
                    Ok(Err(LinkError::Lost(why))) => Err(Fault::WorkerLost(why)),
                    Ok(_) | Err(_) => Err(Fault::Interrupted(reason)),
                }
            }
        }
    }

    /// Shows a line at once.
    pub async fn show_state(&self, text: &str) -> Result<(), Fault> {
        self.note_state(text);
        self.tell_state().await
    }
}

/// Returns once the master's end of a transfer takes no more; never without one.
async fn refused(transfer: Option<&MasterTransfer>) {
    match transfer {
        Some(transfer) => transfer.refused().await,
        None => std::future::pending().await,
    }
}

pub(super) fn database(error: DbError) -> Fault {
    Fault::World(format!("the database failed: {error}"))
}

fn link_fault(error: LinkError) -> Fault {
    match error {
        LinkError::Lost(why) => Fault::WorkerLost(why),
        LinkError::Refused(why) => Fault::World(format!("the worker refused the command: {why}")),
        LinkError::CommandFailed(why) => Fault::World(format!("the worker could not carry out the command: {why}")),
    }
}

#[async_trait(?Send)]
impl StepContext for ActorStepContext<'_> {
    async fn run(&self, command: RemoteCommand) -> Result<CommandOutcome, Fault> {
        self.carry_out(command, None).await
    }

    async fn transfer(&self, command: RemoteCommand, file: MasterFile) -> Result<Transferred, Fault> {
        let base_dir = self.run.deps.base_dir.clone();
        let not_done = |problem: String| {
            let outcome = CommandOutcome { rc: -1, ..CommandOutcome::default() };
            Ok(Transferred { outcome, problem: Some(problem) })
        };
        let transfer = match MasterTransfer::open(base_dir, file, transfers::Limits::default()).await {
            Ok(transfer) => transfer,
            Err(error) => return not_done(error.to_string()),
        };
        let ended = self.carry_out(command, Some(Arc::clone(&transfer))).await;
        match (ended, transfer.problem()) {
            (Err(fault @ (Fault::WorkerLost(_) | Fault::Interrupted(_))), _) => Err(fault),
            // The worker reports as its own error what we refused.
            (_, Some(problem)) => not_done(problem),
            (Ok(outcome), None) if outcome.rc == 0 => {
                let problem = transfer.commit().await.err().map(|error| error.to_string());
                Ok(Transferred { outcome, problem })
            }
            (ended, None) => ended.map(|outcome| Transferred { outcome, problem: None }),
        }
    }

    fn worker_command_version(&self, command: &str) -> Option<String> {
        self.run.plan.link.facts().commands.get(command).map(str::to_owned)
    }

    fn worker_path(&self, place: WorkerPlace<'_>) -> String {
        let facts = self.run.plan.link.facts();
        let of_builder = || join(facts, &facts.basedir, &self.run.plan.config.workerbuilddir);
        match place {
            WorkerPlace::InBase(path) => join(facts, &facts.basedir, path),
            WorkerPlace::InBuilder(path) => join(facts, &of_builder(), path),
            WorkerPlace::InDirectory { directory, path } => join(facts, &join(facts, &of_builder(), directory), path),
        }
    }

    async fn add_log(&self, name: &str, kind: LogKind) -> Result<LogId, Fault> {
        let add = AddLog { step: self.record.id, name: self.run.secrets.mask(name), kind };
        let log = self.run.deps.db.write(add).await.map_err(database)?;
        let (live, step) = (self.run.deps.live.clone(), self.record.id);
        let on_lines = Box::new(move |n_lines| live.log_appended(log.id, step, n_lines));
        let sink = Arc::clone(&self.run.deps.log_sink);
        let writer = LogWriter::new(self.writer_config(log.id, kind), sink, on_lines);
        self.logs.borrow_mut().insert(log.id, Arc::new(writer));
        Ok(log.id)
    }

    fn add_lazy_log(&self, name: &str, kind: LogKind) -> LogId {
        let mut lazy_logs = self.lazy_logs.borrow_mut();
        // Rows have positive numbers.
        let stand_in = LogId(-1 - i64::try_from(lazy_logs.len()).unwrap_or(i64::MAX - 1));
        let add = AddLog { step: self.record.id, name: self.run.secrets.mask(name), kind };
        let deps = &self.run.deps;
        let lazy = Arc::new(LazyLog::new(deps.db.clone(), add, Arc::clone(&deps.log_sink)));
        let (live, step, row) = (deps.live.clone(), self.record.id, Arc::clone(&lazy));
        let on_lines = Box::new(move |n_lines| {
            if let Some(log) = row.row() {
                live.log_appended(log, step, n_lines);
            }
        });
        let writer = LogWriter::new(self.writer_config(stand_in, kind), Arc::clone(&lazy) as _, on_lines);
        self.logs.borrow_mut().insert(stand_in, Arc::new(writer));
        lazy_logs.insert(stand_in, lazy);
        stand_in
    }

    async fn write_log(&self, log: LogId, stream: Stream, text: &str) -> Result<(), Fault> {
        let receipt = self.log(log)?.append(stream, text);
        receipt.stored().await.map_err(|error| Fault::World(error.to_string()))
    }

    fn properties(&self) -> Arc<Properties> {
        self.run.properties()
    }

    fn set_property(&self, name: &str, value: PropertyValue, source: &str) {
        self.run.set_property(name, value, source);
    }

    fn source_stamps(&self) -> &[SourceStamp] {
        &self.run.plan.source_stamps
    }

    fn changes(&self) -> &[Arc<Change>] {
        &self.run.plan.changes
    }

    fn set_state(&self, text: &str) {
        self.note_state(text);
    }

    fn set_progress(&self, metric: &str, value: f64) {
        self.counted.borrow_mut().insert(metric.to_owned(), value);
    }

    fn add_url(&self, name: &str, url: &str) {
        let mask = |text| self.run.secrets.mask(text);
        self.urls.borrow_mut().push((mask(name), mask(url)));
    }

    fn worker_fact(&self, name: &str) -> Option<PropertyValue> {
        let facts = self.run.plan.link.facts();
        let text = match name {
            "admin" => facts.info.admin.clone(),
            "host" => facts.info.host.clone(),
            "access_uri" => facts.info.access_uri.clone(),
            "version" => Some(facts.version.clone()),
            "basedir" => Some(facts.basedir.clone()),
            "system" => Some(facts.system.clone()),
            "numcpus" => return facts.numcpus.map(PropertyValue::Int),
            _ => facts.others.get(name).map(str::to_owned),
        };
        text.map(PropertyValue::Str)
    }

    async fn call(&self, function: &Callback, arguments: Vec<ScriptValue>) -> Result<PropertyValue, Fault> {
        let answer = self.run.deps.scripts.ask(CallFunction { function: function.clone(), arguments }).await;
        Ok(answer.map_err(|error| Fault::World(format!("no answer from the script pool: {error}")))??)
    }

    async fn secret(&self, name: &str) -> Result<String, Fault> {
        self.run.secrets.reveal(name).await
    }

    fn can_trigger(&self, scheduler: &str) -> bool {
        let applied = self.run.deps.config.borrow();
        let mut schedulers = applied.config.schedulers.iter();
        schedulers.any(|known| known.name == scheduler && known.kind.can_be_triggered())
    }

    async fn trigger(&self, scheduler: &str, relationship: &str, order: TriggerOrder) -> Result<Triggered, Fault> {
        let parent = Some((self.run.build_id(), relationship.to_owned()));
        let order = self.run.secrets.mask_order(TriggerOrder { parent, ..order });
        trigger::order(self.run, scheduler, order).await
    }

    async fn triggered_end(&self, triggered: &Triggered) -> Result<TriggeredEnd, Fault> {
        trigger::wait(self.run, triggered, self.stopped()).await
    }

    fn build_url(&self, build: &TriggeredBuild) -> String {
        let applied = self.run.deps.config.borrow();
        format!("{}builders/{}/builds/{}", applied.config.buildbot_url, build.builder, build.number)
    }

    async fn run_on_master(&self, command: MasterCommand) -> Result<MasterOutcome, Fault> {
        self.run.save_properties().await.map_err(database)?;
        self.tell_state().await?;
        let log = self.log(command.stdio)?;
        let deps = &self.run.deps;
        let process = MasterProcess::start(&command, &deps.base_dir, log, &deps.wire_runtime)?;
        tokio::select! {
            outcome = process.ended() => outcome,
            reason = self.stopped() => {
                process.interrupt().await;
                Err(Fault::Interrupted(reason))
            }
            () = self.run.plan.link.ended() => {
                process.interrupt().await;
                Err(Fault::WorkerLost("while a command ran on the master".to_owned()))
            }
        }
    }

    fn master_environ(&self) -> Arc<BTreeMap<String, String>> {
        Arc::clone(&self.run.deps.environ)
    }

    fn worker_environ(&self) -> BTreeMap<String, String> {
        let facts = self.run.plan.link.facts();
        facts.environ.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    async fn set_build_data(&self, name: &str, value: Vec<u8>, source: &str) -> Result<(), Fault> {
        let (name, source) = (self.run.secrets.mask(name), source.to_owned());
        let value = self.run.secrets.mask_bytes(value);
        let write = SetBuildData { build: self.run.build_id(), name, value, source };
        self.run.deps.db.write(write).await.map_err(database)
    }

    fn add_steps(&self, steps: Vec<StepConfig>, place: StepsPlace) -> Result<(), Fault> {
        self.run.add_steps(steps, place).map_err(Fault::Config)
    }

    async fn show(&self) -> Result<(), Fault> {
        self.tell_state().await
    }

    fn functions(&self) -> FunctionThreads {
        self.run.deps.functions.clone()
    }

    async fn stopped(&self) -> String {
        let mut stops = self.run.stops();
        let before = self.stops_before;
        // The sender lives in `run`, which outlives this borrow.
        if stops.wait_for(|count| *count != before).await.is_err() {
            std::future::pending::<()>().await;
        }
        self.run.stop_reason().unwrap_or_default()
    }

    async fn sleep(&self, duration: Duration) -> Result<(), Fault> {
        tokio::select! {
            () = tokio::time::sleep(duration) => Ok(()),
            reason = self.stopped() => Err(Fault::Interrupted(reason)),
        }
    }
}

/// Joins paths in the worker's own syntax; an absolute path stays as it is, and `~` is the worker's home.
fn join(facts: &WorkerFacts, base: &str, path: &str) -> String {
    let windows = facts.is_windows();
    if let Some(path) = in_home(facts, path) {
        return path;
    }
    let absolute = path.starts_with('/') || (windows && (path.starts_with('\\') || path.chars().nth(1) == Some(':')));
    if absolute {
        return path.to_owned();
    }
    let separator = if windows { '\\' } else { '/' };
    let mut joined = base.trim_end_matches(separator).to_owned();
    for part in path.split(['/', separator]).filter(|part| !part.is_empty() && *part != ".") {
        joined.push(separator);
        joined.push_str(part);
    }
    joined
}

/// A path below the home of the worker, if it names one and the worker told where that is.
fn in_home(facts: &WorkerFacts, path: &str) -> Option<String> {
    let rest = path.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
    let home = facts.environ.get(if facts.is_windows() { "USERPROFILE" } else { "HOME" })?;
    Some(format!("{home}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_in_the_syntax_of_the_worker() {
        let facts = |system: &str| WorkerFacts { system: system.to_owned(), ..WorkerFacts::default() };
        let (posix, windows) = (facts("posix"), facts("nt"));
        assert_eq!(join(&posix, "/w/b", "build/./x"), "/w/b/build/x");
        assert_eq!(join(&posix, "/w/b", "/abs"), "/abs");
        assert_eq!(join(&posix, "/w/b/", ""), "/w/b");
        assert_eq!(join(&windows, r"C:\w", "build/x"), r"C:\w\build\x");
        assert_eq!(join(&windows, r"C:\w", r"D:\y"), r"D:\y");
    }

    #[test]
    fn a_tilde_is_the_home_that_the_worker_told() {
        let mut facts = WorkerFacts { system: "posix".to_owned(), ..WorkerFacts::default() };
        assert_eq!(join(&facts, "/w/b", "~/x"), "/w/b/~/x", "it told none");
        facts.environ = [("HOME", "/home/bb")].into_iter().collect();
        assert_eq!(join(&facts, "/w/b", "~/x"), "/home/bb/x");
        assert_eq!(join(&facts, "/w/b", "~"), "/home/bb");
        assert_eq!(join(&facts, "/w/b", "a~/x"), "/w/b/a~/x");
    }
}
