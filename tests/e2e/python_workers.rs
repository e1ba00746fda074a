//! Workers of Buildbot itself, of several releases, installed below the target directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::site::run;

/// The release whose dependencies all the others use.
const NEWEST: &str = "4.3.0";

/// What old releases need and the newest does not, and what all need for TLS.
const MORE: [&str; 5] = ["future", "six", "setuptools", "pyopenssl", "service_identity"];

/// The last release that calls workers slaves. It needs Python 2.
pub const OLDEST: &str = "0.8.14";

/// What it runs on, as far as newer ones do not say themselves that they need Python 3.
const FOR_OLDEST: [&str; 2] = ["Twisted==20.3.0", "Automat==20.2.0"];

/// A Python 2.7, where it is usually found: in the path, or among those of pyenv.
pub fn python_2() -> Option<PathBuf> {
    let runs = |program: &PathBuf| {
        let mut command = Command::new(program);
        command.args(["-c", "import pip"]).stdin(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let versions = std::env::home_dir().map(|home| home.join(".pyenv/versions"));
    let versions = versions.and_then(|versions| fs::read_dir(versions).ok()).into_iter().flatten().flatten();
    let of_pyenv = versions.filter(|version| version.file_name().to_string_lossy().starts_with("2.7"));
    let mut found =
        [PathBuf::from("python2.7")].into_iter().chain(of_pyenv.map(|version| version.path().join("bin/python2.7")));
    found.find(runs)
}

/// The command that makes the directory of a worker of this release.
pub fn create_command(release: &str) -> &'static str {
    if release == OLDEST { "create-slave" } else { "create-worker" }
}

/// A command that runs `buildslave` of the oldest release.
fn python_slave(directory: &Path) -> Command {
    let python = python_2().expect("a test that needs Python 2 has looked for it");
    let code = directory.join(OLDEST);
    once(&code.join("complete"), || {
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "-q", "--disable-pip-version-check", "--target"]).arg(&code);
        run(pip.arg(format!("buildbot-slave=={OLDEST}")).args(FOR_OLDEST).env("PYTHONWARNINGS", "ignore"));
        // A package of several projects, which is one only where the site's packages are.
        File::create(code.join("zope/__init__.py")).unwrap();
    });
    let mut command = Command::new(python);
    command.arg(code.join("bin/buildslave")).env("PYTHONPATH", code);
    command
}

/// A command that runs `buildbot-worker` of a release. Tests run at the same time, in threads or in processes: the first
/// one installs, the others wait for the lock.
pub fn python_worker(release: &str) -> Command {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-workers");
    fs::create_dir_all(&directory).unwrap();
    let lock = File::create(directory.join("lock")).unwrap();
    lock.lock().unwrap();
    if release == OLDEST {
        return python_slave(&directory);
    }
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
