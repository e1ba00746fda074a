//! `SecretInPass`: each secret is the first line of an entry in the password store of the program `pass`.
//!
//! `pass` runs gpg, which opens the entry. The passphrase goes to gpg through a file that only we can read and that is
//! gone afterwards: words of a command line can be seen by everybody on the machine. The program has a process group of
//! its own, so that gpg ends with it when it takes too long.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::path::{Component, Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tempfile::NamedTempFile;

use super::redactor::Redactor;
use super::store::{MAX_BYTES, Provider};
use super::{PassConfig, Secret};

/// Longest time for one entry: gpg may have to start its agent.
const PATIENCE: Duration = Duration::from_secs(20);
/// What is read of the program's complaints, in bytes.
const MAX_COMPLAINT: u64 = 4096;

/// What a shell does with the name of an entry and the file with the passphrase. `pass` lists what is below a directory
/// instead of failing, so the entry is looked for first.
const SCRIPT: &str = r#"
[ -f "${PASSWORD_STORE_DIR:-$HOME/.password-store}/$1.gpg" ] || exit 100
command -v pass >/dev/null || exit 101
if [ -n "$2" ]; then
    PASSWORD_STORE_GPG_OPTS="$PASSWORD_STORE_GPG_OPTS --batch --pinentry-mode loopback --passphrase-file $2"
    export PASSWORD_STORE_GPG_OPTS
fi
pass show -- "$1"
"#;
const NO_ENTRY: i32 = 100;
const NO_PROGRAM: i32 = 101;

pub(super) struct PasswordStore {
    config: PassConfig,
    script: String,
    patience: Duration,
}

impl PasswordStore {
    pub(super) fn new(config: PassConfig) -> Self {
        Self { config, script: SCRIPT.to_owned(), patience: PATIENCE }
    }

    fn command(&self, name: &str, passphrase: Option<&NamedTempFile>) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", &self.script, "sh", name]).args(passphrase.map(NamedTempFile::path));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0);
        if let Some(directory) = &self.config.directory {
            command.env("PASSWORD_STORE_DIR", directory);
        }
        command
    }

    /// Runs the program to its end; what it wrote, if there is such an entry.
    fn run(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        let io = |error: io::Error| format!("pass cannot be run: {error}");
        let passphrase = self.config.passphrase.as_ref().map(write_down).transpose().map_err(io)?;
        let complaints = tempfile::tempfile().map_err(io)?;
        let mut command = self.command(name, passphrase.as_ref());
        command.stderr(complaints.try_clone().map_err(io)?);
        let mut child = command.spawn().map_err(io)?;
        let (output, killed) = read_for(&mut child, self.patience);
        let status = child.wait().map_err(io)?;
        match status.code() {
            _ if killed => Err(format!("pass was not done after {} s", self.patience.as_secs())),
            Some(0) => output.map(Some).map_err(io),
            Some(NO_ENTRY) => Ok(None),
            Some(NO_PROGRAM) => Err("the program pass is not installed".to_owned()),
            _ => Err(format!("pass ended with {status}{}", self.complaint(complaints))),
        }
    }

    /// The last line of the program's complaints, without the passphrase, whatever happened to that.
    fn complaint(&self, mut complaints: File) -> String {
        let mut text = Vec::new();
        let read =
            complaints.seek(SeekFrom::Start(0)).and_then(|_| complaints.take(MAX_COMPLAINT).read_to_end(&mut text));
        let text = String::from_utf8_lossy(&text);
        let last = text.lines().map(str::trim).rfind(|line| !line.is_empty());
        let (Ok(_), Some(line)) = (read, last) else { return String::new() };
        let passphrase = self.config.passphrase.iter().map(|passphrase| ("passphrase".to_owned(), passphrase.clone()));
        format!(": {}", Redactor::new(passphrase).redact(line))
    }
}

impl Provider for PasswordStore {
    fn find(&self, name: &str) -> Result<Option<Secret>, String> {
        if !is_entry(name) {
            return Ok(None);
        }
        let Some(output) = self.run(name)? else { return Ok(None) };
        let text = String::from_utf8(output).map_err(|_| "the entry is not UTF-8".to_owned())?;
        Ok(Some(Secret::new(text.lines().next().unwrap_or_default())))
    }
}

/// Names of entries are paths that stay below the store.
fn is_entry(name: &str) -> bool {
    let parts = Path::new(name).components();
    let is_plain = parts.clone().all(|part| matches!(part, Component::Normal(_)));
    is_plain && !name.is_empty() && parts.collect::<PathBuf>().as_os_str() == name
}

fn write_down(passphrase: &Secret) -> io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new()?;
    file.write_all(passphrase.expose().as_bytes())?;
    file.flush()?;
    Ok(file)
}

/// What a child writes; its process group is killed when it is not done in time, which is the second answer.
fn read_for(child: &mut Child, patience: Duration) -> (io::Result<Vec<u8>>, bool) {
    let group = i32::try_from(child.id()).ok().map(Pid::from_raw);
    let (done, is_done) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let watching = scope.spawn(move || {
            let late = is_done.recv_timeout(patience) == Err(RecvTimeoutError::Timeout);
            if let Some(group) = group.filter(|_| late) {
                // It may have ended by itself just now; then there is nothing to kill.
                let _ = killpg(group, Signal::SIGKILL);
            }
            late
        });
        let mut output = Vec::new();
        let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
        // The pipe is closed after that, which ends a program that has more to say.
        let read = child.stdout.take().map(|pipe| pipe.take(limit).read_to_end(&mut output)).transpose();
        drop(done);
        (read.map(|_| output), watching.join().unwrap_or(false))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    /// A store with the entry `web/token`, and a function of the shell in place of `pass`.
    struct World {
        directory: TempDir,
        store: PasswordStore,
    }

    impl World {
        fn new(pass: &str, passphrase: Option<&str>) -> Self {
            let directory = TempDir::new().unwrap();
            fs::create_dir(directory.path().join("web")).unwrap();
            fs::write(directory.path().join("web/token.gpg"), "encrypted").unwrap();
            let config =
                PassConfig { passphrase: passphrase.map(Secret::new), directory: Some(directory.path().to_owned()) };
            let script = format!("pass() {{ {pass}\n}}\n{SCRIPT}");
            Self { directory, store: PasswordStore { script, ..PasswordStore::new(config) } }
        }

        fn find(&self, name: &str) -> Result<Option<String>, String> {
            self.store.find(name).map(|found| found.map(|secret| secret.expose().to_owned()))
        }
    }

    #[test]
    fn the_first_line_of_an_entry_is_the_secret() {
        let world = World::new("test \"$*\" = 'show -- web/token' && printf 'hunter2 \\nuser: ann\\n'", None);
        assert_eq!(world.find("web/token"), Ok(Some("hunter2 ".to_owned())));
    }

    #[test]
    fn what_is_not_in_the_store_is_not_asked_for() {
        let world = World::new("echo asked", None);
        for name in ["web", "other", "", "../web/token", "/web/token", "web/token/", "./web/token", "web//token"] {
            assert_eq!(world.find(name), Ok(None), "{name}");
        }
    }

    #[test]
    fn the_store_and_the_passphrase_are_given_on() {
        let script = "set -- $PASSWORD_STORE_GPG_OPTS\nwhile [ $# != 1 ]; do shift; done\n\
                      echo \"$PASSWORD_STORE_DIR $(stat -c %a \"$1\") $(cat \"$1\")\"";
        let world = World::new(script, Some("open sesame"));
        let shown = world.find("web/token").unwrap().unwrap();
        assert_eq!(shown, format!("{} 600 open sesame", world.directory.path().display()));
    }

    #[test]
    fn a_failure_is_told_without_the_passphrase() {
        let world = World::new("echo 'gpg: bad open sesame' >&2; echo secret; return 2", Some("open sesame"));
        assert_eq!(world.find("web/token"), Err("pass ended with exit status: 2: gpg: bad <passphrase>".to_owned()));
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_its_children() {
        let mut world = World::new("sleep 1000 | cat", None);
        world.store.patience = Duration::from_millis(50);
        assert_eq!(world.find("web/token"), Err("pass was not done after 0 s".to_owned()));
    }

    #[test]
    fn a_program_that_is_missing_is_named() {
        let mut world = World::new("", None);
        world.store.script = SCRIPT.replace("command -v pass", "command -v no-such-pass");
        assert_eq!(world.find("web/token"), Err("the program pass is not installed".to_owned()));
    }
}
