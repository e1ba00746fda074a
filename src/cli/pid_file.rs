//! `twistd.pid`: which process is the master of a base directory.
//!
//! A number in a file proves nothing: the process may be gone and its number in use again. A master works in its base
//! directory, so the process is believed to be one only if that is its working directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

/// Below the base directory; the name is Buildbot's.
const NAME: &str = "twistd.pid";

/// Who lives in a base directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resident {
    Nobody,
    /// The file names a process that is gone or is something else.
    Stale(Pid),
    Master(Pid),
}

/// Finds the master of a base directory, which is an absolute path without links.
pub(super) fn resident(base_dir: &Path) -> anyhow::Result<Resident> {
    let path = base_dir.join(NAME);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Resident::Nobody),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let Some(pid) = text.trim().parse().ok().filter(|pid| 0 < *pid).map(Pid::from_raw) else {
        bail!("{} does not hold a process number; remove it if no master is running", path.display());
    };
    Ok(if is_master(pid, base_dir) { Resident::Master(pid) } else { Resident::Stale(pid) })
}

/// Whether a process still runs. One that has ended and that its parent has not noticed does not.
pub(super) fn is_alive(pid: Pid) -> bool {
    match kill(pid, None) {
        Ok(()) | Err(Errno::EPERM) => !is_zombie(pid),
        Err(_) => false,
    }
}

/// Removes the file if it still names `pid`.
pub(super) fn remove(base_dir: &Path, pid: Pid) {
    let path = base_dir.join(NAME);
    if fs::read_to_string(&path).is_ok_and(|text| text.trim() == pid.to_string()) {
        // Somebody else may have been quicker.
        let _ = fs::remove_file(path);
    }
}

/// This process's claim to be the master; given up when dropped.
#[derive(Debug)]
pub(super) struct PidFile {
    base_dir: PathBuf,
}

impl PidFile {
    /// Writes the number of this process, unless another master lives here.
    pub(super) fn write(base_dir: &Path) -> anyhow::Result<Self> {
        match resident(base_dir)? {
            Resident::Master(pid) if pid != Pid::this() => bail!("a master is running here already, process {pid}"),
            _ => (),
        }
        let (path, fresh) = (base_dir.join(NAME), base_dir.join(format!("{NAME}.new")));
        // By renaming, nobody ever reads half a number.
        fs::write(&fresh, format!("{}\n", Pid::this()))
            .and_then(|()| fs::rename(&fresh, &path))
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { base_dir: base_dir.to_owned() })
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        remove(&self.base_dir, Pid::this());
    }
}

fn is_master(pid: Pid, base_dir: &Path) -> bool {
    if !is_alive(pid) {
        return false;
    }
    match fs::read_link(format!("/proc/{pid}/cwd")) {
        Ok(working_dir) => working_dir == base_dir,
        // No such file system, or a process of another user: it cannot be told, so it is not meddled with.
        Err(_) => true,
    }
}

fn is_zombie(pid: Pid) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    // The state follows the program's name, which stands in parentheses and may contain anything.
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn dir() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap();
        (dir, path)
    }

    #[test]
    fn a_directory_without_a_file_has_no_master() {
        let (_dir, path) = dir();
        assert_eq!(resident(&path).unwrap(), Resident::Nobody);
    }

    #[test]
    fn a_process_that_works_elsewhere_is_not_the_master() {
        let (_dir, path) = dir();
        let file = PidFile::write(&path).unwrap();
        assert_eq!(resident(&path).unwrap(), Resident::Stale(Pid::this()));
        drop(file);
        assert_eq!(resident(&path).unwrap(), Resident::Nobody);
    }

    #[test]
    fn a_process_that_works_there_is_the_master_until_it_ends() {
        let (_dir, path) = dir();
        let mut child = Command::new("sleep").arg("1000").current_dir(&path).spawn().unwrap();
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        fs::write(path.join(NAME), pid.to_string()).unwrap();
        assert_eq!(resident(&path).unwrap(), Resident::Master(pid));
        assert!(PidFile::write(&path).unwrap_err().to_string().starts_with("a master is running here already"));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(resident(&path).unwrap(), Resident::Stale(pid));
        remove(&path, Pid::this());
        assert_eq!(resident(&path).unwrap(), Resident::Stale(pid), "it names another process");
        remove(&path, pid);
        assert_eq!(resident(&path).unwrap(), Resident::Nobody);
    }

    #[test]
    fn nonsense_in_the_file_is_an_error_and_never_a_process() {
        let (_dir, path) = dir();
        for nonsense in ["", "twelve", "-1", "0"] {
            fs::write(path.join(NAME), nonsense).unwrap();
            assert!(resident(&path).is_err(), "{nonsense:?}");
        }
    }
}
