//! Clients of both sides: Buildbot's with our master, ours with Buildbot's, and ours with ours.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use buildbot::json::{self, Value, json};
use tempfile::TempDir;

use crate::python_site::python;
use crate::site::{Site, WORKER, free_port, program, run, wait_for};
use crate::working_copy::{WorkingCopy, changed_line};

const SYSTEMS: [&str; 3] = ["git", "hg", "svn"];

/// Ports of clients, each its own.
#[derive(Clone, Copy)]
struct Ports {
    changes: u16,
    trying: u16,
    users: u16,
    status: u16,
}

impl Ports {
    fn new() -> Self {
        Self { changes: free_port(), trying: free_port(), users: free_port(), status: free_port() }
    }
}

/// Schedulers and clients, for masters of both kinds.
fn common(ports: Ports) -> String {
    let Ports { changes, trying, users, .. } = ports;
    format!(
        r#"
c['change_source'] = [changes.PBChangeSource(port='tcp:{changes}:interface=127.0.0.1')]
c['schedulers'] = [
    schedulers.Try_Userpass(name='try', builderNames=['hello'], port='tcp:{trying}:interface=127.0.0.1',
                            userpass=[('ann', 'secret')]),
    schedulers.Try_Jobdir(name='jobs', builderNames=['hello'], jobdir='jobs'),
]
factory = util.BuildFactory([steps.ShellCommand(name='greet', command=['echo', 'hello'])])
c['user_managers'] = [util.CommandlineUserManager(username='admin', passwd='pw',
                                                  port='tcp:{users}:interface=127.0.0.1')]
"#
    )
}

fn our_site(ports: Ports) -> Site {
    Site::new(|site| {
        format!(
            r#"
from buildbot.plugins import *
c = BuildmasterConfig = {{}}
c['workers'] = [worker.Worker("{WORKER}", "pass")]
c['protocols'] = {{'pb': {{'port': 'tcp:{worker}:interface=127.0.0.1'}}}}
{common}
c['builders'] = [util.BuilderConfig(name='hello', workernames=["{WORKER}"], factory=factory)]
c['services'] = [reporters.PBListener(port='tcp:{status}:interface=127.0.0.1')]
c['www'] = dict(port='tcp:{http}:interface=127.0.0.1', plugins={{}})
"#,
            worker = site.worker_port,
            common = common(ports),
            status = ports.status,
            http = site.http_port,
        )
    })
}

/// Runs a client; a home of its own, so that nobody's options are found.
fn client(program: &Path, directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory).env("HOME", directory).stdin(Stdio::null()).output().unwrap()
}

#[track_caller]
fn succeeds(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// Has the working copies of all systems built, and waits for the end.
fn try_all(program: &Path, ports: Ports) -> Vec<WorkingCopy> {
    let master = format!("--master=127.0.0.1:{}", ports.trying);
    let copy = |vc: &&str| {
        let copy = WorkingCopy::new(vc);
        let vc = format!("--vc={vc}");
        let arguments =
            ["try", "--connect=pb", &master, "--username=ann", "--passwd=secret", &vc, "--topdir=.", "--wait"];
        let said = succeeds(&client(program, &copy.path, &arguments));
        assert!(said.contains("hello: success (build successful)"), "{said}");
        copy
    };
    SYSTEMS.iter().map(copy).collect()
}

#[test]
fn a_working_copy_of_other_systems_is_examined_too() {
    for vc in ["bzr", "cvs", "darcs"] {
        let copy = WorkingCopy::new(vc);
        let of_vc = format!("--vc={vc}");
        let arguments = ["try", "--connect=pb", &of_vc, "--topdir=.", "--dryrun"];
        let said = succeeds(&client(&program("buildbot"), &copy.path, &arguments));
        assert!(said.contains(&format!("\n+{}\n", changed_line(vc))) && said.contains(&copy.base), "{said}");
        // Names that `patch` finds with what is taken off them.
        let name = if vc == "darcs" { "\n+++ new-copy/README" } else { "\n+++ README" };
        assert!(said.contains(name), "{said}");
    }
}

#[test]
fn clients_of_buildbot_work_with_our_master() {
    let ports = Ports::new();
    let mut site = our_site(ports);
    site.start_master();
    site.start_worker();
    let python = python("buildbot");
    let copies = try_all(&python, ports);
    let patches = site.query("state.sqlite", "SELECT CAST(body AS TEXT) AS value FROM patches ORDER BY id");
    let revisions = "SELECT revision AS value FROM source_stamps WHERE patch_id IS NOT NULL ORDER BY id";
    let revisions = site.query("state.sqlite", revisions);
    for (((vc, copy), patch), revision) in SYSTEMS.iter().zip(copies).zip(patches).zip(revisions) {
        assert!(patch.contains(&format!("+{}", changed_line(vc))), "{patch}");
        assert_eq!(revision, copy.base, "{vc}");
    }
    let master = format!("127.0.0.1:{}", ports.trying);
    let login = ["--connect=pb", "--master", &master, "--username=ann", "--passwd"];
    let names = client(&python, &site.path("."), &[&["try"], &login[..], &["secret", "--get-builder-names"]].concat());
    assert!(succeeds(&names).contains("hello"));

    let master = format!("127.0.0.1:{}", ports.changes);
    let change = ["sendchange", "-m", &master, "-W", "ann", "-b", "main", "-c", "a change", "-p", "a:b", "src/a.c"];
    succeeds(&client(&python, &site.path("."), &change));
    let change = site.get("api/v2/changes")["changes"][0].clone();
    assert_eq!((&change["author"], &change["files"][0]), (&json!("ann"), &json!("src/a.c")));
}

/// A master of Buildbot with a worker inside it.
struct PythonSite {
    dir: TempDir,
    master: Child,
    http_port: u16,
}

impl PythonSite {
    fn start(ports: Ports) -> Self {
        let (dir, http_port, python) = (TempDir::new().unwrap(), free_port(), python("buildbot"));
        let base_dir = dir.path().join("master");
        run(Command::new(&python).args(["create-master", "-q"]).arg(&base_dir));
        let configuration = format!(
            r#"
from buildbot.plugins import *
c = BuildmasterConfig = {{}}
c['workers'] = [worker.LocalWorker('w')]
c['protocols'] = {{'pb': {{'port': 'tcp:{worker}:interface=127.0.0.1'}}}}
{common}
c['builders'] = [util.BuilderConfig(name='hello', workernames=['w'], factory=factory)]
c['buildbotNetUsageData'] = None
c['www'] = dict(port='tcp:{http_port}:interface=127.0.0.1', plugins={{}})
"#,
            common = common(ports),
            worker = free_port(),
        );
        fs::write(base_dir.join("master.cfg"), configuration).unwrap();
        let output = File::create(dir.path().join("out")).unwrap();
        let mut command = Command::new(python);
        command.args(["start", "--nodaemon"]).arg(&base_dir).stdin(Stdio::null());
        let master = command.stdout(output.try_clone().unwrap()).stderr(output).spawn().unwrap();
        let site = Self { dir, master, http_port };
        wait_for("the Python master's answer", || site.try_get("api/v2/builders").map(drop));
        site
    }

    fn try_get(&self, path: &str) -> Option<Value> {
        let url = format!("http://127.0.0.1:{}/{path}", self.http_port);
        let text = ureq::get(url).call().ok()?.body_mut().read_to_string().ok()?;
        json::from_str(&text).ok()
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join(relative)
    }
}

impl Drop for PythonSite {
    fn drop(&mut self) {
        self.master.kill().unwrap();
        self.master.wait().unwrap();
        if std::thread::panicking() {
            eprintln!("--- the Python master\n{}", fs::read_to_string(self.path("out")).unwrap_or_default());
        }
    }
}

#[test]
fn our_clients_work_with_a_master_of_buildbot() {
    let ports = Ports::new();
    let site = PythonSite::start(ports);
    let ours = program("buildbot");
    let copies = try_all(&ours, ports);
    let stamps = site.try_get("api/v2/sourcestamps").unwrap()["sourcestamps"].clone();
    let with_patch: Vec<&Value> = stamps.as_array().unwrap().iter().filter(|stamp| !stamp["patch"].is_null()).collect();
    assert_eq!(with_patch.len(), SYSTEMS.len());
    for ((vc, copy), stamp) in SYSTEMS.iter().zip(copies).zip(with_patch) {
        assert_eq!(stamp["revision"], json!(copy.base), "{vc}");
    }
    let master = format!("127.0.0.1:{}", ports.trying);
    let login = ["--connect=pb", "--master", &master, "--username=ann", "--passwd"];
    let names = client(&ours, &site.path("."), &[&["try"], &login[..], &["secret", "--get-builder-names"]].concat());
    assert!(succeeds(&names).contains("hello"));
    let refused = client(&ours, &site.path("."), &[&["try"], &login[..], &["wrong", "--get-builder-names"]].concat());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("does not know this name with this password"));

    let master = format!("127.0.0.1:{}", ports.changes);
    let change = ["sendchange", "-m", &master, "-W", "ann", "-b", "main", "-c", "a change", "-p", "a:b", "src/a.c"];
    succeeds(&client(&ours, &site.path("."), &change));
    let change = site.try_get("api/v2/changes").unwrap()["changes"][0].clone();
    assert_eq!((&change["author"], &change["files"][0]), (&json!("ann"), &json!("src/a.c")));
    assert_eq!(change["properties"]["a"][0], json!("b"));

    let master = format!("127.0.0.1:{}", ports.users);
    let user = ["user", "-m", &master, "-u", "admin", "-p", "pw", "--op=add", "--info=git=joe,email=joe@x"];
    assert!(succeeds(&client(&ours, &site.path("."), &user)).contains("identifier: joe"));
}

/// A program in place of ssh that runs the command here.
fn fake_ssh(site: &Site) -> PathBuf {
    let path = site.path("ssh");
    fs::write(&path, "#!/bin/sh\n[ \"$1 $2 $3\" = '-l ann build.example.org' ] && shift 3 && exec sh -c \"$*\"\n")
        .unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn our_clients_work_with_our_master() {
    let ports = Ports::new();
    let mut site = our_site(ports);
    site.start_master();
    site.start_worker();
    let ours = program("buildbot");
    let log = File::create(site.path("status")).unwrap();
    let mut watcher = Command::new(&ours)
        .args(["statuslog", "--master", &format!("127.0.0.1:{}", ports.status)])
        .stdout(log)
        .spawn()
        .unwrap();
    let status = || fs::read_to_string(site.path("status")).unwrap();
    wait_for("the watcher", || status().contains("connected").then_some(()));

    let copy = WorkingCopy::new("git");
    fs::create_dir(copy.path.join(".buildbot")).unwrap();
    let options = format!(
        "try_connect = 'ssh'\ntry_vc = 'git'\ntry_username = 'ann'\ntry_ssh = '{}'\n",
        fake_ssh(&site).display()
    );
    fs::write(copy.path.join(".buildbot/options"), options).unwrap();
    let (jobdir, bin) = (site.path("master/jobs"), format!("--buildbotbin={}", ours.display()));
    wait_for("the directory of jobs", || jobdir.join("new").exists().then_some(()));
    let jobdir = format!("--jobdir={}", jobdir.display());
    let listener = format!("--master=127.0.0.1:{}", ports.status);
    let job = ["try", "--host=build.example.org", &jobdir, &bin, "--who=Ann", "--property=a=b,c", "--wait", &listener];
    let said = succeeds(&client(&ours, &copy.path, &job));
    let lines = ["job has been delivered", "hello: greet", "All Builds Complete", "hello: success (build successful)"];
    assert!(lines.iter().all(|line| said.contains(line)), "{said}");
    let build = site.finished_build("hello", 1);
    assert_eq!(build["properties"]["a"], json!(["b,c", "try build"]));
    wait_for("the end in the log", || status().contains("buildFinished hello/1: success").then_some(()));
    watcher.kill().unwrap();
    watcher.wait().unwrap();
    assert!(status().contains("buildsetSubmitted jobs: 'try' job by user Ann"), "{}", status());

    let master = format!("127.0.0.1:{}", ports.users);
    let user = |rest: &[&str]| {
        let arguments = [&["user", "-m", &master, "-u", "admin", "-p", "pw"], rest].concat();
        succeeds(&client(&ours, &site.path("."), &arguments))
    };
    assert!(user(&["--op=add", "--info=git=joe,email=joe@x"]).contains("identifier: joe"));
    user(&["--op=update", "--info=joe", "--bb_username=j", "--bb_password=secret"]);
    assert!(user(&["--op=get", "--ids=joe"]).contains("bb_username: j\n"));
    assert!(user(&["--op=remove", "--ids=joe"]).contains("identifier: joe"));
}
