//! The forms in which a secret may turn up in a text: as it is, and as programs commonly write it down.
//!
//! - as it is, also with the line ends of a terminal; each longer line of a secret of several lines counts by itself;
//! - percent-encoded, in the dialects of URLs and of forms;
//! - in base64, both alphabets, wherever in the encoded bytes the secret begins;
//! - in hexadecimal digits;
//! - escaped for JSON, for XML, for a shell, and as Python prints it.
//!
//! What is encoded twice, encrypted, compressed, reversed or cut in parts cannot be known.

use std::collections::BTreeSet;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// Encoded forms shorter than this, in bytes, are too common in any text to be masked.
const SHORTEST_FORM: usize = 4;
/// Lines of a secret that are at least this long, in bytes, are secrets by themselves.
const SHORTEST_LINE: usize = 8;
/// Longer secrets, in bytes, are looked for in fewer forms: they are files, and files are not escaped for a shell.
const LONG: usize = 4096;

/// Every form to look for. A secret of blanks alone has none.
pub(super) fn forms(secret: &str) -> BTreeSet<String> {
    let whole = secret.trim();
    let mut forms = BTreeSet::new();
    if whole.is_empty() {
        return forms;
    }
    add_encoded(whole, &mut forms);
    forms.insert(whole.to_owned());
    if whole.contains('\n') {
        forms.insert(whole.replace("\r\n", "\n").replace('\n', "\r\n"));
        let lines = whole.lines().map(str::trim);
        // A line such as `-----BEGIN CERTIFICATE-----` is no secret.
        for line in lines.filter(|line| SHORTEST_LINE <= line.len() && !line.starts_with("-----")) {
            add_encoded(line, &mut forms);
            forms.insert(line.to_owned());
        }
    }
    forms
}

fn add_encoded(text: &str, forms: &mut BTreeSet<String>) {
    let mut encoded: Vec<String> = base64(text.as_bytes());
    encoded.extend(json(text));
    if text.len() <= LONG {
        encoded.extend(percent(text));
        encoded.extend(shell(text));
        encoded.extend(python(text));
        encoded.extend(xml(text));
        encoded.extend(hexadecimal(text.as_bytes()));
    }
    forms.extend(encoded.into_iter().filter(|form| SHORTEST_FORM <= form.len() && form != text));
}

/// What of the encoded text depends on the secret alone, for each of the three places in a group of bytes where it may
/// begin; and the same up to the padding, for a secret at the end.
fn base64(bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    // Of a very short secret too little is left to tell it from other text.
    if bytes.len() < SHORTEST_FORM {
        return found;
    }
    for before in 0..3 {
        let mut all = vec![0; before];
        all.extend_from_slice(bytes);
        let first = (before * 8).div_ceil(6);
        let last = all.len() * 8 / 6;
        for plain in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            found.extend(plain.encode(&all).get(first..last).map(str::to_owned));
        }
        for padded in [STANDARD, URL_SAFE] {
            let text = padded.encode(&all);
            found.extend(text.get(first..).filter(|_| text.ends_with('=')).map(str::to_owned));
        }
    }
    found
}

fn percent(text: &str) -> Vec<String> {
    // Beside letters and digits: what RFC 3986 keeps, the same with slashes, what browsers keep in a part of a URL
    // and in a whole one, and what forms keep.
    let kept = ["-._~", "-._~/", "-_.!~*'()", "-_.!~*'();,/?:@&=+$#", "*-._"];
    let mut found = Vec::new();
    for kept in kept {
        for (upper, blank) in [(true, "%20"), (false, "%20"), (true, "+"), (false, "+")] {
            let mut encoded = String::with_capacity(text.len() * 3);
            for byte in text.bytes() {
                match byte {
                    b' ' => encoded.push_str(blank),
                    _ if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) => {
                        encoded.push(char::from(byte));
                    }
                    _ => push_hexadecimal(&mut encoded, "%", byte, upper),
                }
            }
            found.push(encoded);
        }
    }
    found
}

fn json(text: &str) -> Vec<String> {
    let escaped = |only_ascii: bool, other: &str| {
        let mut out = String::with_capacity(text.len());
        for letter in text.chars() {
            match letter {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '/' if other.contains('/') => out.push_str("\\/"),
                _ if (letter as u32) < 0x20 || other.contains(letter) => {
                    push_units(&mut out, letter);
                }
                _ if only_ascii && !letter.is_ascii() => push_units(&mut out, letter),
                _ => out.push(letter),
            }
        }
        out
    };
    vec![escaped(false, ""), escaped(true, ""), escaped(false, "/"), escaped(true, "/"), escaped(false, "<>&")]
}

/// A letter as `\u` and four digits, twice if it needs two.
fn push_units(out: &mut String, letter: char) {
    for unit in letter.encode_utf16(&mut [0; 2]) {
        // Writing to a text cannot fail.
        let _ = write!(out, "\\u{unit:04x}");
    }
}

/// What stands between the quotes, or what is escaped without any.
fn shell(text: &str) -> Vec<String> {
    let before = |special: &dyn Fn(char) -> bool| -> String {
        let mut out = String::with_capacity(text.len());
        for letter in text.chars() {
            if special(letter) {
                out.push('\\');
            }
            out.push(letter);
        }
        out
    };
    let harmless = |letter: char| letter.is_alphanumeric() || "-_./:=@%+,\n".contains(letter);
    vec![
        text.replace('\'', "'\\''"),
        text.replace('\'', "'\"'\"'"),
        before(&|letter| matches!(letter, '\\' | '"' | '$' | '`')),
        before(&|letter| matches!(letter, '\\' | '"' | '$' | '`' | '!')),
        before(&|letter| !harmless(letter)),
        before(&|letter| !harmless(letter) || ",=%+:@".contains(letter)),
        octal(text),
    ]
}

/// As a shell that knows no letters beyond ASCII prints `$'...'`.
fn octal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\'' => out.push_str("\\'"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x20..=0x7e => out.push(char::from(byte)),
            _ => {
                // Writing to a text cannot fail.
                let _ = write!(out, "\\{byte:03o}");
            }
        }
    }
    out
}

/// As `repr` prints texts and bytes, and as a shell prints `$'...'`.
fn python(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (quote, only_ascii) in [(true, false), (false, false), (true, true), (false, true)] {
        let mut out = String::with_capacity(text.len());
        for letter in text.chars() {
            match letter {
                '\\' => out.push_str("\\\\"),
                '\'' if quote => out.push_str("\\'"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                _ if letter.is_ascii_control() || (only_ascii && !letter.is_ascii()) => {
                    for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
                        push_hexadecimal(&mut out, "\\x", byte, false);
                    }
                }
                _ => out.push(letter),
            }
        }
        found.push(out);
    }
    found
}

fn xml(text: &str) -> Vec<String> {
    let least = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut found = vec![least.clone()];
    for (double, single) in [("&quot;", "'"), ("&quot;", "&#39;"), ("&quot;", "&#x27;"), ("&quot;", "&apos;")] {
        found.push(least.replace('"', double).replace('\'', single));
    }
    found.push(least.replace('"', "&#34;").replace('\'', "&#39;"));
    found
}

fn hexadecimal(bytes: &[u8]) -> Vec<String> {
    let digits = |upper: bool| {
        let mut out = String::with_capacity(bytes.len() * 2);
        bytes.iter().for_each(|byte| push_hexadecimal(&mut out, "", *byte, upper));
        out
    };
    // Two digits are in every text.
    if bytes.len() < SHORTEST_FORM { Vec::new() } else { vec![digits(false), digits(true)] }
}

fn push_hexadecimal(out: &mut String, before: &str, byte: u8, upper: bool) {
    let digits = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    out.push_str(before);
    for half in [byte >> 4, byte & 15] {
        out.push(char::from(digits[usize::from(half)]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "p@ss w\"or'd/ü\\$x&<y>";

    #[track_caller]
    fn knows(secret: &str, form: &str) {
        assert!(forms(secret).contains(form), "{form} is not among {:#?}", forms(secret));
    }

    #[test]
    fn a_secret_is_known_as_urls_write_it() {
        knows(SECRET, "p%40ss%20w%22or%27d%2F%C3%BC%5C%24x%26%3Cy%3E");
        knows(SECRET, "p%40ss+w%22or%27d%2F%C3%BC%5C%24x%26%3Cy%3E");
        knows(SECRET, "p%40ss%20w%22or%27d/%c3%bc%5c%24x%26%3cy%3e");
        knows(SECRET, "p%40ss%20w%22or'd%2F%C3%BC%5C%24x%26%3Cy%3E");
    }

    #[test]
    fn a_secret_is_known_as_json_writes_it() {
        knows(SECRET, "p@ss w\\\"or'd/ü\\\\$x&<y>");
        knows(SECRET, "p@ss w\\\"or'd/\\u00fc\\\\$x&<y>");
        knows(SECRET, "p@ss w\\\"or'd\\/ü\\\\$x&<y>");
        knows("a\n\u{1f600}bc", "a\\n\\ud83d\\ude00bc");
    }

    #[test]
    fn a_secret_is_known_as_shells_python_and_xml_write_it() {
        knows(SECRET, "p@ss w\"or'\\''d/ü\\$x&<y>");
        knows(SECRET, "p@ss w\"or'\"'\"'d/ü\\$x&<y>");
        knows(SECRET, "p@ss w\\\"or'd/ü\\\\\\$x&<y>");
        knows(SECRET, "p@ss\\ w\\\"or\\'d/ü\\\\\\$x\\&\\<y\\>");
        knows(SECRET, "p@ss w\"or\\'d/\\xc3\\xbc\\\\$x&<y>");
        knows(SECRET, "p@ss w\"or\\'d/\\303\\274\\\\$x&<y>");
        knows(SECRET, "p@ss w&quot;or&#39;d/ü\\$x&amp;&lt;y&gt;");
    }

    #[test]
    fn whatever_stands_before_and_after_it_the_middle_of_base64_is_known() {
        let secret = "hunter2-Ω?>";
        let known = forms(secret);
        for before in ["", "a", "ab", "abc"] {
            for after in ["", "\n", "yz"] {
                for engine in [STANDARD, URL_SAFE] {
                    let encoded = engine.encode(format!("{before}{secret}{after}"));
                    let longest = known.iter().filter(|form| encoded.contains(form.as_str())).map(String::len).max();
                    // A letter at each end is shared with the neighbours.
                    assert!(secret.len() * 8 / 6 - 1 <= longest.unwrap_or(0), "{before:?} {after:?} {encoded}");
                }
            }
        }
    }

    #[test]
    fn a_secret_of_several_lines_is_known_line_by_line_and_with_the_ends_of_a_terminal() {
        let key = "-----BEGIN KEY-----\nMIIEvQIBADAN\n  short\n0gIBAAKCAQEA\n-----END KEY-----\n";
        let known = forms(key);
        for form in ["MIIEvQIBADAN", "0gIBAAKCAQEA", key.trim(), &key.trim().replace('\n', "\r\n")] {
            assert!(known.contains(form), "{form}");
        }
        assert!(!known.contains("short") && !known.contains("-----BEGIN KEY-----"));
    }

    #[test]
    fn blanks_are_no_secret_and_short_ones_are_known_as_they_are() {
        assert!(forms(" \n").is_empty());
        assert_eq!(forms("ab\n").into_iter().collect::<Vec<_>>(), ["ab"]);
    }
}
