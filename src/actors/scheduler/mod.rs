//! Scheduler: turns changes, times, forms and other builds' wishes into buildsets.
//!
//! - Hears: [`Reconsider`], [`SubmitForced`] and [`SubmitTriggered`] from its parent, and its own timer.
//! - Tells: nothing itself; `Event::BuildsetAdded` goes to the writer together with its rows.
//! - Writes: its row, classified changes, buildsets, requests (`fire_scheduler`).
//! - Restart: permanent. Everything it decides from is in the database; the same state gives the same decision.

mod memory;
mod submit;
mod turn;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use actix::Message;
use tokio::sync::Mutex;
use tracing::error;

use super::applied::AppliedConfig;
use super::handle::{CommandError, ForceRequest, Forced};
use super::scripts::CallFunction;
use super::supervisor::{Ask, Child, Handle, Reply, ShellContext, Timer};
use crate::clock::Clock;
use crate::db::Db;
use crate::domain::{SchedulerId, Timestamp, TriggerOrder, Triggered};
use crate::schedulers::Rules;
use crate::schedulers::config::SchedulerConfig;
use crate::schedulers::cron::local_zone;

/// Says what may be new; a scheduler to which it does not matter does nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct Reconsider {
    pub changes: bool,
    /// Buildsets were made, or ended.
    pub buildsets: bool,
    /// Schedulers were switched on or off.
    pub switched: bool,
}

/// Submits the buildset that a person asked for.
#[derive(Message)]
#[rtype(result = "Result<Forced, CommandError>")]
pub struct SubmitForced {
    pub request: ForceRequest,
}

/// Submits the buildset that a build asks for.
#[derive(Message)]
#[rtype(result = "Result<Triggered, CommandError>")]
pub struct SubmitTriggered {
    pub order: TriggerOrder,
}

#[derive(Clone)]
pub struct SchedulerDeps {
    pub db: Db,
    pub clock: Clock,
    pub config: AppliedConfig,
    pub scripts: Ask<CallFunction>,
}

pub struct Scheduler {
    id: SchedulerId,
    config: Arc<SchedulerConfig>,
    /// How it decides; none if the configuration gives no rules, which loading it has refused.
    rules: Option<Arc<Rules>>,
    deps: SchedulerDeps,
    /// Held by whoever reads the memory and writes it again.
    memory: Arc<Mutex<()>>,
    /// Whether a turn is being taken.
    busy: bool,
    /// Whether something changed since that turn looked.
    again: bool,
    timer: Option<Timer>,
}

/// Timers aimed at a date are armed again at least this often, so that a stepped clock is noticed.
const LONGEST_TIMER: Duration = Duration::from_secs(30);
/// Wait before a failed turn is taken again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

impl Scheduler {
    pub fn new(id: SchedulerId, config: SchedulerConfig, deps: SchedulerDeps) -> Self {
        let rules = Rules::new(&config, &local_zone()).ok().map(Arc::new);
        let memory = Arc::new(Mutex::new(()));
        Self { id, config: Arc::new(config), rules, deps, memory, busy: false, again: false, timer: None }
    }

    fn concerns(&self, what: Reconsider) -> bool {
        let Some(rules) = &self.rules else { return false };
        rules.decides()
            && (what.switched
                || (what.changes && rules.looks_at_changes())
                || (what.buildsets && rules.upstream().is_some()))
    }

    fn reconsider(&mut self, ctx: &mut ShellContext<'_, Self>) {
        let Some(rules) = self.rules.clone().filter(|rules| rules.decides()) else { return };
        if self.busy {
            self.again = true;
            return;
        }
        self.busy = true;
        let (config, deps, memory, id) =
            (Arc::clone(&self.config), self.deps.clone(), Arc::clone(&self.memory), self.id);
        let turn = async move {
            let _held = memory.lock().await;
            turn::take(id, config, rules, deps).await
        };
        ctx.spawn(turn, |this, outcome, ctx| {
            this.busy = false;
            match outcome {
                Ok(wake_at) => this.arm(wake_at, ctx),
                Err(error) => {
                    error!(error = &error as &dyn Error, scheduler = this.config.name, "cannot decide what to build");
                    ctx.later(AGAIN_AFTER, Self::reconsider);
                }
            }
            if std::mem::take(&mut this.again) {
                this.reconsider(ctx);
            }
        });
    }

    fn arm(&mut self, wake_at: Option<Timestamp>, ctx: &mut ShellContext<'_, Self>) {
        if let Some(timer) = self.timer.take() {
            timer.cancel();
        }
        if let Some(at) = wake_at {
            let wait = at.since(self.deps.clock.now()).min(LONGEST_TIMER);
            self.timer = Some(ctx.later(wait, Self::reconsider));
        }
    }
}

impl Child for Scheduler {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        self.reconsider(ctx);
    }
}

impl Handle<Reconsider> for Scheduler {
    fn handle(&mut self, what: Reconsider, ctx: &mut ShellContext<'_, Self>) -> Reply<()> {
        if self.concerns(what) {
            self.reconsider(ctx);
        }
        Reply::Now(())
    }
}

impl Handle<SubmitForced> for Scheduler {
    fn handle(
        &mut self,
        SubmitForced { request }: SubmitForced,
        _: &mut ShellContext<'_, Self>,
    ) -> Reply<Result<Forced, CommandError>> {
        Reply::later(submit::forced(self.id, Arc::clone(&self.config), self.deps.clone(), request))
    }
}

impl Handle<SubmitTriggered> for Scheduler {
    fn handle(
        &mut self,
        SubmitTriggered { order }: SubmitTriggered,
        _: &mut ShellContext<'_, Self>,
    ) -> Reply<Result<Triggered, CommandError>> {
        let (config, deps, memory, id) =
            (Arc::clone(&self.config), self.deps.clone(), Arc::clone(&self.memory), self.id);
        Reply::later(async move {
            let _held = memory.lock().await;
            submit::triggered(id, config, deps, order).await
        })
    }
}
