//! The names of a configuration get rows, and keep those they had.

use std::collections::HashMap;

use diesel::prelude::*;

use super::projects::{self, SyncCodebase, SyncProject};
use super::sync_builders::{self, SyncBuilder};
use crate::db::schema::{buildsets, change_sources, changes, schedulers, worker_builders, workers};
use crate::db::{DbError, Transaction, Transition};
use crate::domain::{BuilderId, ChangeSourceId, CodebaseId, ProjectId, SchedulerId, WorkerId};

/// Makes rows for all names; rows of other names become inactive.
#[derive(Default)]
pub struct SyncConfig {
    pub projects: Vec<SyncProject>,
    pub codebases: Vec<SyncCodebase>,
    pub builders: Vec<SyncBuilder>,
    pub workers: Vec<SyncWorker>,
    pub schedulers: Vec<SyncScheduler>,
    pub change_sources: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct SyncWorker {
    pub name: String,
    /// Names of the builders it serves.
    pub builders: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct SyncScheduler {
    pub name: String,
    /// The scheduler whose buildsets it waits for.
    pub upstream: Option<String>,
}

impl From<&str> for SyncScheduler {
    /// A scheduler that waits for no other.
    fn from(name: &str) -> Self {
        Self { name: name.to_owned(), upstream: None }
    }
}

/// The ids of the names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigIds {
    /// Those of earlier configurations, too.
    pub projects: HashMap<String, ProjectId>,
    /// By the names of project and codebase.
    pub codebases: HashMap<(String, String), CodebaseId>,
    pub builders: HashMap<String, BuilderId>,
    pub workers: HashMap<String, WorkerId>,
    pub schedulers: HashMap<String, SchedulerId>,
    pub change_sources: HashMap<String, ChangeSourceId>,
}

impl Transition for SyncConfig {
    type Outcome = ConfigIds;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<ConfigIds, DbError> {
        let projects = projects::sync(tx, &self.projects)?;
        let codebases = projects::sync_codebases(tx, &self.codebases, &projects)?;
        let builders = sync_builders::sync(tx, &self.builders, &projects)?;
        let workers = self.sync_workers(tx, &builders)?;
        Ok(ConfigIds {
            projects,
            codebases,
            builders,
            workers,
            schedulers: self.sync_schedulers(tx)?,
            change_sources: self.sync_change_sources(tx)?,
        })
    }
}

impl SyncConfig {
    fn sync_workers(
        &self,
        tx: &mut Transaction<'_>,
        builder_ids: &HashMap<String, BuilderId>,
    ) -> Result<HashMap<String, WorkerId>, DbError> {
        diesel::update(workers::table).set(workers::active.eq(0)).execute(tx.conn())?;
        diesel::delete(worker_builders::table).execute(tx.conn())?;
        let mut ids = HashMap::new();
        for worker in &self.workers {
            let id: i64 = diesel::insert_into(workers::table)
                .values((workers::name.eq(&worker.name), workers::active.eq(1)))
                .on_conflict(workers::name)
                .do_update()
                .set(workers::active.eq(1))
                .returning(workers::id)
                .get_result(tx.conn())?;
            let pairs: Vec<_> = worker
                .builders
                .iter()
                .filter_map(|name| builder_ids.get(name))
                .map(|builder| (worker_builders::worker_id.eq(id), worker_builders::builder_id.eq(builder.0)))
                .collect();
            diesel::insert_into(worker_builders::table).values(pairs).execute(tx.conn())?;
            ids.insert(worker.name.clone(), WorkerId(id));
        }
        Ok(ids)
    }

    fn sync_schedulers(&self, tx: &mut Transaction<'_>) -> Result<HashMap<String, SchedulerId>, DbError> {
        // A new scheduler looks at what comes from now on, not at the whole history.
        let newest_change: Option<i64> = changes::table.select(diesel::dsl::max(changes::id)).first(tx.conn())?;
        let newest_buildset: Option<i64> = buildsets::table.select(diesel::dsl::max(buildsets::id)).first(tx.conn())?;
        diesel::update(schedulers::table).set(schedulers::active.eq(0)).execute(tx.conn())?;
        let mut ids = HashMap::new();
        for scheduler in &self.schedulers {
            let id: i64 = diesel::insert_into(schedulers::table)
                .values((
                    schedulers::name.eq(&scheduler.name),
                    schedulers::active.eq(1),
                    schedulers::last_change_id.eq(newest_change.unwrap_or(0)),
                ))
                .on_conflict(schedulers::name)
                .do_update()
                .set(schedulers::active.eq(1))
                .returning(schedulers::id)
                .get_result(tx.conn())?;
            diesel::update(schedulers::table.find(id).filter(schedulers::upstream.is_not(&scheduler.upstream)))
                .set((
                    schedulers::upstream.eq(&scheduler.upstream),
                    schedulers::upstream_since.eq(newest_buildset.unwrap_or(0)),
                ))
                .execute(tx.conn())?;
            ids.insert(scheduler.name.clone(), SchedulerId(id));
        }
        Ok(ids)
    }

    fn sync_change_sources(&self, tx: &mut Transaction<'_>) -> Result<HashMap<String, ChangeSourceId>, DbError> {
        diesel::update(change_sources::table).set(change_sources::active.eq(0)).execute(tx.conn())?;
        let mut ids = HashMap::new();
        for name in &self.change_sources {
            let id: i64 = diesel::insert_into(change_sources::table)
                .values((change_sources::name.eq(name), change_sources::active.eq(1)))
                .on_conflict(change_sources::name)
                .do_update()
                .set(change_sources::active.eq(1))
                .returning(change_sources::id)
                .get_result(tx.conn())?;
            ids.insert(name.clone(), ChangeSourceId(id));
        }
        Ok(ids)
    }
}
