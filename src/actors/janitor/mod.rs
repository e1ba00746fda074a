//! Janitor: removes what nobody needs any more.
//!
//! - Hears: its own timers, [`ReconsiderConfiguration`], [`CleanUp`] from the control socket.
//! - Tells: nothing.
//! - Writes: deletes old events, and what the policies of the configuration free (`remove_builds`, `remove_logs` and
//!   their like), in transactions so small that builds do not notice.
//! - Restart: permanent. A round that was cut off is begun anew by the next one.

pub mod round;
pub mod survey;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use actix::Message;
use jiff::tz::TimeZone;
use tokio::sync::Mutex;
use tracing::{debug, error, info};

use self::round::Removed;
use self::survey::{Rules, Survey};
use super::applied::{AppliedConfig, ReconsiderConfiguration};
use super::supervisor::{Child, Handle, Reply, ShellContext};
use crate::clock::Clock;
use crate::db::transitions::PruneEvents;
use crate::db::{Db, DbError};
use crate::domain::Timestamp;

/// Removes now what all policies free, those by age included; answers when it is done.
#[derive(Message)]
#[rtype(result = "Result<CleanedUp, DbError>")]
pub struct CleanUp {
    /// Only say what would be removed.
    pub dry_run: bool,
}

/// What a policy frees, and what was removed of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CleanedUp {
    pub survey: Survey,
    /// `None` if nothing was to be removed yet.
    pub removed: Option<Removed>,
}

#[derive(Clone, Copy, Debug)]
pub struct JanitorConfig {
    /// How long events are kept at most.
    pub keep_events: Duration,
    /// How long events are kept that every reporter has dealt with.
    pub keep_read_events: Duration,
    /// Time between two rounds that remove what lies beyond the horizons.
    pub every: Duration,
}

#[derive(Clone)]
pub struct JanitorDeps {
    pub db: Db,
    pub clock: Clock,
    pub config: AppliedConfig,
}

pub struct Janitor {
    config: JanitorConfig,
    deps: JanitorDeps,
    /// When what is too old goes next.
    ages_due: Option<Timestamp>,
    /// One round at a time.
    turn: Arc<Mutex<()>>,
}

/// A timer that is aimed at a date looks at the clock this often, as clocks are set and machines sleep.
const LOOK_EVERY: Duration = Duration::from_secs(30);

impl Janitor {
    pub fn new(config: JanitorConfig, deps: JanitorDeps) -> Self {
        Self { config, deps, ages_due: None, turn: Arc::default() }
    }

    fn prune_events(&mut self, ctx: &mut ShellContext<'_, Self>) {
        let now = self.deps.clock.now();
        let prune =
            PruneEvents { before: now - self.config.keep_events, read_before: now - self.config.keep_read_events };
        let db = self.deps.db.clone();
        ctx.spawn(async move { db.write(prune).await }, |_, outcome, _| match outcome {
            Ok(n_events) => debug!(n_events, "old events were deleted"),
            Err(error) => error!(error = &error as &dyn Error, "cannot delete old events"),
        });
    }

    fn tidy_up(&mut self, by_age: bool, ctx: &mut ShellContext<'_, Self>) {
        let round = clean_up(self.deps.clone(), Arc::clone(&self.turn), by_age, false);
        ctx.spawn(round, |_, outcome, _| match outcome {
            Ok(done) => report(&done),
            Err(error) => error!(error = &error as &dyn Error, "cannot remove what is not needed any more"),
        });
    }

    fn aim(&mut self) {
        let applied = Arc::clone(&self.deps.config.borrow());
        let janitor = applied.config.lifetime.janitor.as_ref();
        self.ages_due = janitor.and_then(|times| times.at.next_after(self.deps.clock.now(), &TimeZone::system()));
    }

    fn look_at_the_clock(&mut self, ctx: &mut ShellContext<'_, Self>) {
        if self.ages_due.is_some_and(|due| due <= self.deps.clock.now()) {
            self.aim();
            self.tidy_up(true, ctx);
        }
    }
}

fn report(done: &CleanedUp) {
    let Some(removed) = &done.removed else { return };
    if *removed != Removed::default() {
        let Removed { builds, logs, buildsets, changes, .. } = removed;
        info!(builds, logs, buildsets, changes, "what is not needed any more was removed");
    }
}

async fn clean_up(deps: JanitorDeps, turn: Arc<Mutex<()>>, by_age: bool, dry_run: bool) -> Result<CleanedUp, DbError> {
    let _turn = turn.lock().await;
    let rules = Rules::of(&Arc::clone(&deps.config.borrow()).config, by_age);
    tidy(&deps.db, rules, deps.clock.now(), dry_run).await
}

/// One round; with `dry_run` it only looks.
pub async fn tidy(db: &Db, rules: Rules, now: Timestamp, dry_run: bool) -> Result<CleanedUp, DbError> {
    let survey = survey::look(db, rules, now).await?;
    let removed = if dry_run { None } else { Some(round::carry_out(db, &survey, now).await?) };
    Ok(CleanedUp { survey, removed })
}

impl Child for Janitor {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        self.aim();
        ctx.every(self.config.every, |this, ctx| {
            this.prune_events(ctx);
            this.tidy_up(false, ctx);
        });
        ctx.every(LOOK_EVERY, Self::look_at_the_clock);
    }
}

impl Handle<ReconsiderConfiguration> for Janitor {
    fn handle(&mut self, _: ReconsiderConfiguration, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.aim();
        Reply::Now(())
    }
}

impl Handle<CleanUp> for Janitor {
    fn handle(&mut self, message: CleanUp, _: &mut ShellContext<'_, Self>) -> Reply<Result<CleanedUp, DbError>> {
        Reply::later(clean_up(self.deps.clone(), Arc::clone(&self.turn), true, message.dry_run))
    }
}

#[cfg(test)]
mod tests;
