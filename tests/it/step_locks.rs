//! Steps that take locks: one at a time, in turn, given back whatever happens.

use std::time::Duration;

use buildbot::db::views::select::Select;
use buildbot::db::views::{builds, steps};
use buildbot::domain::{Build, BuildRequestId, Results, Step};
use buildbot::testing::scripted_worker::{Reply, ScriptedWorker, WorkerScript};
use buildbot_protocol::Request;

use crate::test_master::TestMaster;

/// Two builders on a worker each; what builds take, and what steps take.
struct Site {
    master: TestMaster,
    workers: [ScriptedWorker; 2],
}

/// Builders `x` and `y` with the given arguments and steps.
fn config(definitions: &str, x: [&str; 2], y: [&str; 2]) -> String {
    let builder = |name: &str, worker: &str, [more, steps]: [&str; 2]| {
        format!(
            "util.BuilderConfig(name='{name}', workernames=['{worker}'], factory=util.BuildFactory([{steps}]){more})"
        )
    };
    format!(
        "from buildbot.plugins import *\n\
         c = BuildmasterConfig = {{'title': 'Test', 'titleURL': 'http://localhost/'}}\n\
         c['buildbotURL'] = 'http://localhost/'\n\
         c['workers'] = [worker.Worker('w1', 'secret'), worker.Worker('w2', 'secret')]\n\
         c['protocols'] = {{'msgpack_experimental_v7': {{'port': 9989}}}}\n\
         {definitions}\n\
         c['builders'] = [{}, {}]\n\
         c['schedulers'] = [schedulers.ForceScheduler(name='force', builderNames=['x', 'y'])]\n",
        builder("x", "w1", x),
        builder("y", "w2", y),
    )
}

fn step(name: &str, locks: &str) -> String {
    format!("steps.ShellCommand(name='{name}', command=['{name}'], locks=[{locks}])")
}

impl Site {
    /// Workers that hold their commands.
    async fn new(config: &str) -> Self {
        let master = TestMaster::with(config).await;
        let workers = [master.attach(WorkerScript::new("w1")).await, master.attach(WorkerScript::new("w2")).await];
        workers.iter().for_each(ScriptedWorker::hold);
        Self { master, workers }
    }

    /// Both builders are forced; time passes until nothing moves.
    async fn force(&self) -> [BuildRequestId; 2] {
        let forced = self.master.force().await;
        self.settle().await;
        [forced.requests[0].1, forced.requests[1].1]
    }

    async fn settle(&self) {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }

    async fn steps(&self) -> Vec<Step> {
        self.master.master.db.read(|conn| steps::select(conn, &Select::default())).await.unwrap()
    }

    async fn builds(&self) -> Vec<Build> {
        self.master.master.db.read(|conn| builds::select(conn, &Select::default())).await.unwrap()
    }

    /// Which of the workers was told to run a command, when only one was.
    fn busy(&self) -> usize {
        let is_busy = |worker: &ScriptedWorker| {
            let builds = |request: &Request| matches!(request, Request::StartCommand { builder_name: Some(_), .. });
            worker.heard().iter().any(builds)
        };
        assert_ne!(is_busy(&self.workers[0]), is_busy(&self.workers[1]), "one of them runs a command, and one only");
        usize::from(!is_busy(&self.workers[0]))
    }

    async fn finish(self, requests: [BuildRequestId; 2], results: Results) {
        self.workers.iter().for_each(ScriptedWorker::release);
        for request in requests {
            assert_eq!(self.master.ended(request).await, results);
        }
        self.master.finish().await;
    }
}

const DB: &str = "db = util.MasterLock('db')";
const EXCLUSIVE: &str = "db.access('exclusive')";

#[actix::test]
async fn a_step_waits_for_its_lock_says_so_and_how_long_it_waited_is_told() {
    let work = step("work", EXCLUSIVE);
    let site = Site::new(&config(DB, ["", &work], ["", &work])).await;
    let requests = site.force().await;
    site.busy();
    let steps = site.steps().await;
    let waiting: Vec<&Step> = steps.iter().filter(|step| step.locks_acquired_at.is_none()).collect();
    assert_eq!((steps.len(), waiting.len()), (2, 1));
    assert_eq!(waiting[0].state_string, "waiting for locks: db");
    assert!(waiting[0].started_at.is_some());
    let id = waiting[0].id;
    site.workers.iter().for_each(ScriptedWorker::release);
    site.settle().await;
    let step = site.steps().await.into_iter().find(|step| step.id == id).unwrap();
    let waited = step.locks_acquired_at.unwrap().since(step.started_at.unwrap());
    assert!(Duration::from_secs(59) <= waited, "{waited:?}");
    let build = site.builds().await.into_iter().find(|build| build.id == step.build_id).unwrap();
    assert_eq!(build.locks_duration_s, i64::try_from(waited.as_secs()).unwrap());
    site.finish(requests, Results::Success).await;
}

#[actix::test]
async fn a_step_gives_its_lock_back_while_its_build_goes_on() {
    let steps = [step("locked", EXCLUSIVE), step("free", "")].join(", ");
    let mut site = Site::new(&config(DB, ["", &steps], ["", &steps])).await;
    let requests = site.force().await;
    let first = site.busy();
    let command = site.workers[first].started().await;
    site.workers[first].finish(&command.id, Reply::rc(0));
    let begun = site.workers[1 - first].started().await;
    assert!(format!("{:?}", begun.args).contains("locked"));
    let goes_on = site.workers[first].started().await;
    assert!(format!("{:?}", goes_on.args).contains("free"), "and is held there");
    site.finish(requests, Results::Success).await;
}

#[actix::test]
async fn a_build_that_is_stopped_while_its_step_waits_leaves_the_queue() {
    let work = step("work", EXCLUSIVE);
    let site = Site::new(&config(DB, ["", &work], ["", &work])).await;
    let requests = site.force().await;
    let steps = site.steps().await;
    let waiting = steps.iter().find(|step| step.locks_acquired_at.is_none()).unwrap().build_id;
    site.master.master.handle.stop_build(waiting, "no longer needed".to_owned()).await.unwrap();
    site.settle().await;
    let builds = site.builds().await;
    let stopped = builds.iter().find(|build| build.id == waiting).unwrap();
    assert_eq!(stopped.results, Some(Results::Cancelled));
    site.workers.iter().for_each(ScriptedWorker::release);
    let mut results = Vec::new();
    for request in requests {
        results.push(site.master.ended(request).await);
    }
    results.sort_by_key(|results| results.code());
    assert_eq!(results, [Results::Success, Results::Cancelled]);
    let again = site.force().await;
    site.finish(again, Results::Success).await;
}

#[actix::test]
async fn the_lock_of_a_step_is_free_again_when_its_worker_is_lost() {
    let work = step("work", EXCLUSIVE);
    let mut site = Site::new(&config(DB, ["", &work], ["", &work])).await;
    let requests = site.force().await;
    let first = site.busy();
    site.workers[first].hang_up();
    site.workers[1 - first].started().await;
    let name = ["w1", "w2"][first];
    let worker = site.master.attach(WorkerScript::new(name)).await;
    site.finish(requests, Results::Success).await;
    drop(worker);
}

#[actix::test]
async fn a_step_whose_worker_is_lost_while_it_waits_leaves_the_queue() {
    let work = step("work", EXCLUSIVE);
    let site = Site::new(&config(DB, ["", &work], ["", &work])).await;
    let requests = site.force().await;
    let first = site.busy();
    site.workers[1 - first].hang_up();
    site.settle().await;
    let builds = site.builds().await;
    assert_eq!(builds.iter().filter(|build| build.results == Some(Results::Retry)).count(), 1);
    let worker = site.master.attach(WorkerScript::new(["w2", "w1"][first])).await;
    site.finish(requests, Results::Success).await;
    drop(worker);
}

#[actix::test]
async fn of_two_builds_that_wait_for_each_others_locks_the_younger_gives_way_and_both_succeed() {
    let definitions = "a, b = util.MasterLock('a'), util.MasterLock('b')";
    let (x, y) = (step("x", "b.access('exclusive')"), step("y", "a.access('exclusive')"));
    let first = step("first", "");
    let (x, y) = (format!("{first}, {x}"), format!("{first}, {y}"));
    let (of_x, of_y) = (", locks=[a.access('exclusive')]", ", locks=[b.access('exclusive')]");
    let site = Site::new(&config(definitions, [of_x, &x], [of_y, &y])).await;
    let requests = site.force().await;
    assert_eq!(site.builds().await.len(), 2);
    site.workers.iter().for_each(ScriptedWorker::release);
    site.settle().await;
    let mut builds = site.builds().await;
    builds.sort_by_key(|build| build.id);
    let results: Vec<_> = builds.iter().map(|build| build.results).collect();
    assert_eq!(results, [Some(Results::Success), Some(Results::Retry), Some(Results::Success)]);
    assert!(builds[1].state_string.contains("wait for each other's locks ('a' and 'b')"), "{builds:?}");
    site.finish(requests, Results::Success).await;
}

#[actix::test]
async fn a_lock_of_the_build_is_not_asked_for_again_by_its_step() {
    let work = step("work", "db.access('counting')");
    let locks = ", locks=[db.access('exclusive')]";
    let site = Site::new(&config(DB, [locks, &work], [locks, &work])).await;
    let requests = site.force().await;
    site.finish(requests, Results::Success).await;
}

#[actix::test]
async fn a_lock_that_a_function_names_for_a_request_keeps_its_build_waiting() {
    let definitions = "@util.renderer\n\
                       def common(props):\n    return [util.MasterLock('of-' + props['why']).access('exclusive')]\n";
    let work = step("work", "");
    let more = ", locks=common, properties={'why': 'both'}";
    let site = Site::new(&config(definitions, [more, &work], [more, &work])).await;
    let requests = site.force().await;
    assert_eq!(site.builds().await.len(), 1, "the other request is left waiting");
    site.finish(requests, Results::Success).await;
}

#[actix::test]
async fn a_lock_that_shrinks_and_grows_never_has_two_exclusive_holders() {
    let work = |max: u32| {
        let definitions = format!("db = util.MasterLock('db', maxCount={max})");
        let work = step("work", EXCLUSIVE);
        config(&definitions, ["", &work], ["", &work])
    };
    let site = Site::new(&work(1)).await;
    let requests = site.force().await;
    for max in [5, 1, 3] {
        site.master.reconfigure(&work(max)).await;
        site.settle().await;
        site.busy();
    }
    site.finish(requests, Results::Success).await;
}
