//! Values to bytes.

use super::Jelly;
use crate::pb::banana::{Unsendable, Writer};
use crate::pb::{Failure, Limits};

/// Writes one value.
pub fn write(jelly: &Jelly, out: &mut Writer) -> Result<(), Unsendable> {
    nested(jelly, out, Limits::SESSION.depth)
}

fn nested(jelly: &Jelly, out: &mut Writer, depth: usize) -> Result<(), Unsendable> {
    let depth = depth.checked_sub(1).ok_or(Unsendable::TooDeep)?;
    match jelly {
        Jelly::Int(number) => out.int(*number),
        Jelly::Long(long) => out.long(long),
        Jelly::Float(number) => out.float(*number),
        Jelly::Bytes(bytes) => out.bytes(bytes)?,
        Jelly::None => tag(out, "None", 0)?,
        Jelly::Bool(flag) => {
            tag(out, "boolean", 1)?;
            out.word(if *flag { "true" } else { "false" })?;
        }
        Jelly::Text(value) => text(out, value)?,
        Jelly::List(items) => sequence(out, "list", items, depth)?,
        Jelly::Tuple(items) => sequence(out, "tuple", items, depth)?,
        Jelly::Set(items) => sequence(out, "set", items, depth)?,
        Jelly::FrozenSet(items) => sequence(out, "frozenset", items, depth)?,
        Jelly::Dict(entries) => {
            tag(out, "dictionary", entries.len())?;
            for (key, value) in entries {
                out.list(2)?;
                nested(key, out, depth)?;
                nested(value, out, depth)?;
            }
        }
        Jelly::Remote(id) => reference(out, "remote", *id)?,
        Jelly::Local(id) => reference(out, "local", *id)?,
        Jelly::Failure(it) => failure(out, it)?,
        Jelly::Opaque { tag, items } => {
            out.list(items.len() + 1)?;
            out.bytes(tag)?;
            items.iter().try_for_each(|item| out.expr(item))?;
        }
    }
    Ok(())
}

fn tag(out: &mut Writer, tag: &str, n_items: usize) -> Result<(), Unsendable> {
    out.list(n_items + 1)?;
    out.word(tag)
}

fn text(out: &mut Writer, text: &str) -> Result<(), Unsendable> {
    tag(out, "unicode", 1)?;
    out.word(text)
}

fn reference(out: &mut Writer, kind: &str, id: u32) -> Result<(), Unsendable> {
    tag(out, kind, 1)?;
    out.int(i64::from(id));
    Ok(())
}

fn sequence(out: &mut Writer, kind: &str, items: &[Jelly], depth: usize) -> Result<(), Unsendable> {
    tag(out, kind, items.len())?;
    items.iter().try_for_each(|item| nested(item, out, depth))
}

/// What every peer needs of a failure, with keys that every peer understands.
fn failure(out: &mut Writer, failure: &Failure) -> Result<(), Unsendable> {
    tag(out, super::read::COPYABLE_FAILURE, 1)?;
    tag(out, "dictionary", 7)?;
    key(out, "type")?;
    out.word(&failure.type_name)?;
    for (name, value) in [("value", &failure.value), ("traceback", &failure.traceback)] {
        key(out, name)?;
        text(out, value)?;
    }
    key(out, "parents")?;
    tag(out, "list", failure.parents.len())?;
    failure.parents.iter().try_for_each(|parent| text(out, parent))?;
    key(out, "tb")?;
    tag(out, "None", 0)?;
    for name in ["frames", "stack"] {
        key(out, name)?;
        tag(out, "list", 0)?;
    }
    Ok(())
}

/// Begins an entry of a map.
fn key(out: &mut Writer, key: &str) -> Result<(), Unsendable> {
    out.list(2)?;
    text(out, key)
}
