//! Reporters: the harbour of all that tells people of builds; whatever happens in it, builds go on.
//!
//! - Hears: [`ReconsiderConfiguration`], [`EventsCommitted`] from the bus, [`DeliverAgain`] from the pages.
//! - Tells: its children that something happened, or is to be sent.
//! - Writes: which reporters there are (`sync_reporters`), and that a delivery is to be sent again (`send_again`).
//! - Restart: permanent. Rebuilds its children from the configuration.

mod absences;
mod address;
mod called;
mod format;
pub(in crate::actors) mod gather;
mod old_build;
mod pace;
mod packets;
mod produce;
pub mod reporter;
mod send;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use actix::Message;
use tokio::runtime;
use tracing::{error, warn};

use self::absences::{Absences, AbsencesDeps};
use self::called::FunctionTransport;
use self::reporter::{ReconsiderDeliveries, ReconsiderEvents, Reporter};
use super::applied::{AppliedConfig, ReconsiderConfiguration};
use super::event_bus::EventsCommitted;
use super::owned::Owned;
use super::scripts::CallFunction;
use super::supervisor::{Ask, Child, ChildSpec, Handle, Reply, ShellContext, Supervisor};
use crate::clock::Clock;
use crate::db::transitions::{SendAgain, SyncReporters};
use crate::db::{Db, DbError};
use crate::domain::{DeliveryId, Event};
use crate::reporters::Transport;
use crate::reporters::config::{ReporterConfig, TransportConfig};
use crate::reporters::http::HttpTransport;
use crate::reporters::mail::{SmtpTransport, address_in};
use crate::reporters::push::{PushConfig, PushEnd};

/// Sends something once more; answers whether there is such a delivery.
#[derive(Message)]
#[rtype(result = "Result<bool, DbError>")]
pub struct DeliverAgain {
    pub delivery: DeliveryId,
}

#[derive(Clone)]
pub struct ReportersDeps {
    pub supervisor: Supervisor,
    pub reporter: ReporterDeps,
    /// Where encryption of mail is done.
    pub wire_runtime: runtime::Handle,
}

/// What each reporter has.
#[derive(Clone)]
pub struct ReporterDeps {
    pub db: Db,
    pub clock: Clock,
    pub config: AppliedConfig,
    pub scripts: Ask<CallFunction>,
}

pub struct Reporters {
    deps: ReportersDeps,
    children: BTreeMap<String, (ReporterConfig, Owned<Reporter>)>,
    _absences: Owned<Absences>,
    /// What has been complained about, so that a reload repeats nothing.
    missing: BTreeSet<String>,
}

const STORE_AGAIN_AFTER: Duration = Duration::from_secs(5);

impl Reporters {
    pub fn new(deps: ReportersDeps) -> Self {
        let ReporterDeps { db, clock, config, .. } = deps.reporter.clone();
        let absences = AbsencesDeps { db, clock, config };
        let prepared = deps.supervisor.prepare(ChildSpec::permanent("absences", "absences"));
        let absences = Owned(prepared.start(move || Absences::new(absences.clone())));
        Self { deps, children: BTreeMap::new(), _absences: absences, missing: BTreeSet::new() }
    }

    fn apply_configuration(&mut self, ctx: &mut ShellContext<'_, Self>) {
        let applied = Arc::clone(&self.deps.reporter.config.borrow());
        let missing: BTreeSet<String> = applied.config.inactive.iter().cloned().collect();
        for name in missing.difference(&self.missing) {
            warn!(component = name, "it is configured, and this version cannot run it: it does nothing");
        }
        self.missing = missing;
        let wanted = applied.config.reporters.clone();
        self.children.retain(|_, (config, _)| wanted.contains(config));
        let chats = applied.config.chats.iter().map(|chat| chat.name.clone());
        let names = wanted.iter().map(|reporter| reporter.name.clone()).chain(chats).collect();
        self.sync(names, wanted, ctx);
    }

    /// Gives every reporter its row before it begins, and every chat.
    fn sync(&mut self, names: Vec<String>, wanted: Vec<ReporterConfig>, ctx: &mut ShellContext<'_, Self>) {
        let db = self.deps.reporter.db.clone();
        ctx.spawn(async move { db.write(SyncReporters { names }).await }, |this, outcome, ctx| match outcome {
            Ok(()) => this.start(wanted),
            Err(error) => {
                error!(error = &error as &dyn Error, "cannot store which reporters there are");
                ctx.later(STORE_AGAIN_AFTER, |this, ctx| this.apply_configuration(ctx));
            }
        });
    }

    fn transport(&self, config: &TransportConfig) -> Arc<dyn Transport> {
        match config {
            TransportConfig::Mail(mail) => {
                let from = address_in(&mail.from).unwrap_or_else(|| mail.from.clone());
                Arc::new(SmtpTransport::new(mail.relay.clone(), from, self.deps.wire_runtime.clone()))
            }
            TransportConfig::Http(http) => Arc::new(HttpTransport::new(http.clone())),
            TransportConfig::Push(PushConfig { end: PushEnd::Form { http, .. }, .. }) => {
                Arc::new(HttpTransport::new(http.clone()))
            }
            TransportConfig::Push(PushConfig { end: PushEnd::Function(function), .. }) => {
                Arc::new(FunctionTransport { function: function.clone(), scripts: self.deps.reporter.scripts.clone() })
            }
        }
    }

    /// Makes the children those of the configuration; one whose settings did not change goes on.
    fn start(&mut self, wanted: Vec<ReporterConfig>) {
        for config in wanted {
            if self.children.contains_key(&config.name) {
                continue;
            }
            let (deps, shared) = (self.deps.reporter.clone(), Arc::new(config.clone()));
            let transport = self.transport(&config.transport);
            let spec = ChildSpec::permanent("reporter", config.name.clone());
            let make = move || Reporter::new(Arc::clone(&shared), deps.clone(), Arc::clone(&transport));
            let child = Owned(self.deps.supervisor.prepare(spec).start(make));
            self.children.insert(config.name.clone(), (config, child));
        }
    }
}

/// Whether people may be told of an event.
const fn is_worth_reading(event: &Event) -> bool {
    matches!(
        event,
        Event::BuildStarted { .. }
            | Event::BuildFinished { .. }
            | Event::BuildRequestAdded { .. }
            | Event::BuildRequestCancelled { .. }
            | Event::BuildsetCompleted { .. }
            | Event::WorkerMissing { .. }
    )
}

impl Child for Reporters {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        self.apply_configuration(ctx);
    }
}

impl Handle<ReconsiderConfiguration> for Reporters {
    fn handle(&mut self, _: ReconsiderConfiguration, ctx: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.apply_configuration(ctx);
        Reply::Now(())
    }
}

impl Handle<EventsCommitted> for Reporters {
    fn handle(&mut self, message: EventsCommitted, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        let for_people = message.0.iter().any(|committed| is_worth_reading(&committed.event));
        let for_packets = message.0.iter().any(|committed| packets::are_of(&committed.event));
        for (config, child) in self.children.values() {
            let is_concerned = match config.transport {
                TransportConfig::Push(_) => for_packets,
                TransportConfig::Mail(_) | TransportConfig::Http(_) => for_people,
            };
            if is_concerned {
                child.tell().tell(ReconsiderEvents);
            }
        }
        Reply::Now(())
    }
}

impl Handle<DeliverAgain> for Reporters {
    fn handle(&mut self, message: DeliverAgain, _: &mut ShellContext<'_, Self>) -> Reply<Result<bool, DbError>> {
        let db = self.deps.reporter.db.clone();
        let children: BTreeMap<_, _> = self
            .children
            .iter()
            .map(|(name, (_, child))| (name.clone(), child.tell::<ReconsiderDeliveries>()))
            .collect();
        Reply::later(async move {
            let reporter = db.write(SendAgain { delivery: message.delivery }).await?;
            if let Some(child) = reporter.as_ref().and_then(|name| children.get(name)) {
                child.tell(ReconsiderDeliveries);
            }
            Ok(reporter.is_some())
        })
    }
}
