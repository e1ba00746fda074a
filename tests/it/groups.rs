//! Steps that run at the same time: what begins, what ends, and what that means for the build.

use std::time::Duration;

use buildbot::db::views::select::Select;
use buildbot::db::views::{builds, steps};
use buildbot::domain::{Build, BuildRequestId, Pace, Results, Step};
use buildbot::testing::scripted_worker::{Reply, ScriptedWorker, StartedCommand, WorkerScript};

use crate::test_master::{CONFIG, TestMaster};

/// The usual builder with other steps.
fn config(definitions: &str, factory: &str) -> String {
    let (head, rest) = CONFIG.split_once("factory = ").unwrap();
    let (_, rest) = rest.split_once("\n])\n").unwrap();
    format!("{head}{definitions}factory = util.BuildFactory([{factory}])\n{rest}")
}

fn shell(name: &str, more: &str) -> String {
    format!("steps.ShellCommand(name='{name}', command=['run', '{name}']{more})")
}

fn group(steps: &[String], more: &str) -> String {
    format!("steps.Parallel([{}], name='checks'{more})", steps.join(", "))
}

/// One build on a worker that holds its commands.
struct Site {
    master: TestMaster,
    worker: ScriptedWorker,
    request: BuildRequestId,
}

impl Site {
    async fn new(config: &str) -> Self {
        let master = TestMaster::with(config).await;
        let worker = master.attach(WorkerScript::new("w1")).await;
        worker.hold();
        let request = master.force().await.requests[0].1;
        settle().await;
        Self { master, worker, request }
    }

    /// The next commands that the worker is told to run, by what they run.
    async fn started(&mut self, n: usize) -> Vec<(String, StartedCommand)> {
        let mut started = Vec::new();
        for _ in 0..n {
            let command = self.worker.started().await;
            let words = command.args["command"].clone();
            let buildbot_protocol::Value::Array(words) = words else { panic!("{words:?}") };
            started.push((words.last().and_then(|word| word.as_str()).unwrap().to_owned(), command));
        }
        started.sort_by(|a, b| a.0.cmp(&b.0));
        started
    }

    fn finish(&self, command: &(String, StartedCommand), rc: i64) {
        self.worker.finish(&command.1.id, Reply::rc(rc));
    }

    async fn steps(&self) -> Vec<Step> {
        let mut steps = self.master.master.db.read(|conn| steps::select(conn, &Select::default())).await.unwrap();
        steps.sort_by_key(|step| (step.build_id, step.number));
        steps
    }

    /// Names, numbers and results.
    async fn table(&self) -> Vec<(String, i32, Option<Results>)> {
        self.steps().await.into_iter().map(|step| (step.name, step.number, step.results)).collect()
    }

    async fn builds(&self) -> Vec<Build> {
        self.master.master.db.read(|conn| builds::select(conn, &Select::default())).await.unwrap()
    }

    async fn ends(self, results: Results) {
        assert_eq!(self.master.ended(self.request).await, results);
        self.master.finish().await;
    }
}

/// Time passes until nothing moves.
async fn settle() {
    tokio::time::sleep(Duration::from_secs(30)).await;
}

fn names(started: &[(String, StartedCommand)]) -> Vec<&str> {
    started.iter().map(|(name, _)| name.as_str()).collect()
}

#[actix::test]
async fn the_steps_of_a_group_run_at_the_same_time_and_what_follows_waits_for_all() {
    let factory = [shell("first", ""), group(&[shell("a", ""), shell("b", ""), shell("c", "")], ""), shell("z", "")];
    let mut site = Site::new(&config("", &factory.join(", "))).await;
    let first = site.started(1).await;
    site.finish(&first[0], 0);
    let together = site.started(3).await;
    assert_eq!(names(&together), ["a", "b", "c"]);
    site.finish(&together[2], 0);
    site.finish(&together[0], 0);
    settle().await;
    let rows = site.steps().await;
    let of_group: Vec<_> = rows.iter().map(|step| step.group.as_ref().map(|of| (of.first, of.name.as_str()))).collect();
    assert_eq!(of_group, [None, Some((1, "checks")), Some((1, "checks")), Some((1, "checks"))]);
    assert!(rows[1..].iter().all(|step| step.group.as_ref().unwrap().pace == Pace::Together));
    assert_eq!(rows.iter().filter(|step| step.results.is_none()).count(), 1, "b runs, and z has not begun");
    site.finish(&together[1], 0);
    let last = site.started(1).await;
    assert_eq!(names(&last), ["z"]);
    site.finish(&last[0], 0);
    settle().await;
    let expected = ["first", "a", "b", "c", "z"].into_iter().zip(0..);
    let expected: Vec<_> = expected.map(|(name, number)| (name.to_owned(), number, Some(Results::Success))).collect();
    assert_eq!(site.table().await, expected);
    site.ends(Results::Success).await;
}

#[actix::test]
async fn a_failure_halts_behind_the_group_whoever_is_quicker() {
    let halting = group(&[shell("a", ", haltOnFailure=True"), shell("b", "")], "");
    let factory = [halting, shell("next", ""), shell("always", ", alwaysRun=True")].join(", ");
    for order in [[0, 1], [1, 0]] {
        let mut site = Site::new(&config("", &factory)).await;
        let together = site.started(2).await;
        for at in order {
            // Only `a` fails.
            site.finish(&together[at], if at == 0 { 1 } else { 0 });
            settle().await;
        }
        assert_eq!(names(&site.started(1).await), ["always"]);
        site.worker.release();
        settle().await;
        let table = site.table().await;
        let expected = [("a", 0, Results::Failure), ("b", 1, Results::Success), ("always", 3, Results::Success)];
        assert_eq!(table, expected.map(|(name, number, results)| (name.to_owned(), number, Some(results))));
        site.ends(Results::Failure).await;
        tokio::time::resume();
    }
}

#[actix::test]
async fn a_group_halts_for_any_of_its_steps_if_it_is_told_to() {
    let members = [shell("a", ", flunkOnFailure=False, warnOnFailure=True"), shell("b", "")];
    let factory = [group(&members, ", haltOnFailure=True"), shell("next", "")].join(", ");
    let mut site = Site::new(&config("", &factory)).await;
    let together = site.started(2).await;
    site.finish(&together[0], 1);
    site.finish(&together[1], 0);
    settle().await;
    assert_eq!(site.table().await.len(), 2, "next is not reached");
    assert_eq!(site.builds().await[0].state_string, "warnings 'run a' (failure)");
    site.ends(Results::Warnings).await;
}

#[actix::test]
async fn in_a_halted_build_only_those_of_a_group_run_that_always_run() {
    let members = [shell("a", ""), shell("b", ", alwaysRun=True")];
    let factory = [shell("bad", ", haltOnFailure=True"), group(&members, "")].join(", ");
    let mut site = Site::new(&config("", &factory)).await;
    let bad = site.started(1).await;
    site.finish(&bad[0], 1);
    assert_eq!(names(&site.started(1).await), ["b"]);
    site.worker.release();
    settle().await;
    let numbers: Vec<i32> = site.steps().await.iter().map(|step| step.number).collect();
    assert_eq!(numbers, [0, 2]);
    site.ends(Results::Failure).await;
}

#[actix::test]
async fn a_step_that_is_not_to_run_is_skipped_and_the_others_of_its_group_are_not() {
    let members = [shell("a", ", doStepIf=False"), shell("b", "")];
    let mut site = Site::new(&config("", &group(&members, ""))).await;
    assert_eq!(names(&site.started(1).await), ["b"]);
    site.worker.release();
    settle().await;
    let results: Vec<_> = site.steps().await.iter().map(|step| step.results).collect();
    assert_eq!(results, [Some(Results::Skipped), Some(Results::Success)]);
    site.ends(Results::Success).await;
}

#[actix::test]
async fn a_stop_ends_all_steps_of_a_group() {
    let mut site = Site::new(&config("", &group(&[shell("a", ""), shell("b", "")], ""))).await;
    site.started(2).await;
    let build = site.builds().await[0].id;
    site.master.master.handle.stop_build(build, "no longer needed".to_owned()).await.unwrap();
    site.worker.release();
    settle().await;
    let steps = site.steps().await;
    assert!(steps.iter().all(|step| step.results == Some(Results::Cancelled)), "{steps:?}");
    let heard = site.worker.heard();
    let interrupted = |request: &&buildbot_protocol::Request| matches!(request, buildbot_protocol::Request::InterruptCommand { why, .. } if why == "no longer needed");
    assert_eq!(heard.iter().filter(interrupted).count(), 2);
    site.ends(Results::Cancelled).await;
}

#[actix::test]
async fn a_lost_worker_ends_all_of_a_group_and_the_build_is_repeated() {
    let mut site = Site::new(&config("", &group(&[shell("a", ""), shell("b", "")], ""))).await;
    let together = site.started(2).await;
    site.finish(&together[1], 0);
    settle().await;
    site.worker.hang_up();
    settle().await;
    let results: Vec<_> = site.steps().await.iter().map(|step| step.results).collect();
    assert_eq!(results, [Some(Results::Retry), Some(Results::Success)]);
    assert_eq!(site.builds().await[0].results, Some(Results::Retry));
    let worker = site.master.attach(WorkerScript::new("w1")).await;
    site.worker = worker;
    site.ends(Results::Success).await;
}

#[actix::test]
async fn a_group_that_a_killed_master_left_is_repeated_from_the_start() {
    let site = Site::new(&config("", &group(&[shell("a", ""), shell("b", "")], ""))).await;
    let Site { master, worker, request } = site;
    let master = master.restart().await;
    drop(worker);
    let worker = master.attach(WorkerScript::new("w1")).await;
    let site = Site { master, worker, request };
    settle().await;
    let results: Vec<_> = site.steps().await.iter().map(|step| step.results).collect();
    assert_eq!(results[2..], [Some(Results::Success); 2]);
    assert!(results[..2].iter().all(|results| results.is_some_and(|results| results != Results::Success)));
    site.ends(Results::Success).await;
}

#[actix::test]
async fn two_steps_of_a_group_take_the_same_lock_one_after_the_other() {
    let locked = |name| shell(name, ", locks=[db.access('exclusive')]");
    let factory = group(&[locked("a"), locked("b"), shell("c", "")], "");
    let mut site = Site::new(&config("db = util.MasterLock('db')\n", &factory)).await;
    let begun = site.started(2).await;
    assert_eq!(names(&begun), ["a", "c"]);
    assert_eq!(site.steps().await[1].state_string, "waiting for locks: db");
    site.finish(&begun[0], 0);
    assert_eq!(names(&site.started(1).await), ["b"], "while c goes on");
    site.worker.release();
    site.ends(Results::Success).await;
}

#[actix::test]
async fn what_a_step_of_a_group_adds_runs_behind_the_group() {
    let function = "def more(ctx):\n    ctx.add_steps([steps.Parallel([steps.ShellCommand(name='x', command=['run', \
                    'x']), steps.ShellCommand(name='y', command=['run', 'y'])], name='added')])\n";
    let factory = format!("steps.Parallel([more, {}]), {}", shell("a", ""), shell("z", ""));
    let mut site = Site::new(&config(function, &factory)).await;
    let a = site.started(1).await;
    settle().await;
    assert_eq!(site.steps().await[0].results, Some(Results::Success), "more has ended");
    site.finish(&a[0], 0);
    assert_eq!(names(&site.started(2).await), ["x", "y"]);
    site.worker.release();
    settle().await;
    let table: Vec<_> = site.table().await.into_iter().map(|(name, number, _)| (name, number)).collect();
    let expected = [("more", 0), ("a", 1), ("x", 2), ("y", 3), ("z", 4)];
    assert_eq!(table, expected.map(|(name, number)| (name.to_owned(), number)));
    let group = site.steps().await[3].group.clone().unwrap();
    assert_eq!((group.first, group.name.as_str()), (2, "added"));
    site.ends(Results::Success).await;
}

#[actix::test]
async fn everything_that_runs_is_told_to_who_asks() {
    let mut site = Site::new(&config("", &group(&[shell("a", ""), shell("b", "")], ""))).await;
    site.started(2).await;
    let standing = site.master.master.handle.explain_request(site.request).await.unwrap();
    assert_eq!(standing.reasons.len(), 1);
    assert!(standing.reasons[0].contains("step a: running, step b: running"), "{standing:?}");
    site.worker.release();
    site.ends(Results::Success).await;
}
