//! Which step of a build comes next, when steps may add others.

use std::collections::VecDeque;

use super::config::StepConfig;

/// Where steps are put that a running step adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepsPlace {
    /// Behind the running step, and behind what it has added there before.
    AfterCurrent,
    /// Behind all others.
    AfterLast,
}

/// The steps that a build has still to run.
#[derive(Debug)]
pub struct Agenda {
    steps: VecDeque<StepConfig>,
    /// How many of the first ones the running step has added.
    n_after_current: usize,
    n_added: usize,
}

/// More steps than this are never added to one build: a step that adds itself would go on for ever.
pub const MAX_ADDED: usize = 2_000;

impl Agenda {
    pub fn new(steps: impl IntoIterator<Item = StepConfig>) -> Self {
        Self { steps: steps.into_iter().collect(), n_after_current: 0, n_added: 0 }
    }

    /// Takes the step whose turn it is.
    pub fn next_step(&mut self) -> Option<StepConfig> {
        self.n_after_current = 0;
        self.steps.pop_front()
    }

    /// Adds steps in this order. The error says why none of them was added.
    pub fn add(&mut self, steps: Vec<StepConfig>, place: StepsPlace) -> Result<(), String> {
        if MAX_ADDED < self.n_added.saturating_add(steps.len()) {
            return Err(format!("a build cannot have more than {MAX_ADDED} steps added to it"));
        }
        self.n_added += steps.len();
        for step in steps {
            match place {
                StepsPlace::AfterCurrent => {
                    self.steps.insert(self.n_after_current, step);
                    self.n_after_current += 1;
                }
                StepsPlace::AfterLast => self.steps.push_back(step),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Renderable;
    use crate::testing::plain_steps::{plain_common, plain_shell};

    fn step(name: &str) -> StepConfig {
        StepConfig { common: plain_common(name), kind: plain_shell("true") }
    }

    fn steps(names: &[&str]) -> Vec<StepConfig> {
        names.iter().map(|name| step(name)).collect()
    }

    fn rest(mut agenda: Agenda) -> Vec<Renderable> {
        std::iter::from_fn(|| agenda.next_step()).map(|step| step.common.name).collect()
    }

    #[test]
    fn added_steps_follow_the_running_one_in_the_order_in_which_they_were_added() {
        let mut agenda = Agenda::new(steps(&["a", "b"]));
        assert_eq!(agenda.next_step().map(|step| step.common.name), Some("a".into()));
        agenda.add(steps(&["c", "d"]), StepsPlace::AfterCurrent).unwrap();
        agenda.add(steps(&["z"]), StepsPlace::AfterLast).unwrap();
        agenda.add(steps(&["e"]), StepsPlace::AfterCurrent).unwrap();
        assert_eq!(agenda.next_step().map(|step| step.common.name), Some("c".into()));
        agenda.add(steps(&["f"]), StepsPlace::AfterCurrent).unwrap();
        assert_eq!(rest(agenda), ["f", "d", "e", "b", "z"].map(Renderable::from));
    }

    #[test]
    fn a_step_that_adds_itself_ends_at_some_time() {
        let mut agenda = Agenda::new(steps(&["a"]));
        let mut n_run = 0;
        while agenda.next_step().is_some() {
            n_run += 1;
            // The step fails when it cannot add the next.
            let _ = agenda.add(steps(&["again"]), StepsPlace::AfterCurrent);
        }
        assert_eq!(n_run, MAX_ADDED + 1);
    }
}
