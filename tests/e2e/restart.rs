//! An orderly restart of the master in the middle of a build.

use buildbot::json::json;

use crate::site::{Site, WORKER, wait_for};

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
