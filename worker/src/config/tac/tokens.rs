//! As much of Python's tokens as plain assignments and calls need.

use super::TacError;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Text(String),
    /// A whole number.
    Number(i64),
    Symbol(char),
    /// What is no plain value, such as a fraction or a text with a prefix that computes.
    Other,
}

/// A logical line.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Statement {
    /// The number of the line on which it begins.
    pub line: usize,
    /// Whether it depends on something above it.
    pub is_indented: bool,
    pub tokens: Vec<Token>,
}

/// Logical lines: those within brackets and after a backslash go on.
pub(super) fn statements(text: &str) -> Result<Vec<Statement>, TacError> {
    let mut lexer = Lexer { rest: text, line: 1 };
    let mut statements = Vec::new();
    let (mut statement, mut is_indented, mut depth) = (Statement::default(), false, 0_u32);
    while let Some(first) = lexer.rest.chars().next() {
        match first {
            '\n' | ';' if depth == 0 => {
                lexer.skip(1);
                is_indented = first == '\n' && lexer.rest.starts_with([' ', '\t']) || first == ';' && is_indented;
                statements.push(std::mem::take(&mut statement));
            }
            '\n' | ' ' | '\t' | '\r' | '\x0c' => lexer.skip(1),
            '\\' => lexer.skip(2),
            '#' => lexer.skip(lexer.rest.find('\n').unwrap_or(lexer.rest.len())),
            _ => {
                if statement.tokens.is_empty() {
                    (statement.line, statement.is_indented) = (lexer.line, is_indented);
                }
                let token = lexer.token(first)?;
                match token {
                    Token::Symbol('(' | '[' | '{') => depth += 1,
                    Token::Symbol(')' | ']' | '}') => depth = depth.saturating_sub(1),
                    _ => {}
                }
                push(&mut statement.tokens, token);
            }
        }
    }
    statements.push(statement);
    statements.retain(|statement| !statement.tokens.is_empty());
    Ok(statements)
}

/// Texts beside each other are one.
fn push(statement: &mut Vec<Token>, token: Token) {
    match (statement.last_mut(), token) {
        (Some(Token::Text(text)), Token::Text(more)) => text.push_str(&more),
        (_, token) => statement.push(token),
    }
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
}

impl Lexer<'_> {
    /// Passes over bytes, to the end of a character at least.
    fn skip(&mut self, n_bytes: usize) {
        let mut end = n_bytes.min(self.rest.len());
        while !self.rest.is_char_boundary(end) {
            end += 1;
        }
        let (passed, rest) = self.rest.split_at(end);
        self.line += passed.matches('\n').count();
        self.rest = rest;
    }

    fn token(&mut self, first: char) -> Result<Token, TacError> {
        if first == '"' || first == '\'' {
            return self.text(false).map(Token::Text);
        }
        if first.is_ascii_digit() {
            return Ok(self.number());
        }
        if !first.is_alphabetic() && first != '_' {
            self.skip(first.len_utf8());
            return Ok(Token::Symbol(first));
        }
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let name = self.rest[..end].to_owned();
        self.skip(end);
        if !self.rest.starts_with(['"', '\'']) {
            return Ok(Token::Name(name));
        }
        // A prefix: raw, bytes, unicode, or one that computes.
        let prefix = name.to_lowercase();
        let text = self.text(prefix.contains('r'))?;
        let is_plain = prefix.chars().all(|c| "rbu".contains(c));
        Ok(if is_plain { Token::Text(text) } else { Token::Other })
    }

    fn number(&mut self) -> Token {
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').unwrap_or(self.rest.len());
        let digits = self.rest[..end].replace('_', "").to_lowercase();
        self.skip(end);
        let number = match digits.get(..2) {
            Some("0x") => i64::from_str_radix(&digits[2..], 16),
            Some("0o") => i64::from_str_radix(&digits[2..], 8),
            Some("0b") => i64::from_str_radix(&digits[2..], 2),
            // Python 2's way to write octal.
            Some(_) if digits.starts_with('0') => i64::from_str_radix(&digits, 8),
            _ => digits.trim_end_matches('l').parse(),
        };
        number.map_or(Token::Other, Token::Number)
    }

    /// A text in quotes of either kind, one or three.
    fn text(&mut self, is_raw: bool) -> Result<String, TacError> {
        let begin = self.line;
        let is_long = self.rest.starts_with("\"\"\"") || self.rest.starts_with("'''");
        let quotes = self.rest[..if is_long { 3 } else { 1 }].to_owned();
        self.skip(quotes.len());
        let mut text = String::new();
        while !self.rest.starts_with(quotes.as_str()) {
            let character = self.rest.chars().next().filter(|c| is_long || *c != '\n');
            let character = character.ok_or(TacError::Unterminated(begin))?;
            self.skip(character.len_utf8());
            if character != '\\' {
                text.push(character);
                continue;
            }
            let escaped = self.rest.chars().next().ok_or(TacError::Unterminated(begin))?;
            self.skip(escaped.len_utf8());
            match escaped {
                _ if is_raw => text.extend(['\\', escaped]),
                '\n' => {}
                'n' => text.push('\n'),
                't' => text.push('\t'),
                'r' => text.push('\r'),
                'x' => text.push(self.hexadecimal(2)),
                'u' => text.push(self.hexadecimal(4)),
                '\\' | '\'' | '"' => text.push(escaped),
                other => text.extend(['\\', other]),
            }
        }
        self.skip(quotes.len());
        Ok(text)
    }

    /// A character by its number.
    fn hexadecimal(&mut self, n_digits: usize) -> char {
        let digits = self.rest.get(..n_digits).unwrap_or_default();
        let character = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
        self.skip(digits.len());
        character.unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Vec<Token> {
        let mut found = statements(text).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0).tokens
    }

    #[test]
    fn texts_are_read_as_python_reads_them() {
        let cases = [
            (r"'it\'s'", "it's"),
            (r#"u"tab\there""#, "tab\there"),
            (r"r'C:\new'", r"C:\new"),
            (r"'\x41\u00fc\q'", r"Aü\q"),
            ("'''two\nlines'''", "two\nlines"),
            ("('a' \n 'b')", "ab"),
        ];
        for (source, expected) in cases {
            assert!(one(source).contains(&Token::Text(expected.to_owned())), "{source}");
        }
        assert_eq!(one("f'{x}'"), [Token::Other]);
        assert_eq!(statements("x = 1\ny = 'open\n"), Err(TacError::Unterminated(2)));
    }

    #[test]
    fn numbers_of_every_kind_are_read() {
        let cases = [("0o22", 18), ("022", 18), ("0x10", 16), ("1_000", 1000), ("0", 0), ("10L", 10)];
        for (source, expected) in cases {
            assert_eq!(one(source), [Token::Number(expected)], "{source}");
        }
        assert_eq!(one("1.5"), [Token::Other]);
    }

    #[test]
    fn a_statement_goes_on_within_brackets_and_after_a_backslash() {
        let found = statements("f(1,\n  2) # x\na = \\\n  3\n  b\n").unwrap();
        let places: Vec<_> = found.iter().map(|statement| (statement.line, statement.is_indented)).collect();
        assert_eq!(places, [(1, false), (3, false), (5, true)]);
    }
}
