//! The configuration that a new master begins with.

/// The text that `create-master` writes as `master.cfg.sample`.
pub fn sample() -> &'static str {
    include_str!("../../config/sample.cfg")
}
