//! All systems but Git.

use anyhow::{Context, bail};
use regex::Regex;

use super::{Source, Tree};
use crate::clock::Clock;

fn source(tree: &Tree, revision: String, patch_level: i32, patch: Vec<u8>) -> Source {
    let branch = tree.branch.clone();
    Source { branch, revision: Some(revision), patch_level, patch, ..Source::default() }
}

/// The first group of a pattern in a text.
fn find(pattern: &str, text: &[u8]) -> anyhow::Result<Option<String>> {
    let text = String::from_utf8_lossy(text);
    let found =
        Regex::new(pattern)?.captures(&text).and_then(|found| found.get(1)).map(|group| group.as_str().to_owned());
    Ok(found)
}

/// The difference to now: the clocks of both sides have to agree.
pub(super) fn cvs(tree: &Tree) -> anyhow::Result<Source> {
    if tree.branch.is_some() {
        bail!("cvs cannot tell the difference to a branch at a moment; use --diff");
    }
    let now = jiff::Timestamp::from_microsecond(Clock::system().now().micros()).context("what time is it?")?;
    let now = now.strftime("%Y-%m-%d %H:%M:%S +0000").to_string();
    let patch = tree.run("cvs", &["-q", "diff", "-u", "-D", &now])?.stdout;
    Ok(source(tree, now, 0, patch))
}

/// The difference to the newest revision, even for files that are not up to date: then others' changes are taken back.
pub(super) fn svn(tree: &Tree) -> anyhow::Result<Source> {
    let status = tree.ask("svn", &["status", "-u"])?;
    let Some(revision) = find(r"(?m)^Status against revision:\s+(\d+)", &status)? else {
        bail!("svn status -u does not say which revision is the newest");
    };
    let patch = tree.ask("svn", &["diff", &format!("-r{revision}")])?;
    Ok(source(tree, revision, 0, patch))
}

pub(super) fn bzr(tree: &Tree) -> anyhow::Result<Source> {
    let said = tree.ask_text("bzr", &["revision-info", "-rsubmit:"])?;
    let Some(id) = said.split_whitespace().nth(1) else { bail!("bzr revision-info said '{said}'") };
    let revision = format!("revid:{id}");
    // Names as they are: Breezy puts something before them. It ends with 1 if there are differences.
    let patch = tree.run("bzr", &["diff", "-p0", &format!("-r{revision}..")])?.stdout;
    Ok(source(tree, revision, 0, patch))
}

/// The difference to the newest ancestor that the other repository has; without one, to the parent of the tree.
pub(super) fn hg(tree: &Tree) -> anyhow::Result<Source> {
    let repository = tree.repository.as_ref().map(|url| format!("r'{url}'")).unwrap_or_default();
    let known = format!("max(::. - outgoing({repository}))");
    let log = |revisions: &str| tree.run("hg", &["log", "--template", "{node}\\n", "-r", revisions]);
    let mut said = log(&known)?;
    if !said.succeeded && tree.repository.is_none() {
        said = log("p1()")?;
    }
    let revision = find(r"(?m)^([0-9a-f]{40})", &said.stdout)?;
    let Some(revision) = revision else { bail!("hg does not say what is known to others: {}", said.stderr) };
    let patch = tree.ask("hg", &["diff", "-r", &revision])?;
    Ok(source(tree, revision, 1, patch))
}

pub(super) fn p4(tree: &Tree) -> anyhow::Result<Source> {
    let Some(branch) = &tree.branch else { bail!("p4 needs --branch, the directory below //depot") };
    let Some(revision) = find(r"Change (\d+)", &tree.ask("p4", &["changes", "-m1", "..."])?)? else {
        bail!("p4 changes does not say which change is the newest");
    };
    let diff = tree.ask("p4", &["diff", "-du"])?;
    Ok(source(tree, revision, 0, p4_patch(&String::from_utf8_lossy(&diff), branch)?))
}

/// Heads such as `==== //depot/main/src/a.c#3 - /home/joe/src/a.c ====` become those of a patch.
fn p4_patch(diff: &str, branch: &str) -> anyhow::Result<Vec<u8>> {
    let head = Regex::new(&format!(r"^==== //depot/{}/(\S+)#(\d+) - ", regex::escape(branch)))?;
    let mut patch = String::new();
    let mut n_files = 0;
    for line in diff.lines() {
        match head.captures(line).and_then(|found| Some((found.get(1)?.as_str(), found.get(2)?.as_str()))) {
            Some((file, revision)) => {
                patch += &format!("--- {file}#{revision}\n+++ {file}\n");
                n_files += 1;
            }
            // p4 itself may write heads below its own.
            None if line.starts_with("--- //depot/") || line.starts_with("+++ /") => {}
            None => patch = patch + line + "\n",
        }
    }
    if n_files == 0 && !diff.trim().is_empty() {
        bail!("p4 diff speaks of no file below //depot/{branch}");
    }
    Ok(patch.into_bytes())
}

/// The revision is the whole context.
pub(super) fn darcs(tree: &Tree) -> anyhow::Result<Source> {
    let context = tree.ask("darcs", &["changes", "--context"])?;
    let patch = tree.run("darcs", &["diff", "-u"])?.stdout;
    Ok(source(tree, String::from_utf8_lossy(&context).into_owned(), 1, patch))
}

pub(super) fn mtn(tree: &Tree) -> anyhow::Result<Source> {
    let revision = tree.ask_text("mtn", &["automate", "get_base_revision_id"])?;
    if revision.len() != 40 {
        bail!("mtn says that the tree is based on '{revision}', which is no revision");
    }
    let patch = tree.ask("mtn", &["diff"])?;
    Ok(source(tree, revision, 0, patch))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_perforce_become_those_of_a_patch() {
        let diff = "==== //depot/main/src/a-b.c#3 - /home/joe/src/a-b.c ====\n@@ -1 +1 @@\n-old\n+new\n";
        let patch = p4_patch(diff, "main").unwrap();
        assert_eq!(String::from_utf8(patch).unwrap(), "--- src/a-b.c#3\n+++ src/a-b.c\n@@ -1 +1 @@\n-old\n+new\n");
        assert!(p4_patch(diff, "other").is_err());
        assert_eq!(p4_patch("", "main").unwrap(), b"");
    }
}
