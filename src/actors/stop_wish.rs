//! Whether the master is wanted to end: set by commands, looked at by who starts builds and by who ends the master.

/// How the master is wanted to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopWish {
    #[default]
    None,
    /// Once all builds have ended; no more are started. Can be taken back until then.
    Clean,
    Now,
}
