//! Learning from a build that has ended.

use super::{StepNow, StepState};
use crate::domain::learned::{Average, LearnedStep, TIME};

/// The weight of the newest sample: the last three builds or so decide, so that a builder that has become slower is
/// believed soon, and one odd build is not.
const WEIGHT: f64 = 0.3;
/// A step that so few builds have is forgotten.
const RARE: f64 = 0.05;
/// Steps of one builder that are remembered; names that are made up anew for each build teach nothing.
const MOST_STEPS: usize = 500;

/// What is known after a build with these steps; `went_well` if none was left out because another failed.
pub fn learn(known: &[LearnedStep], steps: &[StepNow], went_well: bool) -> Vec<LearnedStep> {
    let mut learned = known.to_vec();
    for step in steps.iter().filter(|step| step.state == StepState::Done) {
        let entry = match learned.iter().position(|entry| entry.name == step.name) {
            Some(at) => &mut learned[at],
            None => {
                learned.push(LearnedStep { name: step.name.clone(), presence: 1.0, ..LearnedStep::default() });
                let last = learned.len() - 1;
                &mut learned[last]
            }
        };
        entry.position = step.number;
        entry.group = step.group;
        let time = [(TIME.to_owned(), step.elapsed.as_secs_f64())];
        for (metric, value) in time.into_iter().chain(step.counted.clone()) {
            let average = entry.metrics.entry(metric).or_default();
            *average = after(*average, value);
        }
    }
    if went_well {
        for entry in &mut learned {
            let was_there = steps.iter().any(|step| step.name == entry.name && step.state != StepState::Cut);
            let now = if was_there { 1.0 } else { 0.0 };
            entry.presence += (now - entry.presence) * WEIGHT;
        }
    }
    learned.retain(|entry| RARE <= entry.presence);
    learned.sort_by_key(|entry| entry.position);
    learned.truncate(MOST_STEPS);
    learned
}

/// The average after one more sample; the first ones count alike.
fn after(average: Average, sample: f64) -> Average {
    let n_samples = average.n_samples.saturating_add(1);
    let weight = WEIGHT.max(1.0 / f64::from(n_samples));
    Average { value: average.value + (sample - average.value) * weight, n_samples }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn step(name: &str, number: i32, state: StepState, seconds: u64) -> StepNow {
        let elapsed = Duration::from_secs(seconds);
        StepNow { name: name.to_owned(), number, state, elapsed, ..StepNow::default() }
    }

    fn time(learned: &[LearnedStep], name: &str) -> f64 {
        learned.iter().find(|entry| entry.name == name).unwrap().metrics[TIME].value
    }

    #[test]
    fn the_first_samples_count_alike_and_later_ones_follow_what_changed() {
        let mut known = Vec::new();
        for seconds in [10, 20] {
            known = learn(&known, &[step("make", 0, StepState::Done, seconds)], true);
        }
        assert!((time(&known, "make") - 15.0).abs() < 1e-9);
        for _ in 0..20 {
            known = learn(&known, &[step("make", 0, StepState::Done, 100)], true);
        }
        assert!((time(&known, "make") - 100.0).abs() < 1.0);
    }

    #[test]
    fn a_step_that_failed_or_was_skipped_teaches_nothing_and_the_good_ones_of_a_failed_build_do() {
        let known = learn(&[], &[step("git", 0, StepState::Done, 5), step("make", 1, StepState::Cut, 1)], false);
        let names: Vec<&str> = known.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["git"]);
    }

    #[test]
    fn a_step_that_no_build_has_any_more_is_forgotten() {
        let mut known = learn(&[], &[step("old", 0, StepState::Done, 5)], true);
        let mut n_builds = 0;
        while known.iter().any(|entry| entry.name == "old") {
            known = learn(&known, &[step("new", 0, StepState::Done, 5)], true);
            n_builds += 1;
        }
        assert_eq!(n_builds, 9);
        assert_eq!(known.len(), 1);
    }
}
