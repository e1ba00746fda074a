//! The processes of the demo: started, watched, and ended together.

use std::cell::RefCell;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getsid};
use tokio::process::Command;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use crate::cli::pid_file::is_alive;

/// How long a process may take to end when it is asked to.
const PATIENCE: Duration = Duration::from_secs(15);

/// Looks at what the processes have started, and the pause between two of them.
const N_LOOKS: u32 = 40;
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What the processes get to see of the environment: logs of builds show it, and it may hold secrets of the user.
const VISIBLE: [&str; 7] = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR"];

/// A process that ended although nobody asked it to.
#[derive(Debug)]
pub(super) struct Death {
    pub(super) name: String,
    pub(super) status: Option<ExitStatus>,
    /// Where its log is.
    pub(super) base_dir: PathBuf,
}

struct Process {
    pid: Pid,
    has_ended: watch::Receiver<bool>,
}

/// All processes of one demo.
pub(super) struct Company {
    processes: RefCell<Vec<Process>>,
    deaths: mpsc::UnboundedSender<Death>,
}

impl Company {
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Death>) {
        let (deaths, receiver) = mpsc::unbounded_channel();
        (Self { processes: RefCell::default(), deaths }, receiver)
    }

    /// Starts `program start` for a base directory, in a session of its own: Ctrl-C is for the demo alone. Answers the
    /// number of the process.
    pub(super) fn start(&self, name: &str, program: &Path, base_dir: &Path) -> anyhow::Result<u32> {
        let mut command = Command::new(program);
        command.env_clear().envs(VISIBLE.iter().filter_map(|name| Some((name, env::var_os(name)?))));
        command.args(["start", "--detached"]).arg(base_dir).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let id = child.id().context("a process that has just begun has a number")?;
        let (ended, has_ended) = watch::channel(false);
        let (name, base_dir, deaths) = (name.to_owned(), base_dir.to_owned(), self.deaths.clone());
        tokio::spawn(async move {
            let status = child.wait().await.ok();
            ended.send_replace(true);
            // At the end of the demo nobody listens any more.
            let _ = deaths.send(Death { name, status, base_dir });
        });
        self.processes.borrow_mut().push(Process { pid: Pid::from_raw(i32::try_from(id)?), has_ended });
        Ok(id)
    }

    /// Ends all processes: asks them first, and does not ask those that do not listen.
    pub(super) async fn end(self) {
        let mut processes = self.processes.take();
        for signal in [Signal::SIGTERM, Signal::SIGKILL] {
            for process in processes.iter().filter(|process| !*process.has_ended.borrow()) {
                // It may have ended just now.
                let _ = kill(process.pid, signal);
            }
            let all = async {
                for process in &mut processes {
                    // An error is that the watching task is gone, and the process with it.
                    let _ = process.has_ended.wait_for(|has_ended| *has_ended).await;
                }
            };
            if timeout(PATIENCE, all).await.is_ok() {
                break;
            }
        }
        let sessions: Vec<Pid> = processes.iter().map(|process| process.pid).collect();
        end_sessions(&sessions).await;
    }
}

/// Waits for what the processes had started and told to end, and ends what does not: each had a session of its own, so
/// that nobody else is meant.
async fn end_sessions(sessions: &[Pid]) {
    for signal in [None, Some(Signal::SIGKILL)] {
        for _ in 0..N_LOOKS {
            let members = members(sessions);
            if members.is_empty() {
                return;
            }
            for pid in members {
                // It may have ended just now.
                let _ = kill(pid, signal);
            }
            sleep(LOOK_EVERY).await;
        }
    }
}

/// The processes of these sessions, where the system lists processes in `/proc`.
fn members(sessions: &[Pid]) -> Vec<Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw));
    let is_member = |pid: &Pid| getsid(Some(*pid)).is_ok_and(|session| sessions.contains(&session));
    pids.filter(|pid| is_member(pid) && is_alive(*pid)).collect()
}
