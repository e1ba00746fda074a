//! The configurations that this program writes: for a new master, and for the demo.

/// The text that `create-master` writes as `master.cfg.sample`.
pub fn sample() -> &'static str {
    include_str!("../../config/sample.cfg")
}

/// The configuration of `buildbot demo`; its ports and its repository are to be filled in.
pub fn demo() -> &'static str {
    include_str!("../../config/demo.cfg")
}
