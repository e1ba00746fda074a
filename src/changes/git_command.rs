//! One run of the git program.
//!
//! The child is waited for on the blocking pool, which also holds a paused clock still while git works. It has a
//! process group of its own, so that helpers such as ssh end with it when the poll is given up.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::git_url::without_credentials;
use super::source::PollError;
use crate::secrets::Redactor;

/// Longest time for a question to the remote.
pub const ASK_REMOTE: Duration = Duration::from_secs(120);
/// Longest time for a fetch.
pub const FETCH: Duration = Duration::from_secs(3600);
/// Longest time for work on the own repository.
pub const LOCAL: Duration = Duration::from_secs(600);

/// Variables that would point git at another repository than the one it is told to use.
const FOREIGN: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
];

/// The git program and a bare repository of our own.
#[derive(Clone, Debug)]
pub struct Git {
    pub program: String,
    pub repository: PathBuf,
    /// Masks what the URL got from secrets in what git says.
    pub redactor: Redactor,
}

impl Git {
    /// Makes the repository if it is not there.
    pub async fn prepare(&self) -> Result<(), PollError> {
        if tokio::fs::try_exists(self.repository.join("HEAD")).await.unwrap_or(false) {
            return Ok(());
        }
        let unusable = |error: std::io::Error| PollError::Directory {
            path: self.repository.display().to_string(),
            message: error.to_string(),
        };
        tokio::fs::create_dir_all(&self.repository).await.map_err(unusable)?;
        self.run(&["init", "--quiet", "--bare", "."], Vec::new(), LOCAL).await.map(drop)
    }

    /// Runs a git command in the repository, and answers what it wrote.
    ///
    /// `input` is written first, so it must be something that git reads before it writes.
    pub async fn run(&self, arguments: &[&str], input: Vec<u8>, limit: Duration) -> Result<Vec<u8>, PollError> {
        let name = arguments.first().copied().unwrap_or_default().to_owned();
        let mut child = command(&self.program, &self.repository, arguments)
            .spawn()
            .map_err(|error| PollError::Start { program: self.program.clone(), message: error.to_string() })?;
        let mut leash = Leash::of(&child);
        let waiting = tokio::task::spawn_blocking(move || {
            let fed = feed(&mut child, &input);
            child.wait_with_output().and_then(|output| fed.map(|()| output))
        });
        let Ok(ended) = tokio::time::timeout(limit, waiting).await else {
            return Err(PollError::Timeout { command: name, seconds: limit.as_secs() });
        };
        leash.slip();
        match ended {
            Ok(Ok(output)) if output.status.success() => Ok(output.stdout),
            Ok(Ok(output)) => {
                Err(PollError::Git { command: name, message: self.redactor.redact(&complaint(&output)).into_owned() })
            }
            Ok(Err(error)) => Err(PollError::Git { command: name, message: error.to_string() }),
            Err(error) => Err(PollError::Git { command: name, message: error.to_string() }),
        }
    }
}

fn command(program: &str, directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    for name in FOREIGN {
        command.env_remove(name);
    }
    command
        .args(["-c", "log.showRoot=true", "-c", "i18n.logOutputEncoding=UTF-8", "-c", "log.showSignature=false"])
        .args(arguments)
        .current_dir(directory)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    command
}

fn feed(child: &mut Child, input: &[u8]) -> std::io::Result<()> {
    match child.stdin.take().map(|mut pipe| pipe.write_all(input)) {
        // Git ended without reading all of it; its exit code says why.
        Some(Err(error)) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// The line of standard error that says what is wrong.
fn complaint(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line =
        lines().find(|line| line.starts_with("fatal:") || line.starts_with("error:")).or_else(|| lines().next_back());
    match line {
        Some(line) => without_credentials(line),
        None => output.status.to_string(),
    }
}

/// Kills the process group when dropped, unless it was let go because the process has ended.
struct Leash(Option<Pid>);

impl Leash {
    fn of(child: &Child) -> Self {
        Self(i32::try_from(child.id()).ok().map(Pid::from_raw))
    }

    fn slip(&mut self) {
        self.0 = None;
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have ended by itself just now; then there is nothing to kill.
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(directory: &tempfile::TempDir) -> Git {
        Git { program: "git".to_owned(), repository: directory.path().join("deep/work"), redactor: Redactor::default() }
    }

    #[tokio::test]
    async fn a_repository_is_made_once() {
        let directory = tempfile::tempdir().unwrap();
        let git = git(&directory);
        git.prepare().await.unwrap();
        git.prepare().await.unwrap();
        let bare = git.run(&["rev-parse", "--is-bare-repository"], Vec::new(), LOCAL).await.unwrap();
        assert_eq!(bare, b"true\n");
    }

    #[tokio::test]
    async fn a_failure_is_one_line_without_the_password() {
        let directory = tempfile::tempdir().unwrap();
        let git = git(&directory);
        git.prepare().await.unwrap();
        let url = "https://joe:secret@host.invalid:1/x.git";
        let error = git.run(&["ls-remote", "--", url], Vec::new(), ASK_REMOTE).await.unwrap_err();
        let PollError::Git { command, message } = error else { panic!("{error}") };
        assert_eq!(command, "ls-remote");
        assert!(message.starts_with("fatal:") && !message.contains("secret"), "{message}");
        assert_eq!(message.lines().count(), 1);
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let git = Git {
            program: "no-such-git".to_owned(),
            repository: directory.path().to_owned(),
            redactor: Redactor::default(),
        };
        let error = git.run(&["init"], Vec::new(), LOCAL).await.unwrap_err();
        assert!(matches!(error, PollError::Start { program, .. } if program == "no-such-git"));
    }

    #[tokio::test]
    async fn a_run_that_takes_too_long_is_killed_with_its_children() {
        let directory = tempfile::tempdir().unwrap();
        let git = git(&directory);
        git.prepare().await.unwrap();
        // An alias runs a program below git that waits for ever. Were it not killed, this test would not end: its
        // runtime waits for the thread that waits for it.
        let fifo = directory.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let alias = format!("alias.hang=!cat {}", fifo.display());
        let error = git.run(&["-c", &alias, "hang"], Vec::new(), Duration::from_millis(50)).await.unwrap_err();
        assert!(matches!(error, PollError::Timeout { .. }), "{error}");
    }
}
