//! Files of try jobs: netstrings, the first of which is a version.
//!
//! | version | what follows |
//! |---|---|
//! | 1 | id, branch, base revision, level of the patch, patch, names of builders |
//! | 2 | repository and project behind the patch |
//! | 3 | who behind them |
//! | 4 | a comment behind that |
//! | 5 | all of it and properties as one JSON object |
//! | 6 | the same with the patch in base64 |

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::{PropertyValue, TryJob};
use crate::json;

/// The reason a file is no job.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobFileError {
    #[error("it does not consist of netstrings")]
    Netstrings,
    #[error("its version '{0}' is unknown")]
    Version(String),
    #[error("it ends too early")]
    Short,
    #[error("the level of its patch is '{0}'")]
    Level(String),
    #[error("it does not hold the JSON it should: {0}")]
    Json(String),
}

/// Reads a file of any version.
pub fn read(bytes: &[u8]) -> Result<TryJob, JobFileError> {
    let mut strings = netstrings(bytes)?.into_iter();
    let version = text(strings.next().ok_or(JobFileError::Short)?);
    match version.as_str() {
        "1" => plain(strings, Level::Original),
        "2" => plain(strings, Level::Repository),
        "3" => plain(strings, Level::Who),
        "4" => plain(strings, Level::Comment),
        "5" | "6" => from_json(strings.next().ok_or(JobFileError::Short)?),
        _ => Err(JobFileError::Version(version)),
    }
}

/// What a version without JSON knows of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Original,
    Repository,
    Who,
    Comment,
}

fn plain<'a>(mut strings: impl Iterator<Item = &'a [u8]>, level: Level) -> Result<TryJob, JobFileError> {
    let mut next = || strings.next().ok_or(JobFileError::Short);
    let mut job =
        TryJob { id: text(next()?), branch: optional(next()?), revision: optional(next()?), ..TryJob::default() };
    let patch_level = text(next()?);
    job.patch_level = patch_level.trim().parse().map_err(|_| JobFileError::Level(patch_level.clone()))?;
    job.patch_body = next()?.to_vec();
    if Level::Repository <= level {
        (job.repository, job.project) = (text(next()?), text(next()?));
    }
    if Level::Who <= level {
        job.who = text(next()?);
    }
    if Level::Comment <= level {
        job.comment = text(next()?);
    }
    job.builder_names = strings.map(text).collect();
    Ok(job)
}

fn from_json(bytes: &[u8]) -> Result<TryJob, JobFileError> {
    let wrong = |what: &str| JobFileError::Json(what.to_owned());
    let value: json::Value = json::from_slice(bytes).map_err(|error| wrong(&error.to_string()))?;
    let PropertyValue::Map(mut fields) = json::to_property(&value) else { return Err(wrong("no object")) };
    let mut take = |key: &str| fields.remove(key).unwrap_or_default();
    let patch_level = match take("patch_level") {
        PropertyValue::Null => Some(0),
        PropertyValue::Int(level) => i32::try_from(level).ok(),
        PropertyValue::Str(level) => level.trim().parse().ok(),
        _ => None,
    };
    let patch_body = match (take("patch_body_base64"), take("patch_body")) {
        (PropertyValue::Str(encoded), _) => STANDARD.decode(encoded.trim()).map_err(|_| wrong("no base64"))?,
        (_, body) => word(body).into_bytes(),
    };
    let builder_names = match take("builderNames") {
        PropertyValue::Null => Vec::new(),
        PropertyValue::List(names) => names.into_iter().map(word).collect(),
        _ => return Err(wrong("'builderNames' is no list")),
    };
    let properties = match take("properties") {
        PropertyValue::Null => BTreeMap::new(),
        PropertyValue::Map(properties) => properties,
        _ => return Err(wrong("'properties' is no object")),
    };
    let mut word_of = |key: &str| word(take(key));
    Ok(TryJob {
        id: word_of("jobid"),
        branch: Some(word_of("branch")).filter(|branch| !branch.is_empty()),
        revision: Some(word_of("baserev")).filter(|revision| !revision.is_empty()),
        patch_level: patch_level.ok_or(wrong("'patch_level' is no number"))?,
        patch_body,
        repository: word_of("repository"),
        project: word_of("project"),
        who: word_of("who"),
        comment: word_of("comment"),
        builder_names,
        properties,
    })
}

fn word(value: PropertyValue) -> String {
    match value {
        PropertyValue::Null => String::new(),
        other => other.to_string(),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn optional(bytes: &[u8]) -> Option<String> {
    Some(text(bytes)).filter(|text| !text.is_empty())
}

/// `5:hello,3:you,`
fn netstrings(mut bytes: &[u8]) -> Result<Vec<&[u8]>, JobFileError> {
    let mut strings = Vec::new();
    while let Some(digits) = bytes.iter().position(|byte| *byte == b':').filter(|digits| *digits <= 10) {
        let (length, rest) = bytes.split_at(digits);
        let length = std::str::from_utf8(length).ok().filter(|length| length.bytes().all(|byte| byte.is_ascii_digit()));
        let length: usize = length.and_then(|length| length.parse().ok()).ok_or(JobFileError::Netstrings)?;
        let (string, rest) = rest.get(1..).and_then(|rest| rest.split_at_checked(length)).ok_or(JobFileError::Short)?;
        strings.push(string);
        bytes = rest.strip_prefix(b",").ok_or(JobFileError::Netstrings)?;
    }
    // A newline at the end is an editor's.
    if bytes.iter().all(u8::is_ascii_whitespace) { Ok(strings) } else { Err(JobFileError::Netstrings) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(strings: &[&str]) -> Vec<u8> {
        strings.iter().map(|string| format!("{}:{string},", string.len())).collect::<String>().into_bytes()
    }

    #[test]
    fn every_version_without_json_is_read() {
        let common = ["id", "", "abc", "1", "a,\n:b"];
        let job = read(&file(&[&["1"], &common[..], &["b1", "b2"]].concat())).unwrap();
        assert_eq!((job.id.as_str(), job.branch.as_deref(), job.revision.as_deref()), ("id", None, Some("abc")));
        assert_eq!((job.patch_level, job.patch_body.as_slice()), (1, &b"a,\n:b"[..]));
        assert_eq!((job.builder_names.len(), job.repository.as_str()), (2, ""));
        let job = read(&file(&[&["2"], &common[..], &["repo", "proj", "b1"]].concat())).unwrap();
        assert_eq!((job.repository.as_str(), job.project.as_str(), job.builder_names.len()), ("repo", "proj", 1));
        let job = read(&file(&[&["3"], &common[..], &["repo", "proj", "Joe", "b1"]].concat())).unwrap();
        assert_eq!((job.who.as_str(), job.builder_names.len()), ("Joe", 1));
        let job = read(&file(&[&["4"], &common[..], &["repo", "proj", "Joe", "why", "b1"]].concat())).unwrap();
        assert_eq!((job.comment.as_str(), job.builder_names.len()), ("why", 1));
    }

    #[test]
    fn every_version_with_json_is_read() {
        let five = r#"{"jobid": "1-2", "branch": "main", "baserev": "", "patch_level": 1, "patch_body": "é",
            "repository": "r", "project": "p", "who": null, "comment": "c", "builderNames": ["b"],
            "properties": {"a": "1"}}"#;
        let job = read(&file(&["5", five])).unwrap();
        assert_eq!((job.branch.as_deref(), job.revision, job.patch_level), (Some("main"), None, 1));
        assert_eq!((job.patch_body.as_slice(), job.who.as_str()), ("é".as_bytes(), ""));
        assert_eq!((job.builder_names, &job.properties["a"]), (vec!["b".to_owned()], &"1".into()));
        let six = r#"{"jobid": "1-2", "patch_level": "0", "patch_body_base64": "/wA=", "builderNames": []}"#;
        assert_eq!(read(&file(&["6", six])).unwrap().patch_body, [0xff, 0]);
    }

    #[test]
    fn what_is_no_job_is_refused_with_the_reason() {
        let short = file(&["1", "id", ""]);
        for (bytes, error) in [
            (&b""[..], JobFileError::Short),
            (b"hello", JobFileError::Netstrings),
            (b"-1:,", JobFileError::Netstrings),
            (b"99999999999999:", JobFileError::Netstrings),
            (b"5:ab,", JobFileError::Short),
            (b"1:1;", JobFileError::Netstrings),
            (&short, JobFileError::Short),
            (b"1:7,", JobFileError::Version("7".to_owned())),
            (&file(&["1", "id", "", "", "x", ""]), JobFileError::Level("x".to_owned())),
            (&file(&["5", "[]"]), JobFileError::Json("no object".to_owned())),
            (&file(&["6", r#"{"patch_body_base64": "?"}"#]), JobFileError::Json("no base64".to_owned())),
        ] {
            assert_eq!(read(bytes), Err(error), "{}", String::from_utf8_lossy(bytes));
        }
        assert!(matches!(read(&file(&["5", "{"])), Err(JobFileError::Json(_))));
    }
}
