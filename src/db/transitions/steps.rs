//! The life of a step's row: added, started, updated, finished.

use diesel::prelude::*;

use crate::db::schema::{builds, steps};
use crate::db::{DbError, Transaction, Transition, text};
use crate::domain::{BuildId, Event, Pace, Results, Step, StepGroup, StepId};

/// Adds a step; its name gets a number if the build has one of that name already.
pub struct AddStep {
    pub build: BuildId,
    /// Position in the build, from 0.
    pub number: i32,
    pub name: String,
    pub state_string: String,
    pub group: Option<StepGroup>,
}

pub struct StartStep {
    pub step: StepId,
    pub locks_acquired: bool,
}

/// The step holds all its locks, for which it has waited since its start.
pub struct AcquireStepLocks {
    pub step: StepId,
}

pub struct UpdateStep {
    pub step: StepId,
    pub state_string: String,
    pub urls: Vec<(String, String)>,
}

/// Records the end of a step; a second time changes nothing.
pub struct FinishStep {
    pub step: StepId,
    pub results: Results,
    pub hidden: bool,
    pub state_string: String,
    pub urls: Vec<(String, String)>,
}

impl Transition for AddStep {
    type Outcome = Step;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<Step, DbError> {
        let taken: Vec<String> =
            steps::table.filter(steps::build_id.eq(self.build.0)).select(steps::name).load(tx.conn())?;
        let name = unique(&self.name, &taken, '_');
        let id: i64 = diesel::insert_into(steps::table)
            .values((
                steps::number.eq(self.number),
                steps::name.eq(&name),
                steps::build_id.eq(self.build.0),
                steps::state_string.eq(&self.state_string),
                steps::group_first.eq(self.group.as_ref().map(|group| group.first)),
                steps::group_name.eq(self.group.as_ref().map(|group| &group.name)),
                steps::group_serial.eq(self.group.as_ref().map(|group| i16::from(group.pace == Pace::OneByOne))),
            ))
            .returning(steps::id)
            .get_result(tx.conn())?;
        tx.emit(Event::StepAdded { step: StepId(id), build: self.build });
        Ok(Step {
            id: StepId(id),
            number: self.number,
            name,
            build_id: self.build,
            started_at: None,
            locks_acquired_at: None,
            complete_at: None,
            results: None,
            state_string: self.state_string.clone(),
            urls: Vec::new(),
            hidden: false,
            group: self.group.clone(),
        })
    }
}

/// `name`, or `name` with the first free number behind it.
pub(super) fn unique(name: &str, taken: &[String], separator: char) -> String {
    if !taken.iter().any(|other| other == name) {
        return name.to_owned();
    }
    let mut number = 1_u64;
    loop {
        let candidate = format!("{name}{separator}{number}");
        if !taken.contains(&candidate) {
            return candidate;
        }
        number = number.saturating_add(1);
    }
}

impl Transition for StartStep {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        let now = tx.now_us();
        let build: Option<i64> = diesel::update(steps::table.find(self.step.0))
            .set((steps::started_at_us.eq(now), self.locks_acquired.then(|| steps::locks_acquired_at_us.eq(now))))
            .returning(steps::build_id)
            .get_result(tx.conn())
            .optional()?;
        if let Some(build) = build {
            tx.emit(Event::StepStarted { step: self.step, build: BuildId(build) });
        }
        Ok(())
    }
}

impl Transition for AcquireStepLocks {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        let now = tx.now_us();
        let waited: Option<(i64, Option<i64>)> =
            diesel::update(steps::table.find(self.step.0).filter(steps::complete_at_us.is_null()))
                .filter(steps::locks_acquired_at_us.is_null())
                .set(steps::locks_acquired_at_us.eq(now))
                .returning((steps::build_id, steps::started_at_us))
                .get_result(tx.conn())
                .optional()?;
        let Some((build, started)) = waited else { return Ok(()) };
        let seconds = now.saturating_sub(started.unwrap_or(now)) / 1_000_000;
        if 0 < seconds {
            diesel::update(builds::table.find(build))
                .set(builds::locks_duration_s.eq(builds::locks_duration_s + seconds))
                .execute(tx.conn())?;
        }
        tx.emit(Event::StepUpdated { step: self.step, build: BuildId(build) });
        Ok(())
    }
}

impl Transition for UpdateStep {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        let build: Option<i64> = diesel::update(steps::table.find(self.step.0).filter(steps::complete_at_us.is_null()))
            .set((steps::state_string.eq(&self.state_string), steps::urls.eq(text::of_links(&self.urls))))
            .returning(steps::build_id)
            .get_result(tx.conn())
            .optional()?;
        if let Some(build) = build {
            tx.emit(Event::StepUpdated { step: self.step, build: BuildId(build) });
        }
        Ok(())
    }
}

impl Transition for FinishStep {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        let now = tx.now_us();
        let build: Option<i64> = diesel::update(steps::table.find(self.step.0).filter(steps::complete_at_us.is_null()))
            .set((
                steps::complete_at_us.eq(now),
                steps::results.eq(self.results.code()),
                steps::hidden.eq(i16::from(self.hidden)),
                steps::state_string.eq(&self.state_string),
                steps::urls.eq(text::of_links(&self.urls)),
            ))
            .returning(steps::build_id)
            .get_result(tx.conn())
            .optional()?;
        if let Some(build) = build {
            tx.emit(Event::StepFinished { step: self.step, build: BuildId(build) });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_the_first_free_number() {
        let taken = ["make".to_owned(), "make_1".to_owned()];
        assert_eq!(unique("make", &taken, '_'), "make_2");
        assert_eq!(unique("test", &taken, '_'), "test");
    }
}
