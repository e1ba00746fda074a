//! Masking: whole texts, texts in pieces, values.

use super::*;

fn redactor(secrets: &[(&str, &str)]) -> Redactor {
    Redactor::new(secrets.iter().map(|(name, text)| ((*name).to_owned(), Secret::new(*text))))
}

fn in_pieces(redactor: &Redactor, pieces: &[&str]) -> Vec<String> {
    let mut stream = redactor.stream();
    let mut out: Vec<String> = pieces.iter().map(|piece| stream.push(piece).into_owned()).collect();
    out.push(stream.finish());
    out
}

#[test]
fn a_secret_is_replaced_by_its_name() {
    let redactor = redactor(&[("token", "hunter2")]);
    assert_eq!(redactor.redact("login hunter2, hunter2!"), "login <token>, <token>!");
}

#[test]
fn a_secret_across_pieces_is_never_shown_in_part() {
    let redactor = redactor(&[("token", "hunter2")]);
    assert_eq!(in_pieces(&redactor, &["a hun", "ter", "2 b"]), ["a ", "", "<token> b", ""]);
}

#[test]
fn what_only_looked_like_a_secret_comes_out_in_the_end() {
    let redactor = redactor(&[("token", "hunter2")]);
    assert_eq!(in_pieces(&redactor, &["a hun", "gry h"]), ["a ", "hungry ", "h"]);
}

#[test]
fn a_text_without_secrets_is_not_copied() {
    let with = redactor(&[("token", "hunter2")]);
    for redactor in [Redactor::default(), with] {
        assert!(matches!(redactor.stream().push("plain text\n"), Cow::Borrowed(_)));
    }
}

#[test]
fn overlapping_secrets_are_masked_as_a_whole() {
    let redactor = redactor(&[("one", "abcX"), ("two", "Xdef")]);
    assert_eq!(redactor.redact("-abcXdef-"), "-<one>-");
    assert_eq!(in_pieces(&redactor, &["-abcX", "def-"]).concat(), "-<one>-");
    assert_eq!(in_pieces(&redactor, &["-abcX", "yz"]).concat(), "-<one>yz");
}

#[test]
fn the_longer_of_two_secrets_is_awaited() {
    let redactor = redactor(&[("short", "abc"), ("long", "abcdef")]);
    assert_eq!(in_pieces(&redactor, &["abc", "def"]).concat(), "<long>");
    assert_eq!(in_pieces(&redactor, &["abc", "dxx"]).concat(), "<short>dxx");
}

#[test]
fn any_cut_of_a_text_masks_the_same() {
    let redactor = redactor(&[("n", "aba"), ("m", "bab"), ("é", "xé\ny")]);
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..3_000 {
        let text: String = (0..random.usize(..24))
            .map(|_| random.choice(['a', 'b', 'x', 'é', '\n', 'y']))
            .map(Option::unwrap)
            .collect();
        let mut cuts: Vec<usize> = (0..random.usize(..6)).map(|_| random.usize(..=text.len())).collect();
        cuts.retain(|cut| text.is_char_boundary(*cut));
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&str> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
        let out = in_pieces(&redactor, &pieces).concat();
        for secret in ["aba", "bab", "xé\ny"] {
            assert!(!out.contains(secret), "{pieces:?} gave {out}");
        }
        assert_eq!(out, redactor.redact(&text), "{pieces:?}");
    }
}

#[test]
fn less_than_the_longest_secret_is_held_back() {
    let redactor = redactor(&[("n", "ab"), ("m", "ba")]);
    let mut stream = redactor.stream();
    for _ in 0..1_000 {
        stream.push("ab");
        assert!(stream.held.len() < 2);
    }
}

#[test]
fn what_is_learned_later_is_masked_in_a_text_that_has_begun() {
    let redactor = Redactor::default();
    let mut stream = redactor.stream();
    assert_eq!(stream.push("no hunter2 yet, "), "no hunter2 yet, ");
    redactor.clone().learn("token", &Secret::new("hunter2"));
    assert_eq!(stream.push("now hunt"), "now ");
    assert_eq!(stream.push("er2\n"), "<token>\n");
}

#[test]
fn encoded_forms_are_masked_across_pieces() {
    let redactor = redactor(&[("token", "p@ss word/1")]);
    let encoded = ["https://x/?t=p%40ss%20wo", "rd%2F1&u ", "cEBzcyB3b3", "JkLzE= end\n"];
    assert_eq!(in_pieces(&redactor, &encoded).concat(), "https://x/?t=<token>&u <token> end\n");
}

#[test]
fn texts_and_numbers_within_values_are_masked() {
    let redactor = redactor(&[("pin", "40404"), ("token", "hunter2")]);
    let value = PropertyValue::List(vec![
        PropertyValue::Int(40404),
        PropertyValue::Int(4),
        PropertyValue::Map(BTreeMap::from([("a hunter2".to_owned(), "x-hunter2".into())])),
        PropertyValue::Null,
    ]);
    let masked = PropertyValue::List(vec![
        "<pin>".into(),
        PropertyValue::Int(4),
        PropertyValue::Map(BTreeMap::from([("a <token>".to_owned(), "x-<token>".into())])),
        PropertyValue::Null,
    ]);
    assert_eq!(redactor.redact_value(value), masked);
}

#[test]
fn a_redactor_shows_names_only() {
    let redactor = redactor(&[("token", "hunter2")]);
    let shown = format!("{redactor:?}");
    assert!(shown.contains("<token>") && !shown.contains("hunter2"), "{shown}");
}
