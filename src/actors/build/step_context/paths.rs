//! Absolute paths on the worker, in its own syntax.

use crate::actors::build::BuildPlan;
use crate::steps::WorkerPlace;
use crate::wire::WorkerFacts;

/// Where something lies on the worker of a build.
pub fn on_worker(plan: &BuildPlan, place: WorkerPlace<'_>) -> String {
    let facts = plan.link.facts();
    let of_builder = || join(facts, &facts.basedir, &plan.config.workerbuilddir);
    match place {
        WorkerPlace::InBase(path) => join(facts, &facts.basedir, path),
        WorkerPlace::InBuilder(path) => join(facts, &of_builder(), path),
        WorkerPlace::InDirectory { directory, path } => join(facts, &join(facts, &of_builder(), directory), path),
    }
}

/// Joins paths in the worker's own syntax; an absolute path stays as it is, and `~` is the worker's home.
fn join(facts: &WorkerFacts, base: &str, path: &str) -> String {
    let windows = facts.is_windows();
    if let Some(path) = in_home(facts, path) {
        return path;
    }
    let absolute = path.starts_with('/') || (windows && (path.starts_with('\\') || path.chars().nth(1) == Some(':')));
    if absolute {
        return path.to_owned();
    }
    let separator = if windows { '\\' } else { '/' };
    let mut joined = base.trim_end_matches(separator).to_owned();
    for part in path.split(['/', separator]).filter(|part| !part.is_empty() && *part != ".") {
        joined.push(separator);
        joined.push_str(part);
    }
    joined
}

/// A path below the home of the worker, if it names one and the worker told where that is.
fn in_home(facts: &WorkerFacts, path: &str) -> Option<String> {
    let rest = path.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
    let home = facts.environ.get(if facts.is_windows() { "USERPROFILE" } else { "HOME" })?;
    Some(format!("{home}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_in_the_syntax_of_the_worker() {
        let facts = |system: &str| WorkerFacts { system: system.to_owned(), ..WorkerFacts::default() };
        let (posix, windows) = (facts("posix"), facts("nt"));
        assert_eq!(join(&posix, "/w/b", "build/./x"), "/w/b/build/x");
        assert_eq!(join(&posix, "/w/b", "/abs"), "/abs");
        assert_eq!(join(&posix, "/w/b/", ""), "/w/b");
        assert_eq!(join(&windows, r"C:\w", "build/x"), r"C:\w\build\x");
        assert_eq!(join(&windows, r"C:\w", r"D:\y"), r"D:\y");
    }

    #[test]
    fn a_tilde_is_the_home_that_the_worker_told() {
        let mut facts = WorkerFacts { system: "posix".to_owned(), ..WorkerFacts::default() };
        assert_eq!(join(&facts, "/w/b", "~/x"), "/w/b/~/x", "it told none");
        facts.environ = [("HOME", "/home/bb")].into_iter().collect();
        assert_eq!(join(&facts, "/w/b", "~/x"), "/home/bb/x");
        assert_eq!(join(&facts, "/w/b", "~"), "/home/bb");
        assert_eq!(join(&facts, "/w/b", "a~/x"), "/w/b/a~/x");
    }
}
