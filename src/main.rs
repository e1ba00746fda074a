//! The master's program; all of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    buildbot::cli::run()
}
