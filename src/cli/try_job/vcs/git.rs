//! Git: the difference to the newest commit that the branch has in common with its upstream.

use anyhow::{Context, bail};

use super::{Source, Tree};

/// Branches that are taken for the upstream of one that has none.
const USUAL: [&str; 3] = ["origin/HEAD", "master", "main"];

/// Whatever the user has configured, the patch has `a/` and `b/` and begins at the top; binary files are in it.
const DIFF: [&str; 9] = [
    "-c",
    "diff.relative=false",
    "diff",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--no-textconv",
    "--no-ext-diff",
    "--no-color",
    "--binary",
];

pub(super) fn examine(tree: &Tree) -> anyhow::Result<Source> {
    let (branch, revision) = match &tree.branch {
        Some(branch) => {
            let revision = tree.ask_text("git", &["rev-parse", "--verify", &format!("{branch}^{{commit}}")])?;
            (local_name(branch, &remotes(tree)?), revision)
        }
        None => upstream(tree)?,
    };
    let patch = tree.ask("git", &[&DIFF[..], &[revision.as_str(), "--"]].concat())?;
    Ok(Source { branch: Some(branch), revision: Some(revision), patch_level: 1, patch, ..Source::default() })
}

/// The name that the branch has for everybody, and the last commit of ours that is in it.
fn upstream(tree: &Tree) -> anyhow::Result<(String, String)> {
    let symbolic = tree.run("git", &["rev-parse", "--abbrev-ref", "--symbolic-full-name", "@{upstream}"])?;
    let upstream =
        if symbolic.succeeded { String::from_utf8_lossy(&symbolic.stdout).trim().to_owned() } else { usual(tree)? };
    let base = tree.ask_text("git", &["merge-base", "HEAD", &upstream]);
    let base = base.with_context(|| format!("HEAD has nothing in common with {upstream}"))?;
    Ok((local_name(&upstream, &remotes(tree)?), base))
}

fn usual(tree: &Tree) -> anyhow::Result<String> {
    for branch in USUAL {
        if tree.run("git", &["rev-parse", "--verify", "--quiet", branch])?.succeeded {
            return tree.ask_text("git", &["rev-parse", "--abbrev-ref", branch]);
        }
    }
    bail!("the branch follows no other one: say --branch=BRANCH, such as origin/main")
}

fn remotes(tree: &Tree) -> anyhow::Result<Vec<String>> {
    Ok(tree.ask_text("git", &["remote"])?.lines().map(|remote| remote.trim().to_owned()).collect())
}

/// A branch as it is called where it comes from.
fn local_name(branch: &str, remotes: &[String]) -> String {
    let stripped = remotes.iter().find_map(|remote| branch.strip_prefix(remote.as_str())?.strip_prefix('/'));
    stripped.unwrap_or(branch).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_called_as_in_its_repository() {
        let remotes = ["origin".to_owned(), "up/stream".to_owned()];
        assert_eq!(local_name("origin/feature/x", &remotes), "feature/x");
        assert_eq!(local_name("up/stream/main", &remotes), "main");
        assert_eq!(local_name("original/main", &remotes), "original/main");
    }
}
