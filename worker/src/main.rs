//! The program `buildbot-worker`.

use std::process::ExitCode;

fn main() -> ExitCode {
    buildbot_worker::cli::run()
}
