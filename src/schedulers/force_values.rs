//! The value of one field of a force form: what was sent, checked and given its type.

use super::config::{ForceField, ForceFieldKind};
use super::filter;
use crate::domain::PropertyValue;

/// The text that the sender sees, naming the field as the page does.
pub(super) fn complaint(field: &ForceField, why: &str) -> String {
    let label = if field.label.is_empty() { &field.name } else { &field.label };
    format!("{}: {why}", label.trim_end_matches(':'))
}

pub(super) fn read(field: &ForceField, sent: Option<&PropertyValue>) -> Result<PropertyValue, String> {
    if field.kind == ForceFieldKind::Fixed {
        return Ok(field.default.clone());
    }
    let sent = match sent {
        None | Some(PropertyValue::Null) => None,
        Some(PropertyValue::List(items)) if !field.multiple => items.last(),
        Some(PropertyValue::List(items)) => {
            if items.is_empty() && field.required {
                return Err("a value is required".to_owned());
            }
            let items = items.iter().map(|item| read_one(field, item)).collect::<Result<_, _>>()?;
            return Ok(PropertyValue::List(items));
        }
        other => other,
    };
    match sent {
        None if field.required => Err("a value is required".to_owned()),
        None => Ok(field.default.clone()),
        Some(sent) if field.multiple => Ok(PropertyValue::List(vec![read_one(field, sent)?])),
        Some(sent) => read_one(field, sent),
    }
}

fn read_one(field: &ForceField, sent: &PropertyValue) -> Result<PropertyValue, String> {
    let text = sent.to_string();
    match &field.kind {
        ForceFieldKind::Fixed => return Ok(field.default.clone()),
        ForceFieldKind::Bool => return read_bool(sent, &text),
        _ => {}
    }
    if text.trim().is_empty() {
        return match &field.kind {
            _ if field.required => Err("a value is required".to_owned()),
            ForceFieldKind::Int => Ok(field.default.clone()),
            _ => Ok(PropertyValue::Str(text)),
        };
    }
    if let Some(limit) = field.max_size.filter(|limit| *limit < size(&text)) {
        return Err(format!("{} characters are more than the {limit} allowed", size(&text)));
    }
    if let Some(pattern) = &field.regex {
        let compiled = filter::compile(pattern).map_err(|error| error.to_string())?;
        if !filter::matches(&compiled, &text) {
            return Err(format!("'{text}' is not of the form '{pattern}'"));
        }
    }
    match &field.kind {
        ForceFieldKind::Int => read_int(sent, &text),
        ForceFieldKind::UserName { need_email: true, .. } if !has_email(&text) => {
            Err("an e-mail address is needed, as in 'Joe <joe@example.org>'".to_owned())
        }
        ForceFieldKind::Inherit { .. } if build_name(&text).is_none() => {
            Err(format!("'{text}' is not a build, as in 'builder/12'"))
        }
        ForceFieldKind::Choice { choices, strict: true } if !choices.contains(&text) => {
            Err(format!("'{text}' is none of the choices: {}", choices.join(", ")))
        }
        _ => Ok(PropertyValue::Str(text)),
    }
}

fn size(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

fn read_int(sent: &PropertyValue, text: &str) -> Result<PropertyValue, String> {
    let number = match sent {
        PropertyValue::Int(number) => Some(*number),
        PropertyValue::Str(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.map(PropertyValue::Int).ok_or_else(|| format!("'{text}' is not a whole number"))
}

fn read_bool(sent: &PropertyValue, text: &str) -> Result<PropertyValue, String> {
    if let PropertyValue::Bool(flag) = sent {
        return Ok(PropertyValue::Bool(*flag));
    }
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "on" | "true" | "yes" => Ok(true.into()),
        "" | "0" | "off" | "false" | "no" => Ok(false.into()),
        _ => Err(format!("'{text}' is neither true nor false")),
    }
}

/// Whether some word of the text is `somebody@somewhere`, bare or in angle brackets.
fn has_email(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        let word = word.trim_matches(['<', '>', '(', ')', ',']);
        word.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
    })
}

/// Builder and number of a build that was chosen, from text like `builder/12 (green)`.
pub fn build_name(text: &str) -> Option<(&str, i64)> {
    let (builder, number) = text.split_whitespace().next()?.rsplit_once('/')?;
    let number = number.parse().ok().filter(|number| 0 < *number)?;
    (!builder.is_empty()).then_some((builder, number))
}

/// Whether a property may have this name, when somebody makes it up in a form.
pub(super) fn is_property_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || "_.-/~:".contains(letter))
}
