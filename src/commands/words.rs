//! A line as words, with quotes as in a shell.

/// The words of a line; an error if a quote is left open.
pub fn split(line: &str) -> Result<Vec<String>, &'static str> {
    let (mut words, mut word, mut quote): (Vec<String>, Option<String>, Option<char>) = (Vec::new(), None, None);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match quote {
            Some(open) if letter == open => quote = None,
            None if letter == '"' => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            // An apostrophe within a word is one.
            None if letter == '\'' && word.as_ref().is_none_or(|word| word.ends_with('=')) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            None if letter.is_whitespace() => words.extend(word.take()),
            None | Some('"') if letter == '\\' => word.get_or_insert_default().push(letters.next().unwrap_or('\\')),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed");
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_words_together() {
        let words = split("force  build --branch='a b' \"c \\\" d\" don't e\\ f ''").unwrap();
        assert_eq!(words, ["force", "build", "--branch=a b", "c \" d", "don't", "e f", ""]);
        assert_eq!(split(" \t "), Ok(Vec::new()));
        assert_eq!(split("a 'b"), Err("a quote is not closed"));
        assert_eq!(split("a\\"), Ok(vec!["a\\".to_owned()]));
    }
}
