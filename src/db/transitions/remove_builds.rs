//! Ended builds go, with their steps, logs and properties.

use diesel::prelude::*;

use super::remove_logs::list_chunks;
use crate::db::schema::{build_build_requests, build_data, build_properties, builds, logs, step_progress, steps};
use crate::db::{DbError, Transaction, Transition};
use crate::domain::BuildId;

/// Removes those of these builds that have ended. Their requests stay until [`super::RemoveBuildsets`].
pub struct RemoveBuilds {
    pub builds: Vec<BuildId>,
}

impl Transition for RemoveBuilds {
    /// How many were removed.
    type Outcome = usize;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<usize, DbError> {
        let ended: Vec<i64> = builds::table
            .filter(builds::id.eq_any(self.builds.iter().map(|build| build.0)))
            .filter(builds::complete_at_us.is_not_null())
            .select(builds::id)
            .load(tx.conn())?;
        list_chunks(tx, &ended)?;
        let of_builds = steps::table.filter(steps::build_id.eq_any(&ended)).select(steps::id);
        let of_builds: Vec<i64> = of_builds.load(tx.conn())?;
        diesel::delete(logs::table.filter(logs::step_id.eq_any(&of_builds))).execute(tx.conn())?;
        diesel::delete(step_progress::table.filter(step_progress::step_id.eq_any(&of_builds))).execute(tx.conn())?;
        diesel::delete(steps::table.filter(steps::build_id.eq_any(&ended))).execute(tx.conn())?;
        diesel::delete(build_properties::table.filter(build_properties::build_id.eq_any(&ended))).execute(tx.conn())?;
        diesel::delete(build_build_requests::table.filter(build_build_requests::build_id.eq_any(&ended)))
            .execute(tx.conn())?;
        Ok(diesel::delete(builds::table.filter(builds::id.eq_any(&ended))).execute(tx.conn())?)
    }
}

/// Removes what the steps of these builds left with them, if the builds have ended.
pub struct RemoveBuildData {
    pub builds: Vec<BuildId>,
}

impl Transition for RemoveBuildData {
    /// How many pieces were removed.
    type Outcome = usize;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<usize, DbError> {
        let ended = builds::table
            .filter(builds::id.eq_any(self.builds.iter().map(|build| build.0)))
            .filter(builds::complete_at_us.is_not_null())
            .select(builds::id);
        let ended: Vec<i64> = ended.load(tx.conn())?;
        Ok(diesel::delete(build_data::table.filter(build_data::build_id.eq_any(ended))).execute(tx.conn())?)
    }
}
