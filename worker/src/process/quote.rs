//! Commands as a person would type them, for the headers of logs.

/// Joins words so that a shell would split them again.
pub fn command_line(words: &[String]) -> String {
    words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\"'\"'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_blanks_and_quotes_survive() {
        let words = ["echo", "two words", "it's", ""].map(str::to_owned);
        assert_eq!(command_line(&words), "echo 'two words' 'it'\"'\"'s' ''");
    }
}
