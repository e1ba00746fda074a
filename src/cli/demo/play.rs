//! From an empty directory to a master with workers and first builds.

use std::env;
use std::fs;
use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use super::Narrator;
use super::company::Company;
use super::place::{Place, free_port};
use super::repository::{Repository, n_branches_seen};
use super::story;
use crate::cli::MASTER_CFG;
use crate::cli::create_master::CreateMaster;
use crate::cli::paint::Tone;
use crate::cli::rest::Rest;
use crate::cli::start::until_up;
use crate::clock::Clock;
use crate::config;
use crate::json::{Value, json};

/// Nothing here takes this long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(120);
/// Pause between two looks at something that is to become true.
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(super) const WORKERS: [&str; 2] = ["alpha", "beta"];
const PASSWORD: &str = "demo";
const N_BRANCHES: usize = 2;
const N_BUILDERS: usize = 5;

/// Who takes part.
pub(super) struct Play<'demo> {
    pub(super) company: &'demo Company,
    pub(super) place: &'demo Place,
    /// Of the pages.
    pub(super) port: u16,
    pub(super) worker_program: PathBuf,
    pub(super) narrator: Narrator,
}

/// What there is once everything is set up.
pub(super) struct Stage {
    pub(super) repository: Repository,
    pub(super) rest: Rest,
}

impl Play<'_> {
    pub(super) async fn set_up(&self) -> anyhow::Result<Stage> {
        self.narrator.remark(format_args!("A demo of Buildbot in {}", self.place.path().display()));
        self.narrator.begin("a Git repository");
        let repository = Repository::create(self.place.path(), &Clock::system()).await?;
        self.narrator.done(&format!("a Git repository with {} commits on two branches", story::history().len()));

        self.narrator.begin("a master");
        let worker_port = free_port()?;
        self.start_master(&repository, worker_port).await?;
        let rest = Rest::new(&format!("http://127.0.0.1:{}/", self.port));
        self.narrator.done(&format!("a master with {N_BUILDERS} builders"));

        self.narrator.begin("two workers");
        for name in WORKERS {
            self.start_worker(name, worker_port).await?;
        }
        until("both workers are attached", || async {
            let workers = rest.list("workers", "workers").await?;
            let is_attached =
                |worker: &&Value| worker["connected_to"].as_array().is_some_and(|masters| !masters.is_empty());
            Ok((workers.iter().filter(is_attached).count() == WORKERS.len()).then_some(()))
        })
        .await?;
        self.narrator.done(&format!("two workers: {}", WORKERS.join(" and ")));
        Ok(Stage { repository, rest })
    }

    fn master(&self) -> PathBuf {
        self.place.path().join("master")
    }

    async fn start_master(&self, repository: &Repository, worker_port: u16) -> anyhow::Result<()> {
        let base_dir = self.master();
        CreateMaster::quiet(base_dir.clone()).run()?;
        let text = configuration(self.port, worker_port, &repository.url());
        fs::write(base_dir.join(MASTER_CFG), text).context("cannot write the configuration")?;
        let own = env::current_exe().context("cannot find this program")?;
        let pid = self.company.start("the master", &own, &base_dir)?;
        let is_up = timeout(PATIENCE, until_up(&base_dir, Some(pid))).await;
        is_up.map_err(|_| anyhow!("the master is not up after {PATIENCE:?}"))
    }

    async fn start_worker(&self, name: &str, worker_port: u16) -> anyhow::Result<()> {
        let base_dir = self.place.path().join(format!("worker-{name}"));
        let mut create = Command::new(&self.worker_program);
        create.args(["create-worker", "--quiet"]).arg(&base_dir);
        create.args([&format!("127.0.0.1:{worker_port}"), name, PASSWORD]).kill_on_drop(true);
        let program = || self.worker_program.display().to_string();
        let created = create.output().await.with_context(|| format!("cannot run {}", program()))?;
        if !created.status.success() {
            return Err(anyhow!("{} failed: {}", program(), String::from_utf8_lossy(&created.stderr).trim_end()));
        }
        for (file, text) in [("admin", "The demo <demo@example.org>"), ("host", "this machine")] {
            fs::write(base_dir.join("info").join(file), format!("{text}\n")).context("cannot describe the worker")?;
        }
        self.company.start(&format!("worker {name}"), &self.worker_program, &base_dir)?;
        Ok(())
    }

    /// A build that goes well, one that fails, and one that goes on.
    pub(super) async fn first_builds(&self, stage: &Stage) -> anyhow::Result<()> {
        let rest = &stage.rest;
        // What was there before the first poll is not built.
        let poller = self.master().join("gitpoller");
        let has_polled = || async { Ok((n_branches_seen(&poller).await == N_BRANCHES).then_some(())) };
        self.narrator.begin("the first look at the repository");
        until("the master has looked at the repository", has_polled).await?;

        self.narrator.begin("a long build");
        force(rest, "nightly", "something to watch").await?;
        until("a long build runs", || first_build(rest, "nightly", false)).await?;
        self.narrator.done(&self.line("nightly/1", Tone::Running, "runs, for ten minutes"));

        self.narrator.begin("a commit that is good");
        let commit = story::next(0);
        stage.repository.push(&commit).await?;
        let build = until("a first build of a commit has ended", || first_build(rest, "unit-tests", true)).await?;
        self.tell_first(&build, &commit.message);
        force(rest, "build", "to begin with").await?;

        self.narrator.begin("a commit that is not");
        let commit = story::next(1);
        stage.repository.push(&commit).await?;
        let second = || async {
            let build = rest.first("builders/unit-tests/builds/2", "builds").await?;
            Ok(build.filter(|build| build["complete"] == json!(true)))
        };
        let build = until("a second build of a commit has ended", second).await?;
        self.tell_first(&build, &commit.message);
        Ok(())
    }

    fn tell_first(&self, build: &Value, message: &str) {
        let tone = if build["results"] == json!(0) { Tone::Good } else { Tone::Bad };
        let outcome = if tone == Tone::Good { "is green" } else { "is red" };
        let name = format!("unit-tests/{}", build["number"]);
        self.narrator.done(&self.line(&name, tone, &format!("{outcome}, the commit \"{message}\"")));
    }

    fn line(&self, build: &str, tone: Tone, outcome: &str) -> String {
        format!("the build {build} {}", self.narrator.paint.text(tone, outcome))
    }

    /// Where to look, and what to try.
    pub(super) fn introduce(&self, stage: &Stage, is_open: bool) {
        let paint = self.narrator.paint;
        let (url, master) = (paint.text(Tone::Strong, stage.rest.url()), self.master());
        let (look, master) = (if is_open { "In your browser" } else { "Look at it" }, master.display());
        let (origin, own) = (stage.repository.origin.display(), called_as());
        self.narrator.remark(format_args!(
            "
  {look:<16}  {url}
  Commit to it      git clone {origin}
  Its configuration {master}/{MASTER_CFG}
  In the terminal   {own} status {master}
                    {own} tail --dir {master} --follow nightly
"
        ));
        let end = if self.place.is_kept() { "end the demo" } else { "end the demo and remove everything" };
        self.narrator.remark(format_args!("Somebody commits now and then. Press Ctrl-C to {end}.\n"));
    }
}

/// How the user called this program, to be typed again.
fn called_as() -> String {
    env::args().next().unwrap_or_else(|| "buildbot".to_owned())
}

/// The configuration in `config/demo.cfg`, for these ports and this repository.
fn configuration(web_port: u16, worker_port: u16, repository: &str) -> String {
    let filled_in = |line: &str| match line.split_once(" = ").map(|(name, _)| name) {
        Some("WEB_PORT") => format!("WEB_PORT = {web_port}\n"),
        Some("WORKER_PORT") => format!("WORKER_PORT = {worker_port}\n"),
        Some("REPOSITORY") => format!("REPOSITORY = {}\n", quoted(repository)),
        _ => format!("{line}\n"),
    };
    config::demo().lines().map(filled_in).collect()
}

/// A text as a literal of the configuration's language.
fn quoted(text: &str) -> String {
    let escaped = |letter: char| match letter {
        '\'' | '\\' => format!("\\{letter}"),
        '\n' => "\\n".to_owned(),
        other => other.to_string(),
    };
    format!("'{}'", text.chars().map(escaped).collect::<String>())
}

/// Starts a build of main.
pub(super) async fn force(rest: &Rest, builder: &str, reason: &str) -> anyhow::Result<()> {
    let found = rest.get(&format!("builders/{builder}")).await?;
    let parameters = json!({
        "builderid": found["builders"][0]["builderid"],
        "username": "Ada Okafor <ada@example.org>",
        "reason": reason,
        "branch": story::MAIN,
    });
    rest.call("forceschedulers/force", "force", parameters).await.map(drop)
}

/// The first build of a builder, once it runs or is complete.
async fn first_build(rest: &Rest, builder: &str, is_complete: bool) -> anyhow::Result<Option<Value>> {
    let build = rest.first(&format!("builders/{builder}/builds/1"), "builds").await?;
    Ok(build.filter(|build| !is_complete || build["complete"] == json!(true)))
}

/// Waits for a state of the world, looking again and again.
async fn until<T, F: Future<Output = anyhow::Result<Option<T>>>>(
    what: &str,
    mut look: impl FnMut() -> F,
) -> anyhow::Result<T> {
    let looking = async {
        loop {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            sleep(LOOK_EVERY).await;
        }
    };
    let gave_up = |_| anyhow!("waited {PATIENCE:?} until {what}, in vain; twistd.log of the master may say why");
    timeout(PATIENCE, looking).await.map_err(gave_up)?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Loader;

    #[test]
    fn what_is_filled_in_is_a_configuration_without_warnings() {
        let text = configuration(1234, 5678, "file:///tmp/a 'b\\n/greet.git");
        let config = Loader::new("/srv/master").text("master.cfg", &text).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(config.warnings, Vec::<String>::new());
        assert_eq!(config.buildbot_url, "http://127.0.0.1:1234/");
        assert_eq!(config.protocols[0].listen.port, 5678);
        assert!(format!("{:?}", config.change_sources[0]).contains(r"a 'b\\n/greet.git"));
        assert_eq!(config.builders.len(), N_BUILDERS);
        assert_eq!(config.workers.iter().map(|worker| worker.name.as_str()).collect::<Vec<_>>(), WORKERS);
    }
}
