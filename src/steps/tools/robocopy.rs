//! `Robocopy`: what its exit code means, which is a sum of flags.

use super::{Exit, Reading, Verdict};
use crate::domain::Results;

/// Some files could not be copied, or nothing could.
const FAILED: i64 = 8 | 16;

/// There are files that the source does not have, or that do not go together.
const ODD: i64 = 2 | 4;

pub struct Robocopy;

impl Reading for Robocopy {
    fn line(&mut self, _: &str) {}

    fn verdict(&mut self, exit: Exit) -> Verdict {
        Verdict::with(match exit.rc {
            0 | 1 => Results::Success,
            flags if flags < 0 => Results::Exception,
            flags if flags & FAILED != 0 => Results::Failure,
            flags if flags & ODD != 0 => Results::Warnings,
            _ => Results::Exception,
        })
    }
}
