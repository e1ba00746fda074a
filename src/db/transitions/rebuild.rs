//! A build is wanted once more, of the same source and with the same properties.

use diesel::prelude::*;

use super::fire_scheduler::{Fired, add_buildset};
use crate::db::schema::{
    build_build_requests, build_requests, builds, buildset_changes, buildset_properties, buildset_stamps, buildsets,
};
use crate::db::{DbError, Transaction, Transition, text};
use crate::domain::buildset::NewStamp;
use crate::domain::{BuildId, BuilderId, ChangeId, NewBuildset, SourceStampId};

/// Makes a buildset like that of the newest request that the build served, for the builder of that build: of merged
/// requests it has the source that was built.
pub struct Rebuild {
    pub build: BuildId,
    pub reason: String,
}

/// Buildset, its scheduler, the build that it already repeats, the builder, and the priority.
type Row = (i64, String, Option<i64>, i64, i32);

impl Transition for Rebuild {
    /// `None` if there is no such build.
    type Outcome = Option<Fired>;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<Option<Fired>, DbError> {
        let of_build = builds::table
            .inner_join(build_build_requests::table.on(build_build_requests::build_id.eq(builds::id)))
            .inner_join(build_requests::table.on(build_requests::id.eq(build_build_requests::request_id)))
            .inner_join(buildsets::table.on(buildsets::id.eq(build_requests::buildset_id)))
            .filter(builds::id.eq(self.build.0))
            .order(build_requests::id.desc())
            .select((
                buildsets::id,
                buildsets::scheduler,
                buildsets::rebuilt_build_id,
                build_requests::builder_id,
                build_requests::priority,
            ));
        let found: Option<Row> = of_build.first(tx.conn()).optional()?;
        let Some((buildset, scheduler, rebuilt, builder, priority)) = found else { return Ok(None) };
        let properties = buildset_properties::table
            .filter(buildset_properties::buildset_id.eq(buildset))
            .select((buildset_properties::name, buildset_properties::value, buildset_properties::source))
            .load(tx.conn())?;
        let stamps: Vec<i64> = buildset_stamps::table
            .filter(buildset_stamps::buildset_id.eq(buildset))
            .select(buildset_stamps::source_stamp_id)
            .load(tx.conn())?;
        let changes: Vec<i64> = buildset_changes::table
            .filter(buildset_changes::buildset_id.eq(buildset))
            .select(buildset_changes::change_id)
            .load(tx.conn())?;
        let new = NewBuildset {
            scheduler,
            reason: self.reason.clone(),
            external_id: None,
            properties: text::collect_properties(properties)?,
            builders: vec![BuilderId(builder)],
            stamps: stamps.into_iter().map(|id| NewStamp::Existing(SourceStampId(id))).collect(),
            changes: changes.into_iter().map(ChangeId).collect(),
            priority,
            waited_for: false,
            parent_build: None,
            // However often it is built again, it is the first one that is.
            rebuilt_build: Some(rebuilt.map_or(self.build, BuildId)),
        };
        add_buildset(tx, &new).map(Some)
    }
}
