//! `twistd.pid`: which process is the worker of a directory.
//!
//! A number in a file proves nothing: the process may be gone and its number in use again. A worker works in its
//! directory, so a process is believed to be one only if that is its working directory.

use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::signal::kill;
use nix::unistd::Pid;

use crate::base_dir::BaseDir;

/// The process that works in this directory, if there is one.
pub fn resident(base_dir: &BaseDir) -> Option<Pid> {
    let text = fs::read_to_string(base_dir.pid_file()).ok()?;
    let pid = text.trim().parse().ok().filter(|pid| 0 < *pid).map(Pid::from_raw)?;
    (is_alive(pid) && works_in(pid, base_dir.path())).then_some(pid)
}

/// Whether a process runs, and is not only waiting for its parent to notice its end.
pub fn is_alive(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let is_zombie = stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'));
    kill(pid, None).is_ok() && !is_zombie
}

fn works_in(pid: Pid, directory: &Path) -> bool {
    // Of a process of another user it cannot be told; it is not meddled with.
    fs::read_link(format!("/proc/{pid}/cwd")).map_or(true, |working_dir| working_dir == directory)
}

/// This process's claim to be the worker; given up when dropped.
pub struct PidFile(PathBuf);

impl PidFile {
    pub fn write(base_dir: &BaseDir) -> std::io::Result<Self> {
        let (path, fresh) = (base_dir.pid_file(), base_dir.path().join("twistd.pid.new"));
        // By renaming, nobody ever reads half a number.
        fs::write(&fresh, format!("{}\n", std::process::id()))?;
        fs::rename(&fresh, &path)?;
        Ok(Self(path))
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // Somebody else may have been quicker.
        let _ = fs::remove_file(&self.0);
    }
}
