//! How many workers builders have, and what keeps them from building.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

use super::id_list;
use crate::db::DbError;
use crate::domain::BuilderId;

/// The workers of one builder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, QueryableByName)]
pub struct WorkerCounts {
    #[diesel(sql_type = BigInt)]
    pub n_configured: i64,
    #[diesel(sql_type = BigInt)]
    pub n_connected: i64,
    /// Connected, not paused, not about to leave.
    #[diesel(sql_type = BigInt)]
    pub n_ready: i64,
    /// Ready, and building something.
    #[diesel(sql_type = BigInt)]
    pub n_busy: i64,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    builder_id: i64,
    #[diesel(embed)]
    counts: WorkerCounts,
}

const COUNTS: &str = "SELECT link.builder_id, COUNT(*) AS n_configured, SUM(worker.connected <> 0) AS n_connected, \
        SUM(worker.ready) AS n_ready, SUM(worker.ready AND worker.busy) AS n_busy \
    FROM json_each(?) AS wanted JOIN worker_builders AS link ON link.builder_id = wanted.value JOIN ( \
        SELECT workers.id, workers.connected, workers.connected <> 0 AND workers.paused = 0 AND workers.graceful = 0 \
            AS ready, workers.id IN (SELECT worker_id FROM builds WHERE complete_at_us IS NULL) AS busy \
        FROM workers WHERE workers.active <> 0) AS worker ON worker.id = link.worker_id \
    GROUP BY link.builder_id";

/// The counts of these builders; one without workers is left out.
pub fn of(
    conn: &mut SqliteConnection,
    builders: impl Iterator<Item = BuilderId>,
) -> Result<HashMap<BuilderId, WorkerCounts>, DbError> {
    let rows: Vec<Row> = sql_query(COUNTS).bind::<Text, _>(id_list(builders.map(|id| id.0))).load(conn)?;
    Ok(rows.into_iter().map(|row| (BuilderId(row.builder_id), row.counts)).collect())
}
