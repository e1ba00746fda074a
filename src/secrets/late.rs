//! Values of the configuration that are known only when it is put in force.

use super::Secret;
use crate::domain::{PropertyValue, Renderable};

/// Something that may need secrets.
pub trait Late {
    /// What has to be rendered before the value is known; nothing if it is.
    fn missing(&self) -> Option<&Renderable>;
    /// Says what the value is, and which secrets are in it.
    fn reveal(&mut self, value: PropertyValue, used: Vec<(String, Secret)>);
    /// Where the configuration says it.
    fn place(&self) -> &Place;
}

/// A place in a file of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub file: String,
    /// Counted from 1; 0 if it is not known.
    pub line: u32,
    pub column: u32,
}
