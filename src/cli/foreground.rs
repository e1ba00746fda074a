//! The master in this process, whether a terminal looks on or not.

use std::env;
use std::path::Path;
use std::process::ExitCode;

use tracing::{error, info};

use super::config_access::ConfigAccess;
use super::pid_file::PidFile;
use crate::master::{self, RunOptions};
use crate::telemetry::{self, Echo};

/// What is logged, in the syntax of `tracing-subscriber`'s `EnvFilter`.
const FILTER_VARIABLE: &str = "BUILDBOT_LOG";

/// Runs the master of `base_dir` until it is told to stop.
pub(super) fn run_master(base_dir: &Path, echo: Echo, access: &ConfigAccess) -> anyhow::Result<ExitCode> {
    master::memory::use_little();
    // Relative paths in a configuration are below the base directory; `stop` knows the master by this, too.
    env::set_current_dir(base_dir)?;
    telemetry::init(base_dir, echo, env::var(FILTER_VARIABLE).ok().as_deref())?;
    match run_logged(base_dir, access) {
        Ok(()) => {
            info!("master stopped");
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            error!("master stopped: {error:#}");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn run_logged(base_dir: &Path, access: &ConfigAccess) -> anyhow::Result<()> {
    let _pid_file = PidFile::write(base_dir)?;
    info!(version = env!("CARGO_PKG_VERSION"), base_dir = %base_dir.display(), "master starting");
    let text = |word: std::ffi::OsString| word.to_string_lossy().into_owned();
    let environ = env::vars_os().map(|(name, value)| (text(name), text(value))).collect();
    let program = env::current_exe()?;
    let loader = access.loader(base_dir).with_precheck(access.precheck(program));
    master::run(base_dir, RunOptions { environ, loader })
}
