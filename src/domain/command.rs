//! Remote commands as everybody above the wire sees them.

use std::time::Duration;

/// How a remote command ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CommandOutcome {
    /// Exit code; -1 if a signal ended it; errno of file commands.
    pub rc: i64,
    /// Kept only if the caller asked for it, at most 1 MiB.
    pub stdout: String,
    /// `timeout`, `timeout_without_output`, `max_lines_failure`.
    pub failure_reason: Option<String>,
    /// Answer of `glob` and `listdir`.
    pub files: Vec<String>,
    /// Answer of `stat`: mode, ino, dev, nlink, uid, gid, size, atime, mtime, ctime.
    pub stat: Vec<i64>,
    pub elapsed: Option<Duration>,
}
