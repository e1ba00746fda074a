//! The entries of an `update`: the only messages that are large and many.

use super::reader::{Kind, Malformed, Reader};
use crate::{Lines, Update};

pub(super) fn read_updates(reader: &mut Reader<'_>) -> Result<Vec<Update>, Malformed> {
    let len = reader.array_len()?;
    reader.charge(len)?;
    let mut updates = Vec::with_capacity(len.min(reader.remaining() / 3));
    for _ in 0..len {
        updates.push(read_update(reader)?);
    }
    Ok(updates)
}

fn read_update(reader: &mut Reader<'_>) -> Result<Update, Malformed> {
    if reader.array_len()? != 2 {
        return Err(Malformed::Unexpected("a pair of key and value"));
    }
    let key = reader.str()?;
    let kind = reader.peek()?;
    Ok(match (key, kind) {
        ("stdout", Kind::Array | Kind::Str) => Update::Stdout(read_lines(reader)?),
        ("stderr", Kind::Array | Kind::Str) => Update::Stderr(read_lines(reader)?),
        ("header", Kind::Array | Kind::Str) => Update::Header(read_lines(reader)?),
        ("log", Kind::Array) => read_log(reader)?,
        ("rc", Kind::Int) => Update::Rc(reader.int()?),
        ("elapsed", Kind::Int | Kind::Float) => Update::Elapsed(reader.number()?),
        ("failure_reason", Kind::Str) => Update::FailureReason(reader.str()?.to_owned()),
        ("files", Kind::Array) => Update::Files(read_files(reader)?),
        ("stat", Kind::Array) => Update::Stat(read_stat(reader)?),
        _ => Update::Other { key: key.to_owned(), value: reader.value()? },
    })
}

fn read_log(reader: &mut Reader<'_>) -> Result<Update, Malformed> {
    if reader.array_len()? != 2 {
        return Err(Malformed::Unexpected("a pair of log name and lines"));
    }
    Ok(Update::Log { name: reader.str()?.to_owned(), lines: read_lines(reader)? })
}

/// `[text, newline_positions, line_times]`. The positions are passed over: the text tells them too.
fn read_lines(reader: &mut Reader<'_>) -> Result<Lines, Malformed> {
    if reader.peek()? == Kind::Str {
        return Ok(Lines { text: reader.str()?.to_owned(), times: Vec::new() });
    }
    let len = reader.array_len()?;
    if len == 0 {
        return Ok(Lines::default());
    }
    let mut lines = Lines { text: reader.str()?.to_owned(), times: Vec::new() };
    for index in 1..len {
        match index {
            2 => lines.times = read_times(reader)?,
            _ => reader.skip()?,
        }
    }
    Ok(lines)
}

fn read_times(reader: &mut Reader<'_>) -> Result<Vec<f64>, Malformed> {
    let len = reader.array_len()?;
    if reader.remaining() < len {
        return Err(Malformed::Truncated);
    }
    let mut times = Vec::with_capacity(len);
    for _ in 0..len {
        times.push(reader.number()?);
    }
    Ok(times)
}

fn read_files(reader: &mut Reader<'_>) -> Result<Vec<String>, Malformed> {
    let len = reader.array_len()?;
    reader.charge(len)?;
    let mut files = Vec::with_capacity(len.min(reader.remaining()));
    for _ in 0..len {
        files.push(String::from_utf8_lossy(reader.bytes()?).into_owned());
    }
    Ok(files)
}

/// Some workers send times of files as fractions.
fn read_stat(reader: &mut Reader<'_>) -> Result<Vec<i64>, Malformed> {
    let len = reader.array_len()?;
    reader.charge(len)?;
    let mut stat = Vec::with_capacity(len.min(reader.remaining()));
    for _ in 0..len {
        stat.push(match reader.peek()? {
            Kind::Int => reader.int()?,
            _ => reader.number()? as i64,
        });
    }
    Ok(stat)
}
