//! The logs of one step: what is written to them is blackened and goes to the pipeline.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use tracing::error;

use super::database;
use crate::actors::build::lazy_log::{LazyLog, LogDraft};
use crate::actors::build::run::BuildRun;
use crate::domain::{LogId, LogKind, StepId, Stream};
use crate::steps::Fault;
use crate::wire::{LogLimits, LogSink, LogWriter, LogWriterConfig};

pub struct StepLogs<'a> {
    run: &'a BuildRun,
    step: StepId,
    open: RefCell<BTreeMap<LogId, Arc<LogWriter>>>,
    /// Those among them that are added when something is written to them.
    lazy: RefCell<BTreeMap<LogId, Arc<LazyLog>>>,
}

impl<'a> StepLogs<'a> {
    pub fn new(run: &'a BuildRun, step: StepId) -> Self {
        Self { run, step, open: RefCell::default(), lazy: RefCell::default() }
    }

    pub async fn add(&self, name: &str, kind: LogKind) -> Result<LogId, Fault> {
        let deps = &self.run.deps;
        let log = deps.rows.add_log(self.step, self.run.secrets.mask(name), kind).await.map_err(database)?.id;
        let (live, step) = (deps.live.clone(), self.step);
        let on_lines = Box::new(move |n_lines| live.log_appended(log, step, n_lines));
        self.open(log, kind, Arc::clone(&deps.log_sink), on_lines);
        Ok(log)
    }

    /// The number stands in for that of the row, which is added with the first chunk.
    pub fn add_lazy(&self, name: &str, kind: LogKind) -> LogId {
        // Rows have positive numbers.
        let stand_in = LogId(-1 - i64::try_from(self.lazy.borrow().len()).unwrap_or(i64::MAX - 1));
        let deps = &self.run.deps;
        let draft = LogDraft { step: self.step, name: self.run.secrets.mask(name), kind };
        let lazy = Arc::new(LazyLog::new(deps.rows.clone(), draft, Arc::clone(&deps.log_sink)));
        let (live, step, row) = (deps.live.clone(), self.step, Arc::clone(&lazy));
        let on_lines = Box::new(move |n_lines| {
            if let Some(log) = row.row() {
                live.log_appended(log, step, n_lines);
            }
        });
        self.open(stand_in, kind, Arc::clone(&lazy) as _, on_lines);
        self.lazy.borrow_mut().insert(stand_in, lazy);
        stand_in
    }

    fn open(&self, log: LogId, kind: LogKind, sink: Arc<dyn LogSink>, on_lines: Box<dyn Fn(i64) + Send + Sync>) {
        let limits = self.run.plan.logs;
        let config = LogWriterConfig {
            log,
            kind,
            limits: LogLimits { max_bytes: limits.max_bytes, max_tail_bytes: limits.max_tail_bytes },
            clock: self.run.deps.clock.clone(),
            redactor: Some(self.run.secrets.redactor()),
            runtime: self.run.deps.wire_runtime.clone(),
        };
        self.open.borrow_mut().insert(log, Arc::new(LogWriter::new(config, sink, on_lines)));
    }

    pub fn writer(&self, log: LogId) -> Result<Arc<LogWriter>, Fault> {
        self.open.borrow().get(&log).cloned().ok_or_else(|| Fault::World(format!("log {log} is not open")))
    }

    /// Returns when the text is stored.
    pub async fn write(&self, log: LogId, stream: Stream, text: &str) -> Result<(), Fault> {
        let receipt = self.writer(log)?.append(stream, text);
        receipt.stored().await.map_err(|error| Fault::World(error.to_string()))
    }

    /// Closes all logs: their last chunks are stored when this returns.
    pub async fn finish(&self) {
        let open = std::mem::take(&mut *self.open.borrow_mut());
        for (id, log) in open {
            if let Err(error) = log.finish().await {
                error!(error = %error, log.id = id.0, "cannot store the end of a log");
            }
            let lazy = self.lazy.borrow().get(&id).cloned();
            let row = lazy.map_or(Some(id), |lazy| lazy.row());
            // A log that stayed empty was never added.
            let Some(row) = row else { continue };
            if let Err(error) = self.run.deps.rows.finish_log(row).await {
                error!(error = &error as &dyn std::error::Error, log.id = id.0, "cannot close a log");
            }
        }
    }
}
