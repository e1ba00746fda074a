//! Buildsets whose builds are gone go too, with their requests and with source stamps that nobody else refers to.

use diesel::prelude::*;

use crate::db::schema::{
    build_build_requests, build_requests, buildset_changes, buildset_properties, buildset_stamps, buildsets, changes,
    patches, source_stamps,
};
use crate::db::{DbError, Transaction, Transition};
use crate::domain::BuildsetId;

/// Removes those of these buildsets that are complete and have no build.
pub struct RemoveBuildsets {
    pub buildsets: Vec<BuildsetId>,
}

impl Transition for RemoveBuildsets {
    /// How many were removed.
    type Outcome = usize;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<usize, DbError> {
        let built = build_build_requests::table
            .inner_join(build_requests::table.on(build_requests::id.eq(build_build_requests::request_id)))
            .filter(build_requests::buildset_id.eq(buildsets::id));
        let idle: Vec<i64> = buildsets::table
            .filter(buildsets::id.eq_any(self.buildsets.iter().map(|buildset| buildset.0)))
            .filter(buildsets::complete_at_us.is_not_null())
            .filter(diesel::dsl::not(diesel::dsl::exists(built)))
            .select(buildsets::id)
            .load(tx.conn())?;
        let stamps: Vec<i64> =
            diesel::delete(buildset_stamps::table.filter(buildset_stamps::buildset_id.eq_any(&idle)))
                .returning(buildset_stamps::source_stamp_id)
                .get_results(tx.conn())?;
        diesel::delete(build_requests::table.filter(build_requests::buildset_id.eq_any(&idle))).execute(tx.conn())?;
        diesel::delete(buildset_properties::table.filter(buildset_properties::buildset_id.eq_any(&idle)))
            .execute(tx.conn())?;
        diesel::delete(buildset_changes::table.filter(buildset_changes::buildset_id.eq_any(&idle)))
            .execute(tx.conn())?;
        let n_removed = diesel::delete(buildsets::table.filter(buildsets::id.eq_any(&idle))).execute(tx.conn())?;
        remove_stamps(tx, stamps)?;
        Ok(n_removed)
    }
}

/// Removes those of these source stamps to which nothing refers, with their patches.
pub(super) fn remove_stamps(tx: &mut Transaction<'_>, mut stamps: Vec<i64>) -> Result<(), DbError> {
    stamps.sort_unstable();
    stamps.dedup();
    let of_buildsets = buildset_stamps::table.filter(buildset_stamps::source_stamp_id.eq(source_stamps::id));
    let of_changes = changes::table.filter(changes::source_stamp_id.eq(source_stamps::id));
    let unused: Vec<i64> = source_stamps::table
        .filter(source_stamps::id.eq_any(stamps))
        .filter(diesel::dsl::not(diesel::dsl::exists(of_buildsets)))
        .filter(diesel::dsl::not(diesel::dsl::exists(of_changes)))
        .select(source_stamps::id)
        .load(tx.conn())?;
    let with_patches: Vec<Option<i64>> = diesel::delete(source_stamps::table.filter(source_stamps::id.eq_any(unused)))
        .returning(source_stamps::patch_id)
        .get_results(tx.conn())?;
    let of_stamps = source_stamps::table.filter(source_stamps::patch_id.eq(patches::id.nullable()));
    let unused = patches::table
        .filter(patches::id.eq_any(with_patches.into_iter().flatten()))
        .filter(diesel::dsl::not(diesel::dsl::exists(of_stamps)));
    let unused: Vec<i64> = unused.select(patches::id).load(tx.conn())?;
    diesel::delete(patches::table.filter(patches::id.eq_any(unused))).execute(tx.conn())?;
    Ok(())
}
