//! What viewers hear: every committed event in order, and logs that have grown.
//!
//! The one way from the actors to the live pages. It is a channel of its own and not a mailbox, because viewers live on
//! other threads and may be slower than the master: who falls too far behind is told so and begins anew.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::broadcast;

use crate::domain::{Event, LogId, StepId};

/// Groups of events that a viewer may be behind.
const CAPACITY: usize = 4_096;
/// How long a log that was told of stays silent; what it grew by meanwhile is told at the end of it.
const LOG_PAUSE: Duration = Duration::from_millis(100);

/// Cheap to clone, usable from every thread.
#[derive(Clone, Debug)]
pub struct LiveFeed {
    sender: broadcast::Sender<Arc<[Event]>>,
    growing: Arc<Mutex<HashMap<LogId, Growth>>>,
}

/// A log that was told of less than a pause ago.
#[derive(Debug)]
struct Growth {
    /// Lines that nobody has been told of yet.
    untold: Option<i64>,
}

impl LiveFeed {
    pub fn new() -> Self {
        Self { sender: broadcast::Sender::new(CAPACITY), growing: Arc::default() }
    }

    /// Hears what happens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<[Event]>> {
        self.sender.subscribe()
    }

    /// Tells all viewers; nobody need be there.
    pub fn publish(&self, events: Arc<[Event]>) {
        let mut growing = self.growing();
        for event in events.iter() {
            if let Event::LogFinished { log, .. } = event {
                // the end tells the number of lines, and nothing may follow it
                growing.remove(log);
            }
        }
        let _ = self.sender.send(events);
    }

    /// Tells that `n_lines` of a log are stored: at once, or if the log was told of just now, when its pause is over.
    /// Without a runtime around there is no such timer, and every call tells.
    pub fn log_appended(&self, log: LogId, step: StepId, n_lines: i64) {
        let mut growing = self.growing();
        match growing.entry(log) {
            Entry::Occupied(mut growth) => growth.get_mut().untold = Some(n_lines),
            Entry::Vacant(vacant) => {
                self.tell(log, step, n_lines);
                if let Ok(runtime) = Handle::try_current() {
                    vacant.insert(Growth { untold: None });
                    runtime.spawn(self.clone().follow(log, step));
                }
            }
        }
    }

    /// Tells of a growing log after each pause, and forgets it when it has not grown during one.
    async fn follow(self, log: LogId, step: StepId) {
        loop {
            tokio::time::sleep(LOG_PAUSE).await;
            let mut growing = self.growing();
            let Some(growth) = growing.get_mut(&log) else { return };
            match growth.untold.take() {
                Some(n_lines) => self.tell(log, step, n_lines),
                None => {
                    growing.remove(&log);
                    return;
                }
            }
        }
    }

    /// Called with the lock held, so that the counts of a log never go down.
    fn tell(&self, log: LogId, step: StepId, n_lines: i64) {
        let _ = self.sender.send(Arc::new([Event::LogAppended { log, step, n_lines }]));
    }

    fn growing(&self) -> MutexGuard<'_, HashMap<LogId, Growth>> {
        // Each change under the lock is complete in itself.
        self.growing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for LiveFeed {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::broadcast::error::TryRecvError;

    use super::*;

    const LOG: LogId = LogId(7);
    const STEP: StepId = StepId(3);

    /// The numbers of lines that were told; -1 is the end of the log.
    fn told(viewer: &mut broadcast::Receiver<Arc<[Event]>>) -> Vec<i64> {
        let mut told = Vec::new();
        loop {
            match viewer.try_recv() {
                Ok(events) => told.extend(events.iter().map(|event| match event {
                    Event::LogAppended { n_lines, .. } => *n_lines,
                    _ => -1,
                })),
                Err(error) => {
                    assert_eq!(error, TryRecvError::Empty);
                    return told;
                }
            }
        }
    }

    async fn pass(milliseconds: u64) {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_growing_log_is_told_of_ten_times_a_second_and_its_last_line_is_never_lost() {
        let feed = LiveFeed::new();
        let mut viewer = feed.subscribe();
        for n_lines in 1..=1_000 {
            feed.log_appended(LOG, STEP, n_lines);
            pass(1).await;
        }
        let heard = told(&mut viewer);
        assert!((10..=11).contains(&heard.len()), "{heard:?}");
        assert!(heard.is_sorted(), "{heard:?}");
        pass(100).await;
        assert_eq!([heard, told(&mut viewer)].concat().last(), Some(&1_000));
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_after_silence_is_told_at_once_and_one_after_it_within_a_tenth_of_a_second() {
        let feed = LiveFeed::new();
        let mut viewer = feed.subscribe();
        feed.log_appended(LOG, STEP, 1);
        feed.log_appended(LOG, STEP, 2);
        assert_eq!(told(&mut viewer), [1]);
        pass(101).await;
        assert_eq!(told(&mut viewer), [2]);
        pass(1_000).await;
        feed.log_appended(LOG, STEP, 3);
        assert_eq!(told(&mut viewer), [3]);
    }

    #[tokio::test(start_paused = true)]
    async fn logs_pause_each_for_itself() {
        let feed = LiveFeed::new();
        let mut viewer = feed.subscribe();
        feed.log_appended(LOG, STEP, 1);
        feed.log_appended(LogId(8), STEP, 20);
        assert_eq!(told(&mut viewer), [1, 20]);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_follows_the_end_of_a_log() {
        let feed = LiveFeed::new();
        let mut viewer = feed.subscribe();
        feed.log_appended(LOG, STEP, 1);
        feed.log_appended(LOG, STEP, 2);
        feed.publish(Arc::new([Event::LogFinished { log: LOG, step: STEP }]));
        pass(1_000).await;
        assert_eq!(told(&mut viewer), [1, -1]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_log_is_forgotten() {
        let feed = LiveFeed::new();
        feed.log_appended(LOG, STEP, 1);
        feed.log_appended(LOG, STEP, 2);
        pass(101).await;
        assert_eq!(feed.growing().len(), 1);
        pass(101).await;
        assert!(feed.growing().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_viewer_that_is_too_slow_is_told_so() {
        let feed = LiveFeed::new();
        let mut viewer = feed.subscribe();
        for n_lines in 0..=CAPACITY as i64 {
            feed.tell(LOG, STEP, n_lines);
        }
        assert_eq!(viewer.try_recv(), Err(TryRecvError::Lagged(1)));
    }
}
