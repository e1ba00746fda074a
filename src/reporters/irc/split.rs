//! Texts as lines that a server takes: without what could end a line, and no longer than it relays, by bytes.

use crate::reporters::words::is_unseen;

/// A line of the protocol, its end included.
const LONGEST_LINE: usize = 512;
/// Longest user and host that servers put before what they relay.
const USER_AND_HOST: usize = 11 + 64;
/// Pieces of one text.
const MOST_PIECES: usize = 4;
/// Less room than this is taken for this; a server that has less cuts.
const LEAST_ROOM: usize = 40;

/// Bytes of a text that reach everybody in a place, said under this nick by this command.
pub fn room(nick: &str, command: &str, place: &str) -> usize {
    // ":nick!user@host COMMAND place :text\r\n"
    let around = nick.len() + USER_AND_HOST + command.len() + place.len() + ":!@   :\r\n".len();
    LONGEST_LINE.saturating_sub(around).max(LEAST_ROOM)
}

/// A foreign text without control characters and without what turns the direction of writing.
pub fn harmless(text: &str) -> String {
    let letters = text.chars().map(|letter| if is_unseen(letter) { ' ' } else { letter });
    letters.collect::<String>().trim().to_owned()
}

/// Pieces of at most so many bytes, cut between letters and, where that costs little, between words.
pub fn pieces(text: &str, most_bytes: usize) -> Vec<String> {
    let text: String = text.chars().filter(|letter| !matches!(letter, '\r' | '\n' | '\0')).collect();
    let (mut pieces, mut rest) = (Vec::new(), text.as_str());
    while most_bytes < rest.len() && pieces.len() + 1 < MOST_PIECES {
        let (piece, more) = rest.split_at(cut(rest, most_bytes));
        pieces.push(piece.trim_end().to_owned());
        rest = more.trim_start();
    }
    if most_bytes < rest.len() {
        let at = border(rest, most_bytes.saturating_sub('…'.len_utf8()));
        pieces.push(format!("{}…", &rest[..at]));
    } else if !rest.is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces
}

/// Where to cut: behind a word in the last third, else between letters; never at the beginning.
fn cut(text: &str, most: usize) -> usize {
    let border = border(text, most);
    let head = &text[..border];
    match head.rfind(' ') {
        Some(space) if border.saturating_sub(border / 3) < space => space,
        _ if border == 0 => text.chars().next().map_or(text.len(), char::len_utf8),
        _ => border,
    }
}

/// The last place between letters that is not behind this byte.
fn border(text: &str, most: usize) -> usize {
    (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_out_fits_and_loses_nothing_but_spaces() {
        let text = "Grüße an alle, die heute noch bauen: ∞ Änderungen und 日本語のテキスト am Ende";
        for most in 8..text.len() {
            let pieces = pieces(text, most);
            assert!(pieces.iter().all(|piece| piece.len() <= most), "{most}: {pieces:?}");
            if pieces.len() < MOST_PIECES {
                let squeezed = |text: &str| text.chars().filter(|letter| *letter != ' ').collect::<String>();
                assert_eq!(squeezed(&pieces.concat()), squeezed(text), "{most}");
            }
        }
    }

    #[test]
    fn a_text_without_end_is_cut() {
        let pieces = pieces(&"ä".repeat(1_000_000), 100);
        assert_eq!(pieces.len(), MOST_PIECES);
        assert!(pieces.last().unwrap().ends_with('…') && pieces.iter().all(|piece| piece.len() <= 100));
        assert_eq!(super::pieces("", 10), Vec::<String>::new());
    }

    #[test]
    fn nothing_ends_a_line_early() {
        assert_eq!(pieces("a\r\nQUIT :\0b", 100), ["aQUIT :b"]);
        assert_eq!(harmless("\u{3}4red\u{1}\r\nQUIT \u{202e}x\u{85}"), "4red   QUIT  x");
    }

    #[test]
    fn long_names_leave_some_room() {
        assert!(430 > room("bot", "PRIVMSG", "#ci") && 400 < room("bot", "PRIVMSG", "#ci"));
        assert_eq!(room(&"n".repeat(300), "PRIVMSG", &"#".repeat(300)), LEAST_ROOM);
    }
}
