//! Sessions: which worker processes are attached now; the wire's gate to the actors.
//!
//! The state of the world that the worker actors look at: they are told that something changed and read it here, so a
//! restarted actor finds what its predecessor knew.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;

use super::applied::AppliedConfig;
use super::clients::Reception;
use super::supervisor::Tell;
use super::workers::{ControlWorker, ReconsiderWorker};
use crate::domain::WorkerAction;
use crate::wire::{Admission, Gate, Proof, Refusal, Visitor, WorkerLink};

/// Shared by the wire threads and the core.
#[derive(Clone)]
pub struct Sessions {
    links: Arc<Mutex<HashMap<String, WorkerLink>>>,
    config: AppliedConfig,
}

impl Sessions {
    pub fn new(config: AppliedConfig) -> Self {
        Self { links: Arc::default(), config }
    }

    /// The live session of a worker.
    pub fn current(&self, worker: &str) -> Option<WorkerLink> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner).get(worker).cloned()
    }

    fn attach(&self, link: WorkerLink) {
        let name = link.name().to_owned();
        self.links.lock().unwrap_or_else(PoisonError::into_inner).insert(name, link);
    }

    fn detach(&self, worker: &str, session: u64) {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        if links.get(worker).is_some_and(|link| link.session() == session) {
            links.remove(worker);
        }
    }
}

/// Lets configured workers in, and clients that share their port.
pub struct WorkerGate {
    pub sessions: Sessions,
    pub workers: Tell<ReconsiderWorker>,
    pub control: Tell<ControlWorker>,
    pub reception: Reception,
}

impl Gate for WorkerGate {
    fn admit<'a>(&'a self, name: &'a str, proof: &'a Proof<'_>) -> BoxFuture<'a, Result<Admission, Refusal>> {
        let applied = Arc::clone(&self.sessions.config.borrow());
        let admission = match applied.config.workers.iter().find(|worker| worker.name == name) {
            None => Err(Refusal::UnknownWorker),
            Some(worker) if !worker.password.expose().is_some_and(|password| proof.fits(password)) => {
                Err(Refusal::WrongPassword)
            }
            Some(worker) => {
                let builders = applied.config.builders_on(name);
                Ok(Admission { builders, keepalive: worker.keepalive_interval })
            }
        };
        Box::pin(std::future::ready(admission))
    }

    fn admit_client(&self, name: &str, proof: &Proof<'_>) -> Option<Visitor> {
        self.reception.admit(None, name, proof)
    }

    fn attached(&self, link: WorkerLink) {
        let name = link.name().to_owned();
        self.sessions.attach(link);
        self.workers.tell(ReconsiderWorker { name, why: None });
    }

    fn wants_to_leave(&self, name: &str) {
        if let Some(worker) = self.sessions.config.borrow().ids.workers.get(name).copied() {
            self.control.tell(ControlWorker { worker, action: WorkerAction::Leave });
        }
    }

    fn detached(&self, name: &str, session: u64, why: &str) {
        self.sessions.detach(name, session);
        self.workers.tell(ReconsiderWorker { name: name.to_owned(), why: Some(why.to_owned()) });
    }
}
