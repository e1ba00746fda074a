//! What builds teach, and how far steps have come by what they count themselves.

use diesel::prelude::*;

use crate::db::schema::{learned_metrics, learned_steps, step_progress, steps};
use crate::db::{DbError, Transaction, Transition};
use crate::domain::learned::LearnedStep;
use crate::domain::{BuildId, BuilderId, Event, StepId};

/// Replaces what is known of a builder.
pub struct StoreLearned {
    pub builder: BuilderId,
    pub steps: Vec<LearnedStep>,
}

/// Stores how much of something a step has done by now: tests, files, whatever it counts.
pub struct NoteProgress {
    pub step: StepId,
    pub metric: String,
    pub value: f64,
}

impl Transition for StoreLearned {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        let builder = self.builder.0;
        diesel::delete(learned_steps::table.filter(learned_steps::builder_id.eq(builder))).execute(tx.conn())?;
        diesel::delete(learned_metrics::table.filter(learned_metrics::builder_id.eq(builder))).execute(tx.conn())?;
        for step in &self.steps {
            diesel::insert_into(learned_steps::table)
                .values((
                    learned_steps::builder_id.eq(builder),
                    learned_steps::name.eq(&step.name),
                    learned_steps::position.eq(step.position),
                    learned_steps::presence.eq(step.presence),
                    learned_steps::group_first.eq(step.group),
                ))
                .execute(tx.conn())?;
            for (metric, average) in &step.metrics {
                diesel::insert_into(learned_metrics::table)
                    .values((
                        learned_metrics::builder_id.eq(builder),
                        learned_metrics::step.eq(&step.name),
                        learned_metrics::metric.eq(metric),
                        learned_metrics::value.eq(average.value),
                        learned_metrics::n_samples.eq(i32::try_from(average.n_samples).unwrap_or(i32::MAX)),
                    ))
                    .execute(tx.conn())?;
            }
        }
        Ok(())
    }
}

impl Transition for NoteProgress {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        let build: Option<i64> = steps::table.find(self.step.0).select(steps::build_id).first(tx.conn()).optional()?;
        let Some(build) = build else { return Ok(()) };
        diesel::insert_into(step_progress::table)
            .values((
                step_progress::step_id.eq(self.step.0),
                step_progress::metric.eq(&self.metric),
                step_progress::value.eq(self.value),
            ))
            .on_conflict((step_progress::step_id, step_progress::metric))
            .do_update()
            .set(step_progress::value.eq(self.value))
            .execute(tx.conn())?;
        tx.emit(Event::StepUpdated { step: self.step, build: BuildId(build) });
        Ok(())
    }
}
