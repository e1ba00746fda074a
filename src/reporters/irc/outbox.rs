//! Flood control: lines wait until the server has had time for those before them.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Lines that may go at once after a silence.
const BURST: u32 = 5;
/// For each further line.
const EVERY: Duration = Duration::from_millis(1_000);
/// Lines that wait; what is said besides is lost.
const MOST: usize = 300;

/// Lines that are to be sent.
#[derive(Debug)]
pub struct Outbox {
    waiting: VecDeque<String>,
    /// When all that was sent would have been sent without bursts.
    even: Instant,
}

/// What may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    Now(String),
    At(Instant),
    Nothing,
}

impl Outbox {
    pub fn new(now: Instant) -> Self {
        Self { waiting: VecDeque::new(), even: now }
    }

    /// Whether there was room for the line.
    pub fn push(&mut self, line: String) -> bool {
        let has_room = self.waiting.len() < MOST;
        if has_room {
            self.waiting.push_back(line);
        }
        has_room
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The line that may be sent now, or when one may.
    pub fn next(&mut self, now: Instant) -> Next {
        if self.waiting.is_empty() {
            return Next::Nothing;
        }
        let even = self.even.max(now);
        let allowed = now + EVERY.saturating_mul(BURST.saturating_sub(1));
        if allowed < even {
            return Next::At(now + even.duration_since(allowed));
        }
        self.even = even + EVERY;
        self.waiting.pop_front().map_or(Next::Nothing, Next::Now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_lines_go_at_once_and_the_rest_one_a_second() {
        let begin = Instant::now();
        let mut outbox = Outbox::new(begin);
        (0..8).for_each(|n| assert!(outbox.push(n.to_string())));
        for n in 0..5 {
            assert_eq!(outbox.next(begin), Next::Now(n.to_string()));
        }
        assert_eq!(outbox.next(begin), Next::At(begin + EVERY));
        assert_eq!(outbox.next(begin + EVERY), Next::Now("5".to_owned()));
        assert_eq!(outbox.next(begin + EVERY), Next::At(begin + 2 * EVERY));
        assert_eq!(outbox.next(begin + 4 * EVERY), Next::Now("6".to_owned()));
        assert_eq!(outbox.next(begin + 4 * EVERY), Next::Now("7".to_owned()));
        assert_eq!(outbox.next(begin + 4 * EVERY), Next::Nothing);
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let mut outbox = Outbox::new(Instant::now());
        let n_taken = (0..1000).filter(|n| outbox.push(n.to_string())).count();
        assert_eq!((n_taken, outbox.len()), (MOST, MOST));
    }
}
