//! A master, a worker and a repository below one temporary directory.

use std::fs::{self, File, OpenOptions};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use buildbot::json::{self, Value, json};
use diesel::prelude::*;
use diesel::sql_types::Text;
use tempfile::TempDir;

use crate::python_workers::{create_command, python_worker};

/// Nothing takes this long unless it hangs.
const DEADLINE: Duration = Duration::from_secs(120);

pub const WORKER: &str = "example-worker";

pub struct Site {
    dir: TempDir,
    pub http_port: u16,
    pub worker_port: u16,
    master: Option<Child>,
    worker: Option<Child>,
    /// Of Buildbot's own worker, if that is used.
    python_release: Option<String>,
    /// Of the processes of ours, besides those of this one.
    variables: Vec<(String, PathBuf)>,
}

/// A program of ours, built beside this test.
pub fn program(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_buildbot")).with_file_name(name);
    assert!(path.exists(), "{} is not built: run `cargo build --workspace` first", path.display());
    path
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Runs a command to its end; its output if it succeeded.
pub fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} ended with {}:\n{text}{errors}", output.status);
    text
}

/// Waits for a state of the world, looking again and again.
#[expect(clippy::disallowed_methods, reason = "real processes live in real time")]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < DEADLINE, "{what} did not happen within {DEADLINE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Site {
    /// Creates the repository with a first commit, the master and the worker; starts nothing. `configuration` gets the
    /// site and returns the text of `master.cfg`.
    pub fn new(configuration: impl Fn(&Self) -> String) -> Self {
        let site = Self {
            dir: TempDir::new().unwrap(),
            http_port: free_port(),
            worker_port: free_port(),
            master: None,
            worker: None,
            python_release: None,
            variables: Vec::new(),
        };
        fs::create_dir(site.repository()).unwrap();
        site.git(&["init", "-q", "-b", "main"]);
        site.commit("README", "first\n", "the first commit");
        run(Command::new(program("buildbot")).args(["create-master", "-q"]).arg(site.path("master")));
        fs::write(site.path("master/master.cfg"), configuration(&site)).unwrap();
        run(Command::new(program("buildbot-worker")).args(["create-worker", "-q"]).arg(site.path("worker")).args([
            &format!("127.0.0.1:{}", site.worker_port),
            WORKER,
            "pass",
        ]));
        site
    }

    /// Makes the directory of our worker again, with these options.
    pub fn remake_worker(&self, options: &[&str]) {
        let master = format!("127.0.0.1:{}", self.worker_port);
        let mut command = Command::new(program("buildbot-worker"));
        command.args(["create-worker", "-q", "--force"]).args(options).arg(self.path("worker"));
        run(command.args([&master, WORKER, "pass"]));
    }

    /// A path below the site's directory.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join(relative)
    }

    pub fn repository(&self) -> PathBuf {
        self.path("repository")
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        run(Command::new("git")
            .current_dir(self.repository())
            .args(["-c", "user.name=Ann Example", "-c", "user.email=ann@example.org"])
            .args(arguments))
    }

    /// Commits one file and returns the revision.
    pub fn commit(&self, file: &str, text: &str, message: &str) -> String {
        fs::write(self.repository().join(file), text).unwrap();
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Sets an environment variable of the processes that are started from now on.
    pub fn set_variable(&mut self, name: &str, value: &Path) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    fn spawn(&self, name: &str, directory: &str) -> Child {
        let output = OpenOptions::new().create(true).append(true).open(self.path(&format!("{directory}.out"))).unwrap();
        Command::new(program(name))
            .args(["start", "--nodaemon"])
            .arg(self.path(directory))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(File::try_clone(&output).unwrap())
            .stderr(output)
            .spawn()
            .unwrap()
    }

    /// Starts the master without waiting for it.
    pub fn launch_master(&mut self) {
        self.master = Some(self.spawn("buildbot", "master"));
    }

    pub fn start_master(&mut self) {
        self.launch_master();
        self.wait_until_answering();
    }

    pub fn wait_until_answering(&self) {
        wait_for("the master's answer", || self.try_get("health").map(drop));
    }

    pub fn start_worker(&mut self) {
        self.worker = Some(self.spawn("buildbot-worker", "worker"));
    }

    /// Makes the directory of a worker of Buildbot's own, of a release, which takes the place of ours; `protocol` is its
    /// name for what it shall speak, if it knows several.
    pub fn create_python_worker(&mut self, release: &str, protocol: &str, password: &str) {
        let mut command = python_worker(release);
        command.arg(create_command(release));
        if protocol != "pb" {
            command.arg(format!("--protocol={protocol}"));
        }
        let master = format!("127.0.0.1:{}", self.worker_port);
        run(command.arg(self.path("python-worker")).args([&master, WORKER, password]));
        self.python_release = Some(release.to_owned());
    }

    /// As [`Self::create_python_worker`], over TLS at another port; whose certificate it is does not matter.
    pub fn create_encrypted_python_worker(&mut self, release: &str, port: u16) {
        let directory = self.path("python-worker");
        if directory.exists() {
            fs::remove_dir_all(&directory).unwrap();
        }
        let connection = format!("--connection-string=ssl:127.0.0.1:{port}");
        let master = format!("127.0.0.1:{port}");
        run(python_worker(release).args(["create-worker", &connection]).arg(directory).args([&master, WORKER, "pass"]));
        self.python_release = Some(release.to_owned());
    }

    /// What a process has printed so far: `master` or `worker`.
    pub fn output(&self, who: &str) -> String {
        let bytes = fs::read(self.path(&format!("{who}.out"))).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Puts another configuration in force.
    pub fn reconfigure(&self, configuration: &str) {
        fs::write(self.path("master/master.cfg"), configuration).unwrap();
        run(Command::new(program("buildbot")).arg("reconfig").arg(self.path("master")));
    }

    /// Starts it, or starts it again.
    pub fn start_python_worker(&mut self) {
        let release = self.python_release.clone().expect("a Python worker was created");
        self.worker = Some(self.spawn_python_worker(&release));
    }

    /// One more of the same, under the same name.
    pub fn spawn_python_worker(&self, release: &str) -> Child {
        let output = OpenOptions::new().create(true).append(true).open(self.path("worker.out")).unwrap();
        let mut command = python_worker(release);
        command.args(["start", "--nodaemon"]).arg(self.path("python-worker")).stdin(Stdio::null());
        command.stdout(output.try_clone().unwrap()).stderr(output).spawn().unwrap()
    }

    /// Waits until the worker's process has ended by itself.
    pub fn wait_for_workers_end(&mut self) {
        let mut worker = self.worker.take().expect("a worker was started");
        wait_for("the end of the worker", || worker.try_wait().unwrap());
    }

    /// Waits until the master's process has ended by itself, and well.
    pub fn wait_for_masters_end(&mut self) {
        let mut master = self.master.take().expect("a master was started");
        let status = wait_for("the end of the master", || master.try_wait().unwrap());
        assert!(status.success(), "{status}");
    }

    pub fn kill_master(&mut self) {
        kill(&mut self.master);
    }

    /// Ends the master as an operator does.
    pub fn stop_master(&mut self) {
        run(Command::new(program("buildbot")).arg("stop").arg(self.path("master")));
        if let Some(mut master) = self.master.take() {
            assert!(master.wait().unwrap().success());
        }
    }

    pub fn kill_worker(&mut self) {
        kill(&mut self.worker);
    }

    pub fn wait_for_worker(&self) {
        wait_for("the worker's attachment", || {
            let worker = self.try_get("api/v2/workers")?["workers"][0].clone();
            (!worker["connected_to"].as_array()?.is_empty()).then_some(())
        });
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.http_port)
    }

    /// JSON at a path, or nothing if the master does not answer or answers an error.
    pub fn try_get(&self, path: &str) -> Option<Value> {
        let text = ureq::get(self.url(path)).call().ok()?.body_mut().read_to_string().ok()?;
        json::from_str(&text).ok()
    }

    pub fn get(&self, path: &str) -> Value {
        self.try_get(path).unwrap_or_else(|| panic!("no JSON at {path}"))
    }

    pub fn get_text(&self, path: &str) -> String {
        ureq::get(self.url(path)).call().unwrap().body_mut().read_to_string().unwrap()
    }

    /// Sends a control command; the result, if the master accepted it.
    pub fn try_control(&self, path: &str, method: &str, params: Value) -> Option<Value> {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let request = ureq::post(self.url(&format!("api/v2/{path}"))).header("content-type", "application/json");
        let text = request.send(body.as_bytes()).ok()?.body_mut().read_to_string().ok()?;
        let answer: Value = json::from_str(&text).ok()?;
        answer.get("result").cloned()
    }

    pub fn control(&self, path: &str, method: &str, params: Value) -> Value {
        self.try_control(path, method, params).unwrap_or_else(|| panic!("{method} on {path} was refused"))
    }

    /// The build of this number, once it is complete.
    pub fn finished_build(&self, builder: &str, number: i64) -> Value {
        wait_for(&format!("the end of build {builder}/{number}"), || {
            let path = format!("api/v2/builders/{builder}/builds/{number}?property=*");
            let build = self.try_get(&path)?["builds"][0].clone();
            (build["complete"] == json!(true)).then_some(build)
        })
    }

    /// The text of a step's log without stream letters.
    pub fn log_text(&self, builder: &str, number: i64, step: &str, log: &str) -> String {
        self.log_text_if_any(builder, number, step, log)
            .unwrap_or_else(|| panic!("{builder}/{number} has no log {log}"))
    }

    /// As [`Site::log_text`]; nothing if there is no text yet.
    pub fn log_text_if_any(&self, builder: &str, number: i64, step: &str, log: &str) -> Option<String> {
        let path = format!("api/v2/builders/{builder}/builds/{number}/steps/{step}/logs/{log}/contents");
        let answer = self.try_get(&path)?;
        let content = answer["logchunks"][0]["content"].as_str()?;
        Some(content.lines().map(|line| format!("{}\n", &line[1..])).collect())
    }
}

/// One column of text.
#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    value: String,
}

impl Site {
    /// Reads a database file of the master, past the master: the rows of a query with one column named `value`.
    pub fn query(&self, file: &str, sql: &str) -> Vec<String> {
        let path = self.path("master").join(file);
        let mut connection = SqliteConnection::establish(&path.display().to_string()).unwrap();
        diesel::sql_query("PRAGMA busy_timeout = 10000").execute(&mut connection).unwrap();
        let rows: Vec<Row> = diesel::sql_query(sql).load(&mut connection).unwrap();
        rows.into_iter().map(|row| row.value).collect()
    }

    /// Waits until the poller has recorded where the repository is: what was there before is not built.
    pub fn wait_for_first_poll(&self) {
        wait_for("the first poll", || {
            let positions = self.query("state.sqlite", "SELECT state AS value FROM change_sources WHERE active = 1");
            positions.iter().any(|state| state.contains("main")).then_some(())
        });
    }
}

fn kill(child: &mut Option<Child>) {
    if let Some(mut child) = child.take() {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        kill(&mut self.worker);
        kill(&mut self.master);
        if std::thread::panicking() {
            for name in ["master.out", "worker.out"] {
                let text = fs::read_to_string(self.path(name)).unwrap_or_default();
                let tail: Vec<_> = text.lines().rev().take(60).collect();
                eprintln!("--- the end of {name}");
                tail.iter().rev().for_each(|line| eprintln!("{line}"));
            }
        }
    }
}
