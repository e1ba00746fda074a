//! A build starts: its requests are claimed and it gets its number, or nothing happens.

use diesel::prelude::*;

use super::{build_state, sync_builders};
use crate::db::schema::{build_build_requests, build_requests, builders, builds};
use crate::db::{DbError, Transaction, Transition};
use crate::domain::{
    Build, BuildId, BuildRequestId, BuilderId, BuildsetId, Event, Properties, VirtualBuilder, WorkerId,
};

/// Claims all requests and makes the build, if every one of them still waits.
pub struct StartBuild {
    pub builder: BuilderId,
    /// Where the build is shown instead.
    pub shown_at: Option<VirtualBuilder>,
    /// The first leads; the others are merged with it.
    pub requests: Vec<BuildRequestId>,
    pub worker: WorkerId,
    pub properties: Properties,
    pub state_string: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum StartBuildOutcome {
    Started(Build),
    /// A request is claimed or complete already; nothing was changed.
    Lost,
}

impl Transition for StartBuild {
    type Outcome = StartBuildOutcome;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<StartBuildOutcome, DbError> {
        let Some(first) = self.requests.first().copied() else { return Ok(StartBuildOutcome::Lost) };
        let ids: Vec<i64> = self.requests.iter().map(|request| request.0).collect();
        let waiting: Vec<(i64, i64)> = build_requests::table
            .filter(build_requests::id.eq_any(&ids))
            .filter(build_requests::builder_id.eq(self.builder.0))
            .filter(build_requests::claimed_by.is_null())
            .filter(build_requests::complete_at_us.is_null())
            .select((build_requests::id, build_requests::buildset_id))
            .load(tx.conn())?;
        if waiting.len() != ids.len() {
            return Ok(StartBuildOutcome::Lost);
        }
        let (master, now) = (tx.master(), tx.now_us());
        diesel::update(build_requests::table.filter(build_requests::id.eq_any(&ids)))
            .set((
                build_requests::claimed_by.eq(master.id.0),
                build_requests::claimed_epoch.eq(master.epoch),
                build_requests::claimed_at_us.eq(now),
            ))
            .execute(tx.conn())?;
        let shown_at = self.shown_at.as_ref().map(|wanted| sync_builders::shown_at(tx, self.builder, wanted));
        let builder = shown_at.transpose()?.unwrap_or(self.builder);
        let build = self.insert(tx, builder, first)?;
        let pairs: Vec<_> = ids
            .iter()
            .map(|id| (build_build_requests::build_id.eq(build.id.0), build_build_requests::request_id.eq(*id)))
            .collect();
        diesel::insert_into(build_build_requests::table).values(pairs).execute(tx.conn())?;
        build_state::store_properties(tx, build.id, &self.properties)?;
        for (request, buildset) in waiting {
            let (request, buildset) = (BuildRequestId(request), BuildsetId(buildset));
            tx.emit(Event::BuildRequestClaimed { request, buildset, builder: self.builder });
        }
        tx.emit(Event::BuildStarted { build: build.id, builder, number: build.number, worker: self.worker });
        Ok(StartBuildOutcome::Started(build))
    }
}

impl StartBuild {
    fn insert(
        &self,
        tx: &mut Transaction<'_>,
        builder: BuilderId,
        request_id: BuildRequestId,
    ) -> Result<Build, DbError> {
        let number: i64 = diesel::update(builders::table.find(builder.0))
            .set(builders::last_build_number.eq(builders::last_build_number + 1))
            .returning(builders::last_build_number)
            .get_result(tx.conn())?;
        let (master, now) = (tx.master(), tx.now());
        let id: i64 = diesel::insert_into(builds::table)
            .values((
                builds::number.eq(number),
                builds::builder_id.eq(builder.0),
                builds::request_id.eq(request_id.0),
                builds::worker_id.eq(self.worker.0),
                builds::master_id.eq(master.id.0),
                builds::epoch.eq(master.epoch),
                builds::started_at_us.eq(now.micros()),
                builds::state_string.eq(&self.state_string),
            ))
            .returning(builds::id)
            .get_result(tx.conn())?;
        Ok(Build {
            id: BuildId(id),
            number,
            builder_id: builder,
            request_id,
            worker_id: self.worker,
            master_id: master.id,
            started_at: now,
            complete_at: None,
            results: None,
            state_string: self.state_string.clone(),
            locks_duration_s: 0,
        })
    }
}
