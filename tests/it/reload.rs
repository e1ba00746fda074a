//! Reloads: what is not changed goes on as it is, and what was in force can be gone back to.

use std::time::Duration;

use buildbot::actors::reconfigurator::{GoBack, Reconfigure, ReconfigureError};
use buildbot::db::views::{builds, config_versions, stored_values};
use buildbot::domain::{RequestState, Results};
use buildbot::testing::scripted_worker::WorkerScript;

use crate::test_master::{CONFIG, TestMaster};

/// Fifty builders, each with a scheduler and a function of its own; `odd` says what number 7 is like.
fn fifty(odd: &str) -> String {
    format!(
        r#"
from buildbot.plugins import *
c = BuildmasterConfig = {{}}
c['workers'] = [worker.Worker("w%d" % n, "secret") for n in range(50)]
c['protocols'] = {{'msgpack_experimental_v7': {{'port': 9989}}}}
def starter(n):
    def can_start(builder, worker, request):
        return n >= 0
    return can_start
c['builders'] = []
c['schedulers'] = []
for n in range(50):
    command = ["make", {odd} if n == 7 else "all"]
    factory = util.BuildFactory([steps.ShellCommand(command=command)])
    c['builders'].append(util.BuilderConfig(
        name="b%d" % n, workername="w%d" % n, factory=factory, canStartBuild=starter(n)))
    c['schedulers'].append(schedulers.ForceScheduler(
        name="force%d" % n, builderNames=["b%d" % n], label={odd} if n == 7 else "all"))
"#
    )
}

/// Every actor in the order in which they were made; one that is made anew moves to the end.
fn actors(master: &TestMaster) -> Vec<(&'static str, String)> {
    let figures = master.master.handle.figures();
    assert!(figures.iter().all(|actor| actor.restarts == 0), "nothing has died");
    figures.into_iter().filter(|actor| actor.name != "(ended)").map(|actor| (actor.kind, actor.name)).collect()
}

async fn plan(master: &TestMaster) -> Vec<String> {
    master.master.reconfigure.ask(Reconfigure { dry_run: true }).await.unwrap().unwrap().changes
}

#[actix::test]
async fn of_fifty_builders_the_one_that_changed_is_touched() {
    let master = TestMaster::with(&fifty("'some'")).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = actors(&master);
    assert!(150 < before.len(), "{}", before.len());

    std::fs::write(master.path("master.cfg"), fifty("'other'")).unwrap();
    assert_eq!(plan(&master).await, ["builder b7: changed", "scheduler force7: changed"]);
    assert_eq!(actors(&master), before, "a dry run touches nothing");
    master.reconfigure(&fifty("'other'")).await;
    tokio::time::sleep(Duration::from_secs(1)).await;

    let scheduler = ("scheduler", "force7".to_owned());
    let mut expected: Vec<_> = before.into_iter().filter(|actor| *actor != scheduler).collect();
    // The builder lives on, with other steps for its next build; the scheduler is the one actor that was made anew.
    expected.push(scheduler);
    assert_eq!(actors(&master), expected);
    master.finish().await;
}

#[actix::test]
async fn a_running_build_ends_as_it_began_and_the_next_one_is_built_as_the_new_configuration_says() {
    let master = TestMaster::new().await;
    let mut worker = master.attach(WorkerScript::new("w1")).await;
    worker.hold();
    let first = master.force().await.requests[0].1;
    worker.started().await;
    master.reconfigure(&CONFIG.replace("\"test\"", "\"check\"")).await;
    worker.release();
    assert_eq!(master.ended(first).await, Results::Success);
    let second = master.force().await.requests[0].1;
    assert_eq!(master.ended(second).await, Results::Success);
    let names = master.master.db.read(|conn| {
        let steps = buildbot::db::views::steps::of_builds(conn, &[1, 2])?;
        Ok(steps.into_iter().map(|step| step.name).collect::<Vec<_>>())
    });
    assert_eq!(names.await.unwrap(), ["compile", "test", "clean", "compile", "check", "clean"]);
    master.finish().await;
}

#[actix::test]
async fn requests_of_a_builder_that_is_gone_wait_until_it_returns() {
    let master = TestMaster::new().await;
    let request = master.force().await.requests[0].1;
    let other = CONFIG.replace("\"b\"", "\"another\"");
    master.reconfigure(&other).await;
    let worker = master.attach(WorkerScript::new("w1")).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(master.request(request).await.state, RequestState::Unclaimed);
    master.reconfigure(CONFIG).await;
    assert_eq!(master.ended(request).await, Results::Success);
    drop(worker);
    master.finish().await;
}

#[actix::test]
async fn a_reload_that_fails_leaves_everything_as_it_was() {
    let master = TestMaster::new().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = actors(&master);
    for wrong in [
        CONFIG.replace("workernames=[\"w1\", \"w2\"]", "workernames=[\"nobody\"]"),
        CONFIG.replace("9989", "9990"),
        "this is ( nothing".to_owned(),
    ] {
        std::fs::write(master.path("master.cfg"), wrong).unwrap();
        let outcome = master.master.reconfigure.ask(Reconfigure { dry_run: false }).await.unwrap();
        assert!(
            matches!(outcome, Err(ReconfigureError::Invalid(_) | ReconfigureError::NeedsRestart(_))),
            "{outcome:?}"
        );
        assert_eq!(actors(&master), before);
    }
    let versions = master.master.db.read(|conn| config_versions::newest(conn, 10)).await.unwrap();
    assert_eq!(versions.len(), 1, "{versions:?}");
    let worker = master.attach(WorkerScript::new("w1")).await;
    let request = master.force().await.requests[0].1;
    assert_eq!(master.ended(request).await, Results::Success);
    drop(worker);
    master.finish().await;
}

#[actix::test]
async fn every_version_is_kept_and_can_be_gone_back_to() {
    let master = TestMaster::new().await;
    let second = CONFIG.replace("\"test\"", "\"check\"");
    master.reconfigure(&second).await;
    master.reconfigure(&second).await;
    let list = || master.master.db.read(|conn| config_versions::newest(conn, 10));
    let causes: Vec<_> = list().await.unwrap().into_iter().map(|version| (version.number, version.cause)).collect();
    assert_eq!(causes, [(2, "reconfig".to_owned()), (1, "start".to_owned())]);
    assert_eq!(list().await.unwrap()[0].changes, ["builder b: changed"]);

    // What somebody was writing when the master went back is not lost.
    std::fs::write(master.path("master.cfg"), "half of a ( new file").unwrap();
    let dry = master.master.go_back.ask(GoBack { version: 1, dry_run: true }).await.unwrap().unwrap();
    assert_eq!((dry.changes, dry.version), (vec!["builder b: changed".to_owned()], None));
    let done = master.master.go_back.ask(GoBack { version: 1, dry_run: false }).await.unwrap().unwrap();
    assert_eq!(done.version, Some(3));
    assert_eq!(std::fs::read_to_string(master.path("master.cfg")).unwrap(), CONFIG);
    assert_eq!(std::fs::read_to_string(master.path("master.cfg.replaced")).unwrap(), "half of a ( new file");
    assert_eq!(list().await.unwrap()[0].cause, "back to 1");
    let step = &master.master.handle.config().builders[0].factory.steps[1];
    assert!(!format!("{:?}", step.common.name).contains("check"));

    let unknown = master.master.go_back.ask(GoBack { version: 9, dry_run: false }).await.unwrap();
    assert!(matches!(unknown, Err(ReconfigureError::NoSuchVersion(9))));
    let master = master.restart().await;
    let versions = master.master.db.read(|conn| config_versions::newest(conn, 10)).await.unwrap();
    assert_eq!(versions.len(), 3, "the same file is the same version");
    assert!(master.master.db.read(builds::running).await.unwrap().is_empty());
    master.finish().await;
}

#[actix::test]
async fn what_a_configuration_keeps_is_stored_when_it_comes_into_force_and_not_before() {
    let counting = |more: &str| {
        format!(
            "{CONFIG}db = util.DbConfig(BuildmasterConfig, basedir)\ndb.set('loads', db.get('loads', 0) + 1)\n{more}"
        )
    };
    let master = TestMaster::with(&counting("")).await;
    let loads = || stored_values::read_file(&master.path("state.sqlite"), "config", "loads").unwrap();
    assert_eq!(loads().as_deref(), Some("1"), "stored at the start");
    plan(&master).await;
    std::fs::write(master.path("master.cfg"), counting("c['builders'] = 7\n")).unwrap();
    master.master.reconfigure.ask(Reconfigure { dry_run: false }).await.unwrap().unwrap_err();
    assert_eq!(loads().as_deref(), Some("1"), "neither dry runs nor files that are refused store anything");
    master.reconfigure(&counting("")).await;
    assert_eq!(loads().as_deref(), Some("2"));
    master.finish().await;
}
