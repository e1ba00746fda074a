//! What a crash can leave: my unfinished builds, my claims without a build, and what those builds had triggered and waited
//! for. All are mended by what happens every day.

use diesel::prelude::*;

use super::finish_build::{FinishBuild, FinishCause};
use super::unwanted::cancel_unwanted;
use crate::db::schema::{build_requests, builds, workers};
use crate::db::{DbError, Transaction, Transition};
use crate::domain::{BuildId, BuildRequestId, BuilderId, BuildsetId, Event, Properties, Results};

/// Run once, before the first actor decides anything.
pub struct RecoverAtStart;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recovered {
    /// Builds that ended in RETRY.
    pub builds: Vec<BuildId>,
    /// Claims that were given back.
    pub unclaimed: Vec<BuildRequestId>,
    /// Requests that were cancelled, as the build that waited for them starts anew and triggers again.
    pub unwanted: Vec<BuildRequestId>,
}

impl Transition for RecoverAtStart {
    type Outcome = Recovered;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<Recovered, DbError> {
        let me = tx.master();
        let now = tx.now_us();
        diesel::update(workers::table.filter(workers::connected.eq(1)))
            .set((workers::connected.eq(0), workers::connection_changed_at_us.eq(now)))
            .execute(tx.conn())?;
        let unfinished: Vec<i64> = builds::table
            .filter(builds::master_id.eq(me.id.0))
            .filter(builds::epoch.lt(me.epoch))
            .filter(builds::complete_at_us.is_null())
            .select(builds::id)
            .load(tx.conn())?;
        let mut recovered = Recovered::default();
        for build in unfinished.into_iter().map(BuildId) {
            let finish = FinishBuild {
                build,
                results: Results::Retry,
                state_string: "the master was restarted".to_owned(),
                properties: Properties::new(),
                cause: FinishCause::MasterStopped,
            };
            finish.apply(tx)?;
            recovered.builds.push(build);
        }
        let claims: Vec<(i64, i64, i64)> = diesel::update(
            build_requests::table
                .filter(build_requests::claimed_by.eq(me.id.0))
                .filter(build_requests::claimed_epoch.lt(me.epoch))
                .filter(build_requests::complete_at_us.is_null()),
        )
        .set((
            build_requests::claimed_by.eq(None::<i64>),
            build_requests::claimed_epoch.eq(None::<i64>),
            build_requests::claimed_at_us.eq(None::<i64>),
        ))
        .returning((build_requests::id, build_requests::buildset_id, build_requests::builder_id))
        .get_results(tx.conn())?;
        for (request, buildset, builder) in claims {
            let request = BuildRequestId(request);
            tx.emit(Event::BuildRequestUnclaimed {
                request,
                buildset: BuildsetId(buildset),
                builder: BuilderId(builder),
            });
            recovered.unclaimed.push(request);
        }
        recovered.unwanted = cancel_unwanted(tx)?;
        Ok(recovered)
    }
}
