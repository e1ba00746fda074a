//! The supervisor's book of its children, and where their failures are reported.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::{Context, Message};
use tokio::sync::mpsc;
use tracing::error;

use super::address::Tell;
use super::child::Child;
use super::envelope::Control;
use super::record::Record;
use super::running::{ActorAddress, Prepared};
use super::spec::ChildSpec;
use super::witness::Witness;
use crate::actors::handle::ActorFigures;
use crate::domain::BuildRequestId;

/// Requests over which an actor has lately panicked once; older ones are forgotten.
const N_SUSPECTS: usize = 256;

/// Two actors, or one twice, panicked over this request: it is to end in EXCEPTION.
#[derive(Clone, Debug, Message, PartialEq, Eq)]
#[rtype(result = "()")]
pub struct SubjectFailed {
    pub request: BuildRequestId,
    /// The text of the second panic.
    pub text: String,
}

/// A vital child was given up: the master cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    pub kind: &'static str,
    pub name: String,
    pub text: String,
}

/// What the owner of the tree waits for.
#[derive(Debug)]
pub struct Escalations(mpsc::UnboundedReceiver<Escalation>);

impl Escalations {
    /// Waits for a reason to exit; for ever if there is none.
    pub async fn next(&mut self) -> Escalation {
        match self.0.recv().await {
            Some(escalation) => escalation,
            None => std::future::pending().await,
        }
    }
}

/// Prepares children and knows how they are. Cheap to clone; figures can be read from every thread.
#[derive(Clone)]
pub struct Supervisor(Arc<Inner>);

struct Inner {
    book: Mutex<Book>,
    suspects: Mutex<VecDeque<BuildRequestId>>,
    subject_failed: Mutex<Option<Tell<SubjectFailed>>>,
    escalate: mpsc::UnboundedSender<Escalation>,
    witness: Option<Witness>,
}

#[derive(Default)]
struct Book {
    next_id: u64,
    children: BTreeMap<u64, Entry>,
    /// Sums over the children of a kind that have ended, so that totals only grow.
    ended: BTreeMap<&'static str, ActorFigures>,
}

struct Entry {
    record: Arc<Record>,
    retry: Box<dyn Fn() + Send + Sync>,
}

impl Supervisor {
    pub fn new() -> (Self, Escalations) {
        Self::with_witness(None)
    }

    /// A supervisor of actors whose messages somebody sees.
    pub fn with_witness(witness: Option<Witness>) -> (Self, Escalations) {
        let (escalate, escalations) = mpsc::unbounded_channel();
        let inner = Inner {
            book: Mutex::default(),
            suspects: Mutex::default(),
            subject_failed: Mutex::default(),
            escalate,
            witness,
        };
        (Self(Arc::new(inner)), Escalations(escalations))
    }

    pub(super) fn witness(&self) -> Option<Witness> {
        self.0.witness.clone()
    }

    /// Names who ends requests that make actors panic.
    pub fn report_failed_subjects_to(&self, to: Tell<SubjectFailed>) {
        *lock(&self.0.subject_failed) = Some(to);
    }

    /// Makes a shell and its address; the child itself is made when it is started.
    pub fn prepare<A: Child>(&self, spec: ChildSpec) -> Prepared<A> {
        let context = Context::new();
        let record = Record::new(&spec);
        let address = ActorAddress { shell: actix::AsyncContext::address(&context), record };
        let registration = self.register(&address);
        Prepared::new(context, address, spec, registration)
    }

    /// The figures of all children, in the order in which they were prepared; then one row for each kind whose
    /// children have ended, named `(ended)`.
    pub fn figures(&self) -> Vec<ActorFigures> {
        let book = lock(&self.0.book);
        let alive = book.children.values().map(|entry| entry.record.figures());
        alive.chain(book.ended.values().cloned()).collect()
    }

    /// Starts a quarantined child again. `false` when there is no such child.
    pub fn retry(&self, kind: &str, name: &str) -> bool {
        let book = lock(&self.0.book);
        let entry = book.children.values().find(|entry| entry.record.kind == kind && entry.record.name == name);
        if let Some(entry) = entry {
            (entry.retry)();
        }
        entry.is_some()
    }

    pub(super) fn escalate(&self, kind: &'static str, name: &str, text: &str) {
        error!(actor.kind = kind, actor.name = name, "a vital actor is lost: {text}");
        let escalation = Escalation { kind, name: name.to_owned(), text: text.to_owned() };
        // Nobody listens any more when the master is on its way out.
        let _ = self.0.escalate.send(escalation);
    }

    /// Notes a panic over a request. At the second one it reports the request and answers `true`.
    pub(super) fn is_culprit(&self, request: BuildRequestId, text: &str) -> bool {
        {
            let mut suspects = lock(&self.0.suspects);
            let Some(place) = suspects.iter().position(|suspect| *suspect == request) else {
                suspects.push_back(request);
                if N_SUSPECTS < suspects.len() {
                    suspects.pop_front();
                }
                return false;
            };
            suspects.remove(place);
        }
        error!(build_request.id = request.0, "actors keep failing over this request: {text}");
        let report_to = lock(&self.0.subject_failed).clone();
        if let Some(report_to) = report_to {
            report_to.tell(SubjectFailed { request, text: text.to_owned() });
        }
        true
    }

    fn register<A: Child>(&self, address: &ActorAddress<A>) -> Registration {
        let shell = address.shell.clone();
        let entry =
            Entry { record: Arc::clone(&address.record), retry: Box::new(move || shell.do_send(Control::Retry)) };
        let mut book = lock(&self.0.book);
        let id = book.next_id;
        book.next_id += 1;
        book.children.insert(id, entry);
        Registration { supervisor: self.clone(), id }
    }

    fn strike_out(&self, id: u64) {
        let entry = {
            let mut book = lock(&self.0.book);
            let Some(entry) = book.children.remove(&id) else { return };
            let figures = entry.record.figures();
            let total = book.ended.entry(figures.kind).or_insert_with(|| ActorFigures {
                kind: figures.kind,
                name: "(ended)".to_owned(),
                state: "stopped",
                ..ActorFigures::default()
            });
            add(total, figures);
            entry
        };
        // Outside the lock: it may hold the last address of its actor.
        drop(entry);
    }
}

fn add(total: &mut ActorFigures, figures: ActorFigures) {
    total.handled += figures.handled;
    total.refused += figures.refused;
    total.waiting_seconds += figures.waiting_seconds;
    total.handling_seconds += figures.handling_seconds;
    total.longest_handling_seconds = total.longest_handling_seconds.max(figures.longest_handling_seconds);
    total.panics += figures.panics;
    total.restarts += figures.restarts;
    if figures.last_failure.is_some() {
        total.last_failure = figures.last_failure;
    }
}

/// A child's place in the book; given up when dropped.
pub(super) struct Registration {
    pub(super) supervisor: Supervisor,
    id: u64,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.supervisor.strike_out(self.id);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
