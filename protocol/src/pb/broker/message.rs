//! The messages below calls and answers, one expression each.

use super::{BrokerError, Target};
use crate::pb::banana::{Expr, Unsendable, Writer};
use crate::pb::jelly::{self, Jelly};
use crate::pb::{Failure, Limits};

#[derive(Debug)]
pub(super) enum Message {
    Call {
        request: i64,
        /// Nothing if it is called by a name or number that cannot exist.
        object: Option<Target>,
        method: String,
        args: Vec<Jelly>,
        kwargs: Vec<(String, Jelly)>,
        wanted: bool,
    },
    Answer {
        request: i64,
        value: Jelly,
    },
    Error {
        request: i64,
        failure: Failure,
    },
    Decref {
        object: u32,
    },
    NotUnderstood {
        what: String,
    },
}

impl Message {
    /// `received` gets the ids of objects of the peer, as often as they were sent.
    pub(super) fn read(expr: Expr, limits: &Limits, received: &mut Vec<u32>) -> Result<Self, BrokerError> {
        let description = describe(&expr);
        let not_a_message = || BrokerError::NotAMessage(description.clone());
        let Expr::List(list) = expr else { return Err(not_a_message()) };
        let mut items = list.into_iter();
        let head = items.next();
        let Some(Expr::Bytes(head)) = head else { return Err(not_a_message()) };
        let rest: Vec<Expr> = items.collect();
        match head.as_slice() {
            b"message" => {
                let parts = <[Expr; 6]>::try_from(rest).map_err(|_| not_a_message())?;
                read_call(parts, limits, received)?.ok_or_else(not_a_message)
            }
            b"answer" | b"error" => {
                let [request, value] = <[Expr; 2]>::try_from(rest).map_err(|_| not_a_message())?;
                let request = request.as_int().ok_or_else(not_a_message)?;
                let value = jelly::read(value, limits, received)?;
                match head.as_slice() {
                    b"answer" => Ok(Self::Answer { request, value }),
                    _ => Ok(Self::Error { request, failure: failure(value) }),
                }
            }
            b"decref" => {
                let object = rest.first().and_then(Expr::as_int).and_then(|id| u32::try_from(id).ok());
                Ok(Self::Decref { object: object.ok_or_else(not_a_message)? })
            }
            b"didNotUnderstand" => {
                let what = rest.first().and_then(Expr::as_bytes).unwrap_or_default();
                Ok(Self::NotUnderstood { what: shown(what) })
            }
            _ => Err(not_a_message()),
        }
    }
}

fn read_call(parts: [Expr; 6], limits: &Limits, received: &mut Vec<u32>) -> Result<Option<Message>, BrokerError> {
    let [request, object, method, wanted, args, kwargs] = parts;
    let (Expr::Int(request), Expr::Bytes(method)) = (request, method) else { return Ok(None) };
    let object = match object {
        Expr::Int(id) => u32::try_from(id).ok().map(Target::Object),
        Expr::Bytes(name) => (name == b"root").then_some(Target::Root),
        _ => None,
    };
    let wanted = wanted.as_int() != Some(0);
    let args = jelly::read(args, limits, received)?.into_items();
    let kwargs = jelly::read(kwargs, limits, received)?.into_entries();
    let (Some(args), Some(kwargs)) = (args, kwargs) else { return Ok(None) };
    let mut named = Vec::with_capacity(kwargs.len());
    for (key, value) in kwargs {
        let Some(key) = key.into_text() else { return Ok(None) };
        named.push((key, value));
    }
    let method = String::from_utf8_lossy(&method).into_owned();
    Ok(Some(Message::Call { request, object, method, args, kwargs: named, wanted }))
}

/// Classes that are known to be harmless travel as themselves: a name and a state.
fn failure(value: Jelly) -> Failure {
    match value {
        Jelly::Failure(failure) => *failure,
        Jelly::Opaque { tag, items } => {
            let value = items.first().and_then(Expr::as_bytes).map(shown).unwrap_or_default();
            named_failure(shown(&tag), value)
        }
        other => named_failure(other.into_text().unwrap_or_else(|| "an unknown error".to_owned()), String::new()),
    }
}

fn named_failure(type_name: String, value: String) -> Failure {
    Failure { parents: vec![type_name.clone()], type_name, value, traceback: String::new() }
}

/// What a log may say of an expression, whoever wrote it.
pub(super) fn describe(expr: &Expr) -> String {
    match expr {
        Expr::List(items) => match items.first() {
            Some(Expr::Bytes(head)) => format!("a \"{}\" of {} items", shown(head), items.len()),
            _ => format!("a list of {} items", items.len()),
        },
        Expr::Bytes(_) => "a string".to_owned(),
        Expr::Int(_) | Expr::Long(_) | Expr::Float(_) => "a number".to_owned(),
    }
}

fn shown(bytes: &[u8]) -> String {
    const MAX_SHOWN: usize = 200;
    String::from_utf8_lossy(bytes.get(..MAX_SHOWN).unwrap_or(bytes)).into_owned()
}

pub(super) fn read_version(expr: &Expr) -> Option<i64> {
    match expr.as_list()? {
        [Expr::Bytes(head), Expr::Int(version)] if head == b"version" => Some(*version),
        _ => None,
    }
}

pub(super) fn write_version(out: &mut Writer, version: i64) -> Result<(), Unsendable> {
    out.list(2)?;
    out.word("version")?;
    out.int(version);
    Ok(())
}

pub(super) fn write_call(
    out: &mut Writer,
    request: u64,
    target: Target,
    method: &str,
    (args, kwargs): (&[Jelly], &[(&str, Jelly)]),
) -> Result<(), Unsendable> {
    out.list(7)?;
    out.word("message")?;
    out.int(i64::try_from(request).unwrap_or(i64::MAX));
    match target {
        Target::Root => out.word("root")?,
        Target::Object(id) => out.int(i64::from(id)),
    }
    out.word(method)?;
    out.int(1);
    out.list(args.len() + 1)?;
    out.word("tuple")?;
    args.iter().try_for_each(|arg| jelly::write(arg, out))?;
    out.list(kwargs.len() + 1)?;
    out.word("dictionary")?;
    for (name, value) in kwargs {
        out.list(2)?;
        jelly::write(&Jelly::from(*name), out)?;
        jelly::write(value, out)?;
    }
    Ok(())
}

pub(super) fn write_answer(out: &mut Writer, request: i64, value: &Jelly) -> Result<(), Unsendable> {
    out.list(3)?;
    out.word("answer")?;
    out.int(request);
    jelly::write(value, out)
}

pub(super) fn write_error(out: &mut Writer, request: i64, failure: &Failure) -> Result<(), Unsendable> {
    out.list(3)?;
    out.word("error")?;
    out.int(request);
    jelly::write(&Jelly::Failure(Box::new(failure.clone())), out)
}

pub(super) fn write_decref(out: &mut Writer, object: u32) -> Result<(), Unsendable> {
    out.list(2)?;
    out.word("decref")?;
    out.int(i64::from(object));
    Ok(())
}
