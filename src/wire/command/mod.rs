//! A remote command that runs on a worker.

mod collect;
mod registration;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use buildbot_protocol::{Lines, Update};
use tokio::sync::{mpsc, watch};

pub(super) use registration::CommandRegistration;

use self::collect::Collected;
use super::link::StartCommand;
use super::log::{LogWriter, Receipt};
use super::session::Ticket;
use super::transfer::TransferStep;
use crate::domain::{CommandOutcome, Stream};

/// How far a command is.
#[derive(Clone, Debug, Default, PartialEq)]
struct Progress {
    has_rc: bool,
    end: Option<End>,
}

#[derive(Clone, Debug, PartialEq)]
enum End {
    /// With the text of an error, if it could not be carried out.
    Completed(Option<String>),
    Lost(String),
}

/// A step of a transfer and whom to answer.
type TransferRequest = (TransferStep, Ticket);

pub(super) struct RunningCommand {
    builder_name: Option<String>,
    stdio: Option<Arc<LogWriter>>,
    log_files: HashMap<String, Arc<LogWriter>>,
    transfers: Option<mpsc::UnboundedSender<TransferRequest>>,
    collected: Mutex<Collected>,
    progress: watch::Sender<Progress>,
}

impl RunningCommand {
    fn new(command: StartCommand, transfers: Option<mpsc::UnboundedSender<TransferRequest>>) -> Self {
        Self {
            builder_name: command.builder_name,
            stdio: command.stdio,
            log_files: command.log_files.into_iter().collect(),
            transfers,
            collected: Mutex::new(Collected::new(command.observer, command.collect_stdout)),
            progress: watch::Sender::new(Progress::default()),
        }
    }

    pub(super) fn builder_name(&self) -> Option<&str> {
        self.builder_name.as_deref()
    }

    /// Takes what a worker tells of the command, and promises when its output is stored.
    pub(super) fn update(&self, updates: Vec<Update>) -> Vec<Receipt> {
        let mut receipts = Vec::new();
        for update in updates {
            match update {
                Update::Stdout(lines) => receipts.extend(self.append(Stream::Stdout, &lines)),
                Update::Stderr(lines) => receipts.extend(self.append(Stream::Stderr, &lines)),
                Update::Header(lines) => receipts.extend(self.append(Stream::Header, &lines)),
                Update::Log { name, lines } => match self.log_files.get(&name) {
                    Some(writer) => receipts.push(writer.append(Stream::Stdout, &lines.text)),
                    None => tracing::debug!(log.name = name, "ignoring lines of a log file nobody asked for"),
                },
                Update::Rc(rc) => {
                    self.collected().outcome.rc = rc;
                    self.progress.send_modify(|progress| progress.has_rc = true);
                }
                other => self.collected().note(other),
            }
        }
        receipts
    }

    fn append(&self, stream: Stream, lines: &Lines) -> Option<Receipt> {
        let mut collected = self.collected();
        match &self.stdio {
            Some(writer) => {
                Some(writer.append_observed(stream, &lines.text, &mut |line| collected.observe(stream, line)))
            }
            None => {
                lines.text.lines().for_each(|line| collected.observe(stream, line));
                None
            }
        }
    }

    /// The worker says that the command is over; the first word counts.
    pub(super) fn complete(&self, error: Option<String>) {
        self.end(End::Completed(error));
    }

    /// The connection is gone.
    pub(super) fn lose(&self, why: &str) {
        self.end(End::Lost(why.to_owned()));
    }

    fn end(&self, end: End) {
        self.progress.send_if_modified(|progress| {
            let first = progress.end.is_none();
            if first {
                progress.end = Some(end);
            }
            first
        });
    }

    /// Hands a step to the transfer; gives the ticket back if there is none.
    pub(super) fn transfer(&self, step: TransferStep, ticket: Ticket) -> Result<(), Ticket> {
        match &self.transfers {
            Some(transfers) => transfers.send((step, ticket)).map_err(|refused| refused.0.1),
            None => Err(ticket),
        }
    }

    /// Ends lines that the command has not ended, and promises when all its output is stored.
    fn flush(&self) -> Vec<Receipt> {
        let mut collected = self.collected();
        let mut receipts: Vec<Receipt> = Vec::new();
        if let Some(writer) = &self.stdio {
            receipts.push(writer.flush_lines(&mut |stream, line| collected.observe(stream, line)));
        }
        receipts.extend(self.log_files.values().map(|writer| writer.flush_lines(&mut |_, _| {})));
        receipts
    }

    fn outcome(&self) -> CommandOutcome {
        self.collected().outcome.clone()
    }

    fn collected(&self) -> MutexGuard<'_, Collected> {
        self.collected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
