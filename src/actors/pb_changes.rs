//! Changes as clients of Perspective Broker tell them: a dictionary whose keys have had several names.

use std::collections::BTreeMap;

use buildbot_protocol::Value;
use futures_util::future::BoxFuture;

use super::change_intake::AcceptChanges;
use super::supervisor::Ask;
use crate::domain::{NewChange, Properties, PropertyValue, Timestamp};
use crate::wire::ChangeSink;

/// Where properties of a change say they came from.
const SOURCE: &str = "Change";

/// Keys that are known and mean nothing here.
const IGNORED: [&str; 2] = ["links", "src"];

/// One `changes.PBChangeSource`.
pub(super) struct PbChanges {
    /// The name of the source.
    pub(super) source: String,
    pub(super) prefix: Option<String>,
    pub(super) intake: Ask<AcceptChanges>,
}

impl ChangeSink for PbChanges {
    fn add_change(&self, change: BTreeMap<String, Value>) -> BoxFuture<'static, Result<(), String>> {
        let change = read(change, self.prefix.as_deref());
        let (source, intake) = (self.source.clone(), self.intake.clone());
        Box::pin(async move {
            let accept =
                AcceptChanges { source, source_id: None, changes: vec![change?], poll_state: None, history: None };
            let stored = intake.ask(accept).await.map_err(|error| error.to_string())?;
            stored.map(|_| ()).map_err(|error| error.to_string())
        })
    }
}

/// Reads a change; missing keys are empty, unknown ones an error.
fn read(mut told: BTreeMap<String, Value>, prefix: Option<&str>) -> Result<NewChange, String> {
    IGNORED.iter().for_each(|key| drop(told.remove(*key)));
    let mut text = |keys: &[&str]| -> Result<Option<String>, String> {
        let mut found = None;
        for key in keys {
            match told.remove(*key) {
                None | Some(Value::Nil) => {}
                Some(Value::Str(text)) => found = found.or(Some(text)),
                // Revisions of Subversion are numbers.
                Some(Value::Int(number)) => found = found.or(Some(number.to_string())),
                Some(_) => return Err(format!("'{key}' of a change must be a text")),
            }
        }
        Ok(found)
    };
    let not_empty = |text: &String| !text.is_empty();
    let mut change = NewChange {
        author: text(&["author", "who"])?.ok_or("a change needs an author")?,
        committer: text(&["committer"])?,
        comments: text(&["comments"])?.unwrap_or_default(),
        files: Vec::new(),
        revision: text(&["revision"])?,
        branch: text(&["branch"])?,
        category: text(&["category"])?,
        revlink: text(&["revlink"])?.filter(not_empty),
        repository: text(&["repository"])?.unwrap_or_default(),
        project: text(&["project"])?.unwrap_or_default(),
        codebase: text(&["codebase"])?.unwrap_or_default(),
        properties: Properties::new(),
        when: None,
        delivery_key: None,
    };
    change.when = when(told.remove("when_timestamp"))?.or(when(told.remove("when"))?);
    change.files = files(told.remove("files"), prefix)?;
    change.properties = properties(told.remove("properties"))?;
    match told.into_keys().next() {
        Some(unknown) => Err(format!("a change has no '{unknown}'")),
        None => Ok(change),
    }
}

/// Seconds since 1970, perhaps with a fraction.
fn when(value: Option<Value>) -> Result<Option<Timestamp>, String> {
    let seconds = match value {
        None | Some(Value::Nil) => return Ok(None),
        Some(value) => value.as_f64(),
    };
    let micros = seconds.map(|seconds| (seconds * 1e6).round());
    // Whole numbers up to here are exact in a float; it is the year 2255.
    match micros.filter(|micros| micros.is_finite() && micros.abs() <= 9_007_199_254_740_992.0) {
        #[expect(clippy::cast_possible_truncation, reason = "checked just above")]
        Some(micros) => Ok(Some(Timestamp::from_micros(micros as i64))),
        None => Err("'when' of a change must be a number of seconds".to_owned()),
    }
}

fn files(value: Option<Value>, prefix: Option<&str>) -> Result<Vec<String>, String> {
    let items = match value {
        None | Some(Value::Nil) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err("'files' of a change must be a list".to_owned()),
    };
    let mut files = Vec::with_capacity(items.len());
    for item in items {
        let Value::Str(file) = item else { return Err("'files' of a change must be texts".to_owned()) };
        files.extend(file.strip_prefix(prefix.unwrap_or_default()).map(str::to_owned));
    }
    Ok(files)
}

fn properties(value: Option<Value>) -> Result<Properties, String> {
    let mut properties = Properties::new();
    match value {
        None | Some(Value::Nil) => {}
        Some(Value::Map(entries)) => {
            for (name, value) in entries {
                properties.set(name.as_str(), property(value), SOURCE);
            }
        }
        Some(_) => return Err("'properties' of a change must be a dictionary".to_owned()),
    }
    Ok(properties)
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
            PropertyValue::Map(entries.into_iter().map(|(key, value)| (key, property(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(entries: &[(&str, Value)]) -> BTreeMap<String, Value> {
        entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    }

    fn list(items: &[&str]) -> Value {
        Value::Array(items.iter().map(|item| (*item).into()).collect())
    }

    #[test]
    fn what_sendchange_tells_is_taken_over() {
        let properties = Value::Map(told(&[("a", "b".into())]));
        let change = read(
            told(&[
                ("who", "Ann".into()),
                ("files", list(&["trunk/a.c", "branches/b.c"])),
                ("comments", "a comment".into()),
                ("branch", Value::Nil),
                ("revision", Value::Int(5)),
                ("category", Value::Nil),
                ("when", Value::Float(1.5)),
                ("properties", properties),
                ("revlink", "".into()),
                ("src", "git".into()),
                ("project", "p".into()),
            ]),
            Some("trunk/"),
        )
        .unwrap();
        assert_eq!(
            (change.author.as_str(), change.comments.as_str(), change.project.as_str()),
            ("Ann", "a comment", "p")
        );
        assert_eq!((change.files.as_slice(), change.revision.as_deref()), (&["a.c".to_owned()][..], Some("5")));
        assert_eq!((change.when, change.revlink, change.branch), (Some(Timestamp::from_micros(1_500_000)), None, None));
        assert!(change.properties.get("a").is_some());
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let who = ("who", Value::from("Ann"));
        for wrong in [
            vec![("comments", "no author".into())],
            vec![who.clone(), ("when", "yesterday".into())],
            vec![who.clone(), ("when", Value::Float(f64::NAN))],
            vec![who.clone(), ("files", "a.c".into())],
            vec![who.clone(), ("properties", list(&[]))],
            vec![who.clone(), ("branch", list(&[]))],
            vec![who.clone(), ("surprise", Value::Nil)],
        ] {
            assert!(read(told(&wrong), None).is_err(), "{wrong:?}");
        }
        assert!(read(told(&[who]), None).is_ok());
    }
}
