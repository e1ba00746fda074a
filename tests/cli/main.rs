//! The program's subcommands from outside, as far as they need no running master.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

mod configurations;
mod help;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn buildbot(arguments: &[&str], base_dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_buildbot")).args(arguments).arg(base_dir).output().expect("the program is built")
}

#[track_caller]
fn expect_failure(output: &Output, complaint: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains(complaint), "{stderr}");
}

#[test]
fn create_master_makes_a_directory_with_a_sample_and_keeps_a_configuration_that_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let base_dir = dir.path().join("deep/master");
    let created = buildbot(&["create-master"], &base_dir);
    assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stderr));
    assert!(String::from_utf8_lossy(&created.stdout).contains("buildbot start"));
    assert!(base_dir.join("master.cfg.sample").is_file());
    assert!(!base_dir.join("master.cfg").exists());

    fs::write(base_dir.join("master.cfg"), "# mine\n").unwrap();
    let again = buildbot(&["create-master", "-q"], &base_dir);
    assert!(again.status.success() && again.stdout.is_empty());
    assert_eq!(fs::read_to_string(base_dir.join("master.cfg")).unwrap(), "# mine\n");
}

#[test]
fn a_directory_without_a_configuration_is_not_started() {
    let dir = tempfile::tempdir().unwrap();
    expect_failure(&buildbot(&["start"], dir.path()), "has no master.cfg");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_master_that_does_not_come_up_shows_what_it_logged_and_leaves_no_pid_file() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("master.cfg"), "this is ( no configuration\n").unwrap();
    // The number of no process: the file of a master that was killed.
    fs::write(dir.path().join("twistd.pid"), i32::MAX.to_string()).unwrap();
    let output = buildbot(&["start"], dir.path());
    expect_failure(&output, "the master did not start");
    expect_failure(&output, "master stopped:");
    assert!(String::from_utf8_lossy(&output.stdout).contains("no master any more"));
    assert!(!dir.path().join("twistd.pid").exists());
}

#[test]
fn in_the_foreground_the_log_goes_to_the_terminal_and_to_the_file() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("master.cfg"), "this is ( no configuration\n").unwrap();
    let output = buildbot(&["start", "--nodaemon"], dir.path());
    expect_failure(&output, "master stopped:");
    let log = fs::read_to_string(dir.path().join("twistd.log")).unwrap();
    assert!(log.contains("master starting") && log.contains("master stopped:"), "{log}");
}

#[test]
fn what_needs_a_master_says_that_none_is_running() {
    let dir = tempfile::tempdir().unwrap();
    expect_failure(&buildbot(&["tail", "hello", "--dir"], dir.path()), "no master is running");
    expect_failure(&buildbot(&["status"], dir.path()), "no master is running");
    expect_failure(&buildbot(&["reconfig"], dir.path()), "no master is running");
    expect_failure(&buildbot(&["sighup"], dir.path()), "no master is running");
}

#[test]
fn a_base_directory_that_does_not_exist_is_named() {
    let dir = tempfile::tempdir().unwrap();
    expect_failure(&buildbot(&["start"], &dir.path().join("nowhere")), "nowhere");
    expect_failure(&buildbot(&["checkconfig"], &dir.path().join("nowhere")), "nowhere");
}

#[test]
fn checkconfig_names_the_file_that_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("master.cfg");
    fs::write(&file, "this is ( no configuration\n").unwrap();
    expect_failure(&buildbot(&["checkconfig"], &file), "master.cfg");
    expect_failure(&buildbot(&["checkconfig"], dir.path()), "master.cfg");
}

#[test]
fn to_stop_a_master_that_does_not_run_is_no_failure() {
    let dir = tempfile::tempdir().unwrap();
    let output = buildbot(&["stop"], dir.path());
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("no master is running in "));
}

#[test]
fn following_a_build_that_cannot_be_seen_ends_with_a_code_that_is_no_result() {
    let dir = tempfile::tempdir().unwrap();
    let output = buildbot(&["tail", "hello", "--follow", "--dir"], dir.path());
    assert_eq!(output.status.code(), Some(69));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("--url") && stderr.contains("no master is running"), "{stderr}");
}

#[test]
fn a_demo_is_not_put_where_something_is() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("mine"), "").unwrap();
    expect_failure(&buildbot(&["demo", "--port=0", "--keep"], dir.path()), "is not empty");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}
