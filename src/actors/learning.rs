//! What a finished build teaches is read, weighed and stored; the weighing is `forecast`'s.

use crate::db::transitions::StoreLearned;
use crate::db::views::builds;
use crate::db::views::keys::BuildKey;
use crate::db::views::learned::{self, Outputs};
use crate::db::{Db, DbError};
use crate::domain::{BuildId, Results, Timestamp};
use crate::forecast::{self, StepNow};

/// Learns from a build that has ended, for the builder that it is shown at: what a virtual builder is the name of takes a
/// time of its own. Builds that were cut off teach nothing.
pub async fn learn_from(db: &Db, build: BuildId, results: Results) -> Result<(), DbError> {
    let went_well = match results {
        Results::Success | Results::Warnings => true,
        Results::Failure => false,
        Results::Skipped | Results::Exception | Results::Retry | Results::Cancelled => return Ok(()),
    };
    let Some(found) = db.read(move |conn| builds::find(conn, &BuildKey::Id(build.0))).await? else { return Ok(()) };
    let builder = found.builder_id;
    let steps = learned::steps_so_far(db, vec![build], Outputs::OfAll).await?;
    // All of them have ended: what time it is now does not matter.
    let steps: Vec<StepNow> = steps.iter().map(|step| StepNow::new(step, Timestamp::default())).collect();
    let mut known = db.read(move |conn| learned::of_builders(conn, &[builder])).await?;
    let known = known.remove(&builder).unwrap_or_default();
    let steps = forecast::learn(&known, &steps, went_well);
    if steps == known {
        return Ok(());
    }
    db.write(StoreLearned { builder, steps }).await
}
