//! What a working copy differs by from what everybody knows: base revision and patch, for each version control system.

mod git;
mod others;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use super::arguments::{Vc, Wishes};

/// What is to be built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) branch: Option<String>,
    /// What the patch applies to.
    pub(super) revision: Option<String>,
    pub(super) repository: String,
    pub(super) patch_level: i32,
    pub(super) patch: Vec<u8>,
}

/// Examines the tree around us.
pub(super) fn examine(wishes: &Wishes) -> anyhow::Result<Source> {
    let Some(vc) = wishes.vc else {
        bail!("which version control system? Say --vc=git or another one, or give a patch with --diff");
    };
    let tree = Tree { top: top(vc, wishes)?, branch: wishes.branch.clone(), repository: wishes.repository.clone() };
    let mut source = match vc {
        Vc::Bzr => others::bzr(&tree),
        Vc::Cvs => others::cvs(&tree),
        Vc::Darcs => others::darcs(&tree),
        Vc::Git => git::examine(&tree),
        Vc::Hg => others::hg(&tree),
        Vc::Mtn => others::mtn(&tree),
        Vc::P4 => others::p4(&tree),
        Vc::Svn => others::svn(&tree),
        Vc::None => return Ok(Source { patch_level: 1, ..Source::default() }),
    }?;
    source.repository = tree.repository.unwrap_or_else(|| tree.top.display().to_string());
    Ok(source)
}

/// A working copy, and what is known of it already.
pub(super) struct Tree {
    top: PathBuf,
    branch: Option<String>,
    repository: Option<String>,
}

/// What a program said.
struct Said {
    stdout: Vec<u8>,
    stderr: String,
    succeeded: bool,
}

impl Tree {
    /// Runs a program in the tree. Some end with an error when there are differences, so that this is no error here.
    fn run(&self, program: &str, arguments: &[&str]) -> anyhow::Result<Said> {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.top).env("LC_ALL", "C").env("HGPLAIN", "1").stdin(Stdio::null());
        let output = command.output().with_context(|| format!("cannot run {program}"))?;
        Ok(Said {
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            succeeded: output.status.success(),
        })
    }

    /// As [`Self::run`], for programs that have to succeed.
    fn ask(&self, program: &str, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
        let said = self.run(program, arguments)?;
        if !said.succeeded {
            bail!("{program} {} failed: {}", arguments.join(" "), said.stderr);
        }
        Ok(said.stdout)
    }

    /// As [`Self::ask`], for what is a text.
    fn ask_text(&self, program: &str, arguments: &[&str]) -> anyhow::Result<String> {
        Ok(String::from_utf8_lossy(&self.ask(program, arguments)?).trim().to_owned())
    }
}

/// Where the tree begins. Old systems do not know it themselves.
fn top(vc: Vc, wishes: &Wishes) -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir().context("there is no current directory")?;
    if !matches!(vc, Vc::Cvs | Vc::Svn) {
        return Ok(here);
    }
    match (&wishes.topdir, &wishes.topfile) {
        (Some(dir), _) => {
            let dir = at_home(dir);
            dir.canonicalize().with_context(|| format!("there is no directory {}", dir.display()))
        }
        (None, Some(file)) => match above(&here, file) {
            Some(top) => Ok(top),
            None => bail!("there is no '{file}' in {} or above it", here.display()),
        },
        (None, None) => bail!("where is the top of the tree? Say --topdir=DIR or --topfile=FILE"),
    }
}

fn above(here: &Path, file: &str) -> Option<PathBuf> {
    here.ancestors().find(|directory| directory.join(file).exists()).map(Path::to_owned)
}

/// `~/src` is below the home directory.
fn at_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}
