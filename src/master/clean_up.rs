//! Cleaning up the database while its master does not run.

use std::path::Path;

use anyhow::{Context, anyhow};

use super::name;
use crate::actors::janitor::survey::{Rules, size};
use crate::actors::janitor::{self, CleanedUp};
use crate::actors::reconfigurator;
use crate::clock::Clock;
use crate::config::Loader;
use crate::control;
use crate::db::{self, OpenOptions};

/// Removes what the policies of `master.cfg` free, or only says what that is.
pub async fn clean_up(base_dir: &Path, loader: Loader, dry_run: bool) -> anyhow::Result<control::CleanedUp> {
    let config = reconfigurator::load(loader).await.map_err(|error| anyhow!("{error}"))?;
    let clock = Clock::system();
    let options = OpenOptions {
        base_dir: base_dir.to_owned(),
        db_url: config.db_url.expose().context("c['db']['db_url'] is not known")?.to_owned(),
        master_name: name(base_dir),
        clock: clock.clone(),
    };
    let open = tokio::task::spawn_blocking(move || db::open(&options));
    let (db, writer) = open.await.context("opening the database died")?.context("cannot open the database")?;
    let work = async {
        let done = janitor::tidy(&db, Rules::of(&config, true), clock.now(), dry_run).await;
        done.context("cannot clean up")
    };
    let writing = writer.run(Box::new(|_| {}));
    tokio::select! {
        done = work => Ok(shown(&done?)),
        () = writing => Err(anyhow!("the database writer has ended")),
    }
}

/// What a person is told of a clean-up.
pub(super) fn shown(done: &CleanedUp) -> control::CleanedUp {
    let removed = done.removed.map(|removed| {
        let janitor::round::Removed { builds, logs, buildsets, changes, bytes } = removed;
        format!(
            "removed {builds} builds, {logs} logs of other builds, {buildsets} buildsets and {changes} changes; \
             the files are {} smaller",
            size(bytes.max(0))
        )
    });
    control::CleanedUp { frees: done.survey.lines(), removed }
}
