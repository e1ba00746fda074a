//! Text of logs for people: without the letters of streams and without colours.

use crate::domain::LogKind;

/// The text of a log as its command wrote it; headers, which are the master's, are kept.
pub fn readable(text: &str, kind: LogKind) -> String {
    lines(text, kind).map(|(_, line)| plain(line) + "\n").collect()
}

/// The last lines that a command wrote, at most so many.
pub fn last_lines(text: &str, kind: LogKind, most: usize) -> Vec<String> {
    let written = lines(text, kind).filter(|(is_header, _)| !is_header).map(|(_, line)| plain(line));
    let written: Vec<String> = written.collect();
    let end = written.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
    written[end.saturating_sub(most)..end].to_vec()
}

/// Each with whether it is a header.
fn lines(text: &str, kind: LogKind) -> impl Iterator<Item = (bool, &str)> {
    text.lines().map(move |line| match kind {
        LogKind::Stream => (line.starts_with('h'), line.strip_prefix(['o', 'e', 'h']).unwrap_or(line)),
        _ => (false, line),
    })
}

/// A line without escape sequences and other control characters.
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' if letters.as_str().starts_with('[') => {
                letters.next();
                // Parameters, then one letter that ends it.
                let _ = letters.by_ref().find(|letter| ('@'..='~').contains(letter));
            }
            '\t' => text.push(letter),
            letter if letter.is_control() => {}
            letter => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_colours_are_left_out() {
        let text = "hmake test\no\u{1b}[31mFAIL\u{1b}[0m: x\u{7}\neerror\n";
        assert_eq!(readable(text, LogKind::Stream), "make test\nFAIL: x\nerror\n");
        assert_eq!(readable("one\n", LogKind::Text), "one\n");
    }

    #[test]
    fn the_last_lines_are_those_of_the_command() {
        let text = "ha\no1\no2\no3\no\nhprogram finished with exit code 1\n";
        assert_eq!(last_lines(text, LogKind::Stream, 2), ["2", "3"]);
        assert!(last_lines("honly\n", LogKind::Stream, 2).is_empty());
    }

    #[test]
    fn an_escape_that_never_ends_takes_its_line_with_it() {
        assert_eq!(readable("oa\u{1b}[99999\nob\n", LogKind::Stream), "a\nb\n");
    }
}
