//! Names and texts packed close together.
//!
//! What workers say of themselves is kept as long as they are connected and hardly ever read. A map takes three times
//! the room of the texts in it, an environment can be pressed to half of that, and a master has many workers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// Less is kept as it is, in bytes: it is asked for more often, and little is to be gained.
const PRESSED_FROM: usize = 1024;

/// A map from names to texts that does not change any more, sorted by name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Texts {
    /// Name, text, name, text.
    text: Packed,
    /// Where each of them ends.
    ends: Box<[u32]>,
}

#[derive(Clone, PartialEq, Eq)]
enum Packed {
    Plain(Box<str>),
    Pressed(Box<[u8]>),
}

impl Default for Packed {
    fn default() -> Self {
        Self::Plain(Box::default())
    }
}

impl Packed {
    fn new(text: String) -> Self {
        let press = |text: &str| {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(text.as_bytes())?;
            encoder.finish()
        };
        match press(&text) {
            Ok(pressed) if PRESSED_FROM <= text.len() => Self::Pressed(pressed.into()),
            _ => Self::Plain(text.into()),
        }
    }

    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Plain(text) => Cow::Borrowed(text),
            Self::Pressed(pressed) => {
                let mut text = String::new();
                DeflateDecoder::new(&**pressed).read_to_string(&mut text).expect("it was pressed here");
                Cow::Owned(text)
            }
        }
    }
}

impl Texts {
    pub fn get(&self, name: &str) -> Option<String> {
        let text = self.text.text();
        self.parts(&text).find(|(known, _)| *known == name).map(|(_, text)| text.to_owned())
    }

    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub fn to_map(&self) -> BTreeMap<String, String> {
        let text = self.text.text();
        self.parts(&text).map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
    }

    /// In the order of the names.
    fn parts<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let starts = [0].into_iter().chain(self.ends.iter().skip(1).step_by(2).copied());
        starts.zip(self.ends.chunks_exact(2)).filter_map(|(start, ends)| {
            let &[middle, end] = ends else { return None };
            Some((text.get(start as usize..middle as usize)?, text.get(middle as usize..end as usize)?))
        })
    }
}

/// The last text of a name counts.
impl<K: AsRef<str> + Ord, V: AsRef<str>> FromIterator<(K, V)> for Texts {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let sorted: BTreeMap<K, V> = entries.into_iter().collect();
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
        Self { text: Packed::new(text), ends: ends.into() }
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_map().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_in_order() {
        let texts: Texts = [("b", "2"), ("a", ""), ("", "nameless"), ("b", "three"), ("ü", "\0")].into_iter().collect();
        assert_eq!(format!("{texts:?}"), r#"{"": "nameless", "a": "", "b": "three", "ü": "\0"}"#);
        let found = ["b", "a", "c"].map(|name| texts.get(name));
        assert_eq!(found, [Some("three".to_owned()), Some(String::new()), None]);
        assert!(texts.contains("ü") && !texts.contains("u"));
    }

    #[test]
    fn an_environment_is_pressed_and_is_still_the_same() {
        let variables = (0..100).map(|n| (format!("VARIABLE_{n:03}"), format!("/opt/tools/{n}/bin:/usr/bin:ü")));
        let variables: BTreeMap<_, _> = variables.collect();
        let texts: Texts = variables.clone().into_iter().collect();
        assert_eq!(texts.to_map(), variables);
        assert_eq!(texts.get("VARIABLE_042").as_deref(), Some("/opt/tools/42/bin:/usr/bin:ü"));
        let Packed::Pressed(pressed) = &texts.text else { panic!("it is as long as it was") };
        assert!(pressed.len() < texts.text.text().len() / 4, "{} bytes", pressed.len());
    }

    #[test]
    fn nothing_is_in_an_empty_one() {
        assert!(Texts::default().to_map().is_empty());
        assert_eq!(Texts::from_iter([("", ""); 0]), Texts::default());
    }
}
