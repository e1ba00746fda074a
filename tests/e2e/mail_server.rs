//! A mail server that is not ours (aiosmtpd), as a process.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use buildbot::json::{self, Value};
use tempfile::TempDir;

use crate::site::{free_port, run, wait_for};

const RELEASE: &str = "aiosmtpd==1.4.6";

pub struct MailServer {
    dir: TempDir,
    pub port: u16,
    mode: &'static str,
    process: Option<Child>,
}

/// A mail as the server took it.
pub struct Taken {
    pub to: Vec<String>,
    pub encrypted: bool,
    pub logged_in: bool,
    pub text: String,
}

impl Taken {
    /// A header as it is on the wire, unfolded.
    pub fn header(&self, name: &str) -> String {
        let unfolded = self.text.replace("\r\n ", " ");
        let line = unfolded.lines().take_while(|line| !line.is_empty());
        let found = line.filter_map(|line| line.split_once(": ")).find(|(header, _)| *header == name);
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    }
}

impl MailServer {
    /// A server that is not started yet: `plain`, `starttls` or `smtps`; the latter ones want the login bob, s3cret.
    pub fn new(mode: &'static str) -> Self {
        let dir = TempDir::new().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(dir.path().join("both.pem"), made.cert.pem() + &made.signing_key.serialize_pem()).unwrap();
        fs::write(dir.path().join("mails"), "").unwrap();
        Self { dir, port: free_port(), mode, process: None }
    }

    /// The certificate, which signs itself.
    pub fn certificate(&self) -> PathBuf {
        self.dir.path().join("both.pem")
    }

    pub fn start(&mut self) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/smtp_server.py");
        let mut command = Command::new(python());
        command.arg(script).arg(self.port.to_string()).arg(self.mode).arg(self.certificate());
        command.arg(self.dir.path().join("mails")).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "the mail server begins");
        self.process = Some(process);
    }

    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// What was taken so far.
    pub fn mails(&self) -> Vec<Taken> {
        let text = fs::read_to_string(self.dir.path().join("mails")).unwrap();
        let whole = text.lines().filter_map(|line| json::from_str::<Value>(line).ok());
        whole
            .map(|mail| Taken {
                to: mail["to"].as_array().unwrap().iter().map(|to| to.as_str().unwrap().to_owned()).collect(),
                encrypted: mail["encrypted"].as_bool().unwrap(),
                logged_in: mail["logged_in"].as_bool().unwrap(),
                text: mail["data"].as_str().unwrap().to_owned(),
            })
            .collect()
    }

    /// Waits until so many mails were taken.
    pub fn wait_for_mails(&self, count: usize) -> Vec<Taken> {
        wait_for(&format!("mail number {count}"), || Some(self.mails()).filter(|mails| count <= mails.len()))
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Python with the mail server, installed once for all tests.
fn python() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mail-server");
    fs::create_dir_all(&directory).unwrap();
    let lock = File::create(directory.join("lock")).unwrap();
    lock.lock().unwrap();
    let environment = directory.join("environment");
    if !environment.join("complete").exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
        run(Command::new(environment.join("bin/pip")).args(["install", "-q", RELEASE]));
        File::create(environment.join("complete")).unwrap();
    }
    environment.join("bin/python")
}
