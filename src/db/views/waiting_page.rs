//! What waits, and which workers it waits for.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

use super::build_requests::{self, WaitingRequest};
use super::builders;
use super::keys::BuilderKey;
use crate::db::DbError;
use crate::db::schema::build_requests as table;
use crate::domain::{Builder, BuilderId};
use crate::json;

/// What keeps a builder from building more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, QueryableByName)]
pub struct Room {
    /// Workers of the present configuration that may build for it.
    #[diesel(sql_type = BigInt)]
    pub n_workers: i64,
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
struct RoomRow {
    #[diesel(sql_type = BigInt)]
    builder_id: i64,
    #[diesel(embed)]
    room: Room,
}

const ROOM: &str = "SELECT link.builder_id, COUNT(*) AS n_workers, SUM(workers.connected <> 0) AS n_connected, \
        SUM(workers.connected <> 0 AND workers.paused = 0 AND workers.graceful = 0) AS n_ready, \
        SUM(workers.connected <> 0 AND workers.paused = 0 AND workers.graceful = 0 \
            AND workers.id IN (SELECT worker_id FROM builds WHERE complete_at_us IS NULL)) AS n_busy \
    FROM worker_builders AS link JOIN workers ON workers.id = link.worker_id AND workers.active <> 0 \
    WHERE link.builder_id IN (SELECT value FROM json_each(?)) GROUP BY link.builder_id";

/// What the page of waiting requests shows.
#[derive(Debug)]
pub struct WaitingPage {
    /// The most urgent first.
    pub requests: Vec<WaitingRequest>,
    /// Of all pages.
    pub n_all: i64,
    pub rooms: HashMap<BuilderId, Room>,
    /// The builder asked for, if it exists.
    pub builder: Option<Builder>,
}

/// At most `limit` requests of one builder or of all.
pub fn read(conn: &mut SqliteConnection, builder: Option<&BuilderKey>, limit: i64) -> Result<WaitingPage, DbError> {
    let builder = builder.map(|key| builders::find(conn, key)).transpose()?.flatten();
    let id = builder.as_ref().map(|builder| builder.id);
    let requests = build_requests::waiting(conn, id, limit)?;
    let mut query =
        table::table.filter(table::complete_at_us.is_null().and(table::claimed_by.is_null())).count().into_boxed();
    if let Some(id) = id {
        query = query.filter(table::builder_id.eq(id.0));
    }
    let n_all = query.get_result(conn)?;
    let mut ids: Vec<i64> = requests.iter().map(|request| request.builder_id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows: Vec<RoomRow> = sql_query(ROOM).bind::<Text, _>(json::to_string(&ids)).load(conn)?;
    let rooms = rows.into_iter().map(|row| (BuilderId(row.builder_id), row.room)).collect();
    Ok(WaitingPage { requests, n_all, rooms, builder })
}
