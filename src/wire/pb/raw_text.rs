//! Text as workers read it from a process, made into what newer ones send: cursor movements are line ends.
//!
//! Old workers send pieces of up to 128 KiB, cut anywhere, even within a character.

/// What may follow an escape and is not complete yet, at most: `[`, two numbers, a semicolon.
const MAX_ESCAPE_BYTES: usize = 24;

/// One stream of one command.
#[derive(Debug, Default)]
pub(super) struct RawText {
    /// The beginning of a character.
    bytes: Vec<u8>,
    /// The beginning of something that may become a line end.
    pending: String,
    /// Whether the last thing was a backspace: a row of them is one line end.
    after_backspace: bool,
}

impl RawText {
    /// Bytes of a peer that knows no text.
    pub(super) fn push_bytes(&mut self, bytes: Vec<u8>) -> String {
        let mut bytes = if self.bytes.is_empty() { bytes } else { [std::mem::take(&mut self.bytes), bytes].concat() };
        self.bytes = bytes.split_off(bytes.len() - n_unfinished(&bytes));
        let text =
            String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        self.push(text)
    }

    /// What is certain of the text so far.
    pub(super) fn push(&mut self, text: String) -> String {
        let is_plain = memchr::memchr3(b'\r', 0x1b, 0x08, text.as_bytes()).is_none();
        if is_plain && self.pending.is_empty() {
            self.after_backspace &= text.is_empty();
            return text;
        }
        let text = if self.pending.is_empty() { text } else { std::mem::take(&mut self.pending) + &text };
        self.replace(&text)
    }

    /// The end of the stream: what was uncertain.
    pub(super) fn finish(self) -> String {
        let mut rest = if self.pending == "\r" { "\n".to_owned() } else { self.pending };
        rest.push_str(&String::from_utf8_lossy(&self.bytes));
        rest
    }

    fn replace(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = memchr::memchr3(b'\r', 0x1b, 0x08, rest.as_bytes()) {
            let (plain, special) = rest.split_at(at);
            out.push_str(plain);
            self.after_backspace &= plain.is_empty();
            let Some(end) = line_end(special) else {
                self.pending = special.to_owned();
                return out;
            };
            rest = special.get(end.n_bytes..).unwrap_or_default();
            let is_backspace = special.starts_with('\x08');
            if end.is_line_end && !(is_backspace && self.after_backspace) {
                out.push('\n');
            } else if !end.is_line_end {
                out.push_str(special.get(..end.n_bytes).unwrap_or_default());
            }
            self.after_backspace = is_backspace;
        }
        self.after_backspace &= rest.is_empty();
        out.push_str(rest);
        out
    }
}

/// What stands at the beginning of a text.
struct End {
    n_bytes: usize,
    is_line_end: bool,
}

/// Looks at a carriage return, an escape or a backspace; nothing if more text is needed to tell.
fn line_end(text: &str) -> Option<End> {
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(b'\r') => match bytes.get(1) {
            Some(b'\n') => Some(End { n_bytes: 2, is_line_end: true }),
            Some(_) => Some(End { n_bytes: 1, is_line_end: true }),
            None => None,
        },
        Some(0x08) => Some(End { n_bytes: 1, is_line_end: true }),
        _ => escape_end(bytes),
    }
}

/// `ESC [ u`, `ESC [ 2 J`, `ESC [ n ; n H` and the same with `f` place the cursor.
fn escape_end(bytes: &[u8]) -> Option<End> {
    let other = Some(End { n_bytes: 1, is_line_end: false });
    match bytes.get(1) {
        None => return None,
        Some(b'[') => {}
        Some(_) => return other,
    }
    let parameters = bytes.get(2..).unwrap_or_default();
    let len = parameters.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    if MAX_ESCAPE_BYTES < len {
        return other;
    }
    let (numbers, rest) = parameters.split_at_checked(len)?;
    let command = rest.first()?;
    let is_position = || {
        let mut numbers = numbers.split(|byte| *byte == b';');
        numbers.clone().count() == 2 && numbers.all(|number| !number.is_empty())
    };
    let is_line_end = match command {
        b'u' => numbers.is_empty(),
        b'J' => numbers == b"2",
        b'H' | b'f' => is_position(),
        _ => false,
    };
    if is_line_end { Some(End { n_bytes: 2 + len + 1, is_line_end }) } else { other }
}

/// How many bytes at the end are the beginning of a character.
fn n_unfinished(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let byte = bytes.get(bytes.len() - back).copied().unwrap_or_default();
        let len = match byte {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            0x80..=0xbf => continue,
            _ => return 0,
        };
        return if back < len { back } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text in one piece, and byte by byte.
    fn both(text: &str) -> String {
        let mut whole = RawText::default();
        let mut at_once = whole.push(text.to_owned());
        at_once.push_str(&whole.finish());
        let mut single = RawText::default();
        let mut piecemeal: String = text.bytes().map(|byte| single.push_bytes(vec![byte])).collect();
        piecemeal.push_str(&single.finish());
        assert_eq!(at_once, piecemeal, "{text:?}");
        at_once
    }

    #[test]
    fn cursor_movements_are_line_ends_however_the_text_is_cut() {
        for (raw, clean) in [
            ("a\nb", "a\nb"),
            ("a\r\nb\rc\r", "a\nb\nc\n"),
            ("a\r\r\nb", "a\n\nb"),
            ("a\x1b[ub\x1b[2Jc\x1b[12;7Hd\x1b[1;1fe", "a\nb\nc\nd\ne"),
            ("a\x1b[31mb\x1b[0m\x1b", "a\x1b[31mb\x1b[0m\x1b"),
            ("\x1b[;Ha\x1b[1Hb\x1b[1;2;3Hc", "\x1b[;Ha\x1b[1Hb\x1b[1;2;3Hc"),
            ("a\x08\x08\x08b\x08c", "a\nb\nc"),
            ("é€𝄞\r𝄞", "é€𝄞\n𝄞"),
        ] {
            assert_eq!(both(raw), clean, "{raw:?}");
        }
    }

    #[test]
    fn an_endless_escape_is_no_escape() {
        let endless = format!("\x1b[{}", "1".repeat(1000));
        assert_eq!(both(&endless), endless);
        let mut text = RawText::default();
        text.push(endless);
        assert!(text.pending.is_empty());
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let mut text = RawText::default();
        assert_eq!(text.push_bytes(b"bad \xff byte\n\xe2".to_vec()), "bad \u{fffd} byte\n");
        assert_eq!(text.push_bytes(b"x".to_vec()), "\u{fffd}x");
        assert_eq!(text.push_bytes(b"\xc3".to_vec()), "");
        assert_eq!(text.finish(), "\u{fffd}");
    }
}
