//! How long a build will take, as far as earlier builds of its builder tell. Pure: what was learned and what is known of
//! the build go in, an estimate comes out.

mod estimate;
mod learn;

pub use estimate::{Estimate, of_build, of_step};
pub use learn::learn;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::learned::StepSoFar;
use crate::domain::{Pace, Results, Timestamp};

/// A step of a build as it stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepNow {
    pub name: String,
    pub number: i32,
    pub state: StepState,
    /// The number of the first step of its group, if it runs at the same time as others.
    pub group: Option<i32>,
    /// Without the wait for locks; zero before it.
    pub elapsed: Duration,
    /// What it has counted so far, bytes of output included.
    pub counted: BTreeMap<String, f64>,
}

impl StepNow {
    /// A step of which this is known, at this time.
    pub fn new(so_far: &StepSoFar, now: Timestamp) -> Self {
        let step = &so_far.step;
        let state = match (step.results, step.started_at) {
            (Some(Results::Success | Results::Warnings), Some(_)) => StepState::Done,
            (Some(_), _) => StepState::Cut,
            (None, Some(_)) => StepState::Running,
            (None, None) => StepState::Waiting,
        };
        let began = step.locks_acquired_at.or(step.started_at);
        let elapsed = began.map_or(Duration::ZERO, |began| step.complete_at.unwrap_or(now).since(began));
        let group = step.group.as_ref().filter(|group| group.pace == Pace::Together).map(|group| group.first);
        let (name, counted) = (step.name.clone(), so_far.counted.clone());
        Self { name, number: step.number, state, group, elapsed, counted }
    }
}

/// Where a step is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StepState {
    #[default]
    Waiting,
    Running,
    /// It went well.
    Done,
    /// It was skipped or went wrong: its length teaches nothing.
    Cut,
}
