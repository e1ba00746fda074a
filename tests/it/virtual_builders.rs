//! Builds that are shown at another builder than the one that builds them.

use buildbot::db::views::keys::BuilderKey;
use buildbot::db::views::select::Select;
use buildbot::db::views::{builders, builds, learned, properties};
use buildbot::domain::{Build, Builder, Results};
use buildbot::testing::scripted_worker::WorkerScript;

use crate::test_master::{CONFIG, TestMaster};

/// The usual configuration, whose builder belongs to a project and has these properties.
fn config(properties: &str) -> String {
    let builder = format!("collapseRequests=False, project='shop', tags=['t'], properties={properties}");
    CONFIG
        .replace("collapseRequests=False", &builder)
        .replace("c['services'] = []", "c['projects'] = [util.Project('shop')]")
}

const VIRTUAL: &str = "{'virtual_builder_name': 'b of main'}";

async fn all(master: &TestMaster) -> Vec<Build> {
    master.master.db.read(|conn| builds::select(conn, &Select::default())).await.unwrap()
}

async fn builder(master: &TestMaster, name: &str) -> Builder {
    let key = BuilderKey::Name(name.to_owned());
    master.master.db.read(move |conn| builders::find(conn, &key)).await.unwrap().unwrap()
}

#[actix::test]
async fn a_build_is_shown_where_its_properties_say_and_its_request_is_not() {
    let master = TestMaster::with(&config(VIRTUAL)).await;
    let _worker = master.attach(WorkerScript::new("w1")).await;
    let request = master.force().await.requests[0].1;
    assert_eq!(master.ended(request).await, Results::Success);
    let (base, shown_at) = (builder(&master, "b").await, builder(&master, "b of main").await);
    assert_eq!((shown_at.base, shown_at.project, shown_at.active), (Some(base.id), base.project, true));
    assert_eq!(shown_at.tags, ["t", "_virtual_"]);
    let build = all(&master).await.remove(0);
    assert_eq!((build.builder_id, build.number), (shown_at.id, 1));
    assert_eq!(master.request(request).await.builder_id, base.id);
    let found = master.master.db.read(move |conn| properties::of_build(conn, build.id)).await.unwrap();
    assert_eq!(found.get("buildername"), Some(&"b".into()), "who builds is told as ever");
    assert_eq!(found.get("projectname"), Some(&"shop".into()));
    assert_eq!(found.get("projectid"), Some(&base.project.unwrap().0.into()));
    master.finish().await;
}

#[actix::test]
async fn a_build_that_is_shown_elsewhere_is_stopped_and_built_again_as_any_other() {
    let master = TestMaster::with(&config(VIRTUAL)).await;
    let mut worker = master.attach(WorkerScript::new("w1")).await;
    worker.hold();
    let request = master.force().await.requests[0].1;
    worker.started().await;
    let build = all(&master).await.remove(0).id;
    master.master.handle.stop_build(build, "no longer needed".to_owned()).await.unwrap();
    worker.release();
    assert_eq!(master.ended(request).await, Results::Cancelled);
    let again = master.master.handle.rebuild(build).await.unwrap();
    assert_eq!(again.requests[0].0, builder(&master, "b").await.id, "whoever built it builds it again");
    assert_eq!(master.ended(again.requests[0].1).await, Results::Success);
    let numbers: Vec<i64> = all(&master).await.iter().map(|build| build.number).collect();
    assert_eq!(numbers, [1, 2]);
    master.finish().await;
}

#[actix::test]
async fn a_build_that_is_shown_elsewhere_outlives_a_restart_and_a_lost_worker() {
    let master = TestMaster::with(&config(VIRTUAL)).await;
    let mut worker = master.attach(WorkerScript::new("w1")).await;
    worker.hold();
    let request = master.force().await.requests[0].1;
    worker.started().await;
    let master = master.restart().await;
    let mut worker = master.attach(WorkerScript::new("w1")).await;
    worker.hold();
    worker.started().await;
    worker.hang_up();
    let worker = master.attach(WorkerScript::new("w2")).await;
    assert_eq!(master.ended(request).await, Results::Success);
    let ends: Vec<Option<Results>> = all(&master).await.iter().map(|build| build.results).collect();
    assert_eq!(ends, [Some(Results::Retry), Some(Results::Retry), Some(Results::Success)]);
    drop(worker);
    master.finish().await;
}

#[actix::test]
async fn each_virtual_builder_learns_how_long_its_own_builds_take() {
    let master = TestMaster::with(&config(VIRTUAL)).await;
    let _worker = master.attach(WorkerScript::new("w1")).await;
    let request = master.force().await.requests[0].1;
    assert_eq!(master.ended(request).await, Results::Success);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let ids = [builder(&master, "b").await.id, builder(&master, "b of main").await.id];
    let known = master.master.db.read(move |conn| learned::of_builders(conn, &ids)).await.unwrap();
    assert_eq!(known.keys().copied().collect::<Vec<_>>(), [ids[1]]);
    master.finish().await;
}
