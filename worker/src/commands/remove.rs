//! `rmdir`: removes whole trees, with what their modes forbid to remove.

use buildbot_protocol::Value;

use super::log_files::LogFiles;
use super::process::{self, Limits, ProcessEnd, ProcessSpec};
use super::{Arguments, CommandContext, CommandError, arguments};
use crate::process::{environment, quote, signals};

/// Limits of commands that only touch files, unless the master gives others.
const TIMEOUT_S: u64 = 120;

pub async fn rmdir(context: CommandContext, args: Arguments) -> Result<(), CommandError> {
    let mut rc = 0;
    for path in arguments::texts(&args, "paths")? {
        let words = ["rm", "-rf", path.as_str()];
        let mut last = run_tool(&context, &args, &words).await?;
        if last != 0 {
            run_tool(&context, &args, &["chmod", "-Rf", "u+rwx", path.as_str()]).await?;
            last = run_tool(&context, &args, &words).await?;
        }
        if last != 0 {
            rc = last;
        }
    }
    Ok(context.rc(rc).await?)
}

/// Runs a program in the worker's directory and says what it says; its exit code, -1 if a signal ended it.
pub(super) async fn run_tool(context: &CommandContext, args: &Arguments, words: &[&str]) -> Result<i64, CommandError> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let workdir = context.session.base_dir().path().to_string_lossy().into_owned();
    context.header(&format!("{}\n in dir {workdir}", quote::command_line(&words))).await?;
    let own = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .collect();
    let spec = ProcessSpec {
        words,
        environment: environment::of_command(&own, None, &workdir),
        log_files: LogFiles::new(&Arguments::new(), &workdir, context),
        workdir,
        want_stdout: true,
        want_stderr: true,
        use_pty: false,
        stdin: Vec::new(),
        limits: Limits {
            timeout: match args.get("timeout") {
                Some(Value::Nil) => None,
                _ => arguments::duration(args, "timeout").or(Some(std::time::Duration::from_secs(TIMEOUT_S))),
            },
            max_time: arguments::duration(args, "maxTime"),
            max_lines: None,
            sigterm_time: None,
            interrupt_signal: signals::by_name("KILL"),
        },
    };
    Ok(match process::run(context, spec).await? {
        ProcessEnd::Exited(code) => i64::from(code),
        ProcessEnd::Signalled(_) | ProcessEnd::Survived => -1,
        ProcessEnd::NotStarted(error) => {
            context.stderr(&format!("cannot run the command: {error}")).await?;
            1
        }
    })
}
