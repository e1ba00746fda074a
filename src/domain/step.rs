//! Steps of a build as they are recorded; what a step *does* is in `steps`.

use super::{BuildId, Results, StepId, Timestamp};

/// A stored step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub id: StepId,
    /// Position in the build, from 0.
    pub number: i32,
    pub name: String,
    pub build_id: BuildId,
    pub started_at: Option<Timestamp>,
    pub locks_acquired_at: Option<Timestamp>,
    pub complete_at: Option<Timestamp>,
    pub results: Option<Results>,
    pub state_string: String,
    pub urls: Vec<(String, String)>,
    pub hidden: bool,
    /// `None` for a step that stands alone.
    pub group: Option<StepGroup>,
}

/// A group of steps that run at the same time (`steps.Parallel`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepGroup {
    /// The number of its first step.
    pub first: i32,
    pub name: String,
    pub pace: Pace,
}

/// How the steps of a group follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// All begin at the same time.
    Together,
    /// One after another: the worker runs one command of a builder at a time.
    OneByOne,
}
