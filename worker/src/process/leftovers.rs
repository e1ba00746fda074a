//! What a killed worker left running is found and killed by its successor.
//!
//! Every command carries a mark in its environment, which its children inherit: the worker's directory and the
//! command's id. While it runs, a file of that id lies in `running/`. Nothing is ever killed by name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Environment variable that marks the processes of a command.
pub const MARK: &str = "BUILDBOT_WORKER_COMMAND";

/// Says that a command runs, until it is dropped.
pub struct RunningMark {
    file: PathBuf,
    value: String,
}

impl RunningMark {
    /// `command_id` comes from the master and names a file, so all but letters and digits is replaced.
    pub fn new(running: &Path, command_id: &str) -> std::io::Result<Self> {
        fs::create_dir_all(running)?;
        let name: String =
            command_id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(64).collect();
        let file = running.join(format!("{name}-{}", std::process::id()));
        let value = file.to_string_lossy().into_owned();
        fs::write(&file, &value)?;
        Ok(Self { file, value })
    }

    /// The value of [`MARK`] for this command's processes.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Kills what still carries the mark, daemons that left the process group included.
    pub fn kill_all(&self) -> usize {
        kill_marked(std::slice::from_ref(&self.value))
    }
}

impl Drop for RunningMark {
    fn drop(&mut self) {
        // A file that stays is cleaned up at the next start.
        let _ = fs::remove_file(&self.file);
    }
}

/// Kills what a predecessor left running; how many processes that were.
pub fn kill_leftovers(running: &Path) -> usize {
    let Ok(entries) = fs::read_dir(running) else { return 0 };
    let files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let marks: Vec<String> = files.iter().map(|file| file.to_string_lossy().into_owned()).collect();
    let n_killed = kill_marked(&marks);
    for file in files {
        // If it cannot be removed, the next start looks for its mark again, which does no harm.
        let _ = fs::remove_file(file);
    }
    n_killed
}

/// Kills every process with one of these marks, until none is found: a process may fork while it is looked for.
fn kill_marked(marks: &[String]) -> usize {
    // A killed process may be met again before it has died.
    let mut killed = BTreeSet::new();
    if marks.is_empty() {
        return 0;
    }
    for _ in 0..100 {
        let found = marked(marks);
        if found.is_empty() {
            break;
        }
        for pid in found {
            if kill(pid, Signal::SIGKILL).is_ok() {
                killed.insert(pid);
            }
        }
        std::thread::yield_now();
    }
    killed.len()
}

fn marked(marks: &[String]) -> Vec<Pid> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let own = std::process::id();
    processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| *pid != own && !is_zombie(*pid) && carries(*pid, marks))
        .filter_map(|pid| i32::try_from(pid).ok().map(Pid::from_raw))
        .collect()
}

fn carries(pid: u32, marks: &[String]) -> bool {
    let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else { return false };
    environment.split(|byte| *byte == 0).any(|variable| {
        variable
            .strip_prefix(MARK.as_bytes())
            .and_then(|rest| rest.strip_prefix(b"="))
            .is_some_and(|value| marks.iter().any(|mark| mark.as_bytes() == value))
    })
}

fn is_zombie(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|fields| fields.trim_start().starts_with('Z'))
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command};

    use super::*;

    fn sleeper(mark: &str) -> Child {
        Command::new("sleep").arg("1000").env(MARK, mark).process_group(0).spawn().unwrap()
    }

    #[test]
    fn a_successor_kills_what_carries_a_mark_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let mark = RunningMark::new(directory.path(), "17/../x").unwrap();
        let mut left = sleeper(mark.value());
        let mut other = sleeper("/some/other/worker/running/17");
        // As if the worker had been killed: the file stays.
        std::mem::forget(mark);

        assert_eq!(kill_leftovers(directory.path()), 1);
        assert!(!left.wait().unwrap().success());
        assert!(other.try_wait().unwrap().is_none());
        other.kill().unwrap();
        other.wait().unwrap();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_command_that_ends_leaves_no_file() {
        let directory = tempfile::tempdir().unwrap();
        drop(RunningMark::new(directory.path(), "1").unwrap());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
