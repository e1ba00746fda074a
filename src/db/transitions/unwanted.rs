//! Requests that a build waited for that has ended: nobody wants them any more.
//!
//! A build that is started once more triggers again, so what it had triggered before must not go on beside that.

use diesel::prelude::*;

use super::cancel_request::CancelRequest;
use crate::db::schema::{build_requests, builds, buildsets};
use crate::db::{DbError, Transaction, Transition};
use crate::domain::{BuildRequestId, Results};

/// Cancels every request that no build has taken and that only a build waits for which has ended.
pub(super) fn cancel_unwanted(tx: &mut Transaction<'_>) -> Result<Vec<BuildRequestId>, DbError> {
    let unwanted: Vec<i64> = build_requests::table
        .inner_join(buildsets::table.on(buildsets::id.eq(build_requests::buildset_id)))
        .inner_join(builds::table.on(builds::id.nullable().eq(buildsets::parent_build_id)))
        .filter(build_requests::waited_for.ne(0))
        .filter(build_requests::complete_at_us.is_null())
        .filter(build_requests::claimed_by.is_null())
        .filter(builds::complete_at_us.is_not_null())
        .order(build_requests::id)
        .select(build_requests::id)
        .load(tx.conn())?;
    let unwanted: Vec<_> = unwanted.into_iter().map(BuildRequestId).collect();
    for request in unwanted.iter().copied() {
        let reason = "the build that waited for it has ended".to_owned();
        CancelRequest { request, reason, results: Results::Cancelled }.apply(tx)?;
    }
    Ok(unwanted)
}
