//! How the results of steps add up to the result of a build, and which steps still run (manual section "Common
//! Parameters": `haltOnFailure`, `flunkOnFailure` and their kin).

use super::StepCommon;
use crate::domain::Results;

/// What a result of a part means for the whole: of a step for its build, of a command for its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResultFlags {
    pub halt_on_failure: bool,
    pub flunk_on_warnings: bool,
    pub flunk_on_failure: bool,
    pub warn_on_warnings: bool,
    pub warn_on_failure: bool,
}

impl ResultFlags {
    pub fn of(step: &StepCommon) -> Self {
        Self {
            halt_on_failure: step.halt_on_failure || step.group.as_ref().is_some_and(|group| group.halt_on_failure),
            flunk_on_warnings: step.flunk_on_warnings,
            flunk_on_failure: step.flunk_on_failure,
            warn_on_warnings: step.warn_on_warnings,
            warn_on_failure: step.warn_on_failure,
        }
    }
}

/// The state of a build between its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildProgress {
    results: Results,
    halted: bool,
}

impl Default for BuildProgress {
    fn default() -> Self {
        Self { results: Results::Success, halted: false }
    }
}

impl BuildProgress {
    /// Whether the next step's turn comes at all; `doStepIf` is asked afterwards.
    pub fn may_run(&self, step: &StepCommon) -> bool {
        !self.halted || step.always_run
    }

    /// Takes a finished step into account.
    pub fn add(&mut self, step: &StepCommon, results: Results) {
        self.add_part(ResultFlags::of(step), results);
    }

    /// Takes a part into account that is no step of its own.
    pub fn add_part(&mut self, flags: ResultFlags, results: Results) {
        self.results = self.results.worst(contribution(flags, results));
        self.halted |= match results {
            Results::Failure => flags.halt_on_failure,
            Results::Exception | Results::Retry | Results::Cancelled => true,
            Results::Success | Results::Warnings | Results::Skipped => false,
        };
    }

    /// Whether nothing follows but what always runs.
    pub fn is_halted(&self) -> bool {
        self.halted
    }

    /// The build is stopped between steps with this result: only steps with `alwaysRun` follow.
    pub fn stop(&mut self, results: Results) {
        self.results = self.results.worst(results);
        self.halted = true;
    }

    /// The result of the build, were it to end now.
    pub fn results(&self) -> Results {
        self.results
    }
}

/// What a part's result means for the whole.
fn contribution(flags: ResultFlags, results: Results) -> Results {
    match results {
        Results::Failure if flags.flunk_on_failure => Results::Failure,
        Results::Failure if flags.warn_on_failure => Results::Warnings,
        Results::Warnings if flags.flunk_on_warnings => Results::Failure,
        Results::Warnings if flags.warn_on_warnings => Results::Warnings,
        Results::Failure | Results::Warnings => Results::Success,
        Results::Success | Results::Skipped | Results::Exception | Results::Retry | Results::Cancelled => results,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::plain_steps::plain_common;

    /// Every combination of the six flags.
    fn all_steps() -> impl Iterator<Item = StepCommon> {
        (0..64_u32).map(|bits| {
            let flag = |position: u32| bits >> position & 1 == 1;
            StepCommon {
                halt_on_failure: flag(0),
                flunk_on_failure: flag(1),
                flunk_on_warnings: flag(2),
                warn_on_failure: flag(3),
                warn_on_warnings: flag(4),
                always_run: flag(5),
                ..plain_common("step")
            }
        })
    }

    #[test]
    fn every_combination_of_flags_and_results_follows_the_table() {
        use Results::{Cancelled, Exception, Failure, Retry, Skipped, Success, Warnings};
        // Step's result; (flunkOn…, warnOn…) of that result; the build's result; whether haltOnFailure matters.
        #[rustfmt::skip]
        let table = [
            (Failure,   (false, false), Success),
            (Failure,   (false, true),  Warnings),
            (Failure,   (true,  false), Failure),
            (Failure,   (true,  true),  Failure),
            (Warnings,  (false, false), Success),
            (Warnings,  (false, true),  Warnings),
            (Warnings,  (true,  false), Failure),
            (Warnings,  (true,  true),  Failure),
        ];
        let mut n_cases = 0;
        for step in all_steps() {
            for results in Results::ALL {
                let flags = match results {
                    Warnings => (step.flunk_on_warnings, step.warn_on_warnings),
                    _ => (step.flunk_on_failure, step.warn_on_failure),
                };
                let expected = match results {
                    Skipped | Success => Success,
                    Exception | Retry | Cancelled => results,
                    Failure | Warnings => {
                        let row = table.iter().find(|(of, when, _)| *of == results && *when == flags);
                        row.map(|(_, _, build)| *build).unwrap()
                    }
                };
                let halts = match results {
                    Failure => step.halt_on_failure,
                    Exception | Retry | Cancelled => true,
                    Skipped | Success | Warnings => false,
                };
                let mut progress = BuildProgress::default();
                progress.add(&step, results);
                assert_eq!(progress.results(), expected, "{step:?} {results}");
                let next = StepCommon { always_run: step.always_run, ..plain_common("next") };
                assert_eq!(progress.may_run(&next), !halts || step.always_run, "{step:?} {results}");
                n_cases += 1;
            }
        }
        assert_eq!(n_cases, 64 * 7);
    }

    #[test]
    fn the_worst_result_stays() {
        let flunking = StepCommon { flunk_on_failure: true, ..plain_common("step") };
        let mut progress = BuildProgress::default();
        progress.add(&flunking, Results::Failure);
        progress.add(&flunking, Results::Success);
        progress.add(&flunking, Results::Skipped);
        assert_eq!(progress.results(), Results::Failure);
        progress.add(&flunking, Results::Retry);
        assert_eq!(progress.results(), Results::Retry);
    }

    #[test]
    fn a_halt_lasts_whatever_a_step_that_always_runs_gives() {
        let halting = StepCommon { halt_on_failure: true, ..plain_common("step") };
        let always = StepCommon { always_run: true, ..plain_common("always") };
        let mut progress = BuildProgress::default();
        progress.add(&halting, Results::Failure);
        progress.add(&always, Results::Success);
        assert!(progress.may_run(&always));
        assert!(!progress.may_run(&halting));
    }

    #[test]
    fn a_stopped_build_runs_only_what_always_runs() {
        let mut progress = BuildProgress::default();
        progress.stop(Results::Cancelled);
        assert_eq!(progress.results(), Results::Cancelled);
        assert!(!progress.may_run(&plain_common("step")));
        assert!(progress.may_run(&StepCommon { always_run: true, ..plain_common("always") }));
    }
}
