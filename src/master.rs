//! The wiring: builds every actor in two phases, starts them in order, stops them in reverse.

use std::path::Path;

use anyhow::bail;
use nix::unistd::gethostname;

/// What the command line decides about a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions {}

/// Runs the master of `base_dir` until it is told to stop.
pub fn run(base_dir: &Path, _options: RunOptions) -> anyhow::Result<()> {
    bail!("the master of {} is not wired yet", base_dir.display())
}

/// The name under which the master of `base_dir` is known in the database.
pub fn name(base_dir: &Path) -> String {
    let host = gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_else(|| "localhost".to_owned());
    format!("{host}:{}", base_dir.display())
}
