//! Renderables: arguments whose value is known only when a build runs (manual section "Renderables").
//!
//! The data is here; what a rendering means is in `steps/render`.

use std::collections::BTreeMap;

use super::{Callback, PropertyValue};

/// An argument of a step or scheduler as the configuration wrote it.
#[derive(Clone, Debug, PartialEq)]
pub enum Renderable {
    /// A plain value.
    Value(PropertyValue),
    /// `util.Property(name, default=, defaultWhenFalse=)`.
    Property { name: String, default: Option<Box<Renderable>>, default_when_false: bool },
    /// `util.Interpolate(format, *args, **kwargs)`.
    Interpolate { format: String, args: Vec<Renderable>, kwargs: BTreeMap<String, Renderable> },
    /// A list with at least one renderable in it.
    List(Vec<Renderable>),
    /// A dictionary with at least one renderable in it.
    Map(BTreeMap<String, Renderable>),
    /// `@util.renderer`, or a function where an argument accepts one.
    Function(Callback),
    /// `util.Secret(name)`.
    Secret(String),
}

impl Renderable {
    /// The value, if it does not depend on a build.
    pub fn constant(&self) -> Option<&PropertyValue> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }
}

impl<T: Into<PropertyValue>> From<T> for Renderable {
    fn from(value: T) -> Self {
        Self::Value(value.into())
    }
}
