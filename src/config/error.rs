//! What is wrong with a configuration: every error of a file, each with its place and the line it stands in.

use std::fmt::{self, Display};

/// One error (or warning) and the place in the operator's own file that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// File name as the operator knows it.
    pub file: String,
    /// Counted from 1; 0 if the error is about the file as a whole.
    pub line: u32,
    /// Counted from 1, in characters.
    pub column: u32,
    /// A lower-case fragment without a full stop.
    pub message: String,
    /// The source line around the place.
    pub excerpt: Option<Excerpt>,
}

/// A line of the file, or a part of a long one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    pub text: String,
    /// Characters of `text` before the place.
    pub before: usize,
    /// Characters that are meant; at least 1.
    pub width: usize,
}

impl ConfigError {
    /// An error about the file as a whole.
    pub fn whole_file(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: 0, column: 0, message: message.into(), excerpt: None }
    }
}

impl Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return write!(f, "{}: {}", self.file, self.message);
        }
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        let Some(Excerpt { text, before, width }) = &self.excerpt else { return Ok(()) };
        // Tabs are kept so that the carets stand below the text whatever a tab's width is.
        let indent: String = text.chars().take(*before).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        write!(f, "\n    {text}\n    {indent}{}", "^".repeat((*width).max(1)))
    }
}

/// Every error of one attempt to load a configuration, in the order of the file. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// Sorts by place and drops repetitions.
    pub fn new(mut errors: Vec<ConfigError>) -> Self {
        errors.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        errors.dedup();
        Self(errors)
    }

    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, error) in self.0.iter().enumerate() {
            if position != 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(line: u32, column: u32, message: &str) -> ConfigError {
        let excerpt = Some(Excerpt { text: "\tx = y".to_owned(), before: 5, width: 1 });
        ConfigError { file: "master.cfg".into(), line, column, message: message.into(), excerpt }
    }

    #[test]
    fn an_error_shows_its_line_with_carets_below_tabs() {
        assert_eq!(error(3, 6, "bad").to_string(), "master.cfg:3:6: bad\n    \tx = y\n    \t    ^");
        assert_eq!(ConfigError::whole_file("a.cfg", "is empty").to_string(), "a.cfg: is empty");
    }

    #[test]
    fn errors_stand_in_the_order_of_the_file_and_only_once() {
        let errors = ConfigErrors::new(vec![error(9, 1, "b"), error(2, 1, "a"), error(9, 1, "b")]);
        assert_eq!(errors.iter().map(|error| error.line).collect::<Vec<_>>(), [2, 9]);
    }
}
