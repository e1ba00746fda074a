//! Which ends of a build are worth a message.

use crate::domain::Results;

/// One condition on how a build ended, and how the one before it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Another end than that of the build before.
    Change,
    Failing,
    Passing,
    /// It failed, and the build before did not.
    Problem,
    Warnings,
    Exception,
    Cancelled,
}

/// The modes of a configuration; a build that fits one of them is reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modes(Vec<Mode>);

const WORDS: [(Mode, &str); 7] = [
    (Mode::Change, "change"),
    (Mode::Failing, "failing"),
    (Mode::Passing, "passing"),
    (Mode::Problem, "problem"),
    (Mode::Warnings, "warnings"),
    (Mode::Exception, "exception"),
    (Mode::Cancelled, "cancelled"),
];

impl Mode {
    pub fn word(self) -> &'static str {
        WORDS.iter().find(|(mode, _)| *mode == self).map_or("", |(_, word)| word)
    }

    pub fn from_word(word: &str) -> Option<Self> {
        WORDS.iter().find(|(_, known)| *known == word).map(|(mode, _)| *mode)
    }

    fn fits(self, results: Results, previous: Option<Results>) -> bool {
        match self {
            Self::Change => previous.is_some_and(|previous| previous != results),
            Self::Failing => results == Results::Failure,
            Self::Passing => results == Results::Success,
            Self::Problem => {
                results == Results::Failure && previous.is_some_and(|previous| previous != Results::Failure)
            }
            Self::Warnings => results == Results::Warnings,
            Self::Exception => results == Results::Exception,
            Self::Cancelled => results == Results::Cancelled,
        }
    }
}

impl Modes {
    pub fn new(modes: impl IntoIterator<Item = Mode>) -> Self {
        Self(modes.into_iter().collect())
    }

    /// What a configuration may write instead of a list: `all`, `warnings` (with failures), or one mode.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "all" => Self::new([Mode::Failing, Mode::Passing, Mode::Warnings, Mode::Exception, Mode::Cancelled]),
            "warnings" => Self::new([Mode::Failing, Mode::Warnings]),
            word => Self::new([Mode::from_word(word)?]),
        })
    }

    /// Every word there is, for the text of an error.
    pub fn words() -> Vec<&'static str> {
        WORDS.iter().map(|(_, word)| *word).collect()
    }

    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|mode| mode.word()).collect()
    }

    /// Whether a build that ended so is reported; `previous` is how the build before it ended, if there was one.
    pub fn want(&self, results: Results, previous: Option<Results>) -> bool {
        self.0.iter().any(|mode| mode.fits(results, previous))
    }

    /// Whether the end of the build before matters.
    pub fn compare(&self) -> bool {
        self.0.iter().any(|mode| matches!(mode, Mode::Change | Mode::Problem))
    }
}

impl Default for Modes {
    fn default() -> Self {
        Self::new([Mode::Failing, Mode::Passing, Mode::Warnings])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Results::{Cancelled, Exception, Failure, Retry, Skipped, Success, Warnings};

    fn wants(mode: &str, results: Results, previous: Option<Results>) -> bool {
        Modes::from_word(mode).unwrap().want(results, previous)
    }

    #[test]
    fn a_change_is_another_end_than_the_last_and_a_first_build_is_none() {
        assert!(wants("change", Failure, Some(Success)));
        assert!(wants("change", Success, Some(Failure)));
        assert!(!wants("change", Failure, Some(Failure)));
        assert!(!wants("change", Failure, None));
    }

    #[test]
    fn a_problem_is_a_failure_after_something_else() {
        assert!(wants("problem", Failure, Some(Success)));
        assert!(wants("problem", Failure, Some(Warnings)));
        assert!(!wants("problem", Failure, Some(Failure)));
        assert!(!wants("problem", Failure, None));
        assert!(!wants("problem", Success, Some(Failure)));
    }

    #[test]
    fn every_other_mode_is_one_end() {
        let ends = [("failing", Failure), ("passing", Success), ("exception", Exception), ("cancelled", Cancelled)];
        for (mode, end) in ends {
            for results in Results::ALL {
                assert_eq!(wants(mode, results, None), results == end, "{mode} {results}");
            }
        }
    }

    #[test]
    fn all_is_every_end_of_a_build_that_is_not_repeated_and_did_something() {
        let wanted: Vec<Results> = Results::ALL.into_iter().filter(|results| wants("all", *results, None)).collect();
        assert_eq!(wanted, [Success, Warnings, Failure, Exception, Cancelled]);
        assert!(!wants("all", Retry, None) && !wants("all", Skipped, None));
    }

    #[test]
    fn warnings_alone_are_failures_too_and_in_a_list_they_are_not() {
        assert!(wants("warnings", Failure, None) && wants("warnings", Warnings, None));
        assert!(!Modes::new([Mode::Warnings]).want(Failure, None));
    }

    #[test]
    fn an_unknown_word_is_no_mode() {
        assert_eq!(Modes::from_word("sometimes"), None);
        assert_eq!(Modes::default().names(), ["failing", "passing", "warnings"]);
    }
}
