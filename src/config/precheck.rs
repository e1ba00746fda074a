//! A configuration is read in a child process first: what kills a process, kills that one.
//!
//! The limits of the engine stop loops, memory and depth. A few things no limit of it can stop: one huge operation, or
//! a value so deep that freeing it exhausts the stack. The child has a limit on its memory and on its time.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::sys::resource::{Resource, UsageWho, getrusage, setrlimit};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};

use super::script::Pulse;
use super::{ConfigError, ConfigErrors, Excerpt};
use crate::json;

/// Longer than any limit inside of the child.
const PATIENCE: Duration = Duration::from_secs(45);
/// How often the child looks after itself.
const LOOK: Duration = Duration::from_millis(50);
/// How long one operation of a file may take, of the processor's time.
const MAX_SILENCE: Duration = Duration::from_millis(1_200);
/// What a file may take of the processor's time for each sign of life, which is a thousand operations.
const PER_BEAT: Duration = Duration::from_millis(10);
/// How a child ends that was stuck in one operation.
const STUCK: i32 = 97;
/// Memory of the child, addresses included that nothing lies behind.
const MAX_BYTES: u64 = 3 << 30;

/// How to ask a child.
#[derive(Clone, Debug)]
pub struct Precheck {
    /// This program.
    pub program: PathBuf,
    /// What comes before the file.
    pub arguments: Vec<String>,
}

/// What a child writes.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Report {
    pub errors: Vec<Entry>,
    pub warnings: Vec<Entry>,
    /// What keeps a master from starting because it is not built yet.
    pub notes: Vec<Entry>,
    /// Components that are known and do nothing yet.
    pub inactive: Vec<String>,
}

/// One error or warning, for programs: editors, and the master that asked.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entry {
    pub file: String,
    /// Counted from 1; 0 is the whole file.
    pub line: u32,
    pub column: u32,
    /// How many characters are meant.
    pub width: usize,
    pub message: String,
    /// The line, or a part of a long one, and the characters of it before the place.
    pub text: Option<String>,
    pub before: usize,
}

impl Entry {
    /// A warning: `file:line: text`, or a text about the whole.
    pub fn of_warning(warning: &str) -> Self {
        let mut parts = warning.splitn(3, ':');
        let (file, line, rest) = (parts.next(), parts.next().and_then(|line| line.parse().ok()), parts.next());
        let (file, line, message) = match (file, line, rest) {
            (Some(file), Some(line), Some(message)) => (file, line, message.trim()),
            _ => ("", 0, warning),
        };
        let (file, message) = (file.to_owned(), message.to_owned());
        Self { file, line, column: u32::from(line != 0), width: 1, message, text: None, before: 0 }
    }
}

impl From<&ConfigError> for Entry {
    fn from(error: &ConfigError) -> Self {
        let excerpt = error.excerpt.as_ref();
        Self {
            file: error.file.clone(),
            line: error.line,
            column: error.column,
            width: excerpt.map_or(1, |excerpt| excerpt.width),
            message: error.message.clone(),
            text: excerpt.map(|excerpt| excerpt.text.clone()),
            before: excerpt.map_or(0, |excerpt| excerpt.before),
        }
    }
}

impl From<Entry> for ConfigError {
    fn from(entry: Entry) -> Self {
        let Entry { file, line, column, width, message, text, before } = entry;
        Self { file, line, column, message, excerpt: text.map(|text| Excerpt { text, before, width }) }
    }
}

impl Precheck {
    /// Has a child read the file; what it says is wrong, or what became of it.
    pub fn run(&self, file: &Path) -> Result<(), ConfigErrors> {
        let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
        let whole = |message: String| ConfigErrors::new(vec![ConfigError::whole_file(&name, message)]);
        let child = Command::new(&self.program)
            .args(&self.arguments)
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let child = child.map_err(|error| whole(format!("cannot be checked in a process of its own: {error}")))?;
        let (status, written) = wait(child).map_err(|error| whole(error.to_owned()))?;
        match json::from_str::<Report>(&written) {
            Ok(report) if report.errors.is_empty() => Ok(()),
            Ok(report) => Err(ConfigErrors::new(report.errors.into_iter().map(ConfigError::from).collect())),
            Err(_) => Err(whole(death(status))),
        }
    }
}

/// What a child wrote, once it has ended.
fn wait(mut child: Child) -> Result<(ExitStatus, String), &'static str> {
    let Some(mut output) = child.stdout.take() else { return Err("the process that checks it has no output") };
    let (done, ended) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut written = String::new();
        let _ = output.read_to_string(&mut written);
        let _ = done.send(written);
    });
    let written = ended.recv_timeout(PATIENCE);
    if written.is_err() {
        let _ = child.kill();
    }
    let status = child.wait().map_err(|_| "the process that checks it is lost")?;
    let _ = reader.join();
    match written {
        Ok(written) => Ok((status, written)),
        Err(_) => Err("reading it takes too long"),
    }
}

fn death(status: ExitStatus) -> String {
    match status.signal() {
        Some(signal) => {
            format!("reading it killed its process (signal {signal}): a value is too large, or nested too deeply")
        }
        None if status.code() == Some(STUCK) => {
            "reading it hangs: a number, a text or a list in it is too large to work with".to_owned()
        }
        None => format!("reading it ended its process with {}", status.code().unwrap_or(-1)),
    }
}

/// Limits this process, which is the child, to what checking a file may take.
pub fn limit_this_process(pulse: Pulse) {
    // Where the limit cannot be set, those of the engine still hold.
    let _ = setrlimit(Resource::RLIMIT_AS, MAX_BYTES, MAX_BYTES);
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    let _ = thread::Builder::new().name("watch".to_owned()).spawn(move || watch(&pulse));
}

/// Ends this process if a file gives no sign of life for too long, or too few for the time it takes. Only the time
/// counts in which it really ran: on a busy machine a good file waits, too.
fn watch(pulse: &Pulse) {
    let mut last = (None, processor_time());
    let mut begun = None;
    loop {
        // Nobody wakes this thread.
        thread::park_timeout(LOOK);
        let (beats, now) = (pulse.beats(), processor_time());
        let Some(count) = beats else {
            begun = None;
            continue;
        };
        if beats != last.0 {
            last = (beats, now);
        }
        let (first, since) = *begun.get_or_insert((count, now));
        let due = u32::try_from(count - first).unwrap_or(u32::MAX);
        let allowed = MAX_SILENCE.saturating_add(PER_BEAT.saturating_mul(due));
        if MAX_SILENCE < now.saturating_sub(last.1) || allowed < now.saturating_sub(since) {
            std::process::exit(STUCK);
        }
    }
}

fn processor_time() -> Duration {
    let spent = getrusage(UsageWho::RUSAGE_SELF)
        .map_or(0, |usage| usage.user_time().num_milliseconds() + usage.system_time().num_milliseconds());
    Duration::from_millis(u64::try_from(spent).unwrap_or(0))
}
