//! `buildbot status`: how a running master is.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::Args;

use super::output::say;
use super::{ask_master, base_dir, block_on};
use crate::control::{Request, Response, Status};

const PATIENCE: Duration = Duration::from_secs(10);

/// Shows how the running master is
#[derive(Args, Clone, Debug)]
pub(super) struct ShowStatus {
    /// The master's base directory
    #[arg(default_value = ".", value_name = "DIR")]
    base_dir: PathBuf,
}

impl ShowStatus {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let base_dir = base_dir(&self.base_dir)?;
        match block_on(ask_master(&base_dir, Request::Status, PATIENCE))? {
            Response::Status(status) => {
                for line in describe(&status) {
                    say(line);
                }
                Ok(ExitCode::SUCCESS)
            }
            other => bail!("the master gave an answer to something else: {other:?}"),
        }
    }
}

fn describe(status: &Status) -> Vec<String> {
    let state = match (status.is_stopping, status.is_up) {
        (true, _) => "stopping",
        (false, true) => "up",
        (false, false) => "starting",
    };
    let mut lines = vec![
        format!("{state}, process {}, version {}", status.pid, status.version),
        format!("builders: {}", status.n_builders),
        format!("builds: {} running, {} requests waiting", status.n_running_builds, status.n_waiting_requests),
        format!("workers: {} of {} attached", status.n_attached_workers, status.n_workers),
    ];
    lines.extend(status.degraded.iter().map(|why| format!("degraded: {why}")));
    lines.extend(status.quarantined.iter().map(|actor| format!("switched off: {actor}")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_named() {
        let status = Status {
            is_up: true,
            degraded: Some("disk full".to_owned()),
            quarantined: vec!["builder runtests: boom".to_owned()],
            ..Status::default()
        };
        let lines = describe(&status);
        assert!(lines[0].starts_with("up, "));
        assert_eq!(lines[4..], ["degraded: disk full", "switched off: builder runtests: boom"]);
    }
}
