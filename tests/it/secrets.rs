//! Secrets of builds: when they are asked for, and what becomes of a build that does not get one.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use buildbot::domain::Results;
use buildbot::testing::scripted_worker::Reply;
use buildbot_protocol::Value;

use crate::test_master::TestMaster;
use crate::transfers::{config, script};

const TWO_STEPS: &str = "steps.ShellCommand(command=['echo', util.Secret('token')]), \
                         steps.ShellCommand(command=['echo', util.Interpolate('%(secret:token)s')])";

async fn master(steps: &str) -> TestMaster {
    let text = format!("{}c['secretsProviders'] = [secrets.SecretInAFile('.', suffixes=['.secret'])]\n", config(steps));
    TestMaster::with(&text).await
}

fn put(master: &TestMaster, text: &str) {
    let path = master.path("token.secret");
    fs::write(&path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[actix::test]
async fn a_build_asks_for_a_secret_once_and_the_next_build_asks_again() {
    let master = master(TWO_STEPS).await;
    let mut worker = master.attach(script()).await;
    worker.hold();
    put(&master, "first");
    let mut seen = Vec::new();
    for _ in 0..2 {
        let request = master.force().await.requests[0].1;
        for _ in 0..2 {
            let command = worker.started().await;
            seen.push(command.args.get("command").cloned().unwrap());
            put(&master, "second");
            worker.finish(&command.id, Reply::rc(0));
        }
        assert_eq!(master.ended(request).await, Results::Success);
    }
    let command = |secret: &str| Value::Array(vec!["echo".into(), secret.into()]);
    assert_eq!(seen, [command("first"), command("first"), command("second"), command("second")]);
    master.finish().await;
}

#[actix::test]
async fn a_step_without_its_secret_ends_in_an_exception() {
    let master = master(TWO_STEPS).await;
    let _worker = master.attach(script()).await;
    let request = master.force().await.requests[0].1;
    assert_eq!(master.ended(request).await, Results::Exception);
    put(&master, "there");
    let request = master.force().await.requests[0].1;
    assert_eq!(master.ended(request).await, Results::Success);
    master.finish().await;
}

#[actix::test]
async fn other_providers_are_in_force_after_a_reload() {
    let master = master(TWO_STEPS).await;
    let _worker = master.attach(script()).await;
    put(&master, "there");
    master.reconfigure(&config(TWO_STEPS)).await;
    let request = master.force().await.requests[0].1;
    assert_eq!(master.ended(request).await, Results::Exception, "there is no provider any more");
    master.finish().await;
}
