//! What a worker tells of a command, as updates of a session.

use std::collections::HashMap;

use buildbot_protocol::pb::{Jelly, to_value};
use buildbot_protocol::{Lines, Update, Value};

use super::raw_text::RawText;

/// A command has few streams; text of more than these goes on as it comes.
const MAX_STREAMS: usize = 64;

/// The streams of one command.
#[derive(Debug, Default)]
pub(super) struct Output {
    streams: HashMap<Stream, RawText>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Stream {
    Stdout,
    Stderr,
    Header,
    Log(String),
}

impl Stream {
    fn update(self, text: String) -> Update {
        let lines = Lines { text, times: Vec::new() };
        match self {
            Self::Stdout => Update::Stdout(lines),
            Self::Stderr => Update::Stderr(lines),
            Self::Header => Update::Header(lines),
            Self::Log(name) => Update::Log { name, lines },
        }
    }
}

impl Output {
    /// Reads `[[{key: value, ...}, 0], ...]`; what is no update is passed over.
    pub(super) fn read(&mut self, updates: Jelly) -> Vec<Update> {
        let entries = updates.into_items().unwrap_or_default().into_iter().filter_map(|update| {
            // The number beside the map is of no use to anybody.
            update.into_items()?.into_iter().next()?.into_entries()
        });
        let mut all = Vec::new();
        for (key, value) in entries.flatten() {
            let Some(key) = key.into_text() else { continue };
            all.extend(self.update(key, value));
        }
        all
    }

    /// The end of every stream.
    pub(super) fn finish(self) -> Vec<Update> {
        let mut rest: Vec<(Stream, String)> =
            self.streams.into_iter().map(|(stream, text)| (stream, text.finish())).collect();
        rest.retain(|(_, text)| !text.is_empty());
        rest.into_iter().map(|(stream, text)| stream.update(text)).collect()
    }

    fn update(&mut self, key: String, value: Jelly) -> Option<Update> {
        Some(match key.as_str() {
            "stdout" => self.text(Stream::Stdout, value)?,
            "stderr" => self.text(Stream::Stderr, value)?,
            "header" => self.text(Stream::Header, value)?,
            "log" => {
                let mut parts = value.into_items()?.into_iter();
                let name = parts.next()?.into_text()?;
                self.text(Stream::Log(name), parts.next()?)?
            }
            "rc" => Update::Rc(value.as_int()?),
            "elapsed" => Update::Elapsed(value.as_f64()?),
            "failure_reason" => Update::FailureReason(value.into_text()?),
            "files" => Update::Files(value.into_items()?.into_iter().filter_map(Jelly::into_text).collect()),
            "stat" => {
                let numbers = value.into_items()?.into_iter();
                Update::Stat(numbers.map(|number| number.as_f64().unwrap_or_default() as i64).collect())
            }
            _ => Update::Other { key, value: to_value(value) },
        })
    }

    fn text(&mut self, stream: Stream, value: Jelly) -> Option<Update> {
        let has_room = self.streams.len() < MAX_STREAMS || self.streams.contains_key(&stream);
        if !has_room {
            return Some(stream.update(value.into_text()?));
        }
        let raw = self.streams.entry(stream.clone()).or_default();
        let text = match value {
            Jelly::Bytes(bytes) => raw.push_bytes(bytes),
            other => raw.push(other.into_text()?),
        };
        (!text.is_empty()).then(|| stream.update(text))
    }
}

/// What the end of a command says: nothing, or an error.
pub(super) fn completion(failure: Option<Jelly>) -> Option<String> {
    match failure? {
        Jelly::None => None,
        Jelly::Failure(failure) => Some(match failure.traceback.trim_end() {
            "" | "Traceback unavailable" => failure.to_string(),
            traceback => format!("{failure}\n{traceback}"),
        }),
        other => Some(match to_value(other) {
            Value::Str(text) => text,
            other => format!("{other:?}"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn updates(maps: Vec<Vec<(Jelly, Jelly)>>) -> Jelly {
        let entry = |map| Jelly::List(vec![Jelly::Dict(map), Jelly::Int(0)]);
        Jelly::List(maps.into_iter().map(entry).collect())
    }

    fn lines(text: &str) -> Lines {
        Lines { text: text.to_owned(), times: Vec::new() }
    }

    #[test]
    fn several_updates_of_several_keys_are_taken_with_keys_of_any_kind() {
        let mut output = Output::default();
        let log = Jelly::Tuple(vec!["mylog".into(), Jelly::Bytes(b"one\r".to_vec())]);
        let read = output.read(updates(vec![
            vec![("stdout".into(), "a\r\nb".into()), (Jelly::Bytes(b"rc".to_vec()), Jelly::Int(3))],
            vec![("log".into(), log), ("stat".into(), Jelly::Tuple(vec![Jelly::Int(1), Jelly::Float(2.9)]))],
            vec![("surprise".into(), Jelly::Bool(true)), ("rc".into(), Jelly::None), (Jelly::Int(1), Jelly::None)],
        ]));
        let expected = [
            Update::Stdout(lines("a\nb")),
            Update::Rc(3),
            Update::Log { name: "mylog".to_owned(), lines: lines("one") },
            Update::Stat(vec![1, 2]),
            Update::Other { key: "surprise".to_owned(), value: Value::Bool(true) },
        ];
        assert_eq!(read, expected);
        assert_eq!(output.finish(), [Update::Log { name: "mylog".to_owned(), lines: lines("\n") }]);
    }

    #[test]
    fn what_is_no_update_is_passed_over() {
        for nonsense in [Jelly::None, Jelly::Int(1), Jelly::List(vec![Jelly::None, Jelly::List(vec![])])] {
            assert_eq!(Output::default().read(nonsense), []);
        }
    }

    #[test]
    fn streams_beyond_reason_are_not_remembered() {
        let mut output = Output::default();
        for n in 0..200 {
            let log = Jelly::Tuple(vec![Jelly::Text(n.to_string()), "x\r".into()]);
            output.read(updates(vec![vec![("log".into(), log)]]));
        }
        assert_eq!(output.streams.len(), MAX_STREAMS);
    }
}
