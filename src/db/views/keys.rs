//! The ways in which URLs name a thing: by id, or by name or number within another thing.

/// A builder by id or name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuilderKey {
    Id(i64),
    Name(String),
}

impl BuilderKey {
    /// A text of digits is an id, as in Buildbot.
    pub fn parse(text: &str) -> Self {
        number(text).map_or_else(|| Self::Name(text.to_owned()), Self::Id)
    }
}

/// A project by id or name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProjectKey {
    Id(i64),
    Name(String),
}

impl ProjectKey {
    pub fn parse(text: &str) -> Self {
        number(text).map_or_else(|| Self::Name(text.to_owned()), Self::Id)
    }
}

/// A worker by id or name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkerKey {
    Id(i64),
    Name(String),
}

impl WorkerKey {
    pub fn parse(text: &str) -> Self {
        number(text).map_or_else(|| Self::Name(text.to_owned()), Self::Id)
    }
}

/// A build by id, or by its number within a builder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildKey {
    Id(i64),
    Number(BuilderKey, i64),
}

/// A step by id, or by its name or number within a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKey {
    Id(i64),
    Number(BuildKey, i64),
    Name(BuildKey, String),
}

impl StepKey {
    pub fn parse(build: BuildKey, text: &str) -> Self {
        match number(text) {
            Some(number) => Self::Number(build, number),
            None => Self::Name(build, text.to_owned()),
        }
    }
}

/// A log by id, or by its slug within a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogKey {
    Id(i64),
    Slug(StepKey, String),
}

/// Decimal digits as a number; anything else, and a number beyond 64 bits, is `None`.
pub fn number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_digits_are_a_number() {
        assert_eq!(number("42"), Some(42));
        for text in ["", "-1", "+1", "4x", "99999999999999999999"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
