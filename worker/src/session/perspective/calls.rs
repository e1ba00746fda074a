//! What commands ask for, as calls of the objects that the master lent them.

use buildbot_protocol::pb::{Failure, Jelly, RemoteId, from_value};
use buildbot_protocol::{Request, Update};

/// What the master lends a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CommandObjects {
    /// Hears how the command goes.
    pub command: RemoteId,
    /// The file that is written or read, if the command transfers one.
    pub file: Option<RemoteId>,
}

/// Whom to call, how, and with what. Nothing for what this dialect cannot ask.
pub(super) fn of_request(request: &Request, objects: CommandObjects) -> Option<(RemoteId, &'static str, Vec<Jelly>)> {
    let command = Some(objects.command);
    let (target, method, args) = match request {
        Request::Update { updates, .. } => {
            let updates = updates.iter().map(|update| Jelly::List(vec![entry(update), Jelly::Int(0)]));
            (command, "update", vec![Jelly::List(updates.collect())])
        }
        Request::Complete { error, .. } => {
            let failure = error.as_ref().map(|text| Failure::new("builtins.RuntimeError", text));
            let failure = failure.map_or(Jelly::None, |failure| Jelly::Failure(Box::new(failure)));
            (command, "complete", vec![failure])
        }
        Request::UploadFileWrite { data, .. } | Request::UploadDirectoryWrite { data, .. } => {
            (objects.file, "write", vec![Jelly::Bytes(data.clone())])
        }
        Request::UploadFileClose { .. } | Request::ReadFileClose { .. } => (objects.file, "close", vec![]),
        Request::UploadFileUtime { access_time, modified_time, .. } => {
            let times = Jelly::Tuple(vec![Jelly::Float(*access_time), Jelly::Float(*modified_time)]);
            (objects.file, "utime", vec![times])
        }
        Request::UploadDirectoryUnpack { .. } => (objects.file, "unpack", vec![]),
        Request::ReadFile { length, .. } => (objects.file, "read", vec![Jelly::Int(*length)]),
        _ => return None,
    };
    Some((target?, method, args))
}

/// An update as a dictionary of one entry.
fn entry(update: &Update) -> Jelly {
    let (key, value) = match update {
        Update::Stdout(lines) => ("stdout", Jelly::from(lines.text.as_str())),
        Update::Stderr(lines) => ("stderr", Jelly::from(lines.text.as_str())),
        Update::Header(lines) => ("header", Jelly::from(lines.text.as_str())),
        Update::Log { name, lines } => ("log", Jelly::Tuple(vec![name.as_str().into(), lines.text.as_str().into()])),
        Update::Rc(code) => ("rc", Jelly::Int(*code)),
        Update::Elapsed(seconds) => ("elapsed", Jelly::Float(*seconds)),
        Update::FailureReason(reason) => ("failure_reason", reason.as_str().into()),
        Update::Files(files) => ("files", Jelly::List(files.iter().map(|file| file.as_str().into()).collect())),
        Update::Stat(stat) => ("stat", Jelly::Tuple(stat.iter().map(|number| Jelly::Int(*number)).collect())),
        Update::Other { key, value } => (key.as_str(), from_value(value.clone())),
    };
    Jelly::Dict(vec![(key.into(), value)])
}

#[cfg(test)]
mod tests {
    use buildbot_protocol::Lines;

    use super::*;

    const OBJECTS: CommandObjects = CommandObjects { command: RemoteId(5), file: Some(RemoteId(6)) };

    fn id() -> String {
        "17".to_owned()
    }

    fn lines(text: &str) -> Lines {
        Lines { text: text.to_owned(), times: vec![1.0] }
    }

    #[test]
    fn each_update_is_a_dictionary_of_one_entry_with_plain_text() {
        let updates = vec![
            Update::Stdout(lines("a\n")),
            Update::Log { name: "warnings".to_owned(), lines: lines("b\n") },
            Update::Rc(0),
            Update::Stat(vec![1, 2]),
        ];
        let item = |key: &str, value| Jelly::List(vec![Jelly::Dict(vec![(key.into(), value)]), Jelly::Int(0)]);
        let expected = Jelly::List(vec![
            item("stdout", "a\n".into()),
            item("log", Jelly::Tuple(vec!["warnings".into(), "b\n".into()])),
            item("rc", Jelly::Int(0)),
            item("stat", Jelly::Tuple(vec![Jelly::Int(1), Jelly::Int(2)])),
        ]);
        let call = of_request(&Request::Update { command_id: id(), updates }, OBJECTS);
        assert_eq!(call, Some((RemoteId(5), "update", vec![expected])));
    }

    #[test]
    fn a_command_that_was_carried_out_completes_with_nothing_and_another_with_its_error() {
        let complete = |error: Option<&str>| {
            let request = Request::Complete { command_id: id(), error: error.map(str::to_owned) };
            of_request(&request, OBJECTS).unwrap().2
        };
        assert_eq!(complete(None), [Jelly::None]);
        assert!(matches!(&complete(Some("broken"))[..], [Jelly::Failure(failure)] if failure.value == "broken"));
    }

    #[test]
    fn blocks_of_files_go_to_the_file_and_only_if_there_is_one() {
        let write = Request::UploadFileWrite { command_id: id(), data: vec![0xff] };
        let expected = (RemoteId(6), "write", vec![Jelly::Bytes(vec![0xff])]);
        assert_eq!(of_request(&write, OBJECTS), Some(expected));
        assert_eq!(of_request(&write, CommandObjects { file: None, ..OBJECTS }), None);
        let times = Request::UploadFileUtime { command_id: id(), access_time: 1.5, modified_time: 2.0 };
        let pair = Jelly::Tuple(vec![Jelly::Float(1.5), Jelly::Float(2.0)]);
        assert_eq!(of_request(&times, OBJECTS), Some((RemoteId(6), "utime", vec![pair])));
    }
}
