//! What a terminal shows while a command waits: nothing for the first second, then what it waits for and how long.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Waits for a message, at most as long as `patience`, in whole seconds.
pub(super) fn receive<T>(what: &str, messages: &Receiver<T>, patience: Duration) -> Result<T, RecvTimeoutError> {
    let is_terminal = io::stderr().is_terminal();
    for seconds in 1..=patience.as_secs().max(1) {
        match messages.recv_timeout(SECOND) {
            Err(RecvTimeoutError::Timeout) if is_terminal => show(&format!("\r\x1b[K{what}: {seconds} s")),
            Err(RecvTimeoutError::Timeout) => (),
            other => {
                if is_terminal && 1 < seconds {
                    show("\r\x1b[K");
                }
                return other;
            }
        }
    }
    if is_terminal {
        show("\r\x1b[K");
    }
    Err(RecvTimeoutError::Timeout)
}

fn show(text: &str) {
    let mut terminal = io::stderr();
    // Progress that cannot be shown is no reason to fail.
    let _ = terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
}
