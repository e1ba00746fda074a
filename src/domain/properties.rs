//! Properties: named values with the place they came from (manual section 2.5.6, "Properties").

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write};

/// A JSON value. Property values, rendered arguments and force parameters have this type.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum PropertyValue {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    List(Vec<PropertyValue>),
    Map(BTreeMap<String, PropertyValue>),
}

impl PropertyValue {
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// As Python's `repr()`: text in quotes, all else as it is printed.
    pub fn literal(&self) -> String {
        struct Literal<'a>(&'a PropertyValue);
        impl Display for Literal<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_literal(self.0, f)
            }
        }
        Literal(self).to_string()
    }

    /// Whether Python would call the value true.
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(flag) => *flag,
            Self::Int(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Str(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Map(items) => !items.is_empty(),
        }
    }
}

impl From<&str> for PropertyValue {
    fn from(text: &str) -> Self {
        Self::Str(text.to_owned())
    }
}

impl From<String> for PropertyValue {
    fn from(text: String) -> Self {
        Self::Str(text)
    }
}

impl From<i64> for PropertyValue {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for PropertyValue {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<Option<String>> for PropertyValue {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Null, Self::Str)
    }
}

/// Prints as Python's `str()` does: text bare, `None`, `True`, lists and maps in their literal form.
impl Display for PropertyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Str(text) => f.write_str(text),
            other => write_literal(other, f),
        }
    }
}

fn write_literal(value: &PropertyValue, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value {
        PropertyValue::Null => f.write_str("None"),
        PropertyValue::Bool(true) => f.write_str("True"),
        PropertyValue::Bool(false) => f.write_str("False"),
        PropertyValue::Int(number) => number.fmt(f),
        PropertyValue::Float(number) => write_float(*number, f),
        PropertyValue::Str(text) => write_text(text, f),
        PropertyValue::List(items) => {
            f.write_str("[")?;
            for (position, item) in items.iter().enumerate() {
                if position != 0 {
                    f.write_str(", ")?;
                }
                write_literal(item, f)?;
            }
            f.write_str("]")
        }
        PropertyValue::Map(items) => {
            f.write_str("{")?;
            for (position, (key, item)) in items.iter().enumerate() {
                if position != 0 {
                    f.write_str(", ")?;
                }
                write_text(key, f)?;
                f.write_str(": ")?;
                write_literal(item, f)?;
            }
            f.write_str("}")
        }
    }
}

/// In single quotes, or in double ones if that saves escaping.
fn write_text(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    f.write_char(quote)?;
    for letter in text.chars() {
        match letter {
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            _ if letter == quote => write!(f, "\\{letter}")?,
            _ if letter.is_control() => write!(f, "\\x{:02x}", u32::from(letter))?,
            _ => f.write_char(letter)?,
        }
    }
    f.write_char(quote)
}

/// An exponent has a sign and two digits at least.
fn write_float(number: f64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if number.is_nan() {
        return f.write_str("nan");
    }
    let text = format!("{number:?}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
            write!(f, "{digits}e{sign}{exponent:0>2}")
        }
        None => f.write_str(&text),
    }
}

/// A value and where it came from, e.g. `Scheduler`, `Change`, `Force Build Form`.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    pub value: PropertyValue,
    pub source: String,
}

/// The properties of a change, buildset, worker or build.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties(BTreeMap<String, Property>);

impl Properties {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn get(&self, name: &str) -> Option<&PropertyValue> {
        self.0.get(name).map(|property| &property.value)
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Sets a property; a later source overrides an earlier one.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<PropertyValue>, source: impl Into<String>) {
        self.0.insert(name.into(), Property { value: value.into(), source: source.into() });
    }

    /// Takes over all properties of `other`, which wins.
    pub fn update(&mut self, other: &Self) {
        for (name, property) in &other.0 {
            self.0.insert(name.clone(), property.clone());
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Property)> {
        self.0.iter().map(|(name, property)| (name.as_str(), property))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, Property)> for Properties {
    fn from_iter<I: IntoIterator<Item = (String, Property)>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_print_as_python_prints_them() {
        let list = PropertyValue::List(vec!["a".into(), PropertyValue::Null, true.into(), 3.into()]);
        assert_eq!(list.to_string(), "['a', None, True, 3]");
        assert_eq!(PropertyValue::from("a'b").to_string(), "a'b");
        assert_eq!(PropertyValue::Float(2.0).to_string(), "2.0");
        assert_eq!(PropertyValue::Float(1e16).to_string(), "1e+16");
        assert_eq!(PropertyValue::Float(1.5e-7).to_string(), "1.5e-07");
        let texts = ["it's", "\"it's\"", "a\\b\n\u{1}ö"].map(PropertyValue::from).to_vec();
        assert_eq!(PropertyValue::List(texts).to_string(), r#"["it's", '"it\'s"', 'a\\b\n\x01ö']"#);
    }

    #[test]
    fn the_last_source_wins() {
        let mut properties = Properties::new();
        properties.set("branch", "main", "Change");
        let mut forced = Properties::new();
        forced.set("branch", "dev", "Force Build Form");
        properties.update(&forced);
        assert_eq!(properties.get("branch"), Some(&"dev".into()));
    }
}
