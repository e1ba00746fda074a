//! Workers of Buildbot itself, of several releases, installed below the target directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::site::run;

/// The release whose dependencies all the others use.
const NEWEST: &str = "4.3.0";

/// What old releases need and the newest does not, and what all need for TLS.
const MORE: [&str; 5] = ["future", "six", "setuptools", "pyopenssl", "service_identity"];

/// A command that runs `buildbot-worker` of a release. Tests run at the same time, in threads or in processes: the first
/// one installs, the others wait for the lock.
pub fn python_worker(release: &str) -> Command {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-workers");
    fs::create_dir_all(&directory).unwrap();
    let lock = File::create(directory.join("lock")).unwrap();
    lock.lock().unwrap();
    let environment = directory.join("environment");
    once(&environment.join("complete"), || {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
        let newest = format!("buildbot-worker=={NEWEST}");
        run(Command::new(environment.join("bin/pip")).args(["install", "-q", &newest]).args(MORE));
    });
    let code = directory.join(release);
    once(&code.join("complete"), || {
        let wanted = format!("buildbot-worker=={release}");
        let pip = environment.join("bin/pip");
        run(Command::new(pip).args(["install", "-q", "--no-deps", "--upgrade", "--target"]).arg(&code).arg(wanted));
    });
    let mut command = Command::new(environment.join("bin/python"));
    command.arg(code.join("bin/buildbot-worker")).env("PYTHONPATH", code);
    command
}

fn once(mark: &PathBuf, install: impl FnOnce()) {
    if !mark.exists() {
        install();
        File::create(mark).unwrap();
    }
}
