//! Stops a command of a build that goes away.

use crate::wire::WorkerLink;

/// A build that dies must not leave its command running.
pub(super) struct StopIfDropped<'a> {
    pub(super) link: &'a WorkerLink,
    /// `None` once the command has ended.
    pub(super) command_id: Option<&'a str>,
}

impl Drop for StopIfDropped<'_> {
    fn drop(&mut self) {
        if let Some(command_id) = self.command_id {
            self.link.interrupt(command_id, "the build is gone");
        }
    }
}
