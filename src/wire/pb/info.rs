//! How a worker is asked what it is, in the words of its release.

use std::collections::BTreeMap;

use buildbot_protocol::Value;
use buildbot_protocol::pb::{Failure, Jelly, to_value};

use super::arguments::RENAMED;

/// Questions in the order in which they are asked; workers since 0.9 answer all of it at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Everything,
    /// The same in the words of 0.8, without commands and version.
    OldEverything,
    Commands,
    Version,
}

impl Question {
    pub(super) fn method(self) -> &'static str {
        match self {
            Self::Everything => "getWorkerInfo",
            Self::OldEverything => "getSlaveInfo",
            Self::Commands => "getCommands",
            Self::Version => "getVersion",
        }
    }
}

/// What came of an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    Ask(Question),
    Done(Value),
    /// With the text of the worker's error.
    Failed(String),
}

/// Gathers the answers.
#[derive(Debug, Default)]
pub(super) struct Interview {
    facts: BTreeMap<String, Value>,
}

impl Interview {
    pub(super) fn answered(&mut self, question: Question, answer: Result<Jelly, Failure>) -> Next {
        match (question, answer) {
            (Question::Everything, Ok(answer)) => match to_value(answer) {
                Value::Map(facts) => {
                    self.facts = facts;
                    self.done()
                }
                other => Next::Done(other),
            },
            (Question::Everything, Err(failure)) if failure.is_no_such_method() => Next::Ask(Question::OldEverything),
            (Question::OldEverything, Ok(answer)) => {
                if let Value::Map(facts) = to_value(answer) {
                    self.facts = facts;
                }
                match self.facts.remove("slave_commands") {
                    Some(commands) => {
                        self.facts.insert("worker_commands".to_owned(), commands);
                        Next::Ask(Question::Version)
                    }
                    None => Next::Ask(Question::Commands),
                }
            }
            (Question::Everything | Question::OldEverything, Err(failure)) => Next::Failed(failure.to_string()),
            (Question::Commands, answer) => {
                // Who cannot tell has what everybody had.
                self.facts.insert("worker_commands".to_owned(), answer.map_or(Value::Nil, to_value));
                Next::Ask(Question::Version)
            }
            (Question::Version, answer) => {
                if let Ok(version) = answer {
                    self.facts.insert("version".to_owned(), to_value(version));
                }
                self.done()
            }
        }
    }

    /// Commands are known by the names that sessions use, too.
    fn done(&mut self) -> Next {
        if let Some(Value::Map(commands)) = self.facts.get_mut("worker_commands") {
            for (theirs, ours) in RENAMED {
                if let Some(version) = commands.get(theirs).cloned() {
                    commands.insert(ours.to_owned(), version);
                }
            }
        }
        Next::Done(Value::Map(std::mem::take(&mut self.facts)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dict(entries: &[(&str, Jelly)]) -> Jelly {
        let bytes = |text: &str| Jelly::Bytes(text.as_bytes().to_vec());
        Jelly::Dict(entries.iter().map(|(key, value)| (bytes(key), value.clone())).collect())
    }

    #[test]
    fn a_worker_of_today_tells_everything_at_once() {
        let commands = dict(&[("uploadFile", "3.3".into())]);
        let answer = dict(&[("basedir", "/w".into()), ("worker_commands", commands)]);
        let Next::Done(Value::Map(facts)) = Interview::default().answered(Question::Everything, Ok(answer)) else {
            panic!("it is not done")
        };
        let commands = facts["worker_commands"].as_map().unwrap();
        assert_eq!((facts["basedir"].as_str(), commands["upload_file"].as_str()), (Some("/w"), Some("3.3")));
    }

    #[test]
    fn a_worker_of_old_is_asked_four_times() {
        let mut interview = Interview::default();
        let unknown = Err(Failure::no_such_method("getWorkerInfo"));
        assert_eq!(interview.answered(Question::Everything, unknown), Next::Ask(Question::OldEverything));
        let info = dict(&[("basedir", Jelly::Bytes(b"/w".to_vec()))]);
        assert_eq!(interview.answered(Question::OldEverything, Ok(info)), Next::Ask(Question::Commands));
        let commands = dict(&[("shell", Jelly::Bytes(b"2.16".to_vec()))]);
        assert_eq!(interview.answered(Question::Commands, Ok(commands)), Next::Ask(Question::Version));
        let version = Ok(Jelly::Bytes(b"0.8.14".to_vec()));
        let Next::Done(Value::Map(facts)) = interview.answered(Question::Version, version) else { panic!("not done") };
        assert_eq!((facts["basedir"].as_str(), facts["version"].as_str()), (Some("/w"), Some("0.8.14")));
        assert_eq!(facts["worker_commands"].as_map().unwrap()["shell"].as_str(), Some("2.16"));
    }

    #[test]
    fn a_worker_that_cannot_describe_itself_is_no_worker() {
        let mut interview = Interview::default();
        let failure = Failure::pb_error("broken");
        assert!(matches!(interview.answered(Question::Everything, Err(failure)), Next::Failed(_)));
    }
}
