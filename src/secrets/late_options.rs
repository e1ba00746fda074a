//! Options of the configuration, a dictionary of anything, that may need secrets: those of a hook.

use std::fmt;

use super::Secret;
use super::late::{Late, Place};
use crate::domain::{PropertyValue, Renderable};

/// Known at once if there is no secret in them; otherwise only when the configuration is put in force.
#[derive(Clone)]
pub struct LateOptions {
    written: Renderable,
    value: Option<PropertyValue>,
    place: Place,
}

impl LateOptions {
    pub fn new(written: Renderable, place: Place) -> Self {
        Self { value: written.constant().cloned(), written, place }
    }

    /// The options; nothing as long as they are not known.
    pub fn expose(&self) -> Option<&PropertyValue> {
        self.value.as_ref()
    }
}

impl From<PropertyValue> for LateOptions {
    fn from(value: PropertyValue) -> Self {
        Self::new(Renderable::Value(value), Place::default())
    }
}

impl Late for LateOptions {
    fn missing(&self) -> Option<&Renderable> {
        self.value.is_none().then_some(&self.written)
    }

    fn reveal(&mut self, value: PropertyValue, _: Vec<(String, Secret)>) {
        self.value = Some(value);
    }

    fn place(&self) -> &Place {
        &self.place
    }
}

/// Where they stand does not matter.
impl PartialEq for LateOptions {
    fn eq(&self, other: &Self) -> bool {
        (&self.written, &self.value) == (&other.written, &other.value)
    }
}

/// As they are written: secrets by their names.
impl fmt::Debug for LateOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LateOptions").field(&self.written).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_with_a_secret_are_known_when_it_is_revealed_and_never_shown() {
        let written = Renderable::Map([("secret".to_owned(), Renderable::Secret("hook".to_owned()))].into());
        let mut options = LateOptions::new(written, Place::default());
        assert_eq!((options.expose(), options.missing().is_some()), (None, true));
        let value = PropertyValue::Map([("secret".to_owned(), "hunter2".into())].into());
        options.reveal(value.clone(), Vec::new());
        assert_eq!((options.expose(), options.missing()), (Some(&value), None));
        assert!(!format!("{options:?}").contains("hunter2"));
        assert_eq!(LateOptions::from(PropertyValue::Bool(true)).expose(), Some(&true.into()));
    }
}
