//! What a running step can do, carried out by this program: logs to the pipeline, commands to the worker, rows to the
//! writer.

mod board;
mod commands;
mod logs;
mod paths;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tracing::error;

use self::board::Board;
use self::logs::StepLogs;
use super::super::scripts::CallToRender;
use super::master_command::MasterProcess;
use super::rows::Shown;
use super::run::{BuildRun, StopsBefore};
use super::secrets::Masked;
use super::trigger;
use crate::db::DbError;
use crate::domain::{
    Callback, Change, LogId, LogKind, MasterFile, Properties, PropertyValue, Renderable, ScriptValue, SourceStamp,
    Step, StepId, Stream, TriggerOrder, Triggered, TriggeredBuild, TriggeredEnd,
};
use crate::steps::config::StepConfig;
use crate::steps::function::FunctionThreads;
use crate::steps::{
    CommandOutcome, Fault, MasterCommand, MasterOutcome, RemoteCommand, StepContext, StepsPlace, Transferred,
    WorkerPlace,
};
use crate::transfers::{self, MasterTransfer};

/// The context of one step of one build.
pub struct ActorStepContext<'a> {
    run: &'a BuildRun,
    step: StepId,
    name: String,
    board: Board<'a>,
    logs: StepLogs<'a>,
    stops_before: StopsBefore,
}

impl<'a> ActorStepContext<'a> {
    /// For a step that has a row. It hears of every request to stop that came after it was decided that it runs.
    pub fn new(run: &'a BuildRun, row: Step, stops_before: StopsBefore) -> Self {
        let (board, logs) = (Board::new(run, Some(row.id)), StepLogs::new(run, row.id));
        Self { run, step: row.id, name: row.name, board, logs, stops_before }
    }

    /// A context to render the step's name in, before there is a row.
    pub fn draft(run: &'a BuildRun) -> Self {
        let (step, stops_before) = (StepId(0), run.stops_before());
        let (board, logs) = (Board::new(run, None), StepLogs::new(run, step));
        Self { run, step, name: String::new(), board, logs, stops_before }
    }

    pub fn step(&self) -> StepId {
        self.step
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn state(&self) -> Masked<String> {
        self.board.state()
    }

    pub fn note_state(&self, text: &str) {
        self.board.note_state(text);
    }

    /// Shows a line at once.
    pub async fn show_state(&self, text: &str) -> Result<(), Fault> {
        self.board.note_state(text);
        self.board.tell().await
    }

    /// What the row shall show in the end, with this line.
    pub fn last_shown(&self, state: Masked<String>) -> Shown {
        self.board.last(state)
    }

    /// Stores what is not stored yet, and closes all logs.
    pub async fn finish_logs(&self) {
        if let Err(fault) = self.board.tell_counted().await {
            error!(error = %fault, step.id = self.step.0, "cannot store how far a step has come");
        }
        self.logs.finish().await;
    }

    /// Adds a log with the text of an error.
    pub async fn write_error(&self, text: &str) {
        let written = async {
            let log = self.logs.add("err.text", LogKind::Text).await?;
            self.logs.write(log, Stream::Stderr, &format!("{text}\n")).await
        };
        if let Err(fault) = written.await {
            error!(error = %fault, step.id = self.step.0, "cannot write the error of a step to its log");
        }
    }
}

pub(super) fn database(error: DbError) -> Fault {
    Fault::World(format!("the database failed: {error}"))
}

#[async_trait(?Send)]
impl StepContext for ActorStepContext<'_> {
    async fn run(&self, command: RemoteCommand) -> Result<CommandOutcome, Fault> {
        commands::carry_out(self, command, None).await
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
        let ended = commands::carry_out(self, command, Some(Arc::clone(&transfer))).await;
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
        self.run.plan.link.facts().commands.get(command)
    }

    fn worker_path(&self, place: WorkerPlace<'_>) -> String {
        paths::on_worker(&self.run.plan, place)
    }

    async fn add_log(&self, name: &str, kind: LogKind) -> Result<LogId, Fault> {
        self.logs.add(name, kind).await
    }

    fn add_lazy_log(&self, name: &str, kind: LogKind) -> LogId {
        self.logs.add_lazy(name, kind)
    }

    async fn write_log(&self, log: LogId, stream: Stream, text: &str) -> Result<(), Fault> {
        self.logs.write(log, stream, text).await
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
        self.board.note_state(text);
    }

    fn set_progress(&self, metric: &str, value: f64) {
        self.board.count(metric, value);
    }

    fn add_url(&self, name: &str, url: &str) {
        self.board.add_url(name, url);
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
            _ => facts.others.get(name),
        };
        text.map(PropertyValue::Str)
    }

    async fn call(&self, function: &Callback, arguments: Vec<ScriptValue>) -> Result<Renderable, Fault> {
        let answer = self.run.deps.scripts.ask(CallToRender { function: function.clone(), arguments }).await;
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
        let relationship = self.run.secrets.mask(relationship).into_inner();
        let parent = Some((self.run.build_id(), relationship));
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
        self.board.tell().await?;
        let log = self.logs.writer(command.stdio)?;
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
        self.run.plan.link.facts().environ.to_map()
    }

    async fn set_build_data(&self, name: &str, value: Vec<u8>, source: &str) -> Result<(), Fault> {
        let secrets = &self.run.secrets;
        let (name, value, source) = (secrets.mask(name), secrets.mask_bytes(value), secrets.mask(source));
        self.run.deps.rows.set_data(self.run.build_id(), name, value, source).await.map_err(database)
    }

    fn add_steps(&self, steps: Vec<StepConfig>, place: StepsPlace) -> Result<(), Fault> {
        self.run.add_steps(steps, place).map_err(Fault::Config)
    }

    async fn show(&self) -> Result<(), Fault> {
        self.board.tell().await
    }

    fn functions(&self) -> FunctionThreads {
        self.run.deps.functions.clone()
    }

    async fn stopped(&self) -> String {
        self.run.stopped_since(self.stops_before).await
    }

    async fn sleep(&self, duration: Duration) -> Result<(), Fault> {
        tokio::select! {
            () = tokio::time::sleep(duration) => Ok(()),
            reason = self.stopped() => Err(Fault::Interrupted(reason)),
            () = self.run.plan.link.ended() => Err(Fault::WorkerLost("while a step waited".to_owned())),
        }
    }
}
