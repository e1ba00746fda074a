//! Whom a text is meant for.

/// What somebody says to us in a channel: `nick: status` or `nick, status`.
pub fn addressed<'a>(text: &'a str, nick: &str) -> Option<&'a str> {
    let text = text.trim_start().trim_start_matches('@');
    let name = text.get(..nick.len())?;
    let rest = text.get(nick.len()..)?;
    let is_us = fold(name) == fold(nick);
    rest.strip_prefix([':', ',']).filter(|_| is_us).map(str::trim)
}

/// The text of `/me`, if it is one.
pub fn action(text: &str) -> Option<&str> {
    text.strip_prefix("\u{1}ACTION ").map(|text| text.trim_end_matches('\u{1}').trim())
}

/// What is answered to somebody who does something to us: `/me pokes nick`.
pub fn reaction(action: &str, nick: &str, who: &str) -> Option<String> {
    let mut words = action.split_whitespace();
    let verb = words.next()?;
    let target = words.next_back()?.trim_end_matches(['.', '!', '?']);
    let is_verb = verb.len() <= 20 && verb.chars().all(char::is_alphabetic);
    (is_verb && fold(target) == fold(nick)).then(|| format!("{verb} {who} back"))
}

/// Names are the same on IRC if these are.
pub fn fold(name: &str) -> String {
    let letter = |letter: char| match letter {
        '[' => '{',
        ']' => '}',
        '\\' => '|',
        '~' => '^',
        other => other.to_ascii_lowercase(),
    };
    name.chars().map(letter).collect()
}

pub fn is_channel(name: &str) -> bool {
    name.starts_with(['#', '&', '+', '!'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_for_us_if_it_begins_with_our_name() {
        assert_eq!(addressed("bot: status all", "bot"), Some("status all"));
        assert_eq!(addressed(" @BOT,help", "bot"), Some("help"));
        assert_eq!(addressed("b[t]: help", "B{t}"), Some("help"));
        for other in ["bot is broken", "bots: x", "bo", "", "é: x", "ask bot: x", "ßß: x"] {
            assert_eq!(addressed(other, "bot"), None, "{other}");
        }
        assert_eq!(addressed("é: x", "bo"), None, "the name ends within a letter");
    }

    #[test]
    fn who_pokes_is_poked() {
        let poke = action("\u{1}ACTION pokes Bot!\u{1}").unwrap();
        assert_eq!(reaction(poke, "bot", "eve").as_deref(), Some("pokes eve back"));
        assert_eq!(reaction("walks away", "bot", "eve"), None);
        assert_eq!(reaction("bot", "bot", "eve"), None);
        assert_eq!(reaction("<b> bot", "bot", "eve"), None);
        assert_eq!(action("ACTION"), None);
    }
}
