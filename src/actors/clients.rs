//! Clients that are no workers: who may log in where, and what for. The wire's door for them.

mod status_desk;
mod try_desk;
mod user_desk;

use std::sync::Arc;

use futures_util::future::BoxFuture;

use self::status_desk::Watchtower;
use self::try_desk::TryCounter;
use self::user_desk::UserOffice;
use super::applied::AppliedConfig;
use super::change_intake::AcceptChanges;
use super::live_feed::LiveFeed;
use super::pb_changes::PbChanges;
use super::supervisor::Ask;
use super::try_jobs::SubmitTry;
use crate::config::{ClientRole, ListenAddress};
use crate::db::Db;
use crate::wire::{Admission, Gate, Proof, Refusal, Visitor, WorkerLink};

/// Lets clients in as the configuration in force says; shared by the doors of all ports.
#[derive(Clone)]
pub struct Reception {
    pub config: AppliedConfig,
    pub db: Db,
    pub intake: Ask<AcceptChanges>,
    pub try_jobs: Ask<SubmitTry>,
    pub live: LiveFeed,
}

impl Reception {
    /// Whom a client comes to at a port; `None` is the port of the workers.
    pub fn admit(&self, port: Option<&ListenAddress>, name: &str, proof: &Proof<'_>) -> Option<Visitor> {
        let applied = Arc::clone(&self.config.borrow());
        let account = applied.config.clients_at(port).find(|account| {
            account.user == name && account.password.expose().is_some_and(|password| proof.fits(password))
        })?;
        Some(match &account.role {
            ClientRole::Changes { source, prefix } => {
                let (source, prefix, intake) = (source.clone(), prefix.clone(), self.intake.clone());
                Visitor::Changes(Arc::new(PbChanges { source, prefix, intake }))
            }
            ClientRole::Try { scheduler } => Visitor::Try(Arc::new(TryCounter {
                scheduler: scheduler.clone(),
                user: name.to_owned(),
                config: self.config.clone(),
                db: self.db.clone(),
                live: self.live.clone(),
                try_jobs: self.try_jobs.clone(),
            })),
            ClientRole::Users => Visitor::Users(Arc::new(UserOffice { db: self.db.clone() })),
            ClientRole::Status => {
                Visitor::Status(Arc::new(Watchtower { db: self.db.clone(), live: self.live.clone() }))
            }
        })
    }
}

/// A port where no workers come.
pub struct ClientGate {
    pub reception: Reception,
    pub port: ListenAddress,
}

impl Gate for ClientGate {
    fn admit<'a>(&'a self, _: &'a str, _: &'a Proof<'_>) -> BoxFuture<'a, Result<Admission, Refusal>> {
        Box::pin(std::future::ready(Err(Refusal::UnknownWorker)))
    }

    fn admit_client(&self, name: &str, proof: &Proof<'_>) -> Option<Visitor> {
        self.reception.admit(Some(&self.port), name, proof)
    }

    fn attached(&self, _: WorkerLink) {}

    fn detached(&self, _: &str, _: u64, _: &str) {}

    fn wants_to_leave(&self, _: &str) {}
}
