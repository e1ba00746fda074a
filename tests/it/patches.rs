//! A source stamp with a patch: from the database to the worker's tree.

use buildbot::db::transitions::FireScheduler;
use buildbot::domain::buildset::NewStamp;
use buildbot::domain::{NewBuildset, Patch, Properties, Results, SchedulerId, StampSpec};
use buildbot::testing::scripted_worker::{Reply, StartedCommand, WorkerScript};
use buildbot_protocol::{Request, Value};

use crate::test_master::TestMaster;
use crate::transfers::{config, script};

const HEAD: &str = "0123456789012345678901234567890123456789\n";

fn patch() -> Patch {
    let (author, comment) = ("Ann".to_owned(), "try it".to_owned());
    Patch { body: b"--- a\n+++ b\n".to_vec(), level: 2, subdir: "sub".to_owned(), author, comment }
}

fn with_git() -> WorkerScript {
    let git = |words: &str| format!("Str(\"git\"), Str(\"{words}\")");
    script()
        .reply(&git("--version"), Reply::stdout("git version 2.47.3\n", 0))
        .reply(&git("rev-parse"), Reply::stdout(HEAD, 0))
}

#[actix::test]
async fn the_patch_of_a_stamp_is_stored_and_given_to_the_worker() {
    let master = TestMaster::with(&config("steps.Git(repourl='git://example/r')")).await;
    let first = master.force().await;
    let mut worker = master.attach(with_git()).await;
    assert_eq!(master.ended(first.requests[0].1).await, Results::Success);
    let stamp = StampSpec { revision: Some("111".to_owned()), patch: Some(patch()), ..StampSpec::default() };
    let buildset = NewBuildset {
        scheduler: "force".to_owned(),
        reason: "a try".to_owned(),
        external_id: None,
        properties: Properties::new(),
        builders: vec![first.requests[0].0],
        stamps: vec![NewStamp::Spec(stamp)],
        changes: Vec::new(),
        priority: 0,
        waited_for: false,
        parent_build: None,
        rebuilt_build: None,
    };
    let fire = FireScheduler {
        scheduler: SchedulerId(1),
        classified: Vec::new(),
        last_change: None,
        consumed: Vec::new(),
        state: None,
        buildset: Some(buildset),
    };
    while !is_last(&words(&worker.started().await)) {}
    worker.hold();
    let request = master.master.db.write(fire).await.unwrap().unwrap().requests[0].1;
    let mut seen = Vec::new();
    let mut blocks = Vec::new();
    loop {
        let command = worker.started().await;
        seen.push(words(&command));
        if command.name == "download_file" {
            let read = Request::ReadFile { command_id: command.id.clone(), length: 100 };
            blocks.push(worker.say(read).await.unwrap());
        }
        if is_last(&words(&command)) {
            break;
        }
        let is_question = words(&command) == "git --version";
        worker.finish(&command.id, if is_question { Reply::stdout("git version 2.47.3\n", 0) } else { Reply::rc(0) });
    }
    worker.release();
    assert_eq!(master.ended(request).await, Results::Success);
    let from = seen.iter().position(|words| words.ends_with(".buildbot-patched")).unwrap();
    let expected = [
        "/w/w1/b/build/.buildbot-patched",
        "/w/w1/b/build/.buildbot-diff",
        "git update-index --refresh",
        "git apply --index -p2 --directory=sub .buildbot-diff",
        "/w/w1/b/build/.buildbot-diff",
        "git rev-parse HEAD",
    ];
    assert_eq!(seen[from..], expected);
    assert_eq!(blocks, [Value::Bin(b"patched\n".to_vec()), Value::Bin(patch().body)]);
    master.finish().await;
}

/// What a command is about, in one line.
fn words(command: &StartedCommand) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().unwrap_or_default().iter().map(text).collect::<Vec<_>>().join(" ");
    let value = ["command", "path", "paths"].iter().find_map(|name| command.args.get(*name));
    value.map(|value| format!("{}{}", text(value), list(value))).unwrap_or_default()
}

fn is_last(words: &str) -> bool {
    words == "git rev-parse HEAD"
}
