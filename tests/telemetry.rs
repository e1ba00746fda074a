//! The set-up of logging belongs to a whole process, so it has a test binary for itself.

use std::fs;

use buildbot::telemetry::{self, Echo};

#[test]
fn events_and_panics_reach_the_log_of_the_master() {
    let dir = tempfile::tempdir().unwrap();
    telemetry::init(dir.path(), Echo::FileOnly, None).unwrap();
    tracing::info!(builder.name = "runtests", "build started");
    tracing::debug!("chatter");
    let caught = std::panic::catch_unwind(|| panic!("boom"));
    assert!(caught.is_err());

    let log = fs::read_to_string(dir.path().join(telemetry::MASTER_LOG)).unwrap();
    assert!(log.contains("build started builder.name=\"runtests\""), "{log}");
    assert!(log.contains("panic at tests/telemetry.rs:") && log.contains("boom"), "{log}");
    assert!(!log.contains("chatter"), "{log}");
    assert!(!log.contains('\u{1b}'), "{log}");
    assert!(telemetry::take_panic_place().unwrap().starts_with("tests/telemetry.rs:"));
    assert!(telemetry::init(dir.path(), Echo::FileOnly, None).is_err());
}
