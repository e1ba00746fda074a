//! Which steps of a build come next, when steps may add others.

use std::collections::VecDeque;

use super::config::StepConfig;

/// Where steps are put that a running step adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepsPlace {
    /// Behind the running step, or the group it runs in, and behind what was added there before.
    AfterCurrent,
    /// Behind all others.
    AfterLast,
}

/// The steps that a build has still to run.
#[derive(Debug)]
pub struct Agenda {
    steps: VecDeque<StepConfig>,
    /// How many of the first ones the running steps have added.
    n_after_current: usize,
    n_added: usize,
}

/// More steps than this are never added to one build: a step that adds itself would go on for ever.
pub const MAX_ADDED: usize = 2_000;

impl Agenda {
    pub fn new(steps: impl IntoIterator<Item = StepConfig>) -> Self {
        Self { steps: steps.into_iter().collect(), n_after_current: 0, n_added: 0 }
    }

    /// Takes the steps whose turn it is: one, or all of a group in their order.
    pub fn next_turn(&mut self) -> Option<Vec<StepConfig>> {
        self.n_after_current = 0;
        let first = self.steps.pop_front()?;
        let mut turn = vec![first];
        if turn[0].common.group.is_some() {
            let follows = |step: &StepConfig| step.common.group.as_ref().is_some_and(|group| group.position != 0);
            while let Some(step) = self.steps.pop_front_if(|step| follows(step)) {
                turn.push(step);
            }
        }
        Some(turn)
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
    use crate::steps::config::GroupPlace;
    use crate::testing::plain_steps::{plain_common, plain_shell};

    fn step(name: &str) -> StepConfig {
        StepConfig { common: plain_common(name), kind: plain_shell("true") }
    }

    fn steps(names: &[&str]) -> Vec<StepConfig> {
        names.iter().map(|name| step(name)).collect()
    }

    fn rest(mut agenda: Agenda) -> Vec<Renderable> {
        std::iter::from_fn(|| agenda.next_turn()).flatten().map(|step| step.common.name).collect()
    }

    fn name_of(step: &StepConfig) -> String {
        step.common.name.constant().map(ToString::to_string).unwrap_or_default()
    }

    fn next_names(agenda: &mut Agenda) -> Vec<String> {
        agenda.next_turn().unwrap_or_default().iter().map(name_of).collect()
    }

    fn group(names: &[&str]) -> Vec<StepConfig> {
        let place = |position| GroupPlace { name: "g".to_owned(), halt_on_failure: false, position };
        let mut steps = steps(names);
        for (position, step) in steps.iter_mut().enumerate() {
            step.common.group = Some(place(position));
        }
        steps
    }

    #[test]
    fn the_steps_of_a_group_have_one_turn_and_groups_side_by_side_one_each() {
        let mut agenda = Agenda::new([steps(&["a"]), group(&["b", "c"]), group(&["d"]), steps(&["e"])].concat());
        let turns = [&["a"][..], &["b", "c"], &["d"], &["e"]];
        for names in turns {
            assert_eq!(next_names(&mut agenda), names);
        }
        assert_eq!(agenda.next_turn(), None);
    }

    #[test]
    fn what_a_step_of_a_group_adds_follows_the_group() {
        let mut agenda = Agenda::new([group(&["a", "b"]), steps(&["z"])].concat());
        agenda.next_turn();
        agenda.add(steps(&["of a"]), StepsPlace::AfterCurrent).unwrap();
        agenda.add(group(&["of b", "and b"]), StepsPlace::AfterCurrent).unwrap();
        assert_eq!(next_names(&mut agenda), ["of a"]);
        assert_eq!(next_names(&mut agenda), ["of b", "and b"]);
        assert_eq!(next_names(&mut agenda), ["z"]);
    }

    #[test]
    fn added_steps_follow_the_running_one_in_the_order_in_which_they_were_added() {
        let mut agenda = Agenda::new(steps(&["a", "b"]));
        assert_eq!(next_names(&mut agenda), ["a"]);
        agenda.add(steps(&["c", "d"]), StepsPlace::AfterCurrent).unwrap();
        agenda.add(steps(&["z"]), StepsPlace::AfterLast).unwrap();
        agenda.add(steps(&["e"]), StepsPlace::AfterCurrent).unwrap();
        assert_eq!(next_names(&mut agenda), ["c"]);
        agenda.add(steps(&["f"]), StepsPlace::AfterCurrent).unwrap();
        assert_eq!(rest(agenda), ["f", "d", "e", "b", "z"].map(Renderable::from));
    }

    #[test]
    fn a_step_that_adds_itself_ends_at_some_time() {
        let mut agenda = Agenda::new(steps(&["a"]));
        let mut n_run = 0;
        while agenda.next_turn().is_some() {
            n_run += 1;
            // The step fails when it cannot add the next.
            let _ = agenda.add(steps(&["again"]), StepsPlace::AfterCurrent);
        }
        assert_eq!(n_run, MAX_ADDED + 1);
    }
}
