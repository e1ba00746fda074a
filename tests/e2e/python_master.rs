//! The master of Buildbot 4.3, in an environment of its own below the target directory.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::site::run;

/// The program `buildbot` of Buildbot 4.3; its environment has the worker and the web pages, too. Tests run at the same
/// time, in threads or in processes: the first one installs, the others wait for the lock.
pub fn python_master() -> PathBuf {
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-master");
    let lock = File::create(environment.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let complete = environment.join("complete");
    if !complete.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
        run(Command::new(environment.join("bin/pip")).args(["install", "-q", "buildbot[bundle]==4.3.0"]));
        File::create(complete).unwrap();
    }
    environment.join("bin/buildbot")
}
