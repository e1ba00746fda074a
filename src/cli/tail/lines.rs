//! A line of a log as a terminal may show it.

use crate::cli::paint::{Paint, Tone};

/// The line without its stream letter. Colours are kept if there are any, and every other command to the terminal is
/// taken out.
pub(super) fn shown(paint: Paint, is_stream: bool, line: &str) -> String {
    let (letter, text) = match line.chars().next() {
        Some(letter) if is_stream => (letter, &line[letter.len_utf8()..]),
        _ => ('o', line),
    };
    let text = tamed(text, paint.is_on());
    match (letter, text.contains('\x1b')) {
        ('h', _) => paint.text(Tone::Faint, text),
        (_, true) => format!("{text}\x1b[0m"),
        (_, false) => text,
    }
}

/// Whether a line of a stream is one of those that a worker writes below each command: where it runs, with which
/// environment, for how long.
pub(super) fn is_detail(line: &str) -> bool {
    line.starts_with("h ") || line.starts_with("helapsedTime=") || line == "h"
}

/// Only text, tabs and, if wanted, colours.
fn tamed(text: &str, with_colours: bool) -> String {
    let mut tamed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = if letter == '\x1b' { escape_length(rest) } else { letter.len_utf8() };
        let (piece, after) = rest.split_at(length);
        let is_colour = piece.starts_with("\x1b[") && piece.ends_with('m');
        if (is_colour && with_colours) || letter == '\t' || !letter.is_control() {
            tamed.push_str(piece);
        }
        rest = after;
    }
    tamed
}

/// Bytes of the escape sequence that a text begins with.
fn escape_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let end = match bytes.get(1) {
        Some(b'[') => bytes.iter().skip(2).position(|byte| (0x40..0x7f).contains(byte)).map(|at| at + 3),
        Some(b']') => bytes.iter().skip(2).position(|byte| *byte == 0x07).map(|at| at + 3),
        _ => Some(1),
    };
    // One without an end takes the rest of the line.
    end.filter(|end| text.is_char_boundary(*end)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_escapes_are_gone_where_there_are_no_colours() {
        let plain = |line: &str| shown(Paint::PLAIN, true, line);
        assert_eq!(plain("o\x1b[32mok\x1b[0m\tfine"), "ok\tfine");
        assert_eq!(plain("hargv: x"), "argv: x");
        assert_eq!(plain("o\x1b]0;title\x07text\r\x08"), "text");
        assert_eq!(plain("o\x1b[31"), "");
        assert_eq!(plain(""), "");
        assert_eq!(plain("é"), "");
        assert_eq!(shown(Paint::PLAIN, false, "other"), "other");
    }

    #[test]
    fn the_command_and_its_end_are_no_details() {
        assert!(is_detail("h in dir /x") && is_detail("helapsedTime=1"));
        assert!(!is_detail("hmake all") && !is_detail("hprogram finished with exit code 2") && !is_detail("o in dir"));
    }

    #[test]
    fn colours_stay_and_end_with_the_line_but_no_other_command_does() {
        let coloured = |line: &str| shown(Paint::COLOURED, true, line);
        assert_eq!(coloured("o\x1b[1;32mok"), "\x1b[1;32mok\x1b[0m");
        assert_eq!(coloured("o\x1b[2Jx\x1bcy"), "xcy");
        assert_eq!(coloured("hx"), "\x1b[2mx\x1b[0m");
    }
}
