//! The worker itself, in this process, until it is told to end.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;
use tracing::info;

use crate::base_dir::BaseDir;
use crate::log_file::{self, LogFile};
use crate::pid_file::PidFile;
use crate::{config, master_link};

/// Where messages go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// To the terminal.
    Foreground,
    /// To the log; the first attachment is told on stdout, where the starter waits for it.
    Detached,
}

pub(super) fn run(base_dir: &BaseDir, mode: Mode) -> anyhow::Result<ExitCode> {
    let settings = config::read(base_dir.path())?;
    std::env::set_current_dir(base_dir.path()).context("cannot work in the worker's directory")?;
    let log = match mode {
        Mode::Foreground => None,
        Mode::Detached => Some(LogFile::open(base_dir.log_file()).context("cannot open the log")?),
    };
    log_file::init(log);
    let _pid_file = PidFile::write(base_dir).context("cannot write the pid file")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    LocalSet::new().block_on(&runtime, async {
        let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
        let attached = || {
            if mode == Mode::Detached {
                // The starter may have gone away.
                let _ = writeln!(std::io::stdout(), "attached");
            }
        };
        tokio::select! {
            () = master_link::run_forever(&settings, base_dir, attached) => {}
            _ = terminate.recv() => info!("SIGTERM: the worker ends"),
            _ = interrupt.recv() => info!("SIGINT: the worker ends"),
        }
        anyhow::Ok(())
    })?;
    // What was running has lost its worker.
    crate::process::leftovers::kill_leftovers(&base_dir.running());
    Ok(ExitCode::SUCCESS)
}
