//! What a command says to the person who called it. A closed pipe is no reason to fail.

use std::fmt::Display;
use std::io::{self, Write};

/// Results.
pub(super) fn say(text: impl Display) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// What went wrong.
pub(super) fn complain(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Progress, unless the person wants quiet.
pub(super) fn remark(quiet: bool, text: impl Display) {
    if !quiet {
        say(text);
    }
}
