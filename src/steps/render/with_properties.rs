//! `util.WithProperties`: Python's `%` operator on properties, with defaults behind their names.
//!
//! `%(name)s` needs the property; `%(name:-text)s` prints the text if there is none, `%(name:~text)s` also if it is not
//! true, and `%(name:+text)s` if there is one, else nothing. The texts are printed as they are.

use std::collections::BTreeMap;

use crate::domain::{Properties, PropertyValue};
use crate::steps::python_format::Conversion;

/// What stands in a format.
enum Part<'a> {
    Text(&'a str),
    Positional(Conversion),
    Named(&'a str, Conversion),
}

/// What is wrong with a format that is filled with this many names; nothing if it can be filled.
pub fn problem(format: &str, n_names: usize) -> Option<String> {
    let parts = match parse(format) {
        Ok(parts) => parts,
        Err(problem) => return Some(problem),
    };
    let positional = parts.iter().filter(|part| matches!(part, Part::Positional(_))).count();
    let has_names = parts.iter().any(|part| matches!(part, Part::Named(..)));
    if positional != n_names {
        return Some(format!("has {positional} '%s', but {n_names} names for them"));
    }
    (has_names && n_names != 0).then(|| "takes names either behind the format or in it, not both".to_owned())
}

/// The format filled with properties and with what functions gave, which are named one by one or in the format.
pub(super) fn fill(
    format: &str,
    names: &[String],
    own: &BTreeMap<String, PropertyValue>,
    properties: &Properties,
) -> Result<String, String> {
    if let Some(problem) = problem(format, names.len()) {
        return Err(format!("the format {format:?} of WithProperties {problem}"));
    }
    let mut names = names.iter();
    let mut text = String::new();
    for part in parse(format)? {
        let (name, conversion) = match part {
            Part::Text(part) => {
                text.push_str(part);
                continue;
            }
            Part::Positional(conversion) => (names.next().map(String::as_str).unwrap_or_default(), conversion),
            Part::Named(name, conversion) => (name, conversion),
        };
        text.push_str(&conversion.apply(&look_up(name, own, properties)?)?);
    }
    Ok(text)
}

/// What functions gave comes before properties; for `:~` only if it is true.
fn look_up(
    name: &str,
    own: &BTreeMap<String, PropertyValue>,
    properties: &Properties,
) -> Result<PropertyValue, String> {
    let value = |name: &str| own.get(name).or_else(|| properties.get(name)).cloned();
    let is_true = |value: &&PropertyValue| value.is_truthy();
    let found = if let Some((name, text)) = name.rsplit_once(":-") {
        value(name).unwrap_or_else(|| text.into())
    } else if let Some((name, text)) = name.rsplit_once(":~") {
        let found = own.get(name).filter(is_true).or_else(|| properties.get(name).filter(is_true));
        found.cloned().unwrap_or_else(|| text.into())
    } else if let Some((name, text)) = name.rsplit_once(":+") {
        value(name).map_or("", |_| text).into()
    } else {
        value(name).ok_or_else(|| format!("there is no property '{name}'"))?
    };
    Ok(if found == PropertyValue::Null { "".into() } else { found })
}

fn parse(format: &str) -> Result<Vec<Part<'_>>, String> {
    let mut parts = Vec::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('%') {
        parts.push(Part::Text(before));
        if let Some(after) = after.strip_prefix('%') {
            parts.push(Part::Text("%"));
            rest = after;
            continue;
        }
        let (name, after) = match after.strip_prefix('(') {
            Some(inner) => {
                let end = closing(inner).ok_or("has a '%(' without ')'")?;
                (Some(&inner[..end]), &inner[end + 1..])
            }
            None => (None, after),
        };
        let (conversion, length) = Conversion::parse(after)?;
        parts.push(match name {
            Some(name) => Part::Named(name, conversion),
            None => Part::Positional(conversion),
        });
        rest = after.get(length..).unwrap_or_default();
    }
    parts.push(Part::Text(rest));
    Ok(parts)
}

/// Where the parenthesis is closed that is open before the text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(format: &str, names: &[&str]) -> Result<String, String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut properties = Properties::new();
        let own = BTreeMap::from([("empty".to_owned(), "".into()), ("n".to_owned(), 7.into())]);
        for (name, value) in [("a", "A".into()), ("none", PropertyValue::Null)] {
            properties.set(name, value, "test");
        }
        fill(format, &names, &own, &properties)
    }

    #[test]
    fn names_are_filled_in_by_position_or_by_name() {
        assert_eq!(filled("%s-%03d%%", &["a", "n"]).unwrap(), "A-007%");
        assert_eq!(filled("%(a)s-%(n)03d%%%(none)s", &[]).unwrap(), "A-007%");
        assert_eq!(filled("%s", &["x:-y"]).unwrap(), "y");
    }

    #[test]
    fn texts_take_the_place_of_what_is_missing_or_false_or_there() {
        assert_eq!(filled("%(a:-x)s%(b:-x)s%(empty:-x)s%(none:-x)s", &[]).unwrap(), "Ax");
        assert_eq!(filled("%(a:~x)s%(b:~x)s%(empty:~x)s", &[]).unwrap(), "Axx");
        assert_eq!(filled("%(a:+x)s%(b:+x)s%(empty:+y(z))s", &[]).unwrap(), "xy(z)");
        assert_eq!(filled("%(b:-c:-x)s", &[]).unwrap(), "x", "the last mark counts");
    }

    #[test]
    fn what_cannot_be_filled_is_refused() {
        assert_eq!(filled("%(b)s", &[]).unwrap_err(), "there is no property 'b'");
        assert_eq!(problem("%s", 2).unwrap(), "has 1 '%s', but 2 names for them");
        assert_eq!(problem("%s %(a)s", 1).unwrap(), "takes names either behind the format or in it, not both");
        assert_eq!(problem("%(a", 0).unwrap(), "has a '%(' without ')'");
        assert!(problem("%", 0).is_some());
    }
}
