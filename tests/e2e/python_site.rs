//! A master in Python and a worker of ours below one temporary directory.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use buildbot::json::{self, Value, json};
use tempfile::TempDir;

use crate::site::{free_port, program, run, wait_for};

/// Buildbot 4.3, master and worker, in an environment of its own below the target directory. The first test installs
/// it, the others wait for the lock.
pub fn python(program: &str) -> PathBuf {
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-master");
    let lock = File::create(environment.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let complete = environment.join("complete");
    if !complete.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
        run(Command::new(environment.join("bin/pip")).args(["install", "-q", "buildbot[bundle]==4.3.0"]));
        File::create(complete).unwrap();
    }
    environment.join("bin").join(program)
}

pub struct PythonSite {
    dir: TempDir,
    http_port: u16,
    worker_port: u16,
    master: Option<Child>,
    worker: Option<Child>,
}

impl PythonSite {
    /// Creates a master that speaks one protocol, and starts it without waiting for it.
    pub fn new(protocol: &str) -> Self {
        Self::listening(protocol, None)
    }

    /// The same, with a port for workers in the words of Twisted.
    pub fn listening(protocol: &str, port: Option<&str>) -> Self {
        let mut site = Self {
            dir: TempDir::new().unwrap(),
            http_port: free_port(),
            worker_port: free_port(),
            master: None,
            worker: None,
        };
        run(Command::new(python("buildbot")).args(["create-master", "-q", "-r"]).arg(site.path("master")));
        // The port of one protocol has to be a number, which means all interfaces.
        let port = match (port, protocol) {
            (Some(port), _) => format!("'{port}'"),
            (None, "pb") => format!("'tcp:{}:interface=127.0.0.1'", site.worker_port),
            (None, _) => site.worker_port.to_string(),
        };
        let configuration = include_str!("python_master.cfg")
            .replace("@PROTOCOL@", protocol)
            .replace("@HTTP@", &site.http_port.to_string())
            .replace("@PORT@", &port)
            .replace("@SEEN@", &site.path("seen").display().to_string())
            .replace("@GO@", &site.path("go").display().to_string());
        fs::write(site.path("master/master.cfg"), configuration).unwrap();
        site.start_master();
        site
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join(relative)
    }

    /// Makes the directory of a worker with our program and these options.
    pub fn create_worker(&self, options: &[&str]) {
        self.create_with(&program("buildbot-worker"), options);
    }

    /// Makes the directory of a worker with Python's own program.
    pub fn create_python_worker(&self, options: &[&str]) {
        self.create_with(&python("buildbot-worker"), options);
    }

    fn create_with(&self, program: &Path, options: &[&str]) {
        let master = format!("127.0.0.1:{}", self.worker_port);
        let mut command = Command::new(program);
        run(command
            .args(["create-worker", "-q"])
            .args(options)
            .arg(self.path("worker"))
            .args([&master, "ours", "pass"]));
    }

    fn spawn(&self, program: &Path, directory: &str) -> Child {
        let output = OpenOptions::new().create(true).append(true).open(self.path(&format!("{directory}.out"))).unwrap();
        let mut command = Command::new(program);
        command.args(["start", "--nodaemon"]).arg(self.path(directory)).stdin(Stdio::null());
        command.stdout(output.try_clone().unwrap()).stderr(output).spawn().unwrap()
    }

    pub fn start_master(&mut self) {
        self.master = Some(self.spawn(&python("buildbot"), "master"));
    }

    pub fn kill_master(&mut self) {
        kill(&mut self.master);
    }

    pub fn start_worker(&mut self) {
        self.worker = Some(self.spawn(&program("buildbot-worker"), "worker"));
    }

    pub fn kill_worker(&mut self) {
        kill(&mut self.worker);
    }

    /// Waits until the worker has ended by itself; whether it was content.
    pub fn worker_ended_well(&mut self) -> bool {
        let worker = self.worker.as_mut().unwrap();
        let status = wait_for("the worker's end", || worker.try_wait().unwrap());
        self.worker = None;
        status.success()
    }

    pub fn wait_for_worker(&self) {
        wait_for("the worker's attachment", || {
            let worker = self.try_get("workers")?["workers"][0].clone();
            (!worker["connected_to"].as_array()?.is_empty()).then_some(())
        });
    }

    fn try_get(&self, path: &str) -> Option<Value> {
        let url = format!("http://127.0.0.1:{}/api/v2/{path}", self.http_port);
        let text = ureq::get(url).call().ok()?.body_mut().read_to_string().ok()?;
        json::from_str(&text).ok()
    }

    pub fn get(&self, path: &str) -> Value {
        self.try_get(path).unwrap_or_else(|| panic!("no JSON at {path}"))
    }

    pub fn control(&self, path: &str, method: &str, params: Value) {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let url = format!("http://127.0.0.1:{}/api/v2/{path}", self.http_port);
        let sent = ureq::post(url).header("content-type", "application/json").send(body.as_bytes());
        let text = sent.unwrap().body_mut().read_to_string().unwrap();
        let answer: Value = json::from_str(&text).unwrap();
        assert!(answer.get("result").is_some(), "{method} on {path} was refused: {answer}");
    }

    pub fn force(&self, builder: &str) {
        self.control("forceschedulers/force", "force", json!({"builderNames": [builder], "reason": "a test"}));
    }

    /// The results of a build, once it is complete.
    pub fn results(&self, builder: &str, number: i64) -> Value {
        wait_for(&format!("the end of build {builder}/{number}"), || {
            let path = format!("builders/{builder}/builds/{number}");
            let build = self.try_get(&path)?["builds"][0].clone();
            (build["complete"] == json!(true)).then(|| build["results"].clone())
        })
    }

    /// A log of a step with the letters of its streams; nothing if there is no such log yet.
    pub fn log(&self, builder: &str, number: i64, step: &str, log: &str) -> Option<String> {
        let steps = self.try_get(&format!("builders/{builder}/builds/{number}/steps"))?;
        let step = steps["steps"].as_array()?.iter().find(|found| found["name"] == json!(step))?["stepid"].clone();
        let logs = self.try_get(&format!("steps/{step}/logs"))?;
        let log = logs["logs"].as_array()?.iter().find(|found| found["name"] == json!(log))?["logid"].clone();
        let contents = self.try_get(&format!("logs/{log}/contents"))?["logchunks"].clone();
        // It is one chunk, or a list of it.
        let contents = contents.get(0).unwrap_or(&contents);
        contents["content"].as_str().map(str::to_owned)
    }

    /// The results of every step of a build, by name.
    pub fn steps(&self, builder: &str, number: i64) -> Vec<(String, i64)> {
        let steps = self.get(&format!("builders/{builder}/builds/{number}/steps"));
        let steps = steps["steps"].as_array().unwrap().iter();
        steps.map(|step| (step["name"].as_str().unwrap().to_owned(), step["results"].as_i64().unwrap_or(-1))).collect()
    }
}

fn kill(child: &mut Option<Child>) {
    if let Some(mut child) = child.take() {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for PythonSite {
    fn drop(&mut self) {
        kill(&mut self.worker);
        kill(&mut self.master);
        if std::thread::panicking() {
            for name in ["master.out", "master/twistd.log", "worker.out"] {
                let text = fs::read_to_string(self.path(name)).unwrap_or_default();
                let tail: Vec<_> = text.lines().rev().take(60).collect();
                eprintln!("--- the end of {name}");
                tail.iter().rev().for_each(|line| eprintln!("{line}"));
            }
        }
    }
}
