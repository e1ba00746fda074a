//! Answers as values.

use std::time::Duration;

use buildbot::domain::lock::{LockAccess, LockMode};
use buildbot::domain::{Properties, PropertyValue};

/// What became of a question.
pub type Answer = Result<PropertyValue, String>;

pub fn list<T: Into<PropertyValue>>(items: impl IntoIterator<Item = T>) -> PropertyValue {
    PropertyValue::List(items.into_iter().map(Into::into).collect())
}

pub fn option<T: Into<PropertyValue>>(value: Option<T>) -> PropertyValue {
    value.map_or(PropertyValue::Null, Into::into)
}

pub fn number(value: impl TryInto<i64>) -> PropertyValue {
    value.try_into().ok().map_or(PropertyValue::Null, PropertyValue::Int)
}

/// Whole seconds; `null` is no limit.
pub fn seconds(value: Option<Duration>) -> PropertyValue {
    value.map_or(PropertyValue::Null, |value| number(value.as_secs()))
}

pub fn dictionary(properties: &Properties) -> PropertyValue {
    let pairs = properties.iter().map(|(name, property)| (name.to_owned(), property.value.clone()));
    PropertyValue::Map(pairs.collect())
}

/// `disk counting`, `disk counting 2`.
pub fn lock(access: &LockAccess) -> PropertyValue {
    let mode = match access.mode {
        LockMode::Counting => "counting",
        LockMode::Exclusive => "exclusive",
    };
    let count = if access.count == 1 { String::new() } else { format!(" {}", access.count) };
    format!("{} {mode}{count}", access.lock.name).into()
}

/// The words of what was made of a name.
pub fn unknown(what: &str, name: &str) -> String {
    format!("nothing can be asked about {what} by the name of {name:?}")
}

/// The only item of this name, or the one at this position, from 1.
pub fn find<'a, T>(items: &'a [T], name: &str, name_of: impl Fn(&T) -> String) -> Result<&'a T, String> {
    if let Some(item) = name.parse::<usize>().ok().and_then(|position| items.get(position.wrapping_sub(1))) {
        return Ok(item);
    }
    let mut found = items.iter().filter(|item| name_of(item) == name);
    let there = || items.iter().map(&name_of).collect::<Vec<_>>().join(", ");
    let item = found.next().ok_or_else(|| format!("no {name:?} among {}", there()))?;
    if found.next().is_some() {
        return Err(format!("several are called {name:?}; use a position"));
    }
    Ok(item)
}
