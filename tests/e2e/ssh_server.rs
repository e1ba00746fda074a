//! An SSH server of OpenSSH on a port of its own, which lets the user of this process in by the keys that it is given.

use std::fs::{self, File};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::site::{free_port, run, wait_for};

/// A server that was started with its whole path starts itself again for every connection.
const PROGRAM: &str = "/usr/sbin/sshd";

pub struct SshServer {
    dir: TempDir,
    pub port: u16,
    process: Child,
}

/// Makes a key without a passphrase; its public half has `.pub` at its end.
pub fn make_key(path: &Path) {
    run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "a test", "-f"]).arg(path));
}

impl SshServer {
    pub fn start() -> Self {
        let (dir, port) = (TempDir::new().unwrap(), free_port());
        make_key(&dir.path().join("host"));
        // For a server of root, which may make it.
        let _ = fs::create_dir_all("/run/sshd");
        let path = |name: &str| dir.path().join(name).display().to_string();
        let configuration = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nPidFile none\nAuthorizedKeysFile {}\nStrictModes no\n\
             UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n\
             UseDNS no\n",
            path("host"),
            path("authorized"),
        );
        fs::write(dir.path().join("conf"), configuration).unwrap();
        fs::write(dir.path().join("authorized"), "").unwrap();
        let log = File::create(dir.path().join("log")).unwrap();
        let mut command = Command::new(PROGRAM);
        command.args(["-D", "-e", "-f"]).arg(dir.path().join("conf")).stdin(Stdio::null());
        let process = command.stdout(Stdio::null()).stderr(log).spawn().expect("openssh-server is installed");
        let server = Self { dir, port, process };
        wait_for("the SSH server", || TcpStream::connect(("127.0.0.1", port)).ok());
        server
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// From now on, who has this key comes in.
    pub fn admit(&self, key: &Path) {
        let public = fs::read_to_string(key.with_extension("pub")).unwrap();
        let authorized = fs::read_to_string(self.path("authorized")).unwrap();
        fs::write(self.path("authorized"), authorized + &public).unwrap();
    }

    /// A line for a file of known hosts: that this server has its key, or another one.
    pub fn known_as(&self, key: Option<&Path>) -> String {
        let public = key.map_or_else(|| self.path("host.pub"), |key| key.with_extension("pub"));
        format!("[127.0.0.1]:{} {}", self.port, fs::read_to_string(public).unwrap())
    }
}

impl Drop for SshServer {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        if std::thread::panicking() {
            eprintln!("--- the SSH server\n{}", fs::read_to_string(self.path("log")).unwrap_or_default());
        }
    }
}
