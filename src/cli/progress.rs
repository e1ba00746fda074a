//! What a terminal shows while a command waits: nothing for the first second, then what it waits for and how long.

use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// A wait this short is no wait.
const GRACE: Duration = Duration::from_secs(1);

/// Waits for `done`. If standard error is a terminal and it takes longer, `what` is shown there with the seconds.
pub(super) async fn during<T>(quiet: bool, what: &str, done: impl Future<Output = T>) -> T {
    if quiet || !io::stderr().is_terminal() {
        return done.await;
    }
    let begin = Instant::now();
    let mut every_second = interval_at(begin + GRACE, Duration::from_secs(1));
    every_second.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut is_shown = false;
    tokio::pin!(done);
    loop {
        tokio::select! {
            outcome = &mut done => {
                if is_shown {
                    show("\r\x1b[K");
                }
                return outcome;
            }
            _ = every_second.tick() => {
                is_shown = true;
                show(&format!("\r\x1b[K{what}: {} s", begin.elapsed().as_secs()));
            }
        }
    }
}

fn show(text: &str) {
    let mut terminal = io::stderr();
    // Progress that cannot be shown is no reason to fail.
    let _ = terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
}
