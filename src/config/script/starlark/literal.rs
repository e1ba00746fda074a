//! Values as Python prints them inside of others: `['a', None]`.

use starlark::values::Value;
use starlark::values::dict::DictRef;
use starlark::values::list::ListRef;
use starlark::values::tuple::TupleRef;

use super::instance::Instance;

/// Longest text of one value.
const MAX_BYTES: usize = 16 << 20;
/// Values inside values are shown this far.
const MAX_DEPTH: usize = 100;

/// What `repr(value)` gives.
pub fn literal(value: Value<'_>) -> Result<String, String> {
    let mut text = String::new();
    write(value, 0, &mut text)?;
    Ok(text)
}

fn write(value: Value<'_>, depth: usize, text: &mut String) -> Result<(), String> {
    if MAX_BYTES < text.len() {
        return Err("the value is too long to print".to_owned());
    }
    if MAX_DEPTH < depth {
        text.push_str("...");
        return Ok(());
    }
    if let Some(content) = value.unpack_str() {
        quote(content, text);
    } else if let Some(list) = ListRef::from_value(value) {
        text.push('[');
        items(list.content(), depth, text)?;
        text.push(']');
    } else if let Some(tuple) = TupleRef::from_value(value) {
        text.push('(');
        items(tuple.content(), depth, text)?;
        text.push_str(if tuple.len() == 1 { ",)" } else { ")" });
    } else if let Some(dict) = DictRef::from_value(value) {
        text.push('{');
        for (position, (key, item)) in dict.iter().enumerate() {
            text.push_str(if position == 0 { "" } else { ", " });
            write(key, depth + 1, text)?;
            text.push_str(": ");
            write(item, depth + 1, text)?;
        }
        text.push('}');
    } else if let Some((name, fields)) = Instance::record(value) {
        text.push_str(&name);
        text.push('(');
        for (position, (field, item)) in fields.into_iter().enumerate() {
            text.push_str(if position == 0 { "" } else { ", " });
            text.push_str(&field);
            text.push('=');
            write(item, depth + 1, text)?;
        }
        text.push(')');
    } else {
        text.push_str(&Instance::shown(value, true).unwrap_or_else(|| value.to_repr()));
    }
    Ok(())
}

fn items(values: &[Value<'_>], depth: usize, text: &mut String) -> Result<(), String> {
    for (position, item) in values.iter().enumerate() {
        text.push_str(if position == 0 { "" } else { ", " });
        write(*item, depth + 1, text)?;
    }
    Ok(())
}

fn quote(content: &str, text: &mut String) {
    let mark = if content.contains('\'') && !content.contains('"') { '"' } else { '\'' };
    text.push(mark);
    for letter in content.chars() {
        match letter {
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\\' => text.push_str("\\\\"),
            _ if letter == mark => text.extend(['\\', letter]),
            _ if letter.is_ascii_control() => text.push_str(&format!("\\x{:02x}", u32::from(letter))),
            _ => text.push(letter),
        }
    }
    text.push(mark);
}
