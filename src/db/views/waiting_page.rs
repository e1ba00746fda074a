//! What waits, and which workers it waits for.

use std::collections::HashMap;

use diesel::prelude::*;

use super::build_requests::{self, Rows, WaitingRequest};
use super::builders;
use super::keys::BuilderKey;
use super::worker_counts::{self, WorkerCounts};
use crate::db::DbError;
use crate::domain::{Builder, BuilderId};

/// What the page of waiting requests shows.
#[derive(Debug)]
pub struct WaitingPage {
    /// The most urgent first.
    pub requests: Vec<WaitingRequest>,
    /// Of all pages.
    pub n_all: i64,
    pub worker_counts: HashMap<BuilderId, WorkerCounts>,
    /// The builder asked for, if it exists.
    pub builder: Option<Builder>,
}

/// Some requests of one builder or of all.
pub fn read(conn: &mut SqliteConnection, builder: Option<&BuilderKey>, rows: Rows) -> Result<WaitingPage, DbError> {
    let builder = builder.map(|key| builders::find(conn, key)).transpose()?.flatten();
    let id = builder.as_ref().map(|builder| builder.id);
    let requests = build_requests::waiting(conn, id, rows)?;
    Ok(WaitingPage {
        n_all: build_requests::n_waiting(conn, id)?,
        worker_counts: worker_counts::of(conn, requests.iter().map(|request| request.builder_id))?,
        requests,
        builder,
    })
}
