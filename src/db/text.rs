//! Values that are stored as JSON text: property values, lists of files, tags and links.

use super::DbError;
use crate::domain::{Properties, Property, PropertyValue, Results};
use crate::json::{self, Value};

pub(super) fn of_value(value: &PropertyValue) -> String {
    json::to_string(&json::of_property(value))
}

pub(super) fn to_value(text: &str) -> Result<PropertyValue, DbError> {
    Ok(json::to_property(&parse(text)?))
}

/// A whole set of properties in one text: name to (value, source).
pub(super) fn of_properties(properties: &Properties) -> String {
    let pairs: std::collections::BTreeMap<_, _> = properties
        .iter()
        .map(|(name, property)| (name, (json::of_property(&property.value), property.source.as_str())))
        .collect();
    json::to_string(&pairs)
}

pub(super) fn to_properties(text: &str) -> Result<Properties, DbError> {
    let pairs: std::collections::BTreeMap<String, (Value, String)> = read(text)?;
    let properties =
        pairs.into_iter().map(|(name, (value, source))| (name, Property { value: json::to_property(&value), source }));
    Ok(properties.collect())
}

/// Rows of (name, value, source).
pub(super) fn collect_properties(rows: Vec<(String, String, String)>) -> Result<Properties, DbError> {
    rows.into_iter().map(|(name, value, source)| Ok((name, Property { value: to_value(&value)?, source }))).collect()
}

pub(super) fn of_strings(texts: &[String]) -> String {
    json::to_string(&texts)
}

pub(super) fn to_strings(text: &str) -> Result<Vec<String>, DbError> {
    read(text)
}

/// Links of a step: pairs of name and URL.
pub(super) fn of_links(links: &[(String, String)]) -> String {
    json::to_string(&links)
}

pub(super) fn to_links(text: &str) -> Result<Vec<(String, String)>, DbError> {
    read(text)
}

pub(super) fn to_results(code: Option<i32>) -> Result<Option<Results>, DbError> {
    code.map(|code| Results::from_code(code).ok_or_else(|| DbError::Row(format!("{code} is no result")))).transpose()
}

fn parse(text: &str) -> Result<Value, DbError> {
    read(text)
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, DbError> {
    json::from_str(text).map_err(|error| DbError::Row(error.to_string()))
}
