//! Janitor: removes what nobody needs any more.
//!
//! - Hears: its own timer.
//! - Tells: nothing.
//! - Writes: deletes old events (`prune_events`).
//! - Restart: permanent. Holds no state.

use std::error::Error;
use std::time::Duration;

use tracing::{debug, error};

use super::supervisor::{Child, ShellContext};
use crate::clock::Clock;
use crate::db::Db;
use crate::db::transitions::PruneEvents;

#[derive(Clone, Copy, Debug)]
pub struct JanitorConfig {
    /// How long events are kept.
    pub keep_events: Duration,
    pub every: Duration,
}

#[derive(Clone)]
pub struct JanitorDeps {
    pub db: Db,
    pub clock: Clock,
}

pub struct Janitor {
    config: JanitorConfig,
    deps: JanitorDeps,
}

impl Janitor {
    pub fn new(config: JanitorConfig, deps: JanitorDeps) -> Self {
        Self { config, deps }
    }

    fn tidy_up(&mut self, ctx: &mut ShellContext<'_, Self>) {
        let before = self.deps.clock.now() - self.config.keep_events;
        let db = self.deps.db.clone();
        ctx.spawn(async move { db.write(PruneEvents { before }).await }, |_, outcome, _| match outcome {
            Ok(n_events) => debug!(n_events, "old events were deleted"),
            Err(error) => error!(error = &error as &dyn Error, "cannot delete old events"),
        });
    }
}

impl Child for Janitor {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        ctx.every(self.config.every, Self::tidy_up);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actors::supervisor::{ChildSpec, Supervisor};
    use crate::db::schema::events;
    use crate::domain::Timestamp;
    use crate::testing::test_db::TestDb;
    use crate::testing::virtual_time;
    use diesel::prelude::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    #[actix::test]
    async fn an_event_vanishes_once_it_is_old_enough() {
        let clock = virtual_time(Timestamp::from_secs(1_767_225_600));
        let db = TestDb::new(&clock);
        db.site().await;
        let count = || db.db.read(|conn| Ok(events::table.count().get_result::<i64>(conn)?));
        let (supervisor, _escalations) = Supervisor::new();
        let deps = JanitorDeps { db: db.db.clone(), clock };
        let config = JanitorConfig { keep_events: 7 * DAY, every: DAY };
        let janitor = supervisor
            .prepare(ChildSpec::permanent("janitor", "janitor"))
            .start(move || Janitor::new(config, deps.clone()));

        tokio::time::sleep(6 * DAY).await;
        assert_eq!(count().await.unwrap(), 1, "the builder has started");
        tokio::time::sleep(3 * DAY).await;
        assert_eq!(count().await.unwrap(), 0);
        janitor.stop().await;
    }
}
