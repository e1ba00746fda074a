//! One of the two masters, in a directory of its own, with the workers that a sequence wants.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use buildbot::json::{self, Value, json};
use tempfile::TempDir;

use crate::python_site::python;
use crate::site::{free_port, program, run, wait_for};

/// A command that says that it is there, and waits until it is told with which code to end.
const GATE: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 99
me="$1-$2-$3"
: > "at-$me"
until [ -e "go-$me" ]; do
    [ -e gate ] || exit 99
    sleep 0.02
done
exit "$(cat "go-$me")"
"#;

/// Then a question is asked again.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// So often.
const TRIES: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Buildbot 4.3.
    Peer,
    Ours,
}

pub struct Master {
    pub kind: Kind,
    dir: TempDir,
    agent: ureq::Agent,
    http_port: u16,
    worker_port: u16,
    process: Child,
    workers: BTreeMap<String, Child>,
    /// Names of the builders by id.
    pub builders: BTreeMap<i64, String>,
}

impl Master {
    /// Starts a master with this configuration, in which `@DIR@`, `@HTTP@` and `@PORT@` are replaced.
    pub fn start(kind: Kind, configuration: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let (http_port, worker_port) = (free_port(), free_port());
        let base = dir.path().join("master");
        let ours = kind == Kind::Ours;
        let buildbot = if ours { program("buildbot") } else { python("buildbot") };
        run(Command::new(&buildbot).args(["create-master", "-q"]).arg(&base));
        let configuration = configuration
            .replace("@DIR@", &dir.path().display().to_string())
            .replace("@HTTP@", &http_port.to_string())
            .replace("@PORT@", &worker_port.to_string());
        fs::write(base.join("master.cfg"), configuration).unwrap();
        let gate = dir.path().join("control/gate");
        fs::create_dir(dir.path().join("control")).unwrap();
        fs::write(&gate, GATE).unwrap();
        fs::set_permissions(&gate, fs::Permissions::from_mode(0o755)).unwrap();
        let process = spawn(&buildbot, &base);
        // Twisted closes what has been idle for a while, which a request would learn too late.
        let agent =
            ureq::Agent::config_builder().http_status_as_error(false).max_idle_connections(0).build().new_agent();
        let workers = BTreeMap::new();
        let mut master = Self { kind, dir, agent, http_port, worker_port, process, workers, builders: BTreeMap::new() };
        wait_for("the master to be ready", || match kind {
            Kind::Peer => fs::read_to_string(master.path("master/twistd.log"))
                .ok()?
                .contains("BuildMaster is running")
                .then_some(()),
            Kind::Ours => master.agent.get(master.url("health")).call().ok().map(drop),
        });
        master.builders =
            master.list("builders").iter().map(|builder| (id(builder, "builderid"), text(builder, "name"))).collect();
        master.attach("fence");
        master
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join(relative)
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.http_port)
    }

    /// The elements of a collection, if there is one.
    pub fn try_list(&self, path: &str) -> Option<Vec<Value>> {
        // Now and then Buildbot forgets a request and closes its connection a minute later.
        let request = self.agent.get(self.url(&format!("api/v2/{path}"))).config().timeout_global(Some(ANSWERS_WITHIN));
        let text = request.build().call().ok()?.body_mut().read_to_string().ok()?;
        let answer: Value = json::from_str(&text).ok()?;
        let (_, list) = answer.as_object()?.iter().find(|(name, _)| *name != "meta")?;
        list.as_array().cloned()
    }

    /// The elements of a collection.
    pub fn list(&self, path: &str) -> Vec<Value> {
        let found = (0..TRIES).find_map(|_| self.try_list(path));
        found.unwrap_or_else(|| panic!("{:?}: no list at {path}", self.kind))
    }

    /// Sends a command; the result, or what is wrong.
    pub fn control(&self, path: &str, method: &str, params: &Value) -> Result<Value, Value> {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let request = self.agent.post(self.url(&format!("api/v2/{path}"))).header("content-type", "application/json");
        let text = request.send(body.as_bytes()).unwrap().body_mut().read_to_string().unwrap();
        let answer: Value = json::from_str(&text).unwrap_or(Value::String(text));
        answer.get("result").cloned().ok_or_else(|| answer["error"].clone())
    }

    /// Sends a change to the hook.
    pub fn change(&self, form: &[(String, String)]) {
        let answer =
            self.agent.post(self.url("change_hook/base")).send_form(form.iter().map(|(a, b)| (a.as_str(), b.as_str())));
        let status = answer.unwrap().status();
        assert!(status.is_success(), "{:?}: {status} for {form:?}", self.kind);
    }

    /// Starts a worker and waits until the master knows that it is there.
    pub fn attach(&mut self, worker: &str) {
        let directory = self.path(&format!("worker-{worker}"));
        if !directory.exists() {
            let master = format!("127.0.0.1:{}", self.worker_port);
            let mut command = Command::new(program("buildbot-worker"));
            run(command
                .args(["create-worker", "-q", "--protocol=pb", "--maxdelay=1"])
                .arg(&directory)
                .args([&master, worker, "pass"]));
        }
        self.workers.insert(worker.to_owned(), spawn(&program("buildbot-worker"), &directory));
        self.wait_for_worker(worker, true);
    }

    /// Ends a worker without a word, and waits until the master has noticed.
    pub fn detach(&mut self, worker: &str) {
        kill(&mut self.workers.remove(worker).unwrap());
        self.wait_for_worker(worker, false);
    }

    /// Ends the workers of a sequence.
    pub fn detach_all(&mut self) {
        for worker in self.workers.keys().filter(|name| *name != "fence").cloned().collect::<Vec<_>>() {
            self.detach(&worker);
        }
    }

    fn wait_for_worker(&self, name: &str, present: bool) {
        wait_for(&format!("{:?}: worker {name} to be there: {present}", self.kind), || {
            let worker = self.try_list(&format!("workers?name={name}"))?.into_iter().next()?;
            (worker["connected_to"].as_array()?.is_empty() != present).then_some(())
        });
    }

    pub fn worker_names(&self) -> BTreeMap<i64, String> {
        self.list("workers").iter().map(|worker| (id(worker, "workerid"), text(worker, "name"))).collect()
    }

    pub fn builder_id(&self, name: &str) -> i64 {
        let found = self.builders.iter().find(|(_, known)| *known == name);
        *found.unwrap_or_else(|| panic!("no builder {name}")).0
    }

    /// Whether the command of this step waits at its gate.
    pub fn is_at_gate(&self, builder: &str, number: i64, step: &str) -> bool {
        self.arrived().contains(&format!("{builder}-{number}-{step}"))
    }

    /// All that waits at gates: builders, numbers and steps, sorted.
    pub fn gates(&self) -> Vec<(String, i64, String)> {
        let parse = |name: &String| {
            let (build, step) = name.rsplit_once('-')?;
            let (builder, number) = build.rsplit_once('-')?;
            Some((builder.to_owned(), number.parse().ok()?, step.to_owned()))
        };
        let mut gates: Vec<_> = self.arrived().iter().filter_map(parse).collect();
        gates.sort();
        gates
    }

    /// What has come to its gate and was not let go.
    fn arrived(&self) -> Vec<String> {
        let names: Vec<_> = fs::read_dir(self.path("control"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let gone: BTreeSet<_> = names.iter().filter_map(|name| name.strip_prefix("go-")).collect();
        let arrived = names.iter().filter_map(|name| name.strip_prefix("at-"));
        arrived.filter(|name| !gone.contains(name)).map(str::to_owned).collect()
    }

    /// Lets a command go.
    pub fn open_gate(&self, builder: &str, number: i64, step: &str, code: &str) {
        let go = self.path(&format!("control/go-{builder}-{number}-{step}"));
        let draft = go.with_extension("draft");
        fs::write(&draft, format!("{code}\n")).unwrap();
        fs::rename(draft, go).unwrap();
    }
}

pub fn id(element: &Value, field: &str) -> i64 {
    element[field].as_i64().unwrap_or_else(|| panic!("no {field} in {element}"))
}

pub fn text(element: &Value, field: &str) -> String {
    element[field].as_str().unwrap_or_default().to_owned()
}

fn spawn(program: &Path, directory: &Path) -> Child {
    let output = OpenOptions::new().create(true).append(true).open(directory.with_extension("out")).unwrap();
    let mut command = Command::new(program);
    command.args(["start", "--nodaemon"]).arg(directory).stdin(Stdio::null());
    command.stdout(output.try_clone().unwrap()).stderr(output).spawn().unwrap()
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

impl Drop for Master {
    fn drop(&mut self) {
        self.workers.values_mut().for_each(kill);
        kill(&mut self.process);
        if std::thread::panicking() {
            for name in ["master.out", "master/twistd.log"] {
                let text = fs::read_to_string(self.path(name)).unwrap_or_default();
                let tail: Vec<_> = text.lines().rev().take(60).collect();
                eprintln!("--- {:?}: the end of {name}", self.kind);
                tail.iter().rev().for_each(|line| eprintln!("{line}"));
            }
        }
    }
}
