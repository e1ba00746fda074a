//! Commands on the master: real processes, with all that they start.

use buildbot::json::json;

use crate::site::{Site, WORKER, wait_for};

fn configuration(site: &Site) -> String {
    format!(
        r#"
from buildbot.plugins import *

c = BuildmasterConfig = {{}}
c['title'] = "Master"
c['titleURL'] = c['buildbotURL'] = "http://127.0.0.1:{http}/"
c['workers'] = [worker.Worker("{WORKER}", "pass")]
c['protocols'] = {{'msgpack_experimental_v7': {{'port': 'tcp:{worker}:interface=127.0.0.1'}}}}
good = util.BuildFactory([
    steps.MasterShellCommand(command="echo here; echo there >&2; pwd; head -c 300000 /dev/zero | tr '\\0' x; echo"),
    steps.MasterShellCommand(command=["env"], env={{'A': ['b', 'c'], 'P': '${{PATH}}'}}, logEnviron=False),
    steps.MasterShellCommand(command=["sh", "-c", "exit 3"], haltOnFailure=False, name="bad"),
    steps.MasterShellCommand(command="kill -TERM $$", haltOnFailure=False, name="killed"),
    steps.MasterShellCommand(command="sleep 3600", runtime_timeout=0.2, haltOnFailure=False, name="slow"),
    steps.MasterShellCommand(command=["no-such-program"], name="missing"),
])
# The fifo is opened by a child of the shell: whoever reads it sees its end when all of them are gone.
hanging = util.BuildFactory([
    steps.MasterShellCommand(command="mkfifo alive; (exec 3>alive; sleep 3600) & echo begun; wait", name="hang"),
])
c['builders'] = [
    util.BuilderConfig(name="good", workernames=["{WORKER}"], factory=good),
    util.BuilderConfig(name="hanging", workernames=["{WORKER}"], factory=hanging),
]
c['schedulers'] = [
    schedulers.ForceScheduler(name="good", builderNames=["good"]),
    schedulers.ForceScheduler(name="hanging", builderNames=["hanging"]),
]
c['services'] = []
c['www'] = dict(port='tcp:{http}:interface=127.0.0.1', plugins={{}})
c['db'] = {{'db_url': 'sqlite:///state.sqlite'}}
"#,
        http = site.http_port,
        worker = site.worker_port,
    )
}

#[test]
fn commands_run_on_the_master_and_end_with_all_that_they_started() {
    let mut site = Site::new(configuration);
    site.start_master();
    site.start_worker();
    site.wait_for_worker();
    site.control("forceschedulers/good", "force", json!({}));
    let build = site.finished_build("good", 1);
    assert_eq!(build["results"], json!(4), "the last program is missing: {build}");
    let text = site.log_text("good", 1, "MasterShellCommand", "stdio");
    for line in ["here", "there", &site.path("master").display().to_string(), &"x".repeat(300_000)] {
        assert!(text.contains(line), "{} is missing", line.get(..40).unwrap_or(line));
    }
    let environment = site.log_text("good", 1, "MasterShellCommand_1", "stdio");
    assert!(environment.contains("A=b:c\n") && environment.contains("P=/"), "{environment}");
    assert!(!environment.contains("HOME="), "{environment}");
    for (step, end) in [("bad", "exit status 3"), ("killed", "signal 15"), ("slow", "too long")] {
        let text = site.log_text("good", 1, step, "stdio");
        assert!(text.contains(end), "{step}: {text}");
    }
    assert!(site.log_text("good", 1, "missing", "err.text").contains("no-such-program"));

    site.control("forceschedulers/hanging", "force", json!({}));
    let reader = std::thread::spawn({
        let fifo = site.path("master/alive");
        move || {
            wait_for("the fifo", || fifo.exists().then_some(()));
            std::fs::read(fifo).unwrap()
        }
    });
    wait_for("the output of the command", || {
        site.log_text_if_any("hanging", 1, "hang", "stdio").filter(|text| text.contains("begun"))
    });
    site.control("builders/hanging/builds/1", "stop", json!({}));
    assert_eq!(site.finished_build("hanging", 1)["results"], json!(6));
    assert!(reader.join().unwrap().is_empty());
}
