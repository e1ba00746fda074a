//! What a remote repository says of its branches and tags.
//!
//! A branch is called as `git branch` calls it; whatever is not below `refs/heads/` keeps its full name.

use std::collections::BTreeMap;

use super::git_command::{ASK_REMOTE, Git};
use super::source::PollError;

pub const TAGS: &str = "refs/tags/";
const HEADS: &str = "refs/heads/";
const HEAD: &str = "HEAD";
/// Ends the name under which the remote says which commit an annotated tag stands for.
const PEELED: &str = "^{}";

/// What to ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// The branch that the remote's `HEAD` names.
    Default,
    Branches,
    Tags,
    Everything,
    /// These full names.
    Named(Vec<String>),
}

/// Full reference name to the commit it stands at.
pub async fn list(git: &Git, url: &str, wanted: &Wanted) -> Result<BTreeMap<String, String>, PollError> {
    let (option, named) = match wanted {
        Wanted::Default => (Some("--symref"), vec![HEAD.to_owned()]),
        Wanted::Branches => (Some("--heads"), Vec::new()),
        Wanted::Tags => (Some("--tags"), Vec::new()),
        Wanted::Everything => (None, Vec::new()),
        Wanted::Named(names) => {
            (None, names.iter().flat_map(|name| [name.clone(), format!("{name}{PEELED}")]).collect())
        }
    };
    let mut arguments = vec!["ls-remote"];
    arguments.extend(option);
    arguments.extend(["--", url]);
    arguments.extend(named.iter().map(String::as_str));
    let output = git.run(&arguments, Vec::new(), ASK_REMOTE).await?;
    let text = String::from_utf8_lossy(&output);
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    Ok(match wanted {
        Wanted::Default => default_branch(lines),
        // The remote matches names at their end, so it may list others too.
        Wanted::Named(names) => {
            let mut all = references(lines);
            all.retain(|reference, _| names.contains(reference));
            all
        }
        _ => references(lines),
    })
}

fn default_branch<'text>(lines: impl Iterator<Item = (&'text str, &'text str)>) -> BTreeMap<String, String> {
    let (mut reference, mut commit) = (HEAD, None);
    for (value, _) in lines.filter(|(_, name)| *name == HEAD) {
        match value.strip_prefix("ref: ") {
            Some(target) => reference = target,
            None => commit = Some(value),
        }
    }
    commit.map(|commit| (reference.to_owned(), commit.to_owned())).into_iter().collect()
}

fn references<'text>(lines: impl Iterator<Item = (&'text str, &'text str)>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (commit, name) in lines {
        // A name that is not UTF-8 could not be asked for again.
        if !name.starts_with("refs/") || name.contains(char::REPLACEMENT_CHARACTER) {
            continue;
        }
        // A peeled name follows its tag, and knows better.
        all.insert(name.strip_suffix(PEELED).unwrap_or(name).to_owned(), commit.to_owned());
    }
    all
}

/// How changes call a reference.
pub fn branch_name(reference: &str) -> &str {
    match reference.strip_prefix(HEADS) {
        Some(name) if !name.starts_with("refs/") && name != HEAD => name,
        _ => reference,
    }
}

/// The reference that changes call so.
pub fn reference(branch: &str) -> String {
    if branch.starts_with("refs/") || branch == HEAD { branch.to_owned() } else { format!("{HEADS}{branch}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> impl Iterator<Item = (&str, &str)> {
        text.lines().filter_map(|line| line.split_once(' '))
    }

    #[test]
    fn names_and_references_are_two_sides() {
        for full in ["refs/heads/main", "refs/heads/a/b", "refs/heads/refs/x", "refs/tags/v1", "refs/heads/HEAD"] {
            assert_eq!(reference(branch_name(full)), full);
        }
        assert_eq!(branch_name("refs/heads/main"), "main");
    }

    #[test]
    fn an_annotated_tag_stands_for_its_commit() {
        let all =
            references(lines("a refs/tags/v1\nb refs/tags/v1^{}\nc refs/heads/main\nd HEAD\ne refs/heads/\u{fffd}"));
        assert_eq!(
            all.into_iter().collect::<Vec<_>>(),
            [("refs/heads/main".to_owned(), "c".to_owned()), ("refs/tags/v1".to_owned(), "b".to_owned()),]
        );
    }

    #[test]
    fn the_default_branch_is_what_head_names() {
        let text = [("ref: refs/heads/trunk", "HEAD"), ("a", "HEAD")];
        assert_eq!(default_branch(text.into_iter()), BTreeMap::from([("refs/heads/trunk".to_owned(), "a".to_owned())]));
        assert!(default_branch(std::iter::empty()).is_empty());
    }
}
