//! The main job: a commit to a Git repository becomes a build.

use buildbot::json::json;

use crate::site::{Site, WORKER};

const MAKEFILE: &str = "hello: hello.c\n\tcc -Wall -o hello hello.c\n";
const GOOD: &str = "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 0; }\n";
const BROKEN: &str = "#include <stdio.h>\nint main(void) { puts(\"hello\") return 0; }\n";

fn configuration(site: &Site) -> String {
    format!(
        r#"
from buildbot.plugins import *

c = BuildmasterConfig = {{}}
c['title'] = "Hello"
c['titleURL'] = "http://127.0.0.1:{http}/"
c['buildbotURL'] = "http://127.0.0.1:{http}/"
c['workers'] = [worker.Worker("{WORKER}", "pass")]
c['protocols'] = {{'msgpack_experimental_v7': {{'port': 'tcp:{worker}:interface=127.0.0.1'}}}}
c['change_source'] = [changes.GitPoller('file://{repository}', workdir='gitpoller', branch='main', pollInterval=1)]
c['schedulers'] = [
    schedulers.SingleBranchScheduler(name="all", change_filter=util.ChangeFilter(branch='main'),
                                     treeStableTimer=None, builderNames=["hello"]),
    schedulers.ForceScheduler(name="force", builderNames=["hello"]),
]
factory = util.BuildFactory()
factory.addStep(steps.Git(repourl='file://{repository}', mode='incremental'))
factory.addStep(steps.Compile(command=["make"]))
factory.addStep(steps.Test(command=["./hello"]))
c['builders'] = [util.BuilderConfig(name="hello", workernames=["{WORKER}"], factory=factory)]
c['services'] = []
c['www'] = dict(port='tcp:{http}:interface=127.0.0.1', plugins={{}}, change_hook_dialects={{'base': True}})
c['db'] = {{'db_url': 'sqlite:///state.sqlite'}}
"#,
        http = site.http_port,
        worker = site.worker_port,
        repository = site.repository().display(),
    )
}

#[test]
fn a_commit_is_built_a_breaking_one_fails_with_the_compilers_message_and_a_forced_one_runs() {
    let mut site = Site::new(configuration);
    site.commit("Makefile", MAKEFILE, "how to build");
    site.commit("hello.c", GOOD, "a program");
    site.start_master();
    site.start_worker();
    site.wait_for_worker();
    site.wait_for_first_poll();

    let revision = site.commit("hello.c", &GOOD.replace("hello\"", "good\""), "a better greeting");
    let green = site.finished_build("hello", 1);
    assert_eq!(green["results"], json!(0), "{green}");
    assert_eq!(green["properties"]["got_revision"][0], json!(revision));
    assert!(site.log_text("hello", 1, "test", "stdio").contains("good\n"));

    site.commit("hello.c", BROKEN, "break it");
    let red = site.finished_build("hello", 2);
    assert_eq!(red["results"], json!(2), "{red}");
    assert!(site.log_text("hello", 2, "compile", "stdio").contains("error:"));

    site.control("forceschedulers/force", "force", json!({"reason": "once more"}));
    let forced = site.finished_build("hello", 3);
    assert_eq!(forced["results"], json!(2), "the tree is still broken");

    let pages = [
        ("", "hello"),
        ("builders", "hello"),
        ("builders/hello", "force"),
        ("builders/hello/builds/1", "got_revision"),
        ("builders/hello/builds/2/steps/compile/logs/stdio", "error:"),
        ("waterfall", "hello"),
        ("workers", WORKER),
        ("changes", "break it"),
    ];
    for (page, expected) in pages {
        assert!(site.get_text(page).contains(expected), "/{page} does not show {expected:?}");
    }
}

#[test]
fn an_unmodified_python_worker_runs_the_same_builds() {
    builds_of_a_python_worker("msgpack_experimental_v7");
}

#[test]
fn an_unmodified_python_worker_runs_the_same_builds_over_perspective_broker() {
    builds_of_a_python_worker("pb");
}

fn builds_of_a_python_worker(protocol: &str) {
    let mut site = Site::new(|site| configuration(site).replace("msgpack_experimental_v7", protocol));
    site.commit("Makefile", MAKEFILE, "how to build");
    site.commit("hello.c", GOOD, "a program");
    site.start_master();
    site.create_python_worker("4.3.0", protocol, "pass");
    site.start_python_worker();
    site.wait_for_worker();
    site.wait_for_first_poll();
    assert_eq!(site.get("api/v2/workers")["workers"][0]["workerinfo"]["version"], json!("4.3.0"));

    let revision = site.commit("hello.c", &GOOD.replace("hello\"", "good\""), "a better greeting");
    let green = site.finished_build("hello", 1);
    assert_eq!(green["results"], json!(0), "{green}");
    assert_eq!(green["properties"]["got_revision"][0], json!(revision));
    assert!(site.log_text("hello", 1, "test", "stdio").contains("good\n"));

    site.commit("hello.c", BROKEN, "break it");
    assert_eq!(site.finished_build("hello", 2)["results"], json!(2));
    assert!(site.log_text("hello", 2, "compile", "stdio").contains("error:"));
}
