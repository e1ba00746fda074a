//! What is answered, in words. Lines are plain text; whoever shows them takes care of what their place cannot show.

use std::time::Duration;

use super::command::{Fun, Target};
use crate::domain::Results;

/// Lines of a list; the rest is counted.
const MOST_LINES: usize = 20;

/// What is known of a builder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuilderFacts {
    pub name: String,
    pub running: Vec<RunningBuild>,
    pub n_waiting: i64,
    pub last: Option<EndedBuild>,
    /// Whether any of its workers is attached.
    pub has_worker: bool,
    /// Whether the configuration has it.
    pub is_configured: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunningBuild {
    pub number: i64,
    /// What it does at present.
    pub state: String,
    pub runs_for: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedBuild {
    pub number: i64,
    pub results: Results,
    pub state: String,
    pub ended_before: Duration,
}

/// What is known of a worker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerFacts {
    pub name: String,
    pub is_attached: bool,
    pub is_paused: bool,
    pub is_configured: bool,
}

/// What is known of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeFacts {
    pub id: i64,
    pub author: String,
    pub branch: Option<String>,
    pub revision: Option<String>,
    /// The first line of what its author wrote.
    pub comment: String,
    pub age: Duration,
}

/// How builders are.
pub fn status(builders: &[BuilderFacts], target: &Target) -> Vec<String> {
    let is_shown = |builder: &&BuilderFacts| match target {
        Target::Busy => !builder.running.is_empty() || 0 < builder.n_waiting || builder.is_broken(),
        Target::All | Target::One(_) => true,
    };
    let lines: Vec<String> = builders.iter().filter(is_shown).map(BuilderFacts::status).collect();
    match (lines.is_empty(), target) {
        (true, Target::Busy) => vec!["nothing runs, nothing waits, nothing is broken".to_owned()],
        (true, _) => vec!["there are no builders".to_owned()],
        _ => cut(lines, "status BUILDER says it of one"),
    }
}

/// How the last builds ended.
pub fn last(builders: &[BuilderFacts]) -> Vec<String> {
    let line = |builder: &BuilderFacts| match &builder.last {
        Some(build) => format!("{}: {}", builder.name, build.described()),
        None => format!("{}: no build has ended yet", builder.name),
    };
    cut(builders.iter().map(line).collect(), "last BUILDER says it of one")
}

impl BuilderFacts {
    fn is_broken(&self) -> bool {
        self.last.as_ref().is_some_and(|last| matches!(last.results, Results::Failure | Results::Exception))
    }

    fn status(&self) -> String {
        let mut parts: Vec<String> = self.running.iter().map(RunningBuild::described).collect();
        if self.running.is_empty() {
            parts.push(if self.has_worker { "idle" } else { "offline" }.to_owned());
        }
        match self.n_waiting {
            0 => {}
            1 => parts.push("1 request waits".to_owned()),
            many => parts.push(format!("{many} requests wait")),
        }
        parts.extend(self.last.as_ref().map(|last| format!("last build {}", last.described())));
        format!("{}: {}", self.name, parts.join(", "))
    }
}

impl RunningBuild {
    fn described(&self) -> String {
        let state = if self.state.is_empty() { String::new() } else { format!(" ({})", self.state) };
        format!("build #{} runs for {}{state}", self.number, spoken(self.runs_for))
    }
}

impl EndedBuild {
    fn described(&self) -> String {
        let is_told = !self.state.is_empty() && self.results != Results::Success;
        let state = if is_told { format!(" ({})", self.state) } else { String::new() };
        format!("#{} {}{state}, {} ago", self.number, verb(self.results), spoken(self.ended_before))
    }
}

pub fn builders(builders: &[BuilderFacts]) -> Vec<String> {
    let mark = |builder: &BuilderFacts| {
        let marks = [(!builder.is_configured, "gone"), (!builder.has_worker && builder.is_configured, "offline")];
        marked(&builder.name, &marks)
    };
    listed("builders", builders.iter().map(mark).collect())
}

pub fn workers(workers: &[WorkerFacts]) -> Vec<String> {
    let mark = |worker: &WorkerFacts| {
        let is_away = !worker.is_attached && worker.is_configured;
        marked(&worker.name, &[(!worker.is_configured, "gone"), (is_away, "offline"), (worker.is_paused, "paused")])
    };
    listed("workers", workers.iter().map(mark).collect())
}

/// Those that run now, and the newest that have ended.
pub fn builds(running: &[(String, RunningBuild)], ended: &[(String, EndedBuild)]) -> Vec<String> {
    let running = running.iter().map(|(builder, build)| format!("{builder}: {}", build.described()));
    let ended = ended.iter().map(|(builder, build)| format!("{builder}: {}", build.described()));
    let lines: Vec<String> = running.chain(ended).collect();
    if lines.is_empty() { vec!["there are no builds".to_owned()] } else { cut(lines, "'list N builds' lists fewer") }
}

/// The newest first.
pub fn changes(changes: &[ChangeFacts]) -> Vec<String> {
    let line = |change: &ChangeFacts| {
        let revision = change.revision.as_deref().map(short).unwrap_or_default();
        let branch = change.branch.as_ref().map(|branch| format!(" on {branch}")).unwrap_or_default();
        let ChangeFacts { id, author, comment, .. } = change;
        format!("change {id}: {revision}{branch} by {author}, {} ago: {comment}", spoken(change.age))
    };
    let lines: Vec<String> = changes.iter().map(line).collect();
    if lines.is_empty() { vec!["there are no changes".to_owned()] } else { cut(lines, "'list N changes' lists fewer") }
}

/// A revision as people say it.
pub fn short(revision: &str) -> String {
    let is_hash = 16 < revision.len() && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { revision.chars().take(10).collect() } else { revision.to_owned() }
}

fn marked(name: &str, marks: &[(bool, &str)]) -> String {
    let marks: Vec<&str> = marks.iter().filter(|(holds, _)| *holds).map(|(_, mark)| *mark).collect();
    if marks.is_empty() { name.to_owned() } else { format!("{name} [{}]", marks.join(", ")) }
}

fn listed(what: &str, names: Vec<String>) -> Vec<String> {
    match names.is_empty() {
        true => vec![format!("there are no {what}")],
        false => vec![format!("{} {what}: {}", names.len(), names.join(", "))],
    }
}

fn cut(mut lines: Vec<String>, hint: &str) -> Vec<String> {
    let n_more = lines.len().saturating_sub(MOST_LINES);
    if 0 < n_more {
        lines.truncate(MOST_LINES);
        lines.push(format!("and {n_more} more; {hint}"));
    }
    lines
}

/// How a build ended, as a verb.
pub const fn verb(results: Results) -> &'static str {
    match results {
        Results::Success => "succeeded",
        Results::Warnings => "succeeded with warnings",
        Results::Failure => "failed",
        Results::Skipped => "was skipped",
        Results::Exception => "ended in an exception",
        Results::Retry => "is tried again",
        Results::Cancelled => "was cancelled",
    }
}

/// `3 s`, `4 min 5 s`, `2 h 10 min`, `3 days`.
pub fn spoken(time: Duration) -> String {
    let secs = time.as_secs();
    match secs {
        0..60 => format!("{secs} s"),
        60..3_600 => format!("{} min {} s", secs / 60, secs % 60),
        3_600..172_800 => format!("{} h {} min", secs / 3_600, secs / 60 % 60),
        _ => format!("{} days", secs / 86_400),
    }
}

/// What is said to those who play; what stands between stars is done.
pub const fn fun(fun: Fun) -> &'static [&'static str] {
    match fun {
        Fun::Dance => &["<(^.^<)", "<(^.^)>", "(>^.^)>", "(7^.^)7", "(>^.^<)"],
        Fun::Destroy => &["*looks for the red button, and finds a green one*"],
        Fun::Excited => &["a build! A whole build!"],
        Fun::Hustle => &["*does the hustle*"],
        Fun::Start => &["hello; 'commands' says what I understand"],
        Fun::Nay => &["as you like"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builder(name: &str, results: Option<Results>) -> BuilderFacts {
        let last = results.map(|results| EndedBuild {
            number: 7,
            results,
            state: "failed test".to_owned(),
            ended_before: Duration::from_secs(125),
        });
        BuilderFacts { name: name.to_owned(), last, has_worker: true, is_configured: true, ..BuilderFacts::default() }
    }

    #[test]
    fn a_status_says_what_runs_and_waits_and_how_it_ended() {
        let running = RunningBuild { number: 8, state: "compiling".to_owned(), runs_for: Duration::from_secs(61) };
        let busy = BuilderFacts { running: vec![running], n_waiting: 2, ..builder("b", Some(Results::Failure)) };
        let one = Target::One("b".to_owned());
        assert_eq!(
            status(&[busy], &one),
            ["b: build #8 runs for 1 min 1 s (compiling), 2 requests wait, last build #7 failed (failed test), \
              2 min 5 s ago"]
        );
        let offline = BuilderFacts { has_worker: false, ..builder("b", None) };
        assert_eq!(status(&[offline], &one), ["b: offline"]);
    }

    #[test]
    fn without_a_name_only_those_matter_that_somebody_looks_for() {
        let builders = [builder("good", Some(Results::Success)), builder("bad", Some(Results::Exception))];
        let lines = status(&builders, &Target::Busy);
        assert!(lines.len() == 1 && lines[0].starts_with("bad: idle"), "{lines:?}");
        assert_eq!(status(&builders, &Target::All).len(), 2);
        assert_eq!(status(&builders[..1], &Target::Busy), ["nothing runs, nothing waits, nothing is broken"]);
    }

    #[test]
    fn long_lists_are_cut() {
        let builders: Vec<BuilderFacts> = (0..30).map(|n| builder(&format!("b{n}"), None)).collect();
        let lines = last(&builders);
        assert_eq!(lines.len(), 21);
        assert_eq!(lines[20], "and 10 more; last BUILDER says it of one");
    }

    #[test]
    fn lists_say_what_is_not_as_usual() {
        let gone = BuilderFacts { is_configured: false, has_worker: false, ..builder("old", None) };
        assert_eq!(self::builders(&[builder("a", None), gone]), ["2 builders: a, old [gone]"]);
        let away = WorkerFacts { name: "w".to_owned(), is_paused: true, is_configured: true, ..WorkerFacts::default() };
        assert_eq!(workers(&[away]), ["1 workers: w [offline, paused]"]);
        let change = ChangeFacts {
            id: 3,
            author: "Ann".to_owned(),
            branch: Some("main".to_owned()),
            revision: Some("0123456789abcdef0123".to_owned()),
            comment: "mend it".to_owned(),
            age: Duration::from_secs(5),
        };
        assert_eq!(changes(&[change]), ["change 3: 0123456789 on main by Ann, 5 s ago: mend it"]);
        assert_eq!(changes(&[]), ["there are no changes"]);
    }
}
