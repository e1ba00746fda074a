//! Names and texts packed close together.
//!
//! What workers say of themselves is kept as long as they are connected and hardly ever read. A map takes three times
//! the room of the texts in it, and a master has many workers.

use std::fmt;

/// A map from names to texts that does not change any more, sorted by name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Texts {
    /// Name, text, name, text.
    text: Box<str>,
    /// Where each of them ends.
    ends: Box<[u32]>,
}

impl Texts {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, text)| text)
    }

    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// In the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let starts = [0].into_iter().chain(self.ends.iter().skip(1).step_by(2).copied());
        starts.zip(self.ends.chunks_exact(2)).filter_map(|(start, ends)| {
            let &[middle, end] = ends else { return None };
            Some((self.text.get(start as usize..middle as usize)?, self.text.get(middle as usize..end as usize)?))
        })
    }
}

/// The last text of a name counts.
impl<K: AsRef<str> + Ord, V: AsRef<str>> FromIterator<(K, V)> for Texts {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let sorted: std::collections::BTreeMap<K, V> = entries.into_iter().collect();
        let (mut text, mut ends) = (String::new(), Vec::with_capacity(2 * sorted.len()));
        for (name, value) in &sorted {
            let middle = text.len() + name.as_ref().len();
            // A message is never so long.
            let (Ok(middle), Ok(end)) = (u32::try_from(middle), u32::try_from(middle + value.as_ref().len())) else {
                break;
            };
            text.push_str(name.as_ref());
            text.push_str(value.as_ref());
            ends.extend([middle, end]);
        }
        Self { text: text.into(), ends: ends.into() }
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_in_order() {
        let texts: Texts = [("b", "2"), ("a", ""), ("", "nameless"), ("b", "three"), ("ü", "\0")].into_iter().collect();
        let all: Vec<_> = texts.iter().collect();
        assert_eq!(all, [("", "nameless"), ("a", ""), ("b", "three"), ("ü", "\0")]);
        assert_eq!((texts.get("b"), texts.get("a"), texts.get("c")), (Some("three"), Some(""), None));
        assert_eq!(format!("{texts:?}"), r#"{"": "nameless", "a": "", "b": "three", "ü": "\0"}"#);
    }

    #[test]
    fn nothing_is_in_an_empty_one() {
        assert_eq!(Texts::default().iter().count(), 0);
        assert_eq!(Texts::from_iter([("", ""); 0]), Texts::default());
    }
}
