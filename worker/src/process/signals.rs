//! Signals to whole process groups.

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// The signal of a name without `SIG`; KILL for one that does not exist.
pub fn by_name(name: &str) -> Signal {
    format!("SIG{}", name.trim_start_matches("SIG")).parse().unwrap_or(Signal::SIGKILL)
}

/// Sends a signal to a group; whether there was one.
pub fn send(group: Pid, signal: Signal) -> bool {
    killpg(group, signal).is_ok()
}
