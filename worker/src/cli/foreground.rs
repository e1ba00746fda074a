//! The worker itself, in this process, until it is told to end.

use std::io::Write;
use std::process::ExitCode;
use std::rc::Rc;

use anyhow::Context;
use nix::sys::stat::{Mode as FileMode, umask};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::LocalSet;
use tracing::info;

use crate::base_dir::BaseDir;
use crate::config::{self, WorkerConfig};
use crate::log_file::{self, LogFile, Rotation};
use crate::master_link::{self, Outcome};
use crate::pid_file::PidFile;
use crate::session::Worker;
use crate::shutdown;

/// Where messages go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// To the terminal.
    Foreground,
    /// To the log; the first attachment is told on stdout, where the starter waits for it.
    Detached,
}

pub(super) fn run(base_dir: &BaseDir, mode: Mode, level: &str) -> anyhow::Result<ExitCode> {
    let settings = config::read(base_dir.path())?;
    if let Some(bits) = settings.umask {
        umask(FileMode::from_bits_truncate(bits));
    }
    std::env::set_current_dir(base_dir.path()).context("cannot work in the worker's directory")?;
    let log = match mode {
        Mode::Foreground => None,
        Mode::Detached => Some(open_log(base_dir, &settings).context("cannot open the log")?),
    };
    log_file::init(log, level);
    let _pid_file = PidFile::write(base_dir).context("cannot write the pid file")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    let outcome = LocalSet::new().block_on(&runtime, work(base_dir, settings, mode))?;
    // What was running has lost its worker.
    crate::process::leftovers::kill_leftovers(&base_dir.running());
    Ok(match outcome {
        Outcome::Ended => ExitCode::SUCCESS,
        Outcome::GaveUp => ExitCode::FAILURE,
    })
}

fn open_log(base_dir: &BaseDir, settings: &WorkerConfig) -> std::io::Result<LogFile> {
    let rotation = Rotation { max_bytes: settings.log_size, kept: settings.log_count };
    LogFile::open(base_dir.log_file(), rotation)
}

async fn work(base_dir: &BaseDir, config: WorkerConfig, mode: Mode) -> anyhow::Result<Outcome> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
    let attached = move || {
        if mode == Mode::Detached {
            // The starter may have gone away.
            let _ = writeln!(std::io::stdout(), "attached");
        }
    };
    let (wish, wants_to_end) = watch::channel(false);
    if let Some(way) = config.allow_shutdown {
        let stamp = base_dir.shutdown_stamp();
        tokio::task::spawn_local(shutdown::listen(way, stamp, wish).context("cannot listen for SIGHUP")?);
    }
    let worker = Rc::new(Worker { base_dir: base_dir.clone(), config, wants_to_end });
    Ok(tokio::select! {
        outcome = master_link::run_forever(worker, attached) => outcome,
        _ = terminate.recv() => {
            info!("SIGTERM: the worker ends");
            Outcome::Ended
        }
        _ = interrupt.recv() => {
            info!("SIGINT: the worker ends");
            Outcome::Ended
        }
    })
}
