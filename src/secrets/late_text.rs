//! A text of the configuration that may need secrets, such as a password or a URL with a token.

use super::late::{Late, Place};
use super::{Redactor, Secret};
use crate::domain::{PropertyValue, Renderable};

/// Known at once if the configuration writes it out; otherwise only when the configuration is put in force.
#[derive(Clone, Debug)]
pub struct LateText {
    /// What is not written out: what the configuration wrote, and the same with secrets shown as `<name>`.
    late: Option<(Renderable, String)>,
    value: Option<Secret>,
    /// The secrets in it, by name.
    used: Vec<(String, Secret)>,
    place: Place,
}

/// Where it stands does not matter.
impl PartialEq for LateText {
    fn eq(&self, other: &Self) -> bool {
        (&self.late, &self.value, &self.used) == (&other.late, &other.value, &other.used)
    }
}

impl LateText {
    /// What the configuration wrote, and the same with secrets shown as `<name>`.
    pub fn new(written: Renderable, shown: impl Into<String>) -> Self {
        match written {
            Renderable::Value(PropertyValue::Str(text)) => Self::from(text),
            written => {
                Self { late: Some((written, shown.into())), value: None, used: Vec::new(), place: Place::default() }
            }
        }
    }

    /// Says where it stands.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// Masks the secrets in it.
    pub fn redactor(&self) -> Redactor {
        Redactor::new(self.used.clone())
    }

    /// The text itself; nothing as long as it is not known, which fits no password.
    pub fn expose(&self) -> Option<&str> {
        self.value.as_ref().map(Secret::expose)
    }

    /// The text as it may be shown and stored if it is no password: what comes from secrets is replaced by their names.
    pub fn shown(&self) -> &str {
        match &self.late {
            Some((_, shown)) => shown,
            None => self.expose().unwrap_or_default(),
        }
    }
}

impl Late for LateText {
    fn missing(&self) -> Option<&Renderable> {
        self.late.as_ref().filter(|_| self.value.is_none()).map(|(written, _)| written)
    }

    fn reveal(&mut self, value: PropertyValue, used: Vec<(String, Secret)>) {
        self.value = Some(Secret::new(match value {
            PropertyValue::Null => String::new(),
            other => other.to_string(),
        }));
        self.used = used;
    }

    fn place(&self) -> &Place {
        &self.place
    }
}

impl From<String> for LateText {
    fn from(text: String) -> Self {
        Self { late: None, value: Some(Secret::new(text)), used: Vec::new(), place: Place::default() }
    }
}

impl From<&str> for LateText {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_written_out_is_known() {
        let text = LateText::new("pw".into(), "");
        assert_eq!((text.expose(), text.missing(), text.shown()), (Some("pw"), None, "pw"));
        assert!(!format!("{text:?}").contains("pw"));
    }

    #[test]
    fn a_secret_is_known_when_it_is_revealed() {
        let mut text = LateText::new(Renderable::Secret("token".to_owned()), "<token>");
        assert_eq!((text.expose(), text.missing().is_some()), (None, true));
        text.reveal("hunter2".into(), vec![("token".to_owned(), Secret::new("hunter2"))]);
        assert_eq!((text.expose(), text.shown(), text.missing()), (Some("hunter2"), "<token>", None));
        assert!(!format!("{text:?}").contains("hunter2"));
        assert_eq!(text.redactor().redact("bad hunter2"), "bad <token>");
        assert_eq!(text.clone().at(Place { file: "master.cfg".to_owned(), line: 7, column: 1 }), text);
    }
}
