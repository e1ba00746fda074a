//! Sheets of expectations.
//!
//! ```text
//! # Comments, and blank lines.
//! environ SITE=staging                 what the file sees as os.environ, beside HOME
//! secrets vault                        an empty directory for secrets beside the file
//! noted 12: steps.SVN is known, ...    each note of what is not built yet; all of them are listed
//! inactive reporters.IRC               each name in the banner; all of them are listed
//! warned c['slaves'] is an old ...     each warning, once however often it comes; all of them are listed
//! error 7: steps.X() has no ...        each error, if the file shall not load
//! builders = linux, windows            a question and its answer
//! builder linux                        a heading: what is indented below is about this builder
//!     step compile
//!         command jobs=4 = ["make", "-j4"]     questions take arguments: here properties of the build
//!         doStepIf branch="feature/x" = false
//!     step 5                           a step by its position, from 1
//! scheduler quick
//!     takes branch=main files=["a.c"] = true
//! ```
//!
//! What is listed may be as it is, or without the file's name, or without the line, too; ` ...` at the end leaves out the
//! rest.
//!
//! An answer is JSON, or else text, where the items of a list are separated by `, `. `~` instead of `=` wants the
//! answer to contain the text, `!` wants the question to fail for a reason that contains it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use buildbot::domain::PropertyValue;
use buildbot::json;

/// What the sheet of one configuration says.
#[derive(Default)]
pub struct Sheet {
    pub environ: Vec<(String, String)>,
    /// Directories that only their owner may read, which no repository can hold.
    pub private: Vec<String>,
    pub notes: Vec<String>,
    pub inactive: Vec<String>,
    pub warnings: Vec<String>,
    pub errors: Vec<String>,
    pub expectations: Vec<Expectation>,
}

/// A question and what its answer must be.
pub struct Expectation {
    pub line: usize,
    pub headings: Vec<Heading>,
    pub question: Question,
    pub expected: Expected,
}

/// `builder linux`.
#[derive(Clone)]
pub struct Heading {
    pub kind: String,
    pub name: String,
    indent: usize,
}

impl Heading {
    pub fn words(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }
}

/// `command jobs=4`.
pub struct Question {
    pub text: String,
    pub name: String,
    /// Arguments without a name.
    pub plain: Vec<PropertyValue>,
    pub named: BTreeMap<String, PropertyValue>,
}

pub enum Expected {
    Is(String),
    Contains(String),
    Fails(String),
}

impl Sheet {
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut sheet = Self::default();
        let mut headings: Vec<Heading> = Vec::new();
        for (position, line) in text.lines().enumerate() {
            let words = line.trim();
            if words.is_empty() || words.starts_with('#') {
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            headings.retain(|heading| heading.indent < indent);
            if headings.is_empty() && sheet.listed(words) {
                continue;
            }
            match expectation(words) {
                Some((question, expected)) => {
                    let (line, headings) = (position + 1, headings.clone());
                    sheet.expectations.push(Expectation { line, headings, question, expected });
                }
                None => {
                    let (kind, name) = words.split_once(' ').unwrap_or((words, ""));
                    headings.push(Heading { kind: kind.to_owned(), name: name.to_owned(), indent });
                }
            }
        }
        sheet
    }

    /// Takes a line that is neither question nor heading.
    fn listed(&mut self, line: &str) -> bool {
        let Some((word, rest)) = line.split_once(' ') else { return false };
        let list = match word {
            "environ" => {
                let (name, value) = rest.split_once('=').unwrap();
                self.environ.push((name.to_owned(), value.to_owned()));
                return true;
            }
            "secrets" => &mut self.private,
            "noted" => &mut self.notes,
            "inactive" => &mut self.inactive,
            "warned" => &mut self.warnings,
            "error" => &mut self.errors,
            _ => return false,
        };
        list.push(rest.to_owned());
        true
    }

    /// A sheet that would pass whatever the file said is none.
    pub fn asks_enough(&self) -> bool {
        !self.errors.is_empty() || 8 <= self.expectations.len()
    }
}

/// A line as question and answer, unless it is a heading.
fn expectation(line: &str) -> Option<(Question, Expected)> {
    let words = words(line);
    let sign = words.iter().position(|(_, word)| ["=", "~", "!"].contains(word))?;
    let (at, sign_word) = words[sign];
    let rest = line[at + sign_word.len()..].trim().to_owned();
    let expected = match sign_word {
        "=" => Expected::Is(rest),
        "~" => Expected::Contains(rest),
        _ => Expected::Fails(rest),
    };
    let mut question = Question {
        text: line[..at].trim().to_owned(),
        name: words[0].1.to_owned(),
        plain: Vec::new(),
        named: BTreeMap::new(),
    };
    for (_, word) in &words[1..sign] {
        match word.split_once('=') {
            Some((name, value)) if name.chars().all(|c| c.is_alphanumeric() || "_.-".contains(c)) => {
                question.named.insert(name.to_owned(), value_of(value));
            }
            _ => question.plain.push(value_of(word)),
        }
    }
    Some((question, expected))
}

/// JSON, or else text.
fn value_of(word: &str) -> PropertyValue {
    json::from_str::<json::Value>(word).map_or_else(|_| word.into(), |value| json::to_property(&value))
}

/// Words and where they begin; blanks within quotes and brackets do not separate.
fn words(line: &str) -> Vec<(usize, &str)> {
    let (mut words, mut start, mut depth, mut quoted, mut escaped) = (Vec::new(), None, 0_i32, false, false);
    for (at, letter) in line.char_indices() {
        if letter == ' ' && depth == 0 && !quoted {
            words.extend(start.take().map(|start: usize| (start, &line[start..at])));
            continue;
        }
        start.get_or_insert(at);
        match letter {
            '"' if !escaped => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
        escaped = letter == '\\' && !escaped;
    }
    words.extend(start.map(|start| (start, &line[start..])));
    words
}

impl Expected {
    /// Why an answer is not the expected one.
    pub fn refuses(&self, answer: &Result<PropertyValue, String>) -> Option<String> {
        match (self, answer) {
            (Self::Fails(text), Err(why)) if why.contains(text) => None,
            (Self::Fails(text), found) => Some(format!("expected to fail with {text:?}, but {found:?}")),
            (_, Err(why)) => Some(why.clone()),
            (Self::Contains(text), Ok(value)) if shown(value).contains(text) => None,
            (Self::Contains(text), Ok(value)) => Some(format!("{text:?} is not in {:?}", shown(value))),
            (Self::Is(text), Ok(value)) => {
                let parsed = json::from_str::<json::Value>(text).ok();
                let is_right = match &parsed {
                    Some(parsed) => json::to_property(parsed) == *value,
                    None => shown(value) == *text,
                };
                let found = json::to_string(&json::of_property(value));
                (!is_right).then(|| format!("expected {text}\n        but it is {found}"))
            }
        }
    }
}

fn shown(value: &PropertyValue) -> String {
    match value {
        PropertyValue::List(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// What is listed and not there, and the other way round; what is listed may leave out the file's name and the line.
pub fn differences(what: &str, listed: &[String], found: impl Iterator<Item = String>) -> Vec<String> {
    let mut found: Vec<String> = found.collect();
    let mut objections = Vec::new();
    for entry in listed {
        let n_found = found.len();
        found.retain(|there| !is_listed_as(there, entry));
        if found.len() == n_found {
            objections.push(format!("not {what}: {entry}"));
        }
    }
    found.dedup();
    objections.extend(found.into_iter().map(|there| format!("{what}, too: {there}")));
    objections
}

/// Whether `master.cfg:12: text` is listed as it is, as `12: text` or as `text`.
fn is_listed_as(there: &str, entry: &str) -> bool {
    if let Some(beginning) = entry.strip_suffix(" ...") {
        return there.strip_prefix("master.cfg:").is_some_and(|there| there.starts_with(beginning));
    }
    there == entry || there.strip_suffix(entry).is_some_and(|place| place.ends_with(": ") || place.ends_with(".cfg:"))
}

#[test]
fn differences_go_both_ways() {
    let found = || ["a.cfg:1: old x".to_owned(), "a.cfg:2: old x".to_owned(), "a.cfg:3: old y".to_owned()].into_iter();
    assert_eq!(differences("warned", &["old x".to_owned(), "3: old y".to_owned()], found()), Vec::<String>::new());
    assert_eq!(
        differences("warned", &["old x".to_owned(), "old".to_owned()], found()),
        ["not warned: old", "warned, too: a.cfg:3: old y"]
    );
}

#[test]
fn a_wrong_answer_is_refused() {
    let refuses = |line: &str, value: PropertyValue| expectation(line).unwrap().1.refuses(&Ok(value)).is_some();
    assert!(!refuses("workers = a, b", PropertyValue::List(vec!["a".into(), "b".into()])));
    assert!(refuses("workers = a, b", PropertyValue::List(vec!["b".into(), "a".into()])));
    assert!(refuses("jobs = 4", "4".into()) && !refuses("jobs = \"4\"", "4".into()));
    assert!(refuses("title ~ x", "y".into()) && refuses("title ! x", "x".into()));
    let (question, _) = expectation("command {\"a\": 1} jobs=4 branch=\"a = b\" x=[1, 2] = [\"make\"]").unwrap();
    assert_eq!((question.plain.len(), question.named.len()), (1, 3));
    assert_eq!(question.named["branch"], "a = b".into());
}
