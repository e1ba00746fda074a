//! Lines of a command on their way to the function that observes it.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::domain::Stream;
use crate::domain::log::LineObserver;

/// At most so many bytes of lines wait for the function.
const MAX_WAITING: usize = 16 << 20;

/// Lines that wait.
#[derive(Default)]
pub struct Lines {
    lines: Vec<(Stream, String)>,
    n_bytes: usize,
    overflow: bool,
    arrived: Arc<Notify>,
}

/// The function is slower than the command, by more than there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its observer is too slow: more than {} MiB of lines wait for it", MAX_WAITING >> 20)]
pub struct TooSlow;

impl Lines {
    /// Tells that there are lines.
    pub fn arrived(&self) -> Arc<Notify> {
        Arc::clone(&self.arrived)
    }

    pub fn take(lines: &Mutex<Self>) -> Result<Vec<(Stream, String)>, TooSlow> {
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.overflow {
            return Err(TooSlow);
        }
        lines.n_bytes = 0;
        Ok(std::mem::take(&mut lines.lines))
    }
}

impl LineObserver for Lines {
    fn line(&mut self, stream: Stream, line: &str) {
        // An empty line needs room, too.
        self.n_bytes += line.len() + size_of::<(Stream, String)>();
        if MAX_WAITING < self.n_bytes {
            self.overflow = true;
            self.lines = Vec::new();
        }
        if !self.overflow {
            self.lines.push((stream, line.to_owned()));
        }
        self.arrived.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_wait_in_order_until_they_are_taken() {
        let lines = Mutex::new(Lines::default());
        for text in ["a", "b"] {
            lines.lock().unwrap().line(Stream::Stdout, text);
        }
        let expected = ["a", "b"].map(|text| (Stream::Stdout, text.to_owned()));
        assert_eq!(Lines::take(&lines), Ok(expected.into()));
        assert_eq!(Lines::take(&lines), Ok(Vec::new()));
    }

    #[test]
    fn too_many_lines_are_an_error_and_take_no_room() {
        let lines = Mutex::new(Lines::default());
        let long = "x".repeat(MAX_WAITING / 4);
        for _ in 0..5 {
            lines.lock().unwrap().line(Stream::Stdout, &long);
        }
        assert_eq!(Lines::take(&lines), Err(TooSlow));
        assert!(lines.lock().unwrap().lines.is_empty());
    }
}
