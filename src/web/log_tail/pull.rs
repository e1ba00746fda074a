//! What a client of a tail has asked for and has not been sent yet. Pure.

/// Most lines that a client may grant ahead.
const MOST_CREDIT: i64 = 10_000_000;

/// The place of one client in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pull {
    next: i64,
    credit: i64,
    newest: Option<i64>,
}

impl Pull {
    pub fn new(from: i64, newest: Option<i64>, grant: i64) -> Self {
        let mut pull = Self { next: from.max(0), credit: 0, newest: None };
        pull.grant(grant);
        pull.set_newest(newest);
        pull
    }

    /// The client takes so many lines more.
    pub fn grant(&mut self, n_lines: i64) {
        self.credit = self.credit.saturating_add(n_lines.max(0)).min(MOST_CREDIT);
    }

    pub fn set_newest(&mut self, newest: Option<i64>) {
        self.newest = newest.map(|newest| newest.max(1));
    }

    pub fn go_to(&mut self, line: i64) {
        self.next = line.max(0);
    }

    /// The line to send next, if there is one that the client takes.
    pub fn wants(&mut self, n_lines: i64) -> Option<i64> {
        if let Some(newest) = self.newest {
            self.next = self.next.max(n_lines.saturating_sub(newest));
        }
        (0 < self.credit && self.next < n_lines).then_some(self.next)
    }

    /// Lines that may be sent at once.
    pub fn credit(&self) -> i64 {
        self.credit
    }

    /// Lines were sent. A piece is sent whole: it may begin before what was wanted, and go beyond what was granted;
    /// what is too much counts against the next grant.
    pub fn sent(&mut self, first: i64, n_lines: i64) {
        let end = first.saturating_add(n_lines);
        self.credit = self.credit.saturating_sub(end.saturating_sub(self.next).max(0));
        self.next = self.next.max(end);
    }

    /// Whether everything up to the end was sent.
    pub fn is_at(&self, n_lines: i64) -> bool {
        n_lines <= self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_sent_without_credit() {
        let mut pull = Pull::new(0, None, 0);
        assert_eq!(pull.wants(10), None);
        pull.grant(5);
        assert_eq!(pull.wants(10), Some(0));
        pull.sent(0, 5);
        assert_eq!(pull.wants(10), None);
    }

    #[test]
    fn a_piece_that_is_too_long_counts_against_the_next_grant() {
        let mut pull = Pull::new(3, None, 2);
        pull.sent(0, 10);
        pull.grant(5);
        assert_eq!(pull.wants(20), None);
        pull.grant(1);
        assert_eq!(pull.wants(20), Some(10));
    }

    #[test]
    fn who_wants_the_newest_skips_what_is_older() {
        let mut pull = Pull::new(0, Some(100), 1);
        assert_eq!(pull.wants(50), Some(0));
        assert_eq!(pull.wants(1_000), Some(900));
    }

    #[test]
    fn no_number_of_a_client_is_too_large_or_too_small() {
        let mut pull = Pull::new(i64::MIN, Some(i64::MIN), i64::MAX);
        pull.grant(i64::MAX);
        pull.go_to(i64::MAX);
        assert_eq!(pull.wants(i64::MAX - 1), None);
        pull.go_to(-5);
        pull.set_newest(Some(i64::MAX));
        assert_eq!(pull.wants(1), Some(0));
    }
}
