//! The actix actor around a [`Child`]: the shell outlives its child's failures, and with it address and mail.
//!
//! ```text
//!             factory + started            panic, not too often
//!  prepared ---------------------> running ---------------------> restarting (mail waits)
//!                                   |  ^                              |
//!                     panic, too    |  |         back-off over        |
//!                     often         |  +------------------------------+
//!                                   v
//!                          quarantined (mail refused) --- retry ---> running
//!                          or stopped, as the spec says
//! ```
//!
//! Quarantine polls the mailbox in order to refuse; back-off does not poll it (`Context::wait`), so mail stays queued.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use actix::fut::{ActorFuture, ActorFutureExt, WrapFuture};
use actix::{Actor, ActorContext, AsyncContext, Context, Handler};
use tokio::time::Instant;
use tracing::{error, info};

use super::address::Refused;
use super::child::{Child, Handle, Mail, Reply};
use super::context::ShellContext;
use super::envelope::{Control, Envelope};
use super::guard::{catch, discard};
use super::history::{History, Verdict};
use super::record::{Condition, End};
use super::registry::Registration;
use super::running::ActorAddress;
use super::spec::{ChildSpec, WhenDying};
use super::witness::{Handling, Moment};
use super::work::{Finished, Work};
use crate::domain::BuildRequestId;

pub(super) struct Shell<A: Child> {
    pub(super) factory: Box<dyn FnMut() -> A>,
    pub(super) spec: ChildSpec,
    pub(super) address: ActorAddress<A>,
    pub(super) registration: Registration,
    /// `None` while there is nobody to handle messages.
    pub(super) actor: Option<A>,
    pub(super) work: Work<A>,
    pub(super) history: History,
}

impl<A: Child> Shell<A> {
    /// Builds a new incarnation.
    fn boot(&mut self, ctx: &mut Context<Self>) {
        let Self { factory, work, address, .. } = self;
        let built = catch(|| {
            let mut actor = factory();
            actor.started(&mut ShellContext::new(work, ctx, address, None));
            actor
        });
        match built {
            Ok(actor) => {
                self.actor = Some(actor);
                self.address.record.set_condition(Condition::Running);
            }
            Err(text) => self.fail(text, None, ctx),
        }
    }

    /// Runs code of the child. `None` when there is no child, or when it has just failed.
    fn run<R>(
        &mut self,
        subject: Option<BuildRequestId>,
        ctx: &mut Context<Self>,
        code: impl FnOnce(&mut A, &mut ShellContext<'_, A>) -> R,
    ) -> Option<R> {
        let Self { actor, work, address, .. } = self;
        let actor = actor.as_mut()?;
        let began = Instant::now();
        let outcome = catch(|| code(actor, &mut ShellContext::new(work, ctx, address, subject)));
        self.address.record.count_busy(began.elapsed());
        match outcome {
            Ok(value) => Some(value),
            Err(text) => {
                self.fail(text, subject, ctx);
                None
            }
        }
    }

    /// Throws away what is left of the incarnation, and decides what follows.
    fn fail(&mut self, text: String, subject: Option<BuildRequestId>, ctx: &mut Context<Self>) {
        discard(self.actor.take());
        discard(std::mem::replace(&mut self.work, Work::new()));
        self.address.record.count_panic(&text);
        if let Some(culprit) = subject.filter(|subject| self.registration.supervisor.is_culprit(*subject, &text)) {
            self.history.forgive(culprit);
            self.restart_after(self.spec.backoff.first, &text, ctx);
            return;
        }
        match self.history.record(Instant::now(), subject, self.spec.intensity, self.spec.backoff) {
            Verdict::RestartAfter(pause) => self.restart_after(pause, &text, ctx),
            Verdict::GiveUp => self.give_up(text, ctx),
        }
    }

    fn restart_after(&mut self, pause: Duration, text: &str, ctx: &mut Context<Self>) {
        let ChildSpec { kind, name, .. } = &self.spec;
        error!(actor.kind = kind, actor.name = name, "actor failed, restarting in {pause:?}: {text}");
        self.address.record.set_condition(Condition::Restarting);
        let stop_wanted = Arc::clone(&self.address.record).stop_wanted();
        let pause_over = async move {
            tokio::select! {
                () = tokio::time::sleep(pause) => true,
                () = stop_wanted => false,
            }
        };
        ctx.wait(pause_over.into_actor(self).map(|go_on, shell, ctx| {
            if go_on {
                shell.address.record.count_restart();
                shell.boot(ctx);
            } else {
                ctx.stop();
            }
        }));
    }

    fn give_up(&mut self, text: String, ctx: &mut Context<Self>) {
        let ChildSpec { kind, name, .. } = &self.spec;
        error!(actor.kind = kind, actor.name = name, "actor failed too often, given up: {text}");
        match self.spec.when_dying {
            WhenDying::Quarantine => self.address.record.set_condition(Condition::Quarantined(text)),
            WhenDying::Stop => {
                self.address.record.set_ending(End::Failed(text));
                ctx.stop();
            }
            WhenDying::Escalate => {
                self.registration.supervisor.escalate(self.spec.kind, &self.spec.name, &text);
                self.address.record.set_ending(End::Failed(text));
                ctx.stop();
            }
        }
    }

    /// The text to refuse mail with; `None` when there is somebody to handle it.
    fn refusal(&self) -> Option<String> {
        if self.actor.is_some() {
            return None;
        }
        match self.address.record.condition() {
            Condition::Quarantined(reason) => Some(reason),
            _ => Some("it is not running".to_owned()),
        }
    }

    fn finish(&mut self, finished: Finished<A>, ctx: &mut Context<Self>) {
        match finished.outcome {
            Ok(None) => (),
            Ok(Some(then)) => {
                self.run(finished.subject, ctx, then);
            }
            Err(text) => self.fail(text, finished.subject, ctx),
        }
    }
}

impl<A: Child> Actor for Shell<A> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(WorkDriver);
        self.boot(ctx);
    }
}

impl<A: Child> Drop for Shell<A> {
    fn drop(&mut self) {
        discard(self.actor.take());
        self.address.record.set_condition(Condition::Stopped);
    }
}

impl<A: Handle<M>, M: Mail> Handler<Envelope<M>> for Shell<A> {
    type Result = ();

    fn handle(&mut self, envelope: Envelope<M>, ctx: &mut Self::Context) {
        let Envelope { message, answer, sent_at, queued } = envelope;
        drop(queued);
        if answer.as_ref().is_some_and(|answer| answer.is_closed()) {
            return discard(message);
        }
        if let Some(reason) = self.refusal() {
            self.address.record.count_refused();
            if let Some(answer) = answer {
                // The asker may have given up.
                let _ = answer.send(Err(Refused(reason)));
            }
            return discard(message);
        }
        self.address.record.count_handled(sent_at.elapsed());
        let subject = catch(|| A::subject(&message)).unwrap_or_default();
        let (kind, witness) = (self.spec.kind, self.registration.supervisor.witness());
        let record = Arc::clone(&self.address.record);
        let see = |moment| {
            if let Some(witness) = &witness {
                witness(&Handling::of::<M>(kind, &record.name, moment));
            }
        };
        let handled = self.run(subject, ctx, |actor, ctx| {
            see(Moment::Before);
            let reply = actor.handle(message, ctx);
            see(Moment::After);
            reply
        });
        match handled {
            // Dropping the answer closes it.
            None => drop(answer),
            Some(Reply::Now(value)) => match answer {
                // The asker may have given up; then the value comes back.
                Some(answer) => discard(answer.send(Ok(value))),
                None => discard(value),
            },
            Some(Reply::Later(future)) => self.work.push_answer(subject, future, answer),
        }
    }
}

impl<A: Child> Handler<Control> for Shell<A> {
    type Result = ();

    fn handle(&mut self, control: Control, ctx: &mut Self::Context) {
        match control {
            Control::Stop => ctx.stop(),
            Control::Retry => {
                if let Condition::Quarantined(_) = self.address.record.condition() {
                    info!(actor.kind = self.spec.kind, actor.name = self.spec.name, "actor is tried again");
                    self.history.clear();
                    self.address.record.count_restart();
                    self.boot(ctx);
                }
            }
        }
    }
}

/// Drives the shell's [`Work`] as the one future of the actix context, which would poll each of many at every message.
struct WorkDriver;

impl<A: Child> ActorFuture<Shell<A>> for WorkDriver {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        shell: &mut Shell<A>,
        ctx: &mut Context<Shell<A>>,
        task: &mut std::task::Context<'_>,
    ) -> Poll<()> {
        // While the context waits (back-off, stop) it comes back here by itself.
        while !ctx.waiting() {
            match shell.work.poll_finished(task) {
                Poll::Ready(finished) => shell.finish(finished, ctx),
                Poll::Pending => break,
            }
        }
        Poll::Pending
    }
}
