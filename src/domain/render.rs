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
    /// `@util.renderer`, or a function where an argument accepts one: called with the properties.
    Function(Callback),
    /// A function that is called with values besides: `util.renderer(f).withArgs(...)`, `util.Transform(f, ...)`.
    Call(Box<FunctionCall>),
    /// `util.WithProperties(format, *names, **functions)`.
    WithProperties { format: String, names: Vec<String>, functions: BTreeMap<String, Callback> },
    /// `util.FlattenList(list)`.
    Flatten(Box<Renderable>),
    /// `util.Property('a') + 1` and the like.
    Operation { operator: Operator, left: Box<Renderable>, right: Box<Renderable> },
    /// `util.Secret(name)`.
    Secret(String),
}

/// A function of the configuration and what it is called with.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionCall {
    pub function: Callback,
    /// Whether the properties of the build come before the other arguments.
    pub with_properties: bool,
    pub args: Vec<Renderable>,
    pub kwargs: BTreeMap<String, Renderable>,
}

/// What can be done with two values once they are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
    /// `left[right]`.
    Item,
}

const OPERATORS: [(Operator, &str); 15] = [
    (Operator::Equal, "=="),
    (Operator::NotEqual, "!="),
    (Operator::Less, "<"),
    (Operator::LessOrEqual, "<="),
    (Operator::Greater, ">"),
    (Operator::GreaterOrEqual, ">="),
    (Operator::In, "in"),
    (Operator::NotIn, "not in"),
    (Operator::Add, "+"),
    (Operator::Subtract, "-"),
    (Operator::Multiply, "*"),
    (Operator::Divide, "/"),
    (Operator::FloorDivide, "//"),
    (Operator::Remainder, "%"),
    (Operator::Item, "[]"),
];

impl Operator {
    /// As Python writes it.
    pub fn text(self) -> &'static str {
        OPERATORS.iter().find(|(operator, _)| *operator == self).map_or("?", |(_, text)| text)
    }

    pub fn from_text(text: &str) -> Option<Self> {
        OPERATORS.iter().find(|(_, known)| *known == text).map(|(operator, _)| *operator)
    }
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
