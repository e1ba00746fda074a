//! A build that failed: templates are tried out on it when a configuration is read.

use super::facts::{BuildFacts, BuildsetFacts, LogFacts, Past, RequestFacts, Site, StepFacts, Tail};
use crate::domain::{
    Build, BuildId, BuildRequestId, Builder, BuilderId, BuildsetId, Change, ChangeId, Description, Log, LogId, LogKind,
    MasterId, Properties, Results, SourceStamp, SourceStampId, StampSpec, Step, StepId, Timestamp, WorkerId,
};

pub fn site() -> Site {
    Site { title: "Example".to_owned(), url: "https://ci.example.org/".to_owned() }
}

pub fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(1_700_000_000 + secs)
}

/// A build that ended.
pub fn ended(number: i64, results: Results) -> Build {
    Build {
        id: BuildId(100 + number),
        number,
        builder_id: BuilderId(3),
        request_id: BuildRequestId(200 + number),
        worker_id: WorkerId(1),
        master_id: MasterId(1),
        started_at: at(number * 100),
        complete_at: Some(at(number * 100 + 65)),
        results: Some(results),
        state_string: "failed test".to_owned(),
        locks_duration_s: 0,
    }
}

/// Build 7 of `runtests`, which failed in `test`.
pub fn build_facts() -> BuildFacts {
    let mut properties = Properties::new();
    properties.set("branch", "main", "Build");
    properties.set("scheduler", "all", "Scheduler");
    properties.set("owner", "bob@example.org", "Force");
    properties.set("got_revision", "0123456789abcdef0123", "Git");
    BuildFacts {
        build: ended(7, Results::Failure),
        builder: Builder {
            id: BuilderId(3),
            name: "runtests".to_owned(),
            description: Description::default(),
            tags: vec!["nightly".to_owned()],
            project: None,
            base: None,
            active: true,
        },
        worker: "w1".to_owned(),
        properties,
        request: request(),
        buildset: buildset(),
        previous: None,
        parent: None,
        changes: vec![change("Ada <ada@example.org>", "Teach the parser to add\n\nIt could not.")],
        steps: vec![step(0, "compile", Results::Success), step(1, "test", Results::Failure)],
        steps_wanted: true,
        past: Past::default(),
    }
}

pub fn change(author: &str, comments: &str) -> Change {
    Change {
        id: ChangeId(5),
        source_stamp_id: SourceStampId(9),
        parent_ids: Vec::new(),
        author: author.to_owned(),
        committer: None,
        comments: comments.to_owned(),
        files: vec!["parser.c".to_owned()],
        revision: Some("0123456789abcdef0123".to_owned()),
        branch: Some("main".to_owned()),
        category: None,
        revlink: None,
        repository: "https://git.example.org/parser".to_owned(),
        project: String::new(),
        codebase: String::new(),
        properties: Properties::new(),
        when: at(0),
    }
}

fn request() -> RequestFacts {
    RequestFacts {
        id: BuildRequestId(207),
        buildset: BuildsetId(4),
        builder: BuilderId(3),
        priority: 0,
        claimed: Some((MasterId(1), at(699))),
        complete_at: Some(at(765)),
        results: Some(Results::Failure),
        submitted_at: at(690),
        waited_for: false,
    }
}

pub fn buildset() -> BuildsetFacts {
    let spec = StampSpec { branch: Some("main".to_owned()), ..StampSpec::default() };
    BuildsetFacts {
        id: BuildsetId(4),
        scheduler: "all".to_owned(),
        external_id: None,
        reason: "scheduler".to_owned(),
        submitted_at: at(690),
        complete_at: Some(at(765)),
        results: Some(Results::Failure),
        parent: None,
        rebuilt: None,
        stamps: vec![(SourceStamp { id: SourceStampId(9), spec, created_at: at(0) }, None)],
    }
}

fn step(number: i32, name: &str, results: Results) -> StepFacts {
    let id = StepId(i64::from(number) + 50);
    let step = Step {
        id,
        number,
        name: name.to_owned(),
        build_id: BuildId(107),
        started_at: Some(at(700)),
        locks_acquired_at: Some(at(700)),
        complete_at: Some(at(765)),
        results: Some(results),
        state_string: name.to_owned(),
        urls: Vec::new(),
        hidden: false,
        group: None,
    };
    let log = Log {
        id: LogId(i64::from(number) + 60),
        step_id: id,
        name: "stdio".to_owned(),
        slug: "stdio".to_owned(),
        kind: LogKind::Stream,
        complete: true,
        n_lines: 3,
    };
    let lines = vec!["FAIL: addition".to_owned(), "expected 2, got <3>".to_owned()];
    let tail = (results == Results::Failure).then_some(Tail { lines, is_cut: true });
    StepFacts { step, logs: vec![LogFacts { log, content: None, tail }] }
}
