//! Estimates of steps and builds that run.
//!
//! A step is as far as the mean of its metrics says, each against what it usually is in the end; what is left of it is
//! that share of its usual time. A build still has what is left of its running step, and the steps that usually follow;
//! of steps that run at the same time, it has the longest.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{StepNow, StepState};
use crate::domain::learned::{Average, LearnedStep, TIME};

/// What is expected of something that runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    pub elapsed: Duration,
    /// What it usually takes as a whole.
    pub usual: Duration,
    /// Zero once it takes longer than anything that was learned explains.
    pub left: Duration,
}

impl Estimate {
    /// By how much the usual time is exceeded, once nothing says how much is left.
    pub fn overdue(&self) -> Option<Duration> {
        let is_over = self.left.is_zero() && self.usual < self.elapsed;
        is_over.then(|| self.elapsed.saturating_sub(self.usual))
    }

    /// Up to 99: only the end is certain.
    pub fn percent(&self) -> u64 {
        let whole = (self.elapsed + self.left).as_millis();
        let percent = self.elapsed.as_millis().saturating_mul(100).checked_div(whole).unwrap_or(0);
        u64::try_from(percent).unwrap_or(99).min(99)
    }

    /// What it will have taken, as far as one can tell now.
    pub fn total(&self) -> Duration {
        if self.overdue().is_some() { self.usual } else { self.elapsed + self.left }
    }
}

/// What is expected of one step; nothing if it was never seen to end well.
pub fn of_step(usual: &LearnedStep, step: &StepNow) -> Option<Estimate> {
    let time = usual.metrics.get(TIME)?;
    let usual_time = seconds(time.value);
    let left = match step.state {
        StepState::Done | StepState::Cut => Duration::ZERO,
        StepState::Waiting => usual_time,
        StepState::Running => usual_time.mul_f64(1.0 - share(usual, step, *time)),
    };
    Some(Estimate { elapsed: step.elapsed, usual: usual_time, left })
}

/// How much of a running step is done, from 0 to 1.
fn share(usual: &LearnedStep, step: &StepNow, time: Average) -> f64 {
    let part = |done: f64, whole: f64| if whole <= 0.0 { 1.0 } else { (done / whole).clamp(0.0, 1.0) };
    let mut parts = vec![part(step.elapsed.as_secs_f64(), time.value)];
    for (metric, done) in &step.counted {
        // What was seen once may be something else every time.
        if let Some(average) = usual.metrics.get(metric).filter(|average| 2 <= average.n_samples) {
            parts.push(part(*done, average.value));
        }
    }
    let n_parts = u32::try_from(parts.len()).map_or(1.0, f64::from);
    parts.iter().sum::<f64>() / n_parts
}

/// What is expected of a build that has these steps so far; nothing if no build of its builder went well yet.
pub fn of_build(usual: &[LearnedStep], steps: &[StepNow], elapsed: Duration) -> Option<Estimate> {
    if usual.is_empty() {
        return None;
    }
    let newest = steps.iter().map(|step| step.number).max();
    let mut sum = Sum::default();
    for entry in usual {
        let Some(time) = entry.metrics.get(TIME) else { continue };
        let expected = seconds(time.value).mul_f64(entry.presence.clamp(0.0, 1.0));
        match steps.iter().find(|step| step.name == entry.name) {
            Some(step) => {
                let left = of_step(entry, step).map_or(Duration::ZERO, |estimate| estimate.left);
                sum.add(step.group, seconds(time.value), left);
            }
            // A step that others overtook does not come any more.
            None if newest.is_some_and(|newest| entry.position <= newest) => {}
            None => sum.add(entry.group, expected, expected),
        }
    }
    let (usual, left) = sum.total();
    Some(Estimate { elapsed, usual, left })
}

/// The usual time of steps and what is left of it: added up, and of those that run at the same time the longest.
#[derive(Default)]
struct Sum {
    alone: (Duration, Duration),
    groups: BTreeMap<i32, (Duration, Duration)>,
}

impl Sum {
    fn add(&mut self, group: Option<i32>, usual: Duration, left: Duration) {
        match group {
            None => self.alone = (self.alone.0 + usual, self.alone.1 + left),
            Some(group) => {
                let longest = self.groups.entry(group).or_default();
                *longest = (longest.0.max(usual), longest.1.max(left));
            }
        }
    }

    fn total(self) -> (Duration, Duration) {
        self.groups.into_values().fold(self.alone, |sum, longest| (sum.0 + longest.0, sum.1 + longest.1))
    }
}

fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::learned::OUTPUT;

    fn usual(name: &str, position: i32, metrics: &[(&str, f64)]) -> LearnedStep {
        let average = |value: f64| Average { value, n_samples: 5 };
        let metrics = metrics.iter().map(|(metric, value)| ((*metric).to_owned(), average(*value))).collect();
        LearnedStep { name: name.to_owned(), position, presence: 1.0, group: None, metrics }
    }

    fn now(name: &str, number: i32, state: StepState, elapsed: u64, counted: &[(&str, f64)]) -> StepNow {
        let counted = counted.iter().map(|(metric, value)| ((*metric).to_owned(), *value)).collect();
        let elapsed = Duration::from_secs(elapsed);
        StepNow { name: name.to_owned(), number, state, group: None, elapsed, counted }
    }

    fn site() -> Vec<LearnedStep> {
        vec![
            usual("git", 0, &[(TIME, 10.0)]),
            usual("make", 1, &[(TIME, 60.0), (OUTPUT, 1000.0)]),
            usual("test", 2, &[(TIME, 30.0), ("tests", 200.0)]),
        ]
    }

    #[test]
    fn a_step_with_time_alone_has_left_what_is_not_over() {
        let step = now("git", 0, StepState::Running, 4, &[]);
        let estimate = of_step(&site()[0], &step).unwrap();
        assert_eq!(estimate.left, Duration::from_secs(6));
        assert_eq!((estimate.percent(), estimate.overdue()), (40, None));
    }

    #[test]
    fn what_a_step_counts_corrects_the_clock() {
        // Half of the time is over, but a tenth of the output is written: 30 % on average.
        let step = now("make", 1, StepState::Running, 30, &[(OUTPUT, 100.0)]);
        let estimate = of_step(&site()[1], &step).unwrap();
        assert_eq!(estimate.left, Duration::from_secs(42));
        // The time is over, and half of the tests have run: that it is late is no reason to say that it ends now.
        let step = now("test", 2, StepState::Running, 45, &[("tests", 100.0)]);
        let estimate = of_step(&site()[2], &step).unwrap();
        assert_eq!((estimate.left, estimate.overdue()), (Duration::from_millis(7500), None));
    }

    #[test]
    fn a_step_that_is_late_by_everything_that_is_known_is_overdue() {
        let step = now("test", 2, StepState::Running, 45, &[("tests", 300.0)]);
        let estimate = of_step(&site()[2], &step).unwrap();
        assert_eq!(estimate.overdue(), Some(Duration::from_secs(15)));
        assert_eq!((estimate.percent(), estimate.total()), (99, Duration::from_secs(30)));
    }

    #[test]
    fn a_build_has_left_the_rest_of_its_step_and_the_steps_that_follow() {
        let steps = [now("git", 0, StepState::Done, 12, &[]), now("make", 1, StepState::Running, 20, &[])];
        let estimate = of_build(&site(), &steps, Duration::from_secs(33)).unwrap();
        assert_eq!((estimate.usual, estimate.left), (Duration::from_secs(100), Duration::from_secs(70)));
        assert_eq!(estimate.total(), Duration::from_secs(103));
    }

    #[test]
    fn a_step_that_was_overtaken_is_not_waited_for_and_a_rare_one_counts_in_part() {
        let mut usual = site();
        usual[2].presence = 0.5;
        let steps = [now("make", 1, StepState::Running, 0, &[])];
        let estimate = of_build(&usual, &steps, Duration::ZERO).unwrap();
        assert_eq!(estimate.left, Duration::from_secs(75));
    }

    #[test]
    fn of_steps_that_run_at_the_same_time_a_build_has_the_longest_left() {
        let mut usual = site();
        for step in &mut usual[1..] {
            step.group = Some(1);
        }
        let estimate = of_build(&usual, &[], Duration::ZERO).unwrap();
        assert_eq!((estimate.usual, estimate.left), (Duration::from_secs(70), Duration::from_secs(70)));
        let together =
            |name: &str, number| StepNow { group: Some(1), ..now(name, number, StepState::Running, 20, &[]) };
        let steps = [now("git", 0, StepState::Done, 10, &[]), together("make", 1), together("test", 2)];
        let estimate = of_build(&usual, &steps, Duration::from_secs(30)).unwrap();
        assert_eq!(estimate.left, Duration::from_secs(40));
        // This worker runs them one after another.
        let steps = [now("git", 0, StepState::Done, 10, &[]), now("make", 1, StepState::Done, 60, &[])];
        let steps = [steps.as_slice(), &[now("test", 2, StepState::Running, 20, &[])]].concat();
        let estimate = of_build(&usual, &steps, Duration::from_secs(90)).unwrap();
        assert_eq!((estimate.usual, estimate.left), (Duration::from_secs(100), Duration::from_secs(10)));
    }

    #[test]
    fn before_anything_was_learned_nothing_is_said() {
        assert_eq!(of_build(&[], &[], Duration::ZERO), None);
    }
}
