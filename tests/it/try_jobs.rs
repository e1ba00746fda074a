//! Jobs that are put into a directory.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use buildbot::db::views::buildsets;
use buildbot::domain::{BuildsetId, Results};
use buildbot::testing::scripted_worker::WorkerScript;

use crate::test_master::{CONFIG, TestMaster};

/// The configuration with a directory of jobs.
fn config() -> String {
    let jobdir = "schedulers.Try_Jobdir('try', ['b'], jobdir='jobs')";
    CONFIG.replace(
        "schedulers.ForceScheduler(name=\"force\"",
        &format!("{jobdir}, schedulers.ForceScheduler(name=\"force\""),
    )
}

fn netstrings(strings: &[&str]) -> String {
    strings.iter().map(|string| format!("{}:{string},", string.len())).collect()
}

fn job(id: &str, builder: &str) -> String {
    netstrings(&["3", id, "main", "abc", "1", "--- a/f", "git://r", "", "Joe", builder])
}

/// Delivers as `buildbot tryserver` does.
fn deliver(master: &TestMaster, name: &str, job: &str) {
    let [unfinished, new] = ["tmp", "new"].map(|part| master.path("jobs").join(part).join(name));
    fs::write(&unfinished, job).unwrap();
    fs::rename(unfinished, new).unwrap();
}

fn names(directory: PathBuf) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

/// Virtual time passes until the condition holds; the limit is an hour.
async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..3600 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("{what} did not happen");
}

/// What the buildsets are called by those who sent them, and their reasons.
async fn buildsets(master: &TestMaster) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for id in 1.. {
        let read = master.master.db.read(move |conn| buildsets::find(conn, BuildsetId(id))).await.unwrap();
        let Some(buildset) = read else { break };
        found.push((buildset.external_id.unwrap_or_default(), buildset.reason));
    }
    found
}

#[actix::test]
async fn a_job_becomes_one_buildset_and_its_file_is_moved() {
    let master = TestMaster::with(&config()).await;
    until("the directory", || master.path("jobs/cur").exists()).await;
    deliver(&master, "1", &job("first", "b"));
    deliver(&master, "2", "rubbish");
    deliver(&master, "3", &job("second", "a builder that it may not have"));
    until("the move", || names(master.path("jobs/cur")).len() == 3).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(buildsets(&master).await, [("first".to_owned(), "'try' job by user Joe".to_owned())]);
    assert_eq!(names(master.path("jobs/new")), Vec::<String>::new());

    let worker = master.attach(WorkerScript::new("w1")).await;
    assert_eq!(master.ended(buildbot::domain::BuildRequestId(1)).await, Results::Success);
    drop(worker);
    master.finish().await;
}

#[actix::test]
async fn a_job_that_was_stored_and_not_moved_is_not_stored_again() {
    let master = TestMaster::with(&config()).await;
    until("the directory", || master.path("jobs/cur").exists()).await;
    // A file cannot be moved over a directory: as if the master had died in between.
    fs::create_dir(master.path("jobs/cur/1")).unwrap();
    deliver(&master, "1", &job("first", "b"));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((buildsets(&master).await.len(), names(master.path("jobs/new"))), (1, vec!["1".to_owned()]));

    let master = master.restart().await;
    deliver(&master, "2", &job("second", "b"));
    until("the move", || names(master.path("jobs/new")) == ["1"]).await;
    fs::remove_dir(master.path("jobs/cur/1")).unwrap();
    until("the move", || names(master.path("jobs/new")).is_empty()).await;
    let ids: Vec<String> = buildsets(&master).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["first", "second"]);
    master.finish().await;
}

#[actix::test]
async fn another_job_under_an_old_name_is_another_job() {
    let master = TestMaster::with(&config()).await;
    until("the directory", || master.path("jobs/cur").exists()).await;
    for id in ["first", "second", "second"] {
        deliver(&master, "1", &job(id, "b"));
        until("the move", || names(master.path("jobs/new")).is_empty()).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    let ids: Vec<String> = buildsets(&master).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["first", "second", "second"]);
    master.finish().await;
}
