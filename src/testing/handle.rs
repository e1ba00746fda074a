//! A door that leads nowhere: its configuration and database are real, its commands go to nobody.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::probe_ask;
use crate::actors::Supervisor;
use crate::actors::applied::Applied;
use crate::actors::explain::ExplainDeps;
use crate::actors::handle::{HandleDeps, MasterHandle};
use crate::actors::live_feed::LiveFeed;
use crate::clock::Clock;
use crate::config::MasterConfig;
use crate::db::Db;
use crate::db::transitions::ConfigIds;

/// Commands are never answered, so they fail after their deadline of a second.
pub fn idle_handle(config: MasterConfig, db: Db) -> MasterHandle {
    let applied = Applied { config: Arc::new(config), ids: ConfigIds::default() };
    let (_, config) = watch::channel(Arc::new(applied));
    let (supervisor, _) = Supervisor::new();
    let deadline = Duration::from_secs(1);
    MasterHandle::new(HandleDeps {
        config: config.clone(),
        db: db.clone(),
        supervisor,
        force: probe_ask(deadline).0,
        stop: probe_ask(deadline).0,
        cancel: probe_ask(deadline).0,
        prioritise: probe_ask(deadline).0,
        rebuild: probe_ask(deadline).0,
        intake: probe_ask(deadline).0,
        explain: ExplainDeps {
            requests: probe_ask(deadline).0,
            scripts: probe_ask(deadline).0,
            config: config.clone(),
            db,
            clock: Clock::system(),
        },
        worker: probe_ask(deadline).0,
        switch: probe_ask(deadline).0,
        deliver: probe_ask(deadline).0,
        live: LiveFeed::new(),
    })
}
