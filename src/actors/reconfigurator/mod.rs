//! Reconfigurator: loads the configuration and puts it in force, as a whole or not at all.
//!
//! - Hears: [`Reconfigure`] from the control socket and from signals, [`GoBack`] from the control socket.
//! - Tells: [`ReconsiderConfiguration`] to everybody who lives by the configuration.
//! - Writes: the rows of projects, builders, workers, schedulers and change sources, and the version (`apply_config`).
//! - Restart: permanent. What is in force is kept outside, in the watch that everybody reads.

mod put_back;

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use actix::Message;
use tokio::sync::{Mutex, watch};
use tracing::{error, info};

use self::put_back::put_back;
use super::applied::{Applied, ReconsiderConfiguration};
use super::supervisor::{Child, Handle, Reply, ShellContext, Tell};
use crate::config::{self, ConfigErrors, ConfigFile, Loader, MASTER_CFG, MasterConfig, StoredValue};
use crate::db::transitions::{
    ApplyConfig, StoreValue, StoredConfig, SyncBuilder, SyncCodebase, SyncConfig, SyncProject, SyncScheduler,
    SyncWorker,
};
use crate::db::views::config_versions;
use crate::db::{Db, DbError};

/// Loads `master.cfg` again; answers what changed, line by line.
#[derive(Message)]
#[rtype(result = "Result<ConfigurationApplied, ReconfigureError>")]
pub struct Reconfigure {
    /// Only say what would change.
    pub dry_run: bool,
}

/// Puts an earlier version in force again, and its text into `master.cfg`.
#[derive(Message)]
#[rtype(result = "Result<ConfigurationApplied, ReconfigureError>")]
pub struct GoBack {
    pub version: i64,
    /// Only say what would change.
    pub dry_run: bool,
}

/// What a new configuration brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigurationApplied {
    /// One line each, such as `builder runtests: changed`; empty when nothing differs.
    pub changes: Vec<String>,
    pub warnings: Vec<String>,
    /// The version that is in force now; nothing after a dry run.
    pub version: Option<i64>,
}

/// The reason the old configuration stays in force.
#[derive(Debug, thiserror::Error)]
pub enum ReconfigureError {
    /// All that is wrong, each with file and line.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
    #[error("{0} can only change at a restart of the master")]
    NeedsRestart(&'static str),
    #[error("there is no version {0} of the configuration")]
    NoSuchVersion(i64),
    #[error("loading the configuration died: {0}")]
    Died(String),
    #[error("cannot put the text of the version in the place of {path}: {error}")]
    File { path: PathBuf, error: std::io::Error },
    /// A module that is not the master's to write.
    #[error(
        "{0} was another text in that version, and lies outside of the master's directory: change it by hand first"
    )]
    Outside(PathBuf),
    #[error("the database failed: {0}")]
    Database(#[from] DbError),
}

#[derive(Clone)]
pub struct ReconfiguratorDeps {
    pub db: Db,
    pub base_dir: PathBuf,
    /// How configurations are read.
    pub loader: Loader,
    pub in_force: Arc<watch::Sender<Arc<Applied>>>,
    pub listeners: Vec<Tell<ReconsiderConfiguration>>,
}

pub struct Reconfigurator {
    deps: ReconfiguratorDeps,
    /// One reload at a time: the second one compares with what the first one brought.
    turn: Arc<Mutex<()>>,
}

impl Reconfigurator {
    pub fn new(deps: ReconfiguratorDeps) -> Self {
        Self { deps, turn: Arc::default() }
    }

    fn reconfigure(&self, wanted: Wanted, dry_run: bool) -> Reply<Result<ConfigurationApplied, ReconfigureError>> {
        let (deps, turn) = (self.deps.clone(), Arc::clone(&self.turn));
        Reply::later(async move {
            let _turn = turn.lock().await;
            let outcome = reconfigure(deps, wanted, dry_run).await;
            if let Err(error) = &outcome {
                error!(error = error as &dyn Error, "the old configuration stays in force");
            }
            outcome
        })
    }
}

/// Where a configuration is read.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    File,
    Version(i64),
}

/// Loads `master.cfg` on a thread that may block.
pub async fn load(loader: Loader) -> Result<MasterConfig, ReconfigureError> {
    load_with(move || config::load_to_run(&loader)).await
}

async fn load_with(
    load: impl FnOnce() -> Result<MasterConfig, ConfigErrors> + Send + 'static,
) -> Result<MasterConfig, ReconfigureError> {
    tokio::task::spawn_blocking(load)
        .await
        .map_err(|error| ReconfigureError::Died(error.to_string()))?
        .map_err(|errors| ReconfigureError::Invalid(errors.to_string().lines().map(str::to_owned).collect()))
}

async fn load_version(deps: &ReconfiguratorDeps, version: i64) -> Result<MasterConfig, ReconfigureError> {
    let mut files = deps.db.read(move |conn| config_versions::files(conn, version)).await?;
    let main = files.iter().position(|(name, _)| name == MASTER_CFG);
    let (name, text) = files.swap_remove(main.ok_or(ReconfigureError::NoSuchVersion(version))?);
    let loader = deps.loader.clone().with_kept(files);
    load_with(move || loader.text(&name, &text)?.reveal()).await
}

/// Makes the rows those of `config` and keeps it as a version; answers the ids of its names.
pub async fn store(
    db: &Db,
    config: &MasterConfig,
    cause: String,
    changes: Vec<String>,
) -> Result<StoredConfig, DbError> {
    let files = config.files.iter().map(|ConfigFile { name, text }| (name.clone(), text.clone())).collect();
    let value = |stored: &StoredValue| StoreValue {
        store: stored.store.clone(),
        name: stored.name.clone(),
        value: stored.value.clone(),
    };
    let values = config.stored.iter().map(value).collect();
    db.write(ApplyConfig { sync: names(config), files, values, cause, changes }).await
}

fn names(config: &MasterConfig) -> SyncConfig {
    let builders = config.builders.iter().map(|builder| SyncBuilder {
        name: builder.name.clone(),
        description: builder.description.clone(),
        tags: builder.tags.clone(),
        project: builder.project.clone(),
    });
    let projects = config.projects.iter().map(|project| SyncProject {
        name: project.name.clone(),
        slug: project.slug.clone(),
        description: project.description.clone(),
    });
    let codebases = config.codebases.iter().map(|codebase| SyncCodebase {
        name: codebase.name.clone(),
        slug: codebase.slug.clone(),
        project: codebase.project.clone(),
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
    SyncConfig {
        projects: projects.collect(),
        codebases: codebases.collect(),
        builders: builders.collect(),
        workers: workers.collect(),
        schedulers: schedulers.collect(),
        change_sources: config.change_sources.iter().map(|source| source.name.clone()).collect(),
    }
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

async fn reconfigure(
    deps: ReconfiguratorDeps,
    wanted: Wanted,
    dry_run: bool,
) -> Result<ConfigurationApplied, ReconfigureError> {
    let new = match wanted {
        Wanted::File => load(deps.loader.clone()).await?,
        Wanted::Version(version) => load_version(&deps, version).await?,
    };
    let old = Arc::clone(&deps.in_force.borrow().config);
    check_fixed(&old, &new)?;
    let difference = config::diff(&old, &new);
    let changes = match difference.is_empty() {
        true => Vec::new(),
        false => difference.to_string().lines().map(str::to_owned).collect(),
    };
    let planned = ConfigurationApplied { changes, warnings: new.warnings.clone(), version: None };
    if dry_run {
        return Ok(planned);
    }
    let cause = match wanted {
        Wanted::File => "reconfig".to_owned(),
        Wanted::Version(version) => {
            put_back(&deps.db, &deps.base_dir, &new.files).await?;
            format!("back to {version}")
        }
    };
    let StoredConfig { ids, version } = store(&deps.db, &new, cause, planned.changes.clone()).await?;
    deps.in_force.send_replace(Arc::new(Applied { config: Arc::new(new), ids }));
    for listener in &deps.listeners {
        listener.tell(ReconsiderConfiguration);
    }
    info!(version, changes = planned.changes.join("; "), "a new configuration is in force");
    Ok(ConfigurationApplied { version: Some(version), ..planned })
}

impl Child for Reconfigurator {}

impl Handle<Reconfigure> for Reconfigurator {
    fn handle(
        &mut self,
        message: Reconfigure,
        _: &mut ShellContext<'_, Self>,
    ) -> Reply<Result<ConfigurationApplied, ReconfigureError>> {
        self.reconfigure(Wanted::File, message.dry_run)
    }
}

impl Handle<GoBack> for Reconfigurator {
    fn handle(
        &mut self,
        message: GoBack,
        _: &mut ShellContext<'_, Self>,
    ) -> Reply<Result<ConfigurationApplied, ReconfigureError>> {
        self.reconfigure(Wanted::Version(message.version), message.dry_run)
    }
}
