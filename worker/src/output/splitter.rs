//! Bytes to whole lines, one state for each stream.

use buildbot_protocol::Lines;
use memchr::memchr_iter;

use super::newlines::Newlines;

/// Splits one stream. Bytes that are not UTF-8 become U+FFFD; a line that is too long is cut, and nothing is lost.
pub struct LineSplitter {
    /// Longest line in characters, its line end included.
    max_line_length: usize,
    /// The beginning of a character whose other bytes have not come yet.
    tail: Vec<u8>,
    partial: String,
    /// When the first character of `partial` came.
    partial_since: f64,
}

impl LineSplitter {
    pub fn new(max_line_length: usize) -> Self {
        Self { max_line_length: max_line_length.max(2), tail: Vec::new(), partial: String::new(), partial_since: 0.0 }
    }

    /// Takes bytes that were read at `now` (Unix seconds); whole lines come back.
    pub fn push(&mut self, bytes: &[u8], newlines: &Newlines, now: f64) -> Lines {
        let text = self.decode(bytes);
        self.push_text(&text, newlines, now)
    }

    /// As [`LineSplitter::push`], for text of the worker's own.
    pub fn push_text(&mut self, text: &str, newlines: &Newlines, now: f64) -> Lines {
        let mut lines = Lines::default();
        let since = if self.partial.is_empty() { now } else { self.partial_since };
        let held = std::mem::take(&mut self.partial);
        let joined = if held.is_empty() { text } else { &(held + text) };
        let replaced = newlines.replace(joined);
        let mut start = 0;
        let mut time = since;
        for end in memchr_iter(b'\n', replaced.as_bytes()) {
            self.add_line(&replaced[start..end], time, &mut lines);
            start = end + 1;
            time = now;
        }
        let rest = &replaced[start..];
        if !rest.is_empty() {
            let kept = self.cut(rest, time, &mut lines);
            self.partial.push_str(kept);
            self.partial_since = time;
        }
        lines
    }

    /// What is left at the end, with a line end added.
    pub fn finish(&mut self, now: f64) -> Lines {
        let mut lines = Lines::default();
        if !self.tail.is_empty() {
            self.tail.clear();
            self.partial.push(char::REPLACEMENT_CHARACTER);
        }
        if !self.partial.is_empty() {
            let since = if self.partial_since == 0.0 { now } else { self.partial_since };
            let rest = std::mem::take(&mut self.partial);
            self.add_line(&rest, since, &mut lines);
        }
        lines
    }

    fn add_line(&self, line: &str, time: f64, lines: &mut Lines) {
        let rest = self.cut(line, time, lines);
        lines.text.push_str(rest);
        lines.text.push('\n');
        lines.times.push(time);
    }

    /// Moves full pieces of a long line to `lines`; what is left is shorter than the limit.
    fn cut<'a>(&self, line: &'a str, time: f64, lines: &mut Lines) -> &'a str {
        let piece = self.max_line_length - 1;
        let mut rest = line;
        // Fewer bytes than the limit are fewer characters too.
        while piece < rest.len() {
            let Some((end, _)) = rest.char_indices().nth(piece) else { break };
            lines.text.push_str(&rest[..end]);
            lines.text.push('\n');
            lines.times.push(time);
            rest = &rest[end..];
        }
        rest
    }

    fn decode(&mut self, bytes: &[u8]) -> String {
        let joined;
        let bytes = if self.tail.is_empty() {
            bytes
        } else {
            joined = [std::mem::take(&mut self.tail).as_slice(), bytes].concat();
            &joined
        };
        let complete = match std::str::from_utf8(bytes) {
            Ok(text) => return text.to_owned(),
            // An error without a length is a character that has only begun.
            Err(_) => bytes.len() - incomplete_length(bytes),
        };
        self.tail = bytes[complete..].to_vec();
        String::from_utf8_lossy(&bytes[..complete]).into_owned()
    }
}

/// How many bytes at the end begin a character that is not complete.
fn incomplete_length(bytes: &[u8]) -> usize {
    for length in 1..=3.min(bytes.len()) {
        let end = &bytes[bytes.len() - length..];
        if let Err(error) = std::str::from_utf8(end)
            && error.valid_up_to() == 0
            && error.error_len().is_none()
        {
            return length;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(splitter: &mut LineSplitter, bytes: &[u8], now: f64) -> (String, Vec<f64>) {
        let lines = splitter.push(bytes, &Newlines::Standard, now);
        (lines.text, lines.times)
    }

    #[test]
    fn only_whole_lines_come_out_and_a_line_has_the_time_of_its_beginning() {
        let mut splitter = LineSplitter::new(4096);
        assert_eq!(push(&mut splitter, b"a\nb", 1.0), ("a\n".to_owned(), vec![1.0]));
        assert_eq!(push(&mut splitter, b"c\nd\n", 2.0), ("bc\nd\n".to_owned(), vec![1.0, 2.0]));
        assert_eq!(push(&mut splitter, b"end", 3.0), (String::new(), vec![]));
        let rest = splitter.finish(4.0);
        assert_eq!((rest.text.as_str(), rest.times), ("end\n", vec![3.0]));
        assert_eq!(splitter.finish(5.0).text, "");
    }

    #[test]
    fn a_character_may_arrive_in_two_pieces_and_garbage_is_marked() {
        let mut splitter = LineSplitter::new(4096);
        assert_eq!(push(&mut splitter, &[0xc3], 1.0).0, "");
        assert_eq!(push(&mut splitter, &[0xbc, b'\n'], 1.0).0, "ü\n");
        assert_eq!(push(&mut splitter, &[b'a', 0xff, b'\n'], 1.0).0, "a\u{fffd}\n");
        assert_eq!(push(&mut splitter, &[0xe2, 0x82], 1.0).0, "");
        assert_eq!(splitter.finish(1.0).text, "\u{fffd}\n");
    }

    #[test]
    fn a_carriage_return_waits_for_what_follows() {
        let mut splitter = LineSplitter::new(4096);
        assert_eq!(push(&mut splitter, b"a\r", 1.0).0, "");
        assert_eq!(push(&mut splitter, b"\nb\r", 1.0).0, "a\n");
        assert_eq!(push(&mut splitter, b"c\n", 1.0).0, "b\nc\n");
    }

    #[test]
    fn a_long_line_is_cut_and_nothing_is_lost() {
        let mut splitter = LineSplitter::new(4096);
        let long = "ä".repeat(20_000);
        let mut text = push(&mut splitter, &long.as_bytes()[..15_001], 1.0).0;
        text += &push(&mut splitter, &long.as_bytes()[15_001..], 1.0).0;
        text += &splitter.finish(1.0).text;
        let lengths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
        assert_eq!(lengths, [4095, 4095, 4095, 4095, 3620]);
        assert_eq!(text.replace('\n', ""), long);
    }
}
