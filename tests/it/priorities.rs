//! Which request is built first.

use buildbot::db::views::builds;
use buildbot::domain::{BuildId, BuildRequestId, Results};
use buildbot::testing::scripted_worker::WorkerScript;

use crate::test_master::TestMaster;

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
