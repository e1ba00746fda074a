//! What `try` was called with. Clients grew more arguments over the years, and all of them still come:
//!
//! | since | arguments |
//! |---|---|
//! | 0.7 | branch, revision, patch, builder names, and perhaps properties |
//! | 0.8 | branch, revision, patch, repository, project, builder names, and perhaps who, comment, properties |

use std::collections::BTreeMap;

use buildbot_protocol::Value;
use buildbot_protocol::pb::{Jelly, to_value};

use crate::domain::{PropertyValue, TryJob};

/// Reads a job; the error is for the client.
pub(super) fn job(args: Vec<Jelly>) -> Result<TryJob, String> {
    let mut args = args.into_iter();
    let mut next = || args.next().unwrap_or(Jelly::None);
    let branch = text(next(), "the branch")?;
    let revision = text(next(), "the revision")?;
    let (patch_level, patch_body) = patch(next())?;
    let mut job = TryJob { branch, revision, patch_level, patch_body, ..TryJob::default() };
    let fourth = next();
    if matches!(fourth, Jelly::List(_) | Jelly::Tuple(_)) {
        job.builder_names = names(fourth)?;
    } else {
        job.repository = text(fourth, "the repository")?.unwrap_or_default();
        job.project = text(next(), "the project")?.unwrap_or_default();
        job.builder_names = names(next())?;
        job.who = text(next(), "who")?.unwrap_or_default();
        job.comment = text(next(), "the comment")?.unwrap_or_default();
    }
    job.properties = properties(next())?;
    Ok(job)
}

/// Revisions of Subversion may be numbers.
fn text(value: Jelly, what: &str) -> Result<Option<String>, String> {
    match value {
        Jelly::None => Ok(None),
        Jelly::Int(number) => Ok(Some(number.to_string())),
        other => other.into_text().map(Some).ok_or(format!("{what} must be a text")),
    }
}

fn patch(value: Jelly) -> Result<(i32, Vec<u8>), String> {
    let Some(items) = value.into_items() else { return Err("the patch must be a level and a text".to_owned()) };
    let mut items = items.into_iter();
    let level = items.next().and_then(|level| match level {
        Jelly::None => Some(0),
        other => other.as_int().and_then(|level| i32::try_from(level).ok()),
    });
    let level =
        level.filter(|level| (0..=100).contains(level)).ok_or("the level of the patch must be a small number")?;
    match items.next() {
        None | Some(Jelly::None) => Ok((level, Vec::new())),
        Some(body) => body.into_bytes().map(|body| (level, body)).ok_or("the patch must be bytes".to_owned()),
    }
}

fn names(value: Jelly) -> Result<Vec<String>, String> {
    let items = match value {
        Jelly::None => return Ok(Vec::new()),
        other => other.into_items().ok_or("builder names must be a list")?,
    };
    let names = items.into_iter().map(Jelly::into_text);
    names.collect::<Option<_>>().ok_or("builder names must be texts".to_owned())
}

fn properties(value: Jelly) -> Result<BTreeMap<String, PropertyValue>, String> {
    match to_value(value) {
        Value::Nil => Ok(BTreeMap::new()),
        Value::Map(entries) => Ok(entries.into_iter().map(|(name, value)| (name, property(value))).collect()),
        _ => Err("properties must be a dictionary".to_owned()),
    }
}

fn property(value: Value) -> PropertyValue {
    match value {
        Value::Nil => PropertyValue::Null,
        Value::Bool(flag) => PropertyValue::Bool(flag),
        Value::Int(number) => PropertyValue::Int(number),
        Value::Float(number) => PropertyValue::Float(number),
        Value::Str(text) => PropertyValue::Str(text),
        Value::Bin(bytes) => PropertyValue::Str(String::from_utf8_lossy(&bytes).into_owned()),
        Value::Array(items) => PropertyValue::List(items.into_iter().map(property).collect()),
        Value::Map(entries) => {
            PropertyValue::Map(entries.into_iter().map(|(name, value)| (name, property(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Jelly {
        Jelly::List(texts.iter().map(|text| Jelly::from(*text)).collect())
    }

    fn patch(level: i64, body: &str) -> Jelly {
        Jelly::Tuple(vec![Jelly::Int(level), Jelly::Bytes(body.as_bytes().to_vec())])
    }

    #[test]
    fn all_generations_of_clients_are_understood() {
        let old = job(vec![Jelly::None, Jelly::Int(17), patch(0, "p"), texts(&["b"])]).unwrap();
        assert_eq!((old.branch, old.revision.as_deref(), old.builder_names), (None, Some("17"), vec!["b".to_owned()]));
        let six = ["main".into(), "abc".into(), patch(1, "p"), "git://r".into(), "".into(), texts(&[])];
        let middle = job(six.to_vec()).unwrap();
        assert_eq!((middle.repository.as_str(), middle.patch_level, middle.who.as_str()), ("git://r", 1, ""));
        let props = Jelly::Dict(vec![("a".into(), "1".into())]);
        let new = job([six.to_vec(), vec!["Joe".into(), Jelly::None, props]].concat()).unwrap();
        assert_eq!((new.who.as_str(), new.comment.as_str(), &new.properties["a"]), ("Joe", "", &"1".into()));
        let empty = Jelly::Tuple(vec![Jelly::Int(0), Jelly::None]);
        assert!(job(vec![Jelly::None, Jelly::None, empty, texts(&[])]).unwrap().patch_body.is_empty());
    }

    #[test]
    fn what_is_no_job_is_refused() {
        let good = || vec![Jelly::None, Jelly::None, patch(0, "p"), "r".into(), "".into(), texts(&[])];
        for (position, wrong) in [
            (0, texts(&[])),
            (2, Jelly::None),
            (2, patch(-1, "p")),
            (2, patch(1 << 40, "p")),
            (2, Jelly::Tuple(vec![Jelly::Int(0), Jelly::Int(0)])),
            (5, "b".into()),
            (5, Jelly::List(vec![Jelly::None])),
        ] {
            let mut args = good();
            args[position] = wrong;
            assert!(job(args.clone()).is_err(), "{args:?}");
        }
        assert!(job(good()).is_ok());
        assert!(job(Vec::new()).is_err());
    }
}
