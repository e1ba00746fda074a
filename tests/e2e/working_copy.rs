//! Working copies with a change that is not committed, of real repositories.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::site::run;

/// What the changed file says; it differs for each system, and so do the patches.
pub fn changed_line(vc: &str) -> String {
    format!("changed in {vc}")
}

pub struct WorkingCopy {
    _dir: TempDir,
    pub path: PathBuf,
    /// The revision that everybody knows.
    pub base: String,
}

fn in_dir(program: &str, dir: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.current_dir(dir).env("HGUSER", "ann").env("HGPLAIN", "1").args(arguments);
    command.env("BRZ_EMAIL", "ann@example.org").env("DARCS_EMAIL", "ann@example.org").env("HOME", dir);
    run(&mut command).trim().to_owned()
}

impl WorkingCopy {
    /// Makes a repository with one commit of `README`, a copy of it, and a change there.
    pub fn new(vc: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let (central, path) = (dir.path().join("central"), dir.path().join("copy"));
        let base = match vc {
            "git" => git(&central, &path),
            "hg" => hg(&central, &path),
            "svn" => svn(&central, &path),
            "bzr" => bzr(&central, &path),
            "cvs" => cvs(&central, &path),
            "darcs" => darcs(&central, &path),
            other => panic!("no working copy of {other}"),
        };
        fs::write(path.join("README"), format!("first\n{}\n", changed_line(vc))).unwrap();
        Self { _dir: dir, path, base }
    }
}

fn git(central: &Path, path: &Path) -> String {
    fs::create_dir(central).unwrap();
    fs::write(central.join("README"), "first\n").unwrap();
    let git = |arguments: &[&str]| {
        in_dir("git", central, &[&["-c", "user.name=Ann", "-c", "user.email=ann@example.org"], arguments].concat())
    };
    git(&["init", "-q", "-b", "main"]);
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "first"]);
    run(Command::new("git").args(["clone", "-q"]).arg(central).arg(path));
    git(&["rev-parse", "HEAD"])
}

fn hg(central: &Path, path: &Path) -> String {
    fs::create_dir(central).unwrap();
    fs::write(central.join("README"), "first\n").unwrap();
    in_dir("hg", central, &["init"]);
    in_dir("hg", central, &["commit", "-A", "-m", "first"]);
    run(Command::new("hg").args(["clone", "-q"]).arg(central).arg(path));
    in_dir("hg", central, &["log", "--template", "{node}", "-r", "tip"])
}

fn svn(central: &Path, path: &Path) -> String {
    run(Command::new("svnadmin").arg("create").arg(central));
    run(Command::new("svn").args(["checkout", "-q", &format!("file://{}", central.display())]).arg(path));
    fs::write(path.join("README"), "first\n").unwrap();
    in_dir("svn", path, &["add", "-q", "README"]);
    in_dir("svn", path, &["commit", "-q", "-m", "first"]);
    in_dir("svn", path, &["update", "-q"]);
    "1".to_owned()
}

fn bzr(central: &Path, path: &Path) -> String {
    fs::create_dir(central).unwrap();
    fs::write(central.join("README"), "first\n").unwrap();
    in_dir("bzr", central, &["init", "-q"]);
    in_dir("bzr", central, &["add", "-q"]);
    in_dir("bzr", central, &["commit", "-q", "-m", "first"]);
    run(Command::new("bzr").args(["branch", "-q"]).arg(central).arg(path).env("HOME", central));
    let revision = in_dir("bzr", central, &["revision-info"]);
    format!("revid:{}", revision.split(' ').next_back().unwrap())
}

/// A moment takes the place of a revision, so there is none.
fn cvs(central: &Path, path: &Path) -> String {
    let (root, parent) = (central.display().to_string(), central.parent().unwrap());
    in_dir("cvs", parent, &["-d", &root, "init"]);
    fs::create_dir(parent.join("imported")).unwrap();
    fs::write(parent.join("imported/README"), "first\n").unwrap();
    in_dir("cvs", &parent.join("imported"), &["-Q", "-d", &root, "import", "-m", "first", "module", "ann", "start"]);
    let name = path.file_name().unwrap().to_str().unwrap();
    in_dir("cvs", parent, &["-Q", "-d", &root, "checkout", "-d", name, "module"]);
    String::new()
}

/// The context takes the place of a revision; its first line tells.
fn darcs(central: &Path, path: &Path) -> String {
    fs::create_dir(central).unwrap();
    fs::write(central.join("README"), "first\n").unwrap();
    in_dir("darcs", central, &["init", "-q"]);
    in_dir("darcs", central, &["add", "-q", "README"]);
    in_dir("darcs", central, &["record", "-q", "-a", "-m", "first"]);
    run(Command::new("darcs").args(["get", "-q"]).arg(central).arg(path).env("HOME", central));
    "Context:".to_owned()
}
