//! An orderly restart of the master in the middle of a build, and an end that waits for builds.

use std::process::Command;

use buildbot::json::json;

use crate::site::{Site, WORKER, program, run, wait_for};

fn configuration(site: &Site) -> String {
    format!(
        r#"
from buildbot.plugins import *

c = BuildmasterConfig = {{}}
c['title'] = "Restart"
c['titleURL'] = c['buildbotURL'] = "http://127.0.0.1:{http}/"
c['workers'] = [worker.Worker("{WORKER}", "pass")]
c['protocols'] = {{'pb': {{'port': 'tcp:{worker}:interface=127.0.0.1'}}}}
c['schedulers'] = [schedulers.ForceScheduler(name="force", builderNames=["slow"])]
factory = util.BuildFactory([steps.ShellCommand(command=["sh", "-c", "echo begin; until [ -e {go} ]; do sleep 0.1; done"])])
c['builders'] = [util.BuilderConfig(name="slow", workernames=["{WORKER}"], factory=factory)]
c['www'] = dict(port='tcp:{http}:interface=127.0.0.1', plugins={{}})
"#,
        http = site.http_port,
        worker = site.worker_port,
        go = site.path("go").display(),
    )
}

#[test]
fn a_restarted_master_builds_again_what_was_running_and_counts_no_loss() {
    let mut site = Site::new(configuration);
    site.start_master();
    site.start_worker();
    site.wait_for_worker();
    site.control("forceschedulers/force", "force", json!({"reason": "a restart is coming"}));
    wait_for("the command's first line", || {
        site.log_text_if_any("slow", 1, "0", "stdio").filter(|text| text.contains("begin"))
    });

    site.stop_master();
    std::fs::write(site.path("go"), "").unwrap();
    site.start_master();
    assert_eq!(site.finished_build("slow", 1)["results"], json!(5), "the first build is to be tried again");
    assert_eq!(site.finished_build("slow", 2)["results"], json!(0));
    let losses = site.query("state.sqlite", "SELECT CAST(worker_losses AS TEXT) AS value FROM build_requests");
    assert_eq!(losses, ["0"]);
}

#[test]
fn an_end_that_waits_for_a_build_can_be_taken_back_until_then() {
    let mut site = Site::new(configuration);
    let say = |site: &Site, order: &str| {
        run(Command::new(program("buildbot"))
            .args(["shell", "--dir"])
            .arg(site.path("master"))
            .args(["shutdown", order]))
    };
    let begun = |site: &Site, number: i64| {
        wait_for("the command's first line", || {
            site.log_text_if_any("slow", number, "0", "stdio").filter(|text| text.contains("begin"))
        });
    };
    site.start_master();
    site.start_worker();
    site.wait_for_worker();
    let force = |site: &Site| site.control("forceschedulers/force", "force", json!({}));
    force(&site);
    begun(&site, 1);
    assert!(say(&site, "start").contains("no more builds"));
    force(&site);
    assert!(say(&site, "check").contains("once its builds have ended"));
    assert!(say(&site, "stop").contains("goes on"));
    std::fs::write(site.path("go"), "").unwrap();
    assert_eq!(site.finished_build("slow", 1)["results"], json!(0));
    assert_eq!(site.finished_build("slow", 2)["results"], json!(0));

    std::fs::remove_file(site.path("go")).unwrap();
    force(&site);
    begun(&site, 3);
    say(&site, "start");
    force(&site);
    std::fs::write(site.path("go"), "").unwrap();
    site.wait_for_masters_end();
    let builds = site.query("state.sqlite", "SELECT number || ' ' || results AS value FROM builds");
    assert_eq!(builds, ["1 0", "2 0", "3 0"], "the fourth is left for the next start");
}
