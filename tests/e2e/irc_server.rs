//! A server that is not ours (ngIRCd), as a process, people who talk to it, and a stand-in for servers with services.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;

use crate::site::{free_port, wait_for};

const PROGRAM: &str = "/usr/sbin/ngircd";
/// Nothing takes this long unless it hangs.
const DEADLINE: Duration = Duration::from_secs(120);

pub struct IrcServer {
    dir: TempDir,
    pub port: u16,
    pub tls_port: u16,
    process: Option<Child>,
}

impl IrcServer {
    /// A server that is not started yet, with a certificate that signs itself.
    pub fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let server = Self { dir, port: free_port(), tls_port: free_port(), process: None };
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(server.certificate(), made.cert.pem()).unwrap();
        fs::write(server.path("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let configuration = format!(
            "[Global]\nName = irc.example.org\nInfo = a test\nAdminInfo1 = a\nAdminInfo2 = b\nAdminEMail = a@example.org\n\
             Listen = 127.0.0.1\nPorts = {}\nMotdPhrase = hello\nPidFile =\n\
             [Limits]\nMaxConnectionsIP = 0\nMaxJoins = 0\nPingTimeout = 120\n\
             [Options]\nDNS = no\nIdent = no\nPAM = no\nSyslogFacility = local1\n\
             [SSL]\nCertFile = {}\nKeyFile = {}\nPorts = {}\n",
            server.port,
            server.certificate().display(),
            server.path("key.pem").display(),
            server.tls_port,
        );
        fs::write(server.path("ngircd.conf"), configuration).unwrap();
        // It gives up the rights of root, if it has them, before it reads the certificate.
        fs::set_permissions(server.dir.path(), Permissions::from_mode(0o755)).unwrap();
        server
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn certificate(&self) -> PathBuf {
        self.path("certificate.pem")
    }

    pub fn start(&mut self) {
        let output = fs::OpenOptions::new().create(true).append(true).open(self.path("output")).unwrap();
        let mut command = Command::new(PROGRAM);
        command.args(["-n", "-f"]).arg(self.path("ngircd.conf")).stdin(Stdio::null());
        command.stdout(output.try_clone().unwrap()).stderr(output);
        self.process = Some(command.spawn().unwrap());
        wait_for("the server to listen", || TcpStream::connect(("127.0.0.1", self.port)).ok());
    }

    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

impl Drop for IrcServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Somebody on the server.
pub struct Person {
    reading: BufReader<TcpStream>,
    writing: TcpStream,
    /// What was said so far, as `sender place text`.
    heard: Vec<String>,
}

impl Person {
    /// Comes to the server, and to a channel.
    pub fn come(server: &IrcServer, nick: &str, channel: &str) -> Self {
        let writing = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        writing.set_read_timeout(Some(DEADLINE)).unwrap();
        let reading = BufReader::new(writing.try_clone().unwrap());
        let mut person = Self { reading, writing, heard: Vec::new() };
        person.send(&format!("NICK {nick}\r\nUSER {nick} 0 * :{nick}"));
        person.until(|line| line.contains(" 001 "));
        person.send(&format!("JOIN {channel}"));
        person.until(|line| line.contains(" 366 "));
        person
    }

    pub fn send(&mut self, line: &str) {
        self.writing.write_all(format!("{line}\r\n").as_bytes()).unwrap();
    }

    /// Says something in a place.
    pub fn say(&mut self, place: &str, text: &str) {
        self.send(&format!("PRIVMSG {place} :{text}"));
    }

    /// Reads to a line of the server.
    fn until(&mut self, is_it: impl Fn(&str) -> bool) -> String {
        loop {
            let mut line = String::new();
            let n_bytes = self.reading.read_line(&mut line).expect("the server goes on talking");
            assert!(0 < n_bytes, "the server hung up; heard: {:#?}", self.heard);
            let line = line.trim_end().to_owned();
            if let Some(token) = line.strip_prefix("PING ") {
                self.send(&format!("PONG {token}"));
            }
            self.heard.extend(said(&line));
            if is_it(&line) {
                return line;
            }
        }
    }

    /// Waits until somebody is in the channel.
    pub fn wait_for_bot(&mut self, nick: &str, channel: &str) {
        loop {
            self.send(&format!("NAMES {channel}"));
            let end = |line: &str| line.contains(" 353 ") || line.contains(" 366 ");
            let names = self.until(end);
            if names.split([' ', ':', '@']).any(|name| name == nick) {
                return;
            }
        }
    }

    /// Waits for a text that has these words in it, in this order; answers it as `sender place text`.
    pub fn hears(&mut self, words: &[&str]) -> String {
        let fits = |line: &str| {
            said(line).is_some_and(|said| {
                let mut rest = said.as_str();
                words.iter().all(|word| {
                    let found = rest.split_once(word).map(|(_, behind)| behind);
                    rest = found.unwrap_or_default();
                    found.is_some()
                })
            })
        };
        said(&self.until(fits)).unwrap()
    }

    /// What was said so far.
    pub fn heard(&self) -> &[String] {
        &self.heard
    }
}

/// `sender place text` of something said.
fn said(line: &str) -> Option<String> {
    let (prefix, rest) = line.strip_prefix(':')?.split_once(' ')?;
    let (command, rest) = rest.split_once(' ')?;
    let (place, text) = rest.split_once(' ')?;
    let sender = prefix.split('!').next()?;
    matches!(command, "PRIVMSG" | "NOTICE").then(|| format!("{sender} {place} {}", text.trim_start_matches(':')))
}

/// A stand-in for a server with services: it knows as much of NickServ and SASL as a bot needs, and writes down what it is
/// told.
pub struct ServicesStandIn {
    pub port: u16,
    lines: Arc<Mutex<Vec<String>>>,
}

impl ServicesStandIn {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&lines);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, told) = (stream.unwrap(), Arc::clone(&told));
                std::thread::spawn(move || serve(&stream, &told));
            }
        });
        Self { port, lines }
    }

    /// Waits until it was told something.
    pub fn wait_for(&self, line: &str) {
        wait_for(line, || self.lines().iter().any(|told| told == line).then_some(()));
    }

    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

/// `#members` is only for those who have identified.
fn serve(mut stream: &TcpStream, told: &Mutex<Vec<String>>) {
    let reading = BufReader::new(stream.try_clone().unwrap());
    let (mut is_known, mut nick, mut waits_for_cap) = (false, String::new(), false);
    for line in reading.lines() {
        let Ok(line) = line else { return };
        told.lock().unwrap().push(line.clone());
        let words: Vec<&str> = line.split_whitespace().collect();
        let welcome = format!(":s 001 {nick} :Welcome\r\n");
        let answer = match words.as_slice() {
            ["CAP", "REQ", ..] => {
                waits_for_cap = true;
                ":s CAP * ACK :sasl\r\n".to_owned()
            }
            ["CAP", "END"] => welcome,
            ["AUTHENTICATE", "PLAIN"] => "AUTHENTICATE +\r\n".to_owned(),
            // \0bot\0s3cret
            ["AUTHENTICATE", "AGJvdABzM2NyZXQ="] => {
                is_known = true;
                format!(":s 900 {nick} x bot :You are logged in\r\n:s 903 {nick} :SASL authentication successful\r\n")
            }
            ["AUTHENTICATE", ..] => format!(":s 904 {nick} :SASL authentication failed\r\n"),
            ["NICK", name] => {
                nick = (*name).to_owned();
                String::new()
            }
            ["USER", ..] if !waits_for_cap => welcome,
            ["PRIVMSG", "NickServ", ":IDENTIFY", "s3cret"] => {
                is_known = true;
                format!(":NickServ!s@services. NOTICE {nick} :You are now identified\r\n")
            }
            ["JOIN", channel] if is_known => format!(":{nick}!b@h JOIN {channel}\r\n"),
            ["JOIN", channel] => format!(":s 477 {nick} {channel} :You need to be identified\r\n"),
            ["PING", token] => format!(":s PONG s {token}\r\n"),
            _ => String::new(),
        };
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
