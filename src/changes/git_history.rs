//! Commits of the poller's own repository.

use std::collections::{BTreeSet, HashMap};

use super::git_command::{Git, LOCAL};
use super::source::PollError;
use crate::domain::Timestamp;

/// One commit as changes show it.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    pub id: String,
    pub author: String,
    pub committer: String,
    pub committed_at: Timestamp,
    pub message: String,
    /// The first one; nothing of the first commit.
    pub parent: Option<String>,
    /// Paths that differ from the first parent; of a renamed file both.
    pub files: Vec<String>,
}

/// The part of a branch's new commits that is to be reported now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewCommits {
    /// Parents before children.
    pub ids: Vec<String>,
    /// The youngest of what has been reported with this part: all of it precedes them.
    pub heads: Vec<String>,
    /// Whether there are more after them.
    pub more: bool,
}

/// The first `limit` commits of `tip` that do not precede any of `known`, oldest first.
///
/// `heads` are the heads of the parts before this one.
pub async fn new_commits(
    git: &Git,
    tip: &str,
    known: &BTreeSet<String>,
    heads: &[String],
    limit: usize,
) -> Result<NewCommits, PollError> {
    let mut input = format!("{tip}\n");
    for commit in known {
        input.push('^');
        input.push_str(commit);
        input.push('\n');
    }
    let arguments = ["rev-list", "--topo-order", "--reverse", "--parents", "--stdin"];
    let output = git.run(&arguments, input.into_bytes(), LOCAL).await?;
    let text = String::from_utf8_lossy(&output);
    let mut lines = text.lines().filter(|line| !line.is_empty());
    let mut heads: BTreeSet<&str> = heads.iter().map(String::as_str).collect();
    let mut ids = Vec::new();
    for line in lines.by_ref().take(limit) {
        let mut words = line.split_whitespace();
        let Some(id) = words.next() else { continue };
        for parent in words {
            heads.remove(parent);
        }
        heads.insert(id);
        ids.push(id.to_owned());
    }
    Ok(NewCommits { ids, heads: heads.into_iter().map(str::to_owned).collect(), more: lines.next().is_some() })
}

/// Those of the commits that the repository has.
pub async fn existing(git: &Git, commits: BTreeSet<String>) -> Result<BTreeSet<String>, PollError> {
    let input: String = commits.iter().map(|commit| format!("{commit}^{{commit}}\n")).collect();
    let output = git.run(&["cat-file", "--batch-check"], input.into_bytes(), LOCAL).await?;
    let text = String::from_utf8_lossy(&output);
    let found = text.lines().filter(|line| line.contains(" commit "));
    Ok(found.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

/// Stands before each commit. No path has an empty part, so this is never the name of a file.
const MARK: &[u8] = b"//";
const FORMAT: &str = "--format=//%x00%H%x00%an <%ae>%x00%cn <%ce>%x00%ct%x00%P%x00%B%x00";

/// Reads these commits, in this order.
pub async fn read_commits(git: &Git, ids: &[String]) -> Result<Vec<Commit>, PollError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut input = ids.join("\n").into_bytes();
    input.push(b'\n');
    let arguments = [
        "log",
        "--no-walk=unsorted",
        "--stdin",
        "-z",
        "-m",
        "--first-parent",
        "--no-renames",
        "--no-color",
        "--name-only",
        FORMAT,
    ];
    let output = git.run(&arguments, input, LOCAL).await?;
    let not_understood = || PollError::Output { command: "log".to_owned() };
    let mut by_id: HashMap<String, Commit> =
        parse(&output).ok_or_else(not_understood)?.into_iter().map(|commit| (commit.id.clone(), commit)).collect();
    ids.iter().map(|id| by_id.remove(id).ok_or_else(not_understood)).collect()
}

fn parse(output: &[u8]) -> Option<Vec<Commit>> {
    let mut tokens = output.split(|byte| *byte == 0).peekable();
    let mut commits = Vec::new();
    while let Some(token) = tokens.next() {
        if token.is_empty() {
            continue;
        }
        if token != MARK {
            return None;
        }
        let mut field = || tokens.next().map(lossy);
        let (id, author, committer, date) = (field()?, field()?, field()?, field()?);
        let (parents, message) = (field()?, field()?);
        let mut files = Vec::new();
        while let Some(name) = tokens.next_if(|token| *token != MARK) {
            // A line break stands between a commit and its files.
            let name = if files.is_empty() { name.strip_prefix(b"\n").unwrap_or(name) } else { name };
            if !name.is_empty() {
                files.push(lossy(name));
            }
        }
        commits.push(Commit {
            id,
            author,
            committer,
            committed_at: Timestamp::from_secs(date.trim().parse().ok()?),
            message: message.trim_end().to_owned(),
            parent: parents.split_whitespace().next().map(str::to_owned),
            files,
        });
    }
    Some(commits)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_files_are_told_apart() {
        let output =
            b"//\0aa\0A <a>\0C <c>\x007\0ff ee\0one\n\nbody\n\0\0\na b\0\xff\0//\0bb\0B <b>\0C <c>\x008\0\0two\n\0\0";
        let commits = parse(output).unwrap();
        assert_eq!(commits[0].message, "one\n\nbody");
        assert_eq!((commits[0].parent.as_deref(), commits[1].parent.as_deref()), (Some("ff"), None));
        assert_eq!(commits[0].files, ["a b", "\u{fffd}"]);
        assert_eq!(commits[0].committed_at, Timestamp::from_secs(7));
        assert_eq!((commits[1].id.as_str(), commits[1].files.len()), ("bb", 0));
    }

    #[test]
    fn half_an_output_is_refused() {
        assert_eq!(parse(b"//\0aa\0A"), None);
        assert_eq!(parse(b"warning\0"), None);
        assert_eq!(parse(b""), Some(Vec::new()));
    }
}
