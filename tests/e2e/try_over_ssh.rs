//! `buildbot try --connect=ssh` with a real SSH server: ours, Buildbot's, and both ends of the two mixed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use buildbot::json::json;
use tempfile::TempDir;

use crate::python_site::python;
use crate::site::{Site, WORKER, program, run, wait_for};
use crate::ssh_server::{SshServer, make_key};
use crate::working_copy::{WorkingCopy, changed_line};

fn configuration(site: &Site) -> String {
    format!(
        r#"
from buildbot.plugins import *
c = BuildmasterConfig = {{}}
c['workers'] = [worker.Worker("{WORKER}", "pass")]
c['protocols'] = {{'pb': {{'port': 'tcp:{worker}:interface=127.0.0.1'}}}}
c['schedulers'] = [schedulers.Try_Jobdir(name='jobs', builderNames=['hello'], jobdir='jobs')]
factory = util.BuildFactory([steps.ShellCommand(command=['echo', 'hello'])])
c['builders'] = [util.BuilderConfig(name='hello', workernames=["{WORKER}"], factory=factory)]
c['www'] = dict(port='tcp:{http}:interface=127.0.0.1', plugins={{}})
"#,
        worker = site.worker_port,
        http = site.http_port,
    )
}

/// A home directory with a key, and what is needed to deliver a job from it.
struct Developer {
    home: TempDir,
    copy: WorkingCopy,
    server: SshServer,
    jobdir: PathBuf,
    agent: Option<PathBuf>,
}

impl Developer {
    /// Nobody lets this developer in yet, and no host is known.
    fn new(site: &Site) -> Self {
        let home = TempDir::new().unwrap();
        fs::create_dir(home.path().join(".ssh")).unwrap();
        let server = SshServer::start();
        let jobdir = site.path("master/jobs");
        Self { home, copy: WorkingCopy::new("git"), server, jobdir, agent: None }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn knows(&self, line: &str) {
        fs::write(self.path(".ssh/known_hosts"), line).unwrap();
    }

    /// Calls `buildbot try`, with the program on the other side that puts the job into the directory.
    fn tries(&self, client: &Path, there: &Path, more: &[&str]) -> Output {
        let port = format!("--port={}", self.server.port);
        let bin = format!("--buildbotbin={}", there.display());
        let jobdir = format!("--jobdir={}", self.jobdir.display());
        let mut command = Command::new(client);
        command.args(["try", "--connect=ssh", "--host=127.0.0.1", "--vc=git", "--who=Ann", &port, &bin, &jobdir]);
        command.args(more).current_dir(&self.copy.path).stdin(Stdio::null());
        command.env("HOME", self.home.path()).env_remove("SSH_AUTH_SOCK");
        command.envs(self.agent.iter().map(|socket| ("SSH_AUTH_SOCK", socket)));
        command.output().unwrap()
    }

    /// Ours, at both ends.
    fn try_ours(&self) -> Output {
        self.tries(&program("buildbot"), &program("buildbot"), &[])
    }

    /// What is in the directory of new jobs.
    fn n_jobs(&self) -> usize {
        fs::read_dir(self.jobdir.join("new")).unwrap().count()
    }
}

#[track_caller]
fn succeeds(output: &Output) {
    let said = [&output.stdout[..], &output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

/// What a command said that did not succeed.
#[track_caller]
fn fails(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn running_site() -> Site {
    let mut site = Site::new(configuration);
    site.start_master();
    let new = site.path("master/jobs/new");
    wait_for("the directory of jobs", || new.exists().then_some(()));
    site
}

#[test]
fn a_job_is_delivered_over_ssh_by_a_key_at_its_usual_place_and_built() {
    let mut site = running_site();
    site.start_worker();
    let ann = Developer::new(&site);
    make_key(&ann.path(".ssh/id_ed25519"));
    ann.server.admit(&ann.path(".ssh/id_ed25519"));
    // Names that are hashed, as on Debian.
    ann.knows(&ann.server.known_as(None));
    run(Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(ann.path(".ssh/known_hosts")));

    succeeds(&ann.try_ours());
    let build = site.finished_build("hello", 1);
    assert_eq!(build["results"], json!(0));
    let patches = site.query("state.sqlite", "SELECT CAST(body AS TEXT) AS value FROM patches");
    assert!(patches[0].contains(&format!("+{}", changed_line("git"))), "{patches:?}");

    // Buildbot's own program at the other end, then at this one, with the program ssh.
    succeeds(&ann.tries(&program("buildbot"), &python("buildbot"), &[]));
    let file = |name: &str| ann.path(&format!(".ssh/{name}")).display().to_string();
    let ssh = format!("--ssh=ssh -F none -i {} -o UserKnownHostsFile={}", file("id_ed25519"), file("known_hosts"));
    succeeds(&ann.tries(&python("buildbot"), &program("buildbot"), &[&ssh]));
    succeeds(&ann.tries(&program("buildbot"), &program("buildbot"), &[&ssh]));
    for number in 2..=4 {
        assert_eq!(site.finished_build("hello", number)["results"], json!(0));
    }
}

#[test]
fn hosts_that_are_not_known_or_have_another_key_are_refused_and_so_are_we_without_a_key() {
    let site = running_site();
    let ann = Developer::new(&site);
    let key = ann.path(".ssh/id_ed25519");
    make_key(&key);

    let said = fails(&ann.try_ours());
    assert!(said.contains("nothing is known of this host") && said.contains("SHA256:"), "{said}");

    make_key(&ann.path("other"));
    ann.knows(&format!("# ours\n{}", ann.server.known_as(Some(&ann.path("other")))));
    let said = fails(&ann.try_ours());
    assert!(said.contains("key has changed") && said.contains(".ssh/known_hosts:2"), "{said}");

    ann.knows(&ann.server.known_as(None));
    let said = fails(&ann.try_ours());
    assert!(said.contains("lets nobody in as") && said.contains("id_ed25519"), "{said}");

    ann.server.admit(&key);
    let said = fails(&ann.tries(&program("buildbot"), Path::new("/no/buildbot"), &[]));
    assert!(said.contains("ended with 127"), "{said}");
    assert_eq!(ann.n_jobs(), 0);
    succeeds(&ann.try_ours());
}

/// An agent that ends with the test.
struct Agent {
    process: Child,
    socket: PathBuf,
}

impl Agent {
    fn start(socket: PathBuf) -> Self {
        let mut command = Command::new("ssh-agent");
        let process = command.arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn().unwrap();
        wait_for("the agent", || socket.exists().then_some(()));
        Self { process, socket }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
fn a_key_of_the_agent_and_a_host_of_the_configuration_are_enough() {
    let site = running_site();
    let mut ann = Developer::new(&site);
    let agent = Agent::start(ann.path("agent"));
    make_key(&ann.path("key"));
    ann.server.admit(&ann.path("key"));
    run(Command::new("ssh-add").arg("-q").arg(ann.path("key")).env("SSH_AUTH_SOCK", &agent.socket));
    fs::remove_file(ann.path("key")).unwrap();
    fs::write(ann.path(".ssh/config"), "Host 127.*\n  UserKnownHostsFile ~/hosts\n").unwrap();
    fs::write(ann.path("hosts"), ann.server.known_as(None)).unwrap();

    assert!(fails(&ann.try_ours()).contains("there is none"));
    ann.agent = Some(agent.socket.clone());
    succeeds(&ann.try_ours());
}

#[test]
fn a_program_in_place_of_ssh_gets_the_arguments_that_buildbot_gives_it() {
    let site = running_site();
    let ann = Developer::new(&site);
    let stand_in = ann.path("stand-in");
    let script = format!(
        "#!/bin/sh\necho \"$@\" > {}\nwhile [ \"$1\" != 127.0.0.1 ]; do shift; done\nshift\nexec sh -c \"$*\"\n",
        ann.path("arguments").display()
    );
    fs::write(&stand_in, script).unwrap();
    fs::set_permissions(&stand_in, fs::Permissions::from_mode(0o755)).unwrap();
    let ssh = format!("--ssh={} -v", stand_in.display());
    let arguments = |client: &Path| {
        succeeds(&ann.tries(client, &program("buildbot"), &[&ssh, "--username=ann"]));
        fs::read_to_string(ann.path("arguments")).unwrap()
    };
    let ours = arguments(&program("buildbot"));
    assert_eq!(ours, arguments(&python("buildbot")));
    assert!(ours.starts_with(&format!("-v -l ann -p {} 127.0.0.1 /", ann.server.port)), "{ours}");
}
