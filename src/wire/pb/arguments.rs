//! Remote commands as Perspective Broker names them, and their arguments.

use buildbot_protocol::pb::{Jelly, LocalId, from_value};
use buildbot_protocol::{Arguments, Value};

/// The first version of a command whose arguments call a worker a worker.
const WORKER_VERSION: u32 = 3;

/// The name that a command has on this protocol.
pub(super) fn name_of(command: &str) -> &str {
    match command {
        "upload_file" => "uploadFile",
        "upload_directory" => "uploadDirectory",
        "download_file" => "downloadFile",
        other => other,
    }
}

/// The names under which sessions know commands that this protocol names otherwise.
pub(super) const RENAMED: [(&str, &str); 3] =
    [("uploadFile", "upload_file"), ("uploadDirectory", "upload_directory"), ("downloadFile", "download_file")];

/// The arguments of a command, by the name it has here. `version` is the worker's version of the command, `file` the
/// object that it writes to or reads from. Paths stay absolute, which every worker accepts.
pub(super) fn arguments(
    command: &str,
    mut args: Arguments,
    version: Option<&str>,
    file: Option<LocalId>,
) -> Result<Jelly, String> {
    let is_old = version.is_some_and(is_before_workers);
    match command {
        "mkdir" => {
            let [path] = <[Value; 1]>::try_from(paths(&mut args)?)
                .map_err(|_| "this worker makes one directory at a time".to_owned())?;
            args.insert("dir".to_owned(), path);
        }
        "rmdir" => {
            let mut paths = paths(&mut args)?;
            let one = if paths.len() == 1 { paths.pop() } else { None };
            args.insert("dir".to_owned(), one.unwrap_or(Value::Array(paths)));
        }
        "cpdir" => {
            rename(&mut args, "from_path", "fromdir");
            rename(&mut args, "to_path", "todir");
        }
        "stat" => rename(&mut args, "path", "file"),
        "listdir" => rename(&mut args, "path", "dir"),
        "uploadFile" | "uploadDirectory" => {
            rename(&mut args, "path", if is_old { "slavesrc" } else { "workersrc" });
            needs_workdir(&mut args);
        }
        "downloadFile" => {
            rename(&mut args, "path", if is_old { "slavedest" } else { "workerdest" });
            needs_workdir(&mut args);
        }
        _ => {}
    }
    let entries = args.into_iter().map(|(key, value)| {
        let value = if key == "command" { argv(value) } else { from_value(value) };
        (Jelly::Text(key), value)
    });
    let object = if command == "downloadFile" { "reader" } else { "writer" };
    let object = file.map(|file| (object.into(), file.into()));
    Ok(Jelly::Dict(entries.chain(object).collect()))
}

fn is_before_workers(version: &str) -> bool {
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    major.is_some_and(|major| major < WORKER_VERSION)
}

fn paths(args: &mut Arguments) -> Result<Vec<Value>, String> {
    match args.remove("paths") {
        Some(Value::Array(paths)) => Ok(paths),
        _ => Err("its \"paths\" are no list".to_owned()),
    }
}

fn rename(args: &mut Arguments, from: &str, to: &str) {
    if let Some(value) = args.remove(from) {
        args.insert(to.to_owned(), value);
    }
}

/// Without it, a transfer fails, though an absolute path does not need it.
fn needs_workdir(args: &mut Arguments) {
    args.entry("workdir".to_owned()).or_insert_with(|| "".into());
}

/// What must not be shown is marked by a tuple; workers take a list for words.
fn argv(command: Value) -> Jelly {
    let Value::Array(words) = command else { return from_value(command) };
    let word = |word: Value| match word {
        Value::Array(parts) if parts.first().and_then(Value::as_str) == Some("obfuscated") => {
            Jelly::Tuple(parts.into_iter().map(from_value).collect())
        }
        other => from_value(other),
    };
    Jelly::List(words.into_iter().map(word).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(entries: &[(&str, Value)]) -> Arguments {
        entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    }

    fn list(words: &[&str]) -> Value {
        Value::Array(words.iter().map(|word| (*word).into()).collect())
    }

    fn dict(entries: &[(&str, Jelly)]) -> Jelly {
        Jelly::Dict(entries.iter().map(|(key, value)| ((*key).into(), value.clone())).collect())
    }

    #[test]
    fn paths_have_the_names_that_the_worker_knows() {
        let path = || args(&[("path", "/w/f".into())]);
        let check = |command: &str, given: Arguments, expected: &[(&str, Jelly)]| {
            assert_eq!(arguments(command, given, Some("3.3"), None), Ok(dict(expected)), "{command}");
        };
        check("stat", path(), &[("file", "/w/f".into())]);
        check("listdir", path(), &[("dir", "/w/f".into())]);
        check("glob", path(), &[("path", "/w/f".into())]);
        check("rmfile", path(), &[("path", "/w/f".into())]);
        check("mkdir", args(&[("paths", list(&["/w/d"]))]), &[("dir", "/w/d".into())]);
        check("rmdir", args(&[("paths", list(&["/w/d"]))]), &[("dir", "/w/d".into())]);
        let both = Jelly::List(vec!["a".into(), "b".into()]);
        check("rmdir", args(&[("paths", list(&["a", "b"]))]), &[("dir", both)]);
        let copy = args(&[("from_path", "a".into()), ("to_path", "b".into())]);
        check("cpdir", copy, &[("fromdir", "a".into()), ("todir", "b".into())]);
        assert!(arguments("mkdir", args(&[("paths", list(&["a", "b"]))]), None, None).is_err());
    }

    #[test]
    fn transfers_of_old_workers_call_them_slaves() {
        let path = || args(&[("path", "/w/f".into())]);
        for (version, source) in [("2.16", "slavesrc"), ("3.0", "workersrc"), ("10.1", "workersrc")] {
            let expected = dict(&[("workdir", "".into()), (source, "/w/f".into()), ("writer", Jelly::Remote(7))]);
            let Jelly::Dict(mut entries) = expected else { unreachable!() };
            let Ok(Jelly::Dict(mut given)) = arguments("uploadFile", path(), Some(version), Some(LocalId(7))) else {
                panic!("no arguments")
            };
            let name = |(key, _): &(Jelly, Jelly)| key.clone().into_text();
            entries.sort_by_key(name);
            given.sort_by_key(name);
            assert_eq!(given, entries, "{version}");
        }
        let Ok(Jelly::Dict(given)) = arguments("downloadFile", path(), Some("2.16"), Some(LocalId(7))) else {
            panic!("no arguments")
        };
        assert!(given.contains(&("slavedest".into(), "/w/f".into())));
        assert!(given.contains(&("reader".into(), Jelly::Remote(7))));
    }

    #[test]
    fn secrets_in_a_command_stay_marked() {
        let secret = Value::Array(vec!["obfuscated".into(), "real".into(), "shown".into()]);
        let command = Value::Array(vec!["echo".into(), secret]);
        let tuple = Jelly::Tuple(vec!["obfuscated".into(), "real".into(), "shown".into()]);
        let expected = dict(&[("command", Jelly::List(vec!["echo".into(), tuple]))]);
        assert_eq!(arguments("shell", args(&[("command", command)]), None, None), Ok(expected));
    }
}
