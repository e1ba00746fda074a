//! A worker without a connection: carries remote commands out on this machine, one after the other.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::{Command, Stdio};

use buildbot_protocol::Value;
use buildbot_protocol::message::Arguments;

use super::scripted_context::{Answer, Executor};
use crate::domain::{CommandOutcome, Stream};
use crate::steps::{Fault, RemoteCommand};

/// Runs `shell`, `stat`, `listdir`, `mkdir`, `rmdir` and `cpdir` as a worker would; blocks the thread meanwhile. What
/// `download_file` fetches is written by the context.
/// `env` is added to the environment of every process.
pub fn local_executor(env: BTreeMap<String, String>) -> Executor {
    Box::new(move |command: &RemoteCommand| match command.name {
        "shell" => shell(&command.args, &env),
        "stat" => Ok(answer(fs::metadata(text(&command.args, "path")?).map(|_| Vec::new()))),
        "listdir" => Ok(answer(list(Path::new(text(&command.args, "path")?)))),
        "mkdir" => Ok(answer(each_path(&command.args, |path| fs::create_dir_all(path))?)),
        "rmdir" => Ok(answer(each_path(&command.args, remove)?)),
        "cpdir" => {
            let (from, to) = (text(&command.args, "from_path")?, text(&command.args, "to_path")?);
            let status = Command::new("cp").args(["-R", "-P", "-p", from, to]).status().map_err(world)?;
            Ok(Answer::rc(i64::from(status.code().unwrap_or(-1))))
        }
        "download_file" => Ok(Answer::rc(0)),
        other => Err(Fault::World(format!("the worker does not know the command {other}"))),
    })
}

fn shell(args: &Arguments, env: &BTreeMap<String, String>) -> Result<Answer, Fault> {
    let workdir = text(args, "workdir")?;
    fs::create_dir_all(workdir).map_err(world)?;
    let mut process = match args.get("command") {
        Some(Value::Array(words)) => {
            let mut words = words.iter().filter_map(Value::as_str);
            let mut process = Command::new(words.next().unwrap_or_default());
            process.args(words);
            process
        }
        _ => {
            let mut process = Command::new("/bin/sh");
            process.args(["-c", text(args, "command")?]);
            process
        }
    };
    process.current_dir(workdir).envs(env).stdin(Stdio::null());
    for (name, value) in args.get("env").and_then(Value::as_map).into_iter().flatten() {
        match value {
            Value::Str(value) => process.env(name, value),
            _ => process.env_remove(name),
        };
    }
    let output = process.output().map_err(world)?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let lines = |stream, text: &str| text.lines().map(|line| (stream, line.to_owned())).collect::<Vec<_>>();
    let lines = [lines(Stream::Stdout, &stdout), lines(Stream::Stderr, &stderr)].concat();
    let rc = i64::from(output.status.code().unwrap_or(-1));
    Ok(Answer { outcome: CommandOutcome { rc, stdout, ..CommandOutcome::default() }, lines })
}

fn list(path: &Path) -> io::Result<Vec<String>> {
    fs::read_dir(path)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

fn remove(path: &str) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => fs::remove_file(path),
        other => other,
    }
}

fn each_path(args: &Arguments, act: impl Fn(&str) -> io::Result<()>) -> Result<io::Result<Vec<String>>, Fault> {
    let paths = args.get("paths").and_then(Value::as_array).ok_or_else(|| missing("paths"))?;
    Ok(paths.iter().filter_map(Value::as_str).try_for_each(act).map(|()| Vec::new()))
}

/// File commands answer with the errno of what went wrong.
fn answer(outcome: io::Result<Vec<String>>) -> Answer {
    match outcome {
        Ok(files) => Answer { outcome: CommandOutcome { files, ..CommandOutcome::default() }, lines: Vec::new() },
        Err(error) => Answer::rc(error.raw_os_error().map_or(1, i64::from)),
    }
}

fn text<'a>(args: &'a Arguments, name: &str) -> Result<&'a str, Fault> {
    args.get(name).and_then(Value::as_str).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> Fault {
    Fault::World(format!("the command lacks the argument {name}"))
}

fn world(error: io::Error) -> Fault {
    Fault::World(error.to_string())
}
