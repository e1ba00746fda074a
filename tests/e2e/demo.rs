//! `buildbot demo` from its first line to the last trace of it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use buildbot::json::{self, Value, json};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::site::{program, run, wait_for};

/// A demo that runs, in a temporary directory of its own.
struct Demo {
    child: Child,
    output: BufReader<ChildStdout>,
    said: String,
    /// Stands for `/tmp`.
    temporary: TempDir,
}

impl Demo {
    fn start(arguments: &[&str]) -> Self {
        let temporary = TempDir::new().unwrap();
        let mut child = Command::new(program("buildbot"))
            .args(["demo", "--port=0", "--no-browser"])
            .args(arguments)
            .env("TMPDIR", temporary.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output, said: String::new(), temporary }
    }

    /// Reads on until a line contains `text`, and answers that line.
    fn until(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            let n_bytes = self.output.read_line(&mut line).unwrap();
            self.said += &line;
            assert_ne!(n_bytes, 0, "the demo ended without {text:?}; it said:\n{}", self.said);
            if line.contains(text) {
                return line;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Processes that work below the temporary directory.
    fn processes(&self) -> Vec<String> {
        let place = self.temporary.path().canonicalize().unwrap();
        let works_there = |entry: &fs::DirEntry| {
            fs::read_link(entry.path().join("cwd")).is_ok_and(|directory| directory.starts_with(&place))
        };
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let described = |entry: fs::DirEntry| {
            let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            format!("{} {}", entry.path().display(), String::from_utf8_lossy(&command).replace('\0', " "))
        };
        entries.filter(works_there).map(described).collect()
    }

    fn files(&self) -> usize {
        fs::read_dir(self.temporary.path()).unwrap().count()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It has ended long ago, unless the test failed; then it is to take its processes with it.
        if let Ok(None) = self.child.try_wait() {
            self.signal(Signal::SIGTERM);
            let _ = self.child.wait();
        }
    }
}

fn get(url: &str) -> String {
    ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap()
}

fn builds(url: &str, path: &str) -> Vec<Value> {
    let answer: Value = json::from_str(&get(&format!("{url}api/v2/{path}"))).unwrap();
    answer["builds"].as_array().unwrap().clone()
}

#[test]
fn a_demo_shows_green_red_and_running_builds_goes_on_and_leaves_nothing() {
    let mut demo = Demo::start(&["--pace=1"]);
    let line = demo.until("http://127.0.0.1:");
    let url = line.split_whitespace().last().unwrap().to_owned();
    let tested = builds(&url, "builders/unit-tests/builds?order=number&limit=2");
    assert_eq!([&tested[0]["results"], &tested[1]["results"]], [&json!(0), &json!(2)]);
    let running = builds(&url, "builders/nightly/builds?complete=false");
    assert_eq!(running.len(), 1);
    let page = get(&url);
    assert!(page.contains("Greetings") && page.contains("unit-tests") && page.contains("nightly"));
    assert!(!demo.processes().is_empty());

    demo.until("pushes \"Expect the brief greeting\" to main");
    demo.until("unit-tests/3: success");

    demo.signal(Signal::SIGTERM);
    let status = demo.child.wait().unwrap();
    assert!(status.success(), "{status}; it said:\n{}", demo.said);
    assert_eq!(demo.processes(), Vec::<String>::new());
    assert_eq!(demo.files(), 0);
}

#[test]
fn a_demo_that_is_ended_while_it_begins_leaves_nothing() {
    let mut demo = Demo::start(&[]);
    demo.until("a Git repository");
    demo.signal(Signal::SIGINT);
    assert!(demo.child.wait().unwrap().success());
    assert_eq!((demo.processes(), demo.files()), (Vec::new(), 0));
}

#[test]
fn a_demo_whose_master_dies_says_so_shows_the_log_and_leaves_nothing() {
    let mut demo = Demo::start(&[]);
    demo.until("two workers");
    let master = wait_for("the master's process", || {
        let place = fs::read_dir(demo.temporary.path()).unwrap().next()?.unwrap().path();
        fs::read_to_string(place.join("master/twistd.pid")).ok()?.trim().parse().ok()
    });
    kill(Pid::from_raw(master), Signal::SIGKILL).unwrap();
    assert_eq!(demo.child.wait().unwrap().code(), Some(1));
    assert_eq!((demo.processes(), demo.files()), (Vec::new(), 0));
}

#[test]
fn what_is_kept_is_answered_by_status_and_tail_and_stays() {
    let keep = TempDir::new().unwrap();
    let place = keep.path().join("demo");
    let mut demo = Demo::start(&["--keep", &place.display().to_string()]);
    demo.until("Ctrl-C");
    let master = place.join("master");
    let status = run(Command::new(program("buildbot")).arg("status").arg(&master));
    for expected in ["Master up", "unit-tests/2  failure", "nightly/1  running", "Workers: 2 of 2 attached"] {
        assert!(status.contains(expected), "{status}");
    }
    let overview = run(Command::new(program("buildbot")).args(["status", "--json"]).arg(&master));
    let overview: Value = json::from_str(&overview).unwrap();
    assert_eq!(overview["broken"][0]["builder"], json!("unit-tests"));

    let red = tail(&master, &["--follow", "unit-tests/2/test"]);
    assert_eq!(red, (Some(2), "sh test.sh\nFAIL greets in en\n".to_owned()));
    let green = tail(&master, &["--follow", "unit-tests/1/test"]);
    assert_eq!(green, (Some(0), "sh test.sh\nPASS greets in en (Hello, world!)\n".to_owned()));
    assert_eq!(tail(&master, &["nightly/1/soak"]).0, Some(0), "it still runs, and nobody follows it");
    assert_eq!(tail(&master, &["nightly/2"]).0, Some(1), "nobody waits for it");
    assert_eq!(tail(&master, &["--follow", "nightly/0"]).0, Some(69));

    demo.signal(Signal::SIGTERM);
    assert!(demo.child.wait().unwrap().success());
    assert!(place.join("master/master.cfg").is_file() && place.join("greet.git/HEAD").is_file());
    assert_eq!(run(Command::new(program("buildbot")).arg("checkconfig").arg(&master)), "the configuration is good\n");
}

/// The exit code of `buildbot tail` and the first two lines it prints.
fn tail(master: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(program("buildbot"));
    let output = command.arg("tail").args(arguments).arg("--dir").arg(master).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), text.split_inclusive('\n').take(2).collect())
}
