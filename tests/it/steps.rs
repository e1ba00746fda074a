//! Steps that are functions, steps that are added, and logs that are added late, in whole builds.

use std::time::Duration;

use buildbot::db::views::build_data::{self, BuildDatum};
use buildbot::db::views::{Connection, logs, steps};
use buildbot::domain::{BuildId, Results, Step};
use buildbot::testing::scripted_worker::{Reply, WorkerScript, stdout};
use buildbot_protocol::{Lines, Update};

use crate::test_master::TestMaster;

/// One builder whose factory `f` these lines fill.
fn config(steps: &str) -> String {
    format!(
        r#"
from buildbot.plugins import *
c = BuildmasterConfig = {{}}
c['title'] = "Test"
c['titleURL'] = c['buildbotURL'] = "http://localhost/"
c['workers'] = [worker.Worker("w1", "secret")]
c['protocols'] = {{'msgpack_experimental_v7': {{'port': 9989}}}}
c['services'] = []
f = util.BuildFactory()
{steps}
c['builders'] = [util.BuilderConfig(name="b", workernames=["w1"], factory=f)]
c['schedulers'] = [schedulers.ForceScheduler(name="force", builderNames=["b"])]
"#
    )
}

/// The steps of the first build, in order.
async fn steps_of(master: &TestMaster) -> Vec<Step> {
    master.master.db.read(|conn| steps::of_builds(conn, &[1])).await.unwrap()
}

async fn ends(master: &TestMaster) -> Vec<(String, Option<Results>)> {
    steps_of(master).await.into_iter().map(|step| (step.name, step.results)).collect()
}

/// Names of the logs of a step.
async fn logs_of(master: &TestMaster, step: &Step) -> Vec<String> {
    let id = step.id.0;
    let logs = master.master.db.read(move |conn| logs::of_steps(conn, &[id])).await.unwrap();
    assert!(logs.iter().all(|log| log.complete));
    logs.into_iter().map(|log| log.name).collect()
}

const GENERATE: &str = "
def generate(ctx):
    names = ctx.run('list').stdout.split()
    ctx.add_steps([steps.ShellCommand(name=name, command='make ' + name, haltOnFailure=True) for name in names])
    ctx.build.addStepsAfterLastStep([steps.ShellCommand(name='last', command='last', alwaysRun=True)])
f.addStep(generate)
f.addStep(steps.ShellCommand(name='clean', command='clean'))
";

#[actix::test]
async fn steps_that_a_step_adds_run_in_order_and_are_steps_like_others() {
    let master = TestMaster::with(&config(GENERATE)).await;
    let script = WorkerScript::new("w1").reply("list", Reply::stdout("a b\n", 0));
    let _worker = master.attach(script).await;
    let forced = master.force().await;
    assert_eq!(master.ended(forced.requests[0].1).await, Results::Success);
    let names: Vec<(i32, String)> = steps_of(&master).await.into_iter().map(|step| (step.number, step.name)).collect();
    let expected = [(0, "generate"), (1, "a"), (2, "b"), (3, "clean"), (4, "last")];
    assert_eq!(names, expected.map(|(number, name)| (number, name.to_owned())));
    master.finish().await;
}

#[actix::test]
async fn an_added_step_that_fails_ends_the_build_as_its_flags_say() {
    let master = TestMaster::with(&config(GENERATE)).await;
    let script = WorkerScript::new("w1").reply("list", Reply::stdout("a b\n", 0)).reply("make a", Reply::rc(1));
    let _worker = master.attach(script).await;
    let forced = master.force().await;
    assert_eq!(master.ended(forced.requests[0].1).await, Results::Failure);
    let (good, bad) = (Some(Results::Success), Some(Results::Failure));
    let expected = [("generate", good), ("a", bad), ("last", good)];
    assert_eq!(ends(&master).await, expected.map(|(name, results)| (name.to_owned(), results)));
    master.finish().await;
}

#[actix::test]
async fn a_function_waits_for_its_command_as_long_as_that_takes_and_a_stop_ends_both() {
    let function = "
def work(ctx):
    ctx.run('first')
    ctx.sleep(3600)
    ctx.run('second')
    ctx.run('never')
f.addStep(work)
f.addStep(steps.ShellCommand(name='always', command='always', alwaysRun=True))
";
    let master = TestMaster::with(&config(function)).await;
    let mut worker = master.attach(WorkerScript::new("w1")).await;
    let forced = master.force().await;
    worker.started().await;
    worker.hold();
    worker.started().await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    let [step] = steps_of(&master).await.try_into().unwrap();
    assert_eq!(step.results, None, "it waits for its second command");
    worker.release();
    worker.hold();
    worker.started().await;
    master.master.handle.stop_build(BuildId(1), "enough".to_owned()).await.unwrap();
    // The stop has arrived when this second is over.
    tokio::time::sleep(Duration::from_secs(1)).await;
    worker.release();
    assert_eq!(master.ended(forced.requests[0].1).await, Results::Cancelled);
    let expected = [("work", Some(Results::Cancelled)), ("always", Some(Results::Success))];
    assert_eq!(ends(&master).await, expected.map(|(name, results)| (name.to_owned(), results)));
    master.finish().await;
}

#[actix::test]
async fn a_worker_that_is_lost_ends_a_function_and_the_build_is_tried_again() {
    let master = TestMaster::with(&config("f.addStep(lambda ctx: ctx.run('make'))\n")).await;
    let mut worker = master.attach(WorkerScript::new("w1")).await;
    worker.hold();
    let forced = master.force().await;
    worker.started().await;
    drop(worker);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let _worker = master.attach(WorkerScript::new("w1")).await;
    assert_eq!(master.ended(forced.requests[0].1).await, Results::Success);
    assert_eq!(ends(&master).await, [("lambda".to_owned(), Some(Results::Retry))]);
    master.finish().await;
}

#[actix::test]
async fn an_error_of_a_function_is_in_a_log_of_its_step() {
    let function = "
def broken(ctx):
    ctx.set_state('looking')
    return [][1]
f.addStep(broken)
";
    let master = TestMaster::with(&config(function)).await;
    let _worker = master.attach(WorkerScript::new("w1")).await;
    let forced = master.force().await;
    assert_eq!(master.ended(forced.requests[0].1).await, Results::Exception);
    let [step] = steps_of(&master).await.try_into().unwrap();
    assert_eq!(logs_of(&master, &step).await, ["err.text"]);
    master.finish().await;
}

#[actix::test]
async fn more_functions_than_threads_all_come_to_their_end() {
    let many = "f.addSteps([steps.FunctionStep(lambda ctx: ctx.run('make'), name=str(n)) for n in range(20)])\n";
    let master = TestMaster::with(&config(many)).await;
    let _worker = master.attach(WorkerScript::new("w1")).await;
    let forced = master.force().await;
    assert_eq!(master.ended(forced.requests[0].1).await, Results::Success);
    assert_eq!(steps_of(&master).await.len(), 20);
    master.finish().await;
}

#[actix::test]
async fn a_lazy_log_is_added_only_if_something_is_written_to_it() {
    let step = |name: &str, lazy: &str| {
        format!(
            "f.addStep(steps.ShellCommand(name='{name}', command='{name}', logfiles={{'used': 'u', 'unused': 'n'}}{lazy}))\n"
        )
    };
    let steps = format!("{}{}", step("lazily", ", lazylogfiles=True"), step("at once", ""));
    let master = TestMaster::with(&config(&steps)).await;
    let lines = Lines { text: "x\ny\n".to_owned(), times: vec![0.0; 2] };
    let printed = Update::Log { name: "used".to_owned(), lines };
    let reply = Reply { updates: vec![stdout("out\n"), printed], ..Reply::rc(0) };
    let _worker = master.attach(WorkerScript::new("w1").reply("lazily", reply)).await;
    let forced = master.force().await;
    assert_eq!(master.ended(forced.requests[0].1).await, Results::Success);
    let [lazily, at_once] = steps_of(&master).await.try_into().unwrap();
    assert_eq!(logs_of(&master, &lazily).await, ["stdio", "used"]);
    assert_eq!(logs_of(&master, &at_once).await, ["stdio", "used", "unused"]);
    master.finish().await;
}

#[actix::test]
async fn a_property_of_a_command_is_there_for_the_next_step() {
    let steps = "
f.addStep(steps.SetPropertyFromCommand(command='uname', property='os'))
f.addStep(steps.SetProperty(property='greeting', value=util.Interpolate('hello %(prop:os)s')))
f.addStep(steps.Assert(util.Property('greeting')))
f.addStep(steps.LogRenderable(util.Property('greeting')))
";
    let master = TestMaster::with(&config(steps)).await;
    let _worker = master.attach(WorkerScript::new("w1").reply("uname", Reply::stdout("Linux\n", 0))).await;
    let forced = master.force().await;
    assert_eq!(master.ended(forced.requests[0].1).await, Results::Success);
    let states: Vec<String> = steps_of(&master).await.into_iter().map(|step| step.state_string).collect();
    assert_eq!(states, ["property 'os' set", "Set", "checked 'hello Linux'", "Logged"]);
    master.finish().await;
}

#[actix::test]
async fn a_function_leaves_data_with_its_build() {
    let function = "
def work(ctx):
    ctx.setBuildData('sizes', 'old')
    ctx.setBuildData('sizes', '{}', source='here')
f.addStep(work)
";
    let master = TestMaster::with(&config(function)).await;
    let _worker = master.attach(WorkerScript::new("w1")).await;
    let forced = master.force().await;
    assert_eq!(master.ended(forced.requests[0].1).await, Results::Success);
    let read = |conn: &mut Connection| {
        Ok((build_data::of_build(conn, BuildId(1))?, build_data::value(conn, BuildId(1), "sizes")?))
    };
    let (data, value) = master.master.db.read(read).await.unwrap();
    let expected = BuildDatum { name: "sizes".to_owned(), length: 2, source: "here".to_owned() };
    assert_eq!((data, value), (vec![expected], Some(b"{}".to_vec())));
    master.finish().await;
}
