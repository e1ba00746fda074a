//! A child before and after its start: first everybody's address, then everybody's life.

use std::sync::Arc;
use std::time::Duration;

use actix::{Addr, Context};
use tokio::time::Instant;

use super::address::{Answer, Ask, Destination, Tell};
use super::child::{Child, Handle, Mail};
use super::envelope::{Control, Envelope};
use super::guard::Guard;
use super::history::History;
use super::record::{End, Queued, Record};
use super::registry::Registration;
use super::shell::Shell;
use super::spec::ChildSpec;
use super::work::Work;
use crate::actors::handle::ActorFigures;

/// The address of a shell and the record of its child.
pub(super) struct ActorAddress<A: Child> {
    pub(super) shell: Addr<Shell<A>>,
    pub(super) record: Arc<Record>,
}

impl<A: Child> ActorAddress<A> {
    pub(super) fn tell<M: Mail>(&self) -> Tell<M>
    where
        A: Handle<M>,
    {
        Tell::new(Arc::new(self.clone()))
    }

    fn ask<M: Mail>(&self, deadline: Duration) -> Ask<M>
    where
        A: Handle<M>,
    {
        Ask::new(Arc::new(self.clone()), deadline)
    }
}

impl<A: Child> Clone for ActorAddress<A> {
    fn clone(&self) -> Self {
        Self { shell: self.shell.clone(), record: Arc::clone(&self.record) }
    }
}

impl<A: Handle<M>, M: Mail> Destination<M> for ActorAddress<A> {
    fn put(&self, message: M, answer: Option<Answer<M::Result>>) {
        let queued = Queued::new(&self.record);
        self.shell.do_send(Envelope { message, answer, sent_at: Instant::now(), queued });
    }

    fn depth(&self) -> u64 {
        self.record.depth()
    }
}

/// A child that has an address and is not yet started. Mail to it waits.
#[must_use = "a child that is never started answers nobody"]
pub struct Prepared<A: Child> {
    context: Context<Shell<A>>,
    address: ActorAddress<A>,
    spec: ChildSpec,
    registration: Registration,
}

impl<A: Child> Prepared<A> {
    pub(super) fn new(
        context: Context<Shell<A>>,
        address: ActorAddress<A>,
        spec: ChildSpec,
        registration: Registration,
    ) -> Self {
        Self { context, address, spec, registration }
    }

    pub fn tell<M: Mail>(&self) -> Tell<M>
    where
        A: Handle<M>,
    {
        self.address.tell()
    }

    /// `deadline` bounds each question, from its sending to its answer.
    pub fn ask<M: Mail>(&self, deadline: Duration) -> Ask<M>
    where
        A: Handle<M>,
    {
        self.address.ask(deadline)
    }

    /// Starts the child on this thread's arbiter. `factory` makes every incarnation.
    pub fn start(self, factory: impl FnMut() -> A + 'static) -> Running<A> {
        let Self { context, address, spec, registration } = self;
        let (supervisor, kind, name) = (registration.supervisor.clone(), spec.kind, spec.name.clone());
        let shell = Shell {
            factory: Box::new(factory),
            spec,
            address: address.clone(),
            registration,
            actor: None,
            work: Work::new(),
            history: History::default(),
        };
        let notice = EndNotice(Arc::clone(&address.record));
        let life = Guard::new(context.into_future(shell));
        actix::spawn(async move {
            // The last net: a panic in the shell's own code or in actix.
            if let Err(text) = life.await {
                supervisor.escalate(kind, &name, &text);
                notice.0.set_ending(End::Failed(text));
            }
            drop(notice);
        });
        Running { address }
    }
}

/// Announces the end of a child when its task is over, or dropped together with the runtime.
struct EndNotice(Arc<Record>);

impl Drop for EndNotice {
    fn drop(&mut self) {
        self.0.announce_end();
    }
}

/// A child that has been started. Dropping this does not stop it.
pub struct Running<A: Child> {
    address: ActorAddress<A>,
}

impl<A: Child> Running<A> {
    pub fn tell<M: Mail>(&self) -> Tell<M>
    where
        A: Handle<M>,
    {
        self.address.tell()
    }

    /// `deadline` bounds each question, from its sending to its answer.
    pub fn ask<M: Mail>(&self, deadline: Duration) -> Ask<M>
    where
        A: Handle<M>,
    {
        self.address.ask(deadline)
    }

    pub fn figures(&self) -> ActorFigures {
        self.address.record.figures()
    }

    /// Starts a quarantined child again, with a clean sheet; does nothing to any other.
    pub fn retry(&self) {
        self.address.shell.do_send(Control::Retry);
    }

    /// Has the child handle the mail that waits, then ends it, and waits for that. A back-off is cut short; answers
    /// that are still to come are closed.
    pub async fn stop(&self) -> End {
        self.begin_stop();
        self.ended().await
    }

    /// As [`Running::stop`], without waiting.
    pub fn begin_stop(&self) {
        self.address.record.want_stop();
        self.address.shell.do_send(Control::Stop);
    }

    /// Waits until the child has ended for good; a restart is no end.
    pub fn ended(&self) -> impl Future<Output = End> + Send + use<A> {
        Arc::clone(&self.address.record).ended()
    }
}

impl<A: Child> Clone for Running<A> {
    fn clone(&self) -> Self {
        Self { address: self.address.clone() }
    }
}
