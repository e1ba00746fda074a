//! Unmodified workers of Buildbot, release by release, through everything that can happen to a worker.

use std::fs;

use buildbot::json::{Value, json};

use crate::python_workers::{OLDEST, python_2};
use crate::site::{Site, WORKER, wait_for};

/// What is printed by a command that says everything at once.
const TALK: &str = r#"
import os, sys, time
def say(file, data):
    os.write(file, data)
say(1, b"on stdout\n")
say(2, b"on stderr\n")
say(1, "gr\u00fc\u00dfe \u2713\n".encode())
say(1, b"a broken \xff byte\n")
say(1, b"first\rsecond\n")
say(1, b"Q" * 20000 + b"\n")
for n in range(5):
    with open("trace.log", "a") as trace:
        trace.write("trace line %d\n" % n)
    time.sleep(0.3)
say(1, b"no end of line")
"#;

/// Writes line after line to a file, until somebody has seen one of them.
const GROW: &str = r#"
import os, time
def grow(line):
    with open("grown.log", "a") as log:
        log.write(line + "\n")
n = 0
while n < 600 and not os.path.exists("seen"):
    grow("line %d" % n)
    n += 1
    time.sleep(0.1)
grow("the end")
"#;

fn configuration(site: &Site, protocol: &str) -> String {
    format!(
        r#"
from buildbot.plugins import *

c = BuildmasterConfig = {{}}
c['title'] = "Matrix"
c['titleURL'] = c['buildbotURL'] = "http://127.0.0.1:{http}/"
c['workers'] = [worker.Worker("{WORKER}", "pass")]
c['protocols'] = {{'{protocol}': {{'port': 'tcp:{worker}:interface=127.0.0.1'}}}}
talk = util.BuildFactory([
    steps.ShellCommand(name="talk", command=["python3", "talk.py"], workdir="{work}",
                       logfiles={{'trace': 'trace.log'}}),
    steps.ShellCommand(name="pipe", command="test -t 1 && echo a terminal || echo a pipe"),
    steps.ShellCommand(name="terminal", command="test -t 1 && echo a terminal || echo a pipe", usePTY=True),
])
watched = util.BuildFactory([
    steps.ShellCommand(name="grow", command=["python3", "grow.py"], workdir="{work}",
                       logfiles={{'whole': 'grown.log', 'new': {{'filename': 'grown.log', 'follow': True}}}}),
])
quiet = util.BuildFactory([steps.ShellCommand(name="quiet", command="echo begin; sleep 30", timeout=1)])
wait = "echo begin; n=0; until [ -e {go} ] || [ $n -gt 600 ]; do sleep 0.1; n=$((n+1)); done"
slow = util.BuildFactory([steps.ShellCommand(name="wait", command=wait)])
c['builders'] = [
    util.BuilderConfig(name="talk", workernames=["{WORKER}"], factory=talk),
    util.BuilderConfig(name="quiet", workernames=["{WORKER}"], factory=quiet),
    util.BuilderConfig(name="slow", workernames=["{WORKER}"], factory=slow),
    util.BuilderConfig(name="watched", workernames=["{WORKER}"], factory=watched),
]
names = ["talk", "quiet", "slow", "watched"]
c['schedulers'] = [schedulers.ForceScheduler(name=name, builderNames=[name]) for name in names]
c['www'] = dict(port='tcp:{http}:interface=127.0.0.1', plugins={{}})
"#,
        http = site.http_port,
        worker = site.worker_port,
        work = site.path("work").display(),
        go = site.path("go").display(),
    )
}

#[test]
fn a_worker_of_4_3_over_perspective_broker() {
    story("4.3.0", "pb", LongLines::Cut);
}

#[test]
fn a_worker_of_4_3_over_msgpack() {
    story("4.3.0", "msgpack_experimental_v7", LongLines::Whole);
}

#[test]
fn a_worker_of_3_11() {
    story("3.11.9", "pb", LongLines::Cut);
}

#[test]
fn a_worker_of_3_5() {
    story("3.5.0", "pb", LongLines::Whole);
}

#[test]
fn a_worker_of_2_10() {
    story("2.10.5", "pb", LongLines::Whole);
}

#[test]
fn a_worker_of_1_8() {
    story("1.8.2", "pb", LongLines::Whole);
}

/// Wherever there is a Python 2 to run it with; elsewhere its recording has to do, which other tests replay.
#[test]
fn a_slave_of_0_8() {
    match python_2() {
        Some(_) => story(OLDEST, "pb", LongLines::Whole),
        None => eprintln!("there is no Python 2.7: no slave of {OLDEST} was tried"),
    }
}

/// What becomes of a line that is longer than 4,096 characters.
#[derive(Clone, Copy)]
enum LongLines {
    Whole,
    /// Such a worker cuts it before anybody sees it, and over Perspective Broker it cannot be told to do otherwise.
    Cut,
}

fn story(release: &str, protocol: &str, long_lines: LongLines) {
    let mut site = Site::new(|site| configuration(site, protocol));
    fs::create_dir(site.path("work")).unwrap();
    fs::write(site.path("work/talk.py"), TALK).unwrap();
    fs::write(site.path("work/grow.py"), GROW).unwrap();
    fs::write(site.path("work/grown.log"), "before it began\n").unwrap();
    site.start_master();
    site.create_python_worker(release, protocol, "pass");
    site.start_python_worker();
    site.wait_for_worker();
    it_talks(&site, long_lines);
    a_file_is_followed(&site);
    a_silent_command_is_ended(&site);
    a_build_is_stopped(&site);
    it_is_killed_and_comes_back(&mut site);
    the_master_is_killed_and_comes_back(&mut site);
    it_is_shut_down(&mut site);
}

fn force(site: &Site, builder: &str) {
    site.control(&format!("forceschedulers/{builder}"), "force", json!({"reason": "the story goes on"}));
}

fn results(site: &Site, builder: &str, number: i64) -> Value {
    site.finished_build(builder, number)["results"].clone()
}

/// Waits until the command of a build of `slow` runs.
fn begun(site: &Site, number: i64) {
    wait_for("the command's first line", || {
        site.log_text_if_any("slow", number, "wait", "stdio").filter(|text| text.contains("begin\n"))
    });
}

fn it_talks(site: &Site, long_lines: LongLines) {
    force(site, "talk");
    assert_eq!(results(site, "talk", 1), json!(0));
    let text = site.log_text("talk", 1, "talk", "stdio");
    let has = |line: &str| text.lines().any(|other| other == line);
    let lines = ["on stdout", "on stderr", "grüße ✓", "a broken \u{fffd} byte", "first", "second", "no end of line"];
    for line in lines {
        assert!(has(line), "{line:?} is missing in {text}");
    }
    let length = match long_lines {
        LongLines::Whole => 20_000,
        LongLines::Cut => 4_095,
    };
    assert!(has(&"Q".repeat(length)), "the long line has {} characters", text.matches('Q').count());
    let trace = site.log_text("talk", 1, "talk", "trace");
    let expected: String = (0..5).map(|n| format!("trace line {n}\n")).collect();
    assert_eq!(trace, expected);
    assert!(site.log_text("talk", 1, "pipe", "stdio").contains("a pipe\n"));
    assert!(site.log_text("talk", 1, "terminal", "stdio").contains("a terminal\n"));
}

/// What a command writes to a file is there while the command runs: all of it, or what is new. Of that, these workers
/// lose what is written before they look for the first time.
fn a_file_is_followed(site: &Site) {
    force(site, "watched");
    for log in ["whole", "new"] {
        wait_for("a line of a file that grows", || {
            site.log_text_if_any("watched", 1, "grow", log).filter(|text| text.contains("line "))
        });
    }
    assert_eq!(site.get("api/v2/builders/watched/builds/1")["builds"][0]["complete"], json!(false));
    fs::write(site.path("work/seen"), "").unwrap();
    assert_eq!(results(site, "watched", 1), json!(0));
    let written = fs::read_to_string(site.path("work/grown.log")).unwrap();
    assert_eq!(site.log_text("watched", 1, "grow", "whole"), written);
    let new = site.log_text("watched", 1, "grow", "new");
    assert!(new.starts_with("line ") && written.ends_with(&new), "{new}");
}

fn a_silent_command_is_ended(site: &Site) {
    force(site, "quiet");
    assert_eq!(results(site, "quiet", 1), json!(2));
    let text = site.log_text("quiet", 1, "quiet", "stdio");
    assert!(text.contains("begin\n") && text.contains("1 seconds without output"), "{text}");
}

fn a_build_is_stopped(site: &Site) {
    force(site, "slow");
    begun(site, 1);
    site.control("builders/slow/builds/1", "stop", json!({"reason": "enough"}));
    assert_eq!(results(site, "slow", 1), json!(6));
}

fn it_is_killed_and_comes_back(site: &mut Site) {
    force(site, "slow");
    begun(site, 2);
    site.kill_worker();
    assert_eq!(results(site, "slow", 2), json!(5));
    site.start_python_worker();
    begun(site, 3);
}

fn the_master_is_killed_and_comes_back(site: &mut Site) {
    site.kill_master();
    site.start_master();
    assert_eq!(results(site, "slow", 3), json!(5));
    begun(site, 4);
    fs::write(site.path("go"), "").unwrap();
    assert_eq!(results(site, "slow", 4), json!(0));
}

fn it_is_shut_down(site: &mut Site) {
    site.control("workers/1", "stop", json!({}));
    site.wait_for_workers_end();
    wait_for("the worker to be gone", || {
        site.get("api/v2/workers")["workers"][0]["connected_to"].as_array()?.is_empty().then_some(())
    });
    assert_eq!(site.get("api/v2/workers")["workers"][0]["graceful"], json!(true));
}
