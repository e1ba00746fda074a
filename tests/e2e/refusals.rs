//! Python workers that are not let in keep trying, and come in when they may.

use buildbot::json::json;

use crate::site::{Site, WORKER, wait_for};

fn configuration(site: &Site, protocol: &str, password: &str) -> String {
    format!(
        r#"
from buildbot.plugins import *

c = BuildmasterConfig = {{}}
c['title'] = "Refusals"
c['titleURL'] = c['buildbotURL'] = "http://127.0.0.1:{http}/"
c['workers'] = [worker.Worker("{WORKER}", "{password}")]
c['protocols'] = {{'{protocol}': {{'port': 'tcp:{worker}:interface=127.0.0.1'}}}}
factory = util.BuildFactory([steps.ShellCommand(command=["true"])])
c['builders'] = [util.BuilderConfig(name="b", workernames=["{WORKER}"], factory=factory)]
c['schedulers'] = [schedulers.ForceScheduler(name="force", builderNames=["b"])]
c['www'] = dict(port='tcp:{http}:interface=127.0.0.1', plugins={{}})
"#,
        http = site.http_port,
        worker = site.worker_port,
    )
}

#[test]
fn a_python_worker_with_a_wrong_password_comes_again_over_perspective_broker() {
    comes_again_after_a_wrong_password("pb");
}

#[test]
fn a_python_worker_with_a_wrong_password_comes_again_over_msgpack() {
    comes_again_after_a_wrong_password("msgpack_experimental_v7");
}

fn comes_again_after_a_wrong_password(protocol: &str) {
    let mut site = Site::new(|site| configuration(site, protocol, "another"));
    site.start_master();
    site.create_python_worker("4.3.0", protocol, "pass");
    site.start_python_worker();
    wait_for("two refusals in the master's log", || {
        (2 <= site.output("master").matches("the password is wrong").count()).then_some(())
    });
    site.reconfigure(&configuration(&site, protocol, "pass"));
    site.wait_for_worker();
}

#[test]
fn a_second_python_worker_of_a_name_waits_until_the_first_one_is_gone_over_perspective_broker() {
    second_waits("pb");
}

#[test]
fn a_second_python_worker_of_a_name_waits_until_the_first_one_is_gone_over_msgpack() {
    second_waits("msgpack_experimental_v7");
}

fn second_waits(protocol: &str) {
    let mut site = Site::new(|site| configuration(site, protocol, "pass"));
    site.start_master();
    site.create_python_worker("4.3.0", protocol, "pass");
    site.start_python_worker();
    site.wait_for_worker();
    let mut second = site.spawn_python_worker("4.3.0");
    wait_for("the refusal in the master's log", || {
        site.output("master").contains("refused a second connection").then_some(())
    });
    site.control("forceschedulers/force", "force", json!({}));
    assert_eq!(site.finished_build("b", 1)["results"], json!(0), "the first one works on");
    site.kill_worker();
    wait_for("the second worker", || (2 <= site.output("master").matches("a worker attached").count()).then_some(()));
    site.control("forceschedulers/force", "force", json!({}));
    assert_eq!(site.finished_build("b", 2)["results"], json!(0));
    second.kill().unwrap();
    second.wait().unwrap();
}
