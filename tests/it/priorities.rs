//! Which request is built first.

use buildbot::db::views::builds;
use buildbot::domain::{BuildId, BuildRequestId, Results};
use buildbot::testing::scripted_worker::WorkerScript;

use crate::test_master::{CONFIG, TestMaster, change};

/// A scheduler of changes whose priority is a function.
const WITH_FUNCTION: &str = r#"
def urgent_first(builders, changes):
    newest = changes[''][-1]
    return len(builders) + (10 if newest.branch == "urgent" else -10 if newest['branch'] == "late" else [][1])

c['schedulers'].append(schedulers.AnyBranchScheduler(name="all", builderNames=["b"], priority=urgent_first))
"#;

#[actix::test]
async fn a_function_says_the_priority_and_one_that_fails_leaves_it_at_zero() {
    let master = TestMaster::with(&format!("{CONFIG}{WITH_FUNCTION}")).await;
    for branch in ["urgent", "late", "other"] {
        master.master.handle.add_changes("test", vec![change(branch, "r1")]).await.unwrap();
    }
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let mut priorities = Vec::new();
    for request in [1, 2, 3].map(BuildRequestId) {
        priorities.push(master.request(request).await.priority);
    }
    assert_eq!(priorities, [11, -9, 0]);
    master.finish().await;
}

#[actix::test]
async fn a_request_that_was_given_a_higher_priority_is_built_first() {
    let master = TestMaster::new().await;
    let requests = [master.force().await, master.force().await].map(|forced| forced.requests[0].1);
    let handle = &master.master.handle;
    handle.set_priority(requests[1], 7).await.unwrap();
    assert_eq!(master.request(requests[1]).await.priority, 7);
    let _worker = master.attach(WorkerScript::new("w1")).await;
    for request in requests {
        assert_eq!(master.ended(request).await, Results::Success);
    }
    let ids = [BuildId(1), BuildId(2)];
    let built = master.master.db.read(move |conn| builds::by_ids(conn, &ids)).await.unwrap();
    let built = [BuildId(1), BuildId(2)].map(|id| built.iter().find(|build| build.id == id).unwrap().request_id);
    assert_eq!(built, [requests[1], requests[0]]);
    assert!(handle.set_priority(requests[0], 1).await.is_err(), "it has ended");
    assert!(handle.set_priority(BuildRequestId(99), 1).await.is_err(), "there is none");
    master.finish().await;
}
