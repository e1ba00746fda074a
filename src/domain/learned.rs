//! What earlier builds of a builder took.

use std::collections::BTreeMap;

use super::Step;

/// Seconds from when a step had its locks to its end.
pub const TIME: &str = "time";
/// Bytes of all logs of a step.
pub const OUTPUT: &str = "output";

/// A moving average.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Average {
    pub value: f64,
    /// Samples that went into it.
    pub n_samples: u32,
}

/// A step of a builder as it usually is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LearnedStep {
    pub name: String,
    /// Its number in the newest good build that had it.
    pub position: i32,
    /// The share of the last good builds that had it, from 0 to 1.
    pub presence: f64,
    /// The position of the first step of its group, if it runs at the same time as others.
    pub group: Option<i32>,
    /// Metric to what it usually is at the step's end.
    pub metrics: BTreeMap<String, Average>,
}

/// A step of a build, and how far it has come by what it counts.
#[derive(Clone, Debug, PartialEq)]
pub struct StepSoFar {
    pub step: Step,
    pub counted: BTreeMap<String, f64>,
}
