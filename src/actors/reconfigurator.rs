//! Reconfigurator: loads the configuration and puts it in force, as a whole or not at all.
//!
//! - Hears: [`Reconfigure`] from the control socket and from signals.
//! - Tells: [`ReconsiderConfiguration`] to everybody who lives by the configuration.
//! - Writes: the rows of builders, workers, schedulers and change sources (`sync_config`).
//! - Restart: permanent. What is in force is kept outside, in the watch that everybody reads.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use actix::Message;
use tokio::sync::watch;
use tracing::{error, info};

use super::applied::{Applied, ReconsiderConfiguration};
use super::supervisor::{Child, Handle, Reply, ShellContext, Tell};
use crate::config::{self, MasterConfig};
use crate::db::transitions::{ConfigIds, SyncBuilder, SyncConfig, SyncScheduler, SyncWorker};
use crate::db::{Db, DbError};

/// Loads `master.cfg` again; answers what changed, line by line.
#[derive(Message)]
#[rtype(result = "Result<ConfigurationApplied, ReconfigureError>")]
pub struct Reconfigure {
    /// Only say what would change.
    pub dry_run: bool,
}

/// What a new configuration brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigurationApplied {
    /// One line each, such as `builder runtests: changed`; empty when nothing differs.
    pub changes: Vec<String>,
    pub warnings: Vec<String>,
}

/// The reason the old configuration stays in force.
#[derive(Debug, thiserror::Error)]
pub enum ReconfigureError {
    /// All that is wrong, each with file and line.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
    #[error("{0} can only change at a restart of the master")]
    NeedsRestart(&'static str),
    #[error("loading the configuration died: {0}")]
    Died(String),
    #[error("the database failed: {0}")]
    Database(#[from] DbError),
}

#[derive(Clone)]
pub struct ReconfiguratorDeps {
    pub db: Db,
    pub base_dir: PathBuf,
    pub in_force: Arc<watch::Sender<Arc<Applied>>>,
    pub listeners: Vec<Tell<ReconsiderConfiguration>>,
}

pub struct Reconfigurator {
    deps: ReconfiguratorDeps,
}

impl Reconfigurator {
    pub fn new(deps: ReconfiguratorDeps) -> Self {
        Self { deps }
    }
}

/// Loads `master.cfg` below `base_dir` on a thread that may block.
pub async fn load(base_dir: PathBuf) -> Result<MasterConfig, ReconfigureError> {
    tokio::task::spawn_blocking(move || config::load_to_run(&base_dir.join(config::MASTER_CFG), &base_dir))
        .await
        .map_err(|error| ReconfigureError::Died(error.to_string()))?
        .map_err(|errors| ReconfigureError::Invalid(errors.to_string().lines().map(str::to_owned).collect()))
}

/// Makes the rows those of `config`; answers the ids of its names.
pub async fn sync(db: &Db, config: &MasterConfig) -> Result<ConfigIds, DbError> {
    let builders = config.builders.iter().map(|builder| SyncBuilder {
        name: builder.name.clone(),
        description: builder.description.clone(),
        tags: builder.tags.clone(),
    });
    let workers = config.workers.iter().map(|worker| SyncWorker {
        name: worker.name.clone(),
        builders: (config.builders.iter())
            .filter(|builder| builder.worker_names.contains(&worker.name))
            .map(|builder| builder.name.clone())
            .collect(),
    });
    let schedulers = config.schedulers.iter().map(|scheduler| SyncScheduler {
        name: scheduler.name.clone(),
        upstream: scheduler.kind.upstream().map(str::to_owned),
    });
    db.write(SyncConfig {
        builders: builders.collect(),
        workers: workers.collect(),
        schedulers: schedulers.collect(),
        change_sources: config.change_sources.iter().map(|source| source.name.clone()).collect(),
    })
    .await
}

/// What a running master cannot change.
fn check_fixed(old: &MasterConfig, new: &MasterConfig) -> Result<(), ReconfigureError> {
    let listen = |config: &MasterConfig| config.www.as_ref().and_then(|www| www.listen.clone());
    if old.db_url != new.db_url {
        return Err(ReconfigureError::NeedsRestart("c['db']"));
    }
    if old.protocols != new.protocols {
        return Err(ReconfigureError::NeedsRestart("c['protocols']"));
    }
    if listen(old) != listen(new) {
        return Err(ReconfigureError::NeedsRestart("the port of c['www']"));
    }
    Ok(())
}

async fn reconfigure(deps: ReconfiguratorDeps, dry_run: bool) -> Result<ConfigurationApplied, ReconfigureError> {
    let new = load(deps.base_dir.clone()).await?;
    let old = Arc::clone(&deps.in_force.borrow().config);
    check_fixed(&old, &new)?;
    let changes: Vec<String> = config::diff(&old, &new).to_string().lines().map(str::to_owned).collect();
    let applied = ConfigurationApplied { changes, warnings: new.warnings.clone() };
    if dry_run {
        return Ok(applied);
    }
    let ids = sync(&deps.db, &new).await?;
    deps.in_force.send_replace(Arc::new(Applied { config: Arc::new(new), ids }));
    for listener in &deps.listeners {
        listener.tell(ReconsiderConfiguration);
    }
    info!(changes = applied.changes.join("; "), "a new configuration is in force");
    Ok(applied)
}

impl Child for Reconfigurator {}

impl Handle<Reconfigure> for Reconfigurator {
    fn handle(
        &mut self,
        message: Reconfigure,
        _: &mut ShellContext<'_, Self>,
    ) -> Reply<Result<ConfigurationApplied, ReconfigureError>> {
        let deps = self.deps.clone();
        Reply::Later(Box::pin(async move {
            let outcome = reconfigure(deps, message.dry_run).await;
            if let Err(error) = &outcome {
                error!(error = error as &dyn Error, "the old configuration stays in force");
            }
            outcome
        }))
    }
}
