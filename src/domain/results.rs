//! How a step, a build, a request or a buildset ended.

use std::fmt;

/// The result codes of Buildbot; the numbers are fixed by REST, the database and the worker protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Results {
    Success = 0,
    Warnings = 1,
    Failure = 2,
    Skipped = 3,
    Exception = 4,
    Retry = 5,
    Cancelled = 6,
}

impl Results {
    pub const ALL: [Self; 7] =
        [Self::Success, Self::Warnings, Self::Failure, Self::Skipped, Self::Exception, Self::Retry, Self::Cancelled];

    pub const fn code(self) -> i32 {
        self as i32
    }

    pub fn from_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|results| results.code() == code)
    }

    /// The word used in configurations, pages and mails.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Warnings => "warnings",
            Self::Failure => "failure",
            Self::Skipped => "skipped",
            Self::Exception => "exception",
            Self::Retry => "retry",
            Self::Cancelled => "cancelled",
        }
    }

    /// The worse of two results; SKIPPED is better than SUCCESS, CANCELLED worst of all.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        if self.severity() < other.severity() { other } else { self }
    }

    const fn severity(self) -> u8 {
        match self {
            Self::Skipped => 0,
            Self::Success => 1,
            Self::Warnings => 2,
            Self::Failure => 3,
            Self::Exception => 4,
            Self::Retry => 5,
            Self::Cancelled => 6,
        }
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_protocol() {
        let words = ["success", "warnings", "failure", "skipped", "exception", "retry", "cancelled"];
        for (code, word) in (0..).zip(words) {
            assert_eq!(Results::from_code(code).map(Results::word), Some(word));
        }
        assert_eq!(Results::from_code(7), None);
        assert_eq!(Results::from_code(-1), None);
    }

    #[test]
    fn cancelled_is_the_worst_and_skipped_the_best() {
        assert_eq!(Results::Skipped.worst(Results::Success), Results::Success);
        assert_eq!(Results::Failure.worst(Results::Warnings), Results::Failure);
        assert_eq!(Results::Retry.worst(Results::Cancelled), Results::Cancelled);
    }
}
