//! Groups of steps with real workers, ours and Python's: over msgpack they run at the same time, over Perspective Broker
//! one after another.

use buildbot::json::{Value, json};

use crate::site::{Site, WORKER};

const RELEASE: &str = "4.3.0";
const PB: &str = "pb";
const MSGPACK: &str = "msgpack_experimental_v7";

/// Each of two steps ends only when the other has begun.
const MEET: [&str; 2] = [
    "touch a; while ! test -e b; do sleep 0.1; done; echo met b",
    "touch b; while ! test -e a; do sleep 0.1; done; echo met a",
];
/// Each sees whether the other is under way.
const APART: [&str; 2] = [
    "test ! -e under-way && touch under-way && sleep 0.2 && rm under-way",
    "test ! -e under-way && touch under-way && sleep 0.2 && rm under-way",
];

fn configuration(site: &Site, protocol: &str, [a, b]: [&str; 2]) -> String {
    format!(
        r#"
from buildbot.plugins import *

c = BuildmasterConfig = {{}}
c['title'] = "Groups"
c['titleURL'] = c['buildbotURL'] = "http://127.0.0.1:{http}/"
c['workers'] = [worker.Worker("{WORKER}", "pass")]
c['protocols'] = {{'{protocol}': {{'port': 'tcp:{worker}:interface=127.0.0.1'}}}}
c['schedulers'] = [schedulers.ForceScheduler(name="force", builderNames=["groups"])]
factory = util.BuildFactory([
    steps.Parallel([
        steps.ShellCommand(name="a", command="{a}", maxTime=60),
        steps.ShellCommand(name="b", command="{b}", maxTime=60),
        steps.FileUpload(name="c", workersrc="/etc/hostname", masterdest="hostname"),
    ], name="checks"),
    steps.ShellCommand(name="z", command="ls a b", decodeRC={{0: 0, 1: 0, 2: 0}}),
])
c['builders'] = [util.BuilderConfig(name="groups", workernames=["{WORKER}"], factory=factory)]
c['www'] = dict(port='tcp:{http}:interface=127.0.0.1', plugins={{}})
"#,
        http = site.http_port,
        worker = site.worker_port,
    )
}

/// A build on a worker, which has to end well; the page of it.
fn build(protocol: &str, commands: [&str; 2], python: bool) -> String {
    let mut site = Site::new(|site| configuration(site, protocol, commands));
    site.start_master();
    if python {
        site.create_python_worker(RELEASE, protocol, "pass");
        site.start_python_worker();
    } else {
        site.remake_worker(&[&format!("--protocol={protocol}")]);
        site.start_worker();
    }
    site.wait_for_worker();
    site.control("forceschedulers/force", "force", json!({"reason": "groups"}));
    let build = site.finished_build("groups", 1);
    let steps = site.get("api/v2/builders/groups/builds/1/steps");
    let of = |step: &Value| (step["number"].clone(), step["name"].clone(), step["results"].clone());
    let steps: Vec<_> = steps["steps"].as_array().unwrap().iter().map(of).collect();
    let expected =
        ["a", "b", "c", "z"].into_iter().zip(0..).map(|(name, number)| (json!(number), json!(name), json!(0)));
    assert_eq!(steps, expected.collect::<Vec<_>>());
    assert_eq!(build["results"], json!(0));
    site.get_text("builders/groups/builds/1")
}

#[test]
fn a_python_worker_runs_the_steps_of_a_group_at_the_same_time() {
    assert!(build(MSGPACK, MEET, true).contains("3 steps at the same time"));
}

#[test]
fn our_worker_runs_the_steps_of_a_group_at_the_same_time() {
    assert!(build(MSGPACK, MEET, false).contains("3 steps at the same time"));
}

#[test]
fn over_perspective_broker_they_run_one_after_another() {
    for python in [true, false] {
        assert!(build(PB, APART, python).contains("3 steps one after another: the worker speaks Perspective Broker"));
    }
}
