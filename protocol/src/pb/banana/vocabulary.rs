//! Words that the dialect `pb` writes as numbers.

/// How byte strings are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Every string in full. Connections begin with it.
    #[default]
    None,
    /// Words of the vocabulary as numbers.
    Pb,
}

impl Dialect {
    /// Its name in the negotiation.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pb => "pb",
        }
    }

    pub fn named(name: &[u8]) -> Option<Self> {
        [Self::Pb, Self::None].into_iter().find(|dialect| dialect.name().as_bytes() == name)
    }

    pub(super) fn word(self, number: usize) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Pb => VOCABULARY.get(number.checked_sub(1)?).copied(),
        }
    }

    pub(super) fn number(self, word: &[u8]) -> Option<u64> {
        if self == Self::None || LONGEST_WORD < word.len() {
            return None;
        }
        let position = VOCABULARY.iter().position(|known| known.as_bytes() == word)?;
        Some(position as u64 + 1)
    }
}

const LONGEST_WORD: usize = 13;

/// The words, from number 1 on.
pub const VOCABULARY: [&str; 31] = [
    "None",
    "class",
    "dereference",
    "reference",
    "dictionary",
    "function",
    "instance",
    "list",
    "module",
    "persistent",
    "tuple",
    "unpersistable",
    "copy",
    "cache",
    "cached",
    "remote",
    "local",
    "lcache",
    "version",
    "login",
    "password",
    "challenge",
    "logged_in",
    "not_logged_in",
    "cachemessage",
    "message",
    "answer",
    "error",
    "decref",
    "decache",
    "uncache",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_by_its_number_and_back() {
        for (position, word) in VOCABULARY.iter().enumerate() {
            assert_eq!(Dialect::Pb.number(word.as_bytes()), Some(position as u64 + 1));
            assert_eq!(Dialect::Pb.word(position + 1), Some(*word));
            assert_eq!(Dialect::None.number(word.as_bytes()), None);
        }
        assert_eq!((Dialect::Pb.word(0), Dialect::Pb.word(32)), (None, None));
    }
}
