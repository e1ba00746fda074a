//! Workers: a small table, read whole.

use std::collections::HashMap;

use diesel::prelude::*;

use super::keys::WorkerKey;
use crate::db::DbError;
use crate::db::schema::{worker_builders, workers};
use crate::domain::worker::WorkerInfo;
use crate::domain::{BuilderId, Timestamp, Worker, WorkerId};
use crate::json;

#[derive(Queryable, Selectable)]
#[diesel(table_name = workers)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
struct WorkerRow {
    id: i64,
    name: String,
    info: String,
    connected: i16,
    paused: i16,
    pause_reason: Option<String>,
    graceful: i16,
    connection_changed_at_us: Option<i64>,
}

/// All workers that ever were, by id.
pub fn all(conn: &mut SqliteConnection) -> Result<Vec<Worker>, DbError> {
    let rows = workers::table.order(workers::id).select(WorkerRow::as_select()).load(conn)?;
    let pairs: Vec<(i64, i64)> = worker_builders::table
        .order(worker_builders::builder_id)
        .select((worker_builders::worker_id, worker_builders::builder_id))
        .load(conn)?;
    Ok(assemble(rows, pairs))
}

/// The workers of the present configuration, by name.
pub fn active(conn: &mut SqliteConnection) -> Result<Vec<Worker>, DbError> {
    let rows =
        workers::table.filter(workers::active.ne(0)).order(workers::name).select(WorkerRow::as_select()).load(conn)?;
    let pairs: Vec<(i64, i64)> =
        worker_builders::table.select((worker_builders::worker_id, worker_builders::builder_id)).load(conn)?;
    Ok(assemble(rows, pairs))
}

/// The workers of the present configuration that may build for a builder, by name.
pub fn of_builder(conn: &mut SqliteConnection, builder: BuilderId) -> Result<Vec<Worker>, DbError> {
    let ids =
        worker_builders::table.filter(worker_builders::builder_id.eq(builder.0)).select(worker_builders::worker_id);
    let rows: Vec<WorkerRow> = workers::table
        .filter(workers::active.ne(0).and(workers::id.eq_any(ids)))
        .order(workers::name)
        .select(WorkerRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|row| worker(vec![builder], row)).collect())
}

/// The names of the workers of the present configuration, sorted, and whether each is connected.
pub fn presence(conn: &mut SqliteConnection) -> Result<Vec<(String, bool)>, DbError> {
    let rows: Vec<(String, i16)> = workers::table
        .filter(workers::active.ne(0))
        .order(workers::name)
        .select((workers::name, workers::connected))
        .load(conn)?;
    Ok(rows.into_iter().map(|(name, connected)| (name, connected != 0)).collect())
}

pub fn find(conn: &mut SqliteConnection, key: &WorkerKey) -> Result<Option<Worker>, DbError> {
    let query = workers::table.select(WorkerRow::as_select()).into_boxed();
    let query = match key {
        WorkerKey::Id(id) => query.filter(workers::id.eq(id)),
        WorkerKey::Name(name) => query.filter(workers::name.eq(name)),
    };
    let Some(row) = query.first(conn).optional()? else { return Ok(None) };
    let row: WorkerRow = row;
    let pairs = worker_builders::table
        .filter(worker_builders::worker_id.eq(row.id))
        .order(worker_builders::builder_id)
        .select((worker_builders::worker_id, worker_builders::builder_id))
        .load(conn)?;
    Ok(assemble(vec![row], pairs).into_iter().next())
}

/// Names of some workers.
pub fn names(conn: &mut SqliteConnection, of: &[i64]) -> Result<HashMap<i64, String>, DbError> {
    let pairs = workers::table.filter(workers::id.eq_any(of)).select((workers::id, workers::name)).load(conn)?;
    Ok(pairs.into_iter().collect())
}

fn assemble(rows: Vec<WorkerRow>, pairs: Vec<(i64, i64)>) -> Vec<Worker> {
    let mut builders: HashMap<i64, Vec<BuilderId>> = HashMap::new();
    for (worker, builder) in pairs {
        builders.entry(worker).or_default().push(BuilderId(builder));
    }
    rows.into_iter().map(|row| worker(builders.remove(&row.id).unwrap_or_default(), row)).collect()
}

fn worker(configured_on: Vec<BuilderId>, row: WorkerRow) -> Worker {
    Worker {
        id: WorkerId(row.id),
        name: row.name,
        info: info(&row.info),
        connected: row.connected != 0,
        configured_on,
        paused: row.paused != 0,
        pause_reason: row.pause_reason,
        graceful: row.graceful != 0,
        connection_changed_at: row.connection_changed_at_us.map(Timestamp::from_micros),
    }
}

fn info(text: &str) -> WorkerInfo {
    let info: json::Value = json::from_str(text).unwrap_or_default();
    let field = |name: &str| info.get(name).and_then(json::Value::as_str).map(str::to_owned);
    WorkerInfo {
        admin: field("admin"),
        host: field("host"),
        access_uri: field("access_uri"),
        version: field("version"),
    }
}
