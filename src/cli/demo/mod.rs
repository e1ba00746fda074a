//! `buildbot demo`: a whole installation in one command, which ends without a trace.
//!
//! A directory, a Git repository with a history, a master, two workers, first builds, and then people who commit
//! something now and then. Everything is made of the programs and commands that a real installation is made of.

mod browser;
mod chronicle;
mod company;
mod place;
mod play;
mod repository;
mod story;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::block_on;
use super::log_tail::last_lines;
use super::output::{complain, say};
use super::paint::{Paint, Tone};
use company::{Company, Death};
use place::Place;
use play::Play;

/// Lines of a log that are shown when its process died.
const N_LINES: usize = 30;

/// Shows what this is: a master, two workers and a project, in one command
///
/// Makes a temporary directory with a small Git repository, a master and two workers, runs first builds, prints the
/// address of the pages (or opens them, if there is a screen), and commits something about once a minute.
/// Ctrl-C ends the processes and removes the directory. It needs git and sh, and no network.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot demo
  buildbot demo --port 9000 --no-browser
  buildbot demo --keep ~/try-buildbot    stays there; 'buildbot start ~/try-buildbot/master' starts it again

Exit codes: 0 ended by Ctrl-C or SIGTERM, 1 something could not be started or died, 2 wrong usage")]
pub(super) struct Demo {
    /// Port of the pages on 127.0.0.1; by default 8010, or any that is free if that is taken; 0 takes any
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Only print the address
    #[arg(long)]
    no_browser: bool,
    /// Make it in this directory, which is new or empty, and leave it there at the end
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Seconds between two commits, once everything runs
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pace: u64,
}

/// How the demo ended.
enum End {
    /// Somebody asked for it.
    Asked,
    Died(Death),
}

impl Demo {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let worker_program = place::worker_program()?;
        let port = place::web_port(self.port)?;
        let place = Place::make(self.keep.as_deref())?;
        let outcome = block_on(self.live(&place, port, worker_program));
        if place.is_kept() {
            let place = place.path().display();
            say(format_args!("It stays in {place}. To go on with it:"));
            say(format_args!("  buildbot start {place}/master"));
            for name in play::WORKERS {
                say(format_args!("  buildbot-worker start {place}/worker-{name}"));
            }
        }
        place.leave()?;
        outcome
    }

    /// From the first process to the last.
    async fn live(&self, place: &Place, port: u16, worker_program: PathBuf) -> anyhow::Result<ExitCode> {
        let mut stop = stop_signals()?;
        let (company, mut deaths) = Company::new();
        let narrator = Narrator::new();
        let play = Play { company: &company, place, port, worker_program, narrator };
        let end = tokio::select! {
            biased;
            Some(()) = stop.recv() => Ok(End::Asked),
            Some(death) = deaths.recv() => Ok(End::Died(death)),
            error = self.perform(&play) => error.map(|never| match never {}),
        };
        let code = match &end {
            Ok(End::Asked) => {
                play.narrator.close("Ending the demo");
                ExitCode::SUCCESS
            }
            Ok(End::Died(death)) => {
                play.narrator.break_off();
                report(death);
                ExitCode::FAILURE
            }
            Err(_) => {
                play.narrator.break_off();
                ExitCode::FAILURE
            }
        };
        company.end().await;
        end?;
        Ok(code)
    }

    async fn perform(&self, play: &Play<'_>) -> anyhow::Result<std::convert::Infallible> {
        let stage = play.set_up().await?;
        play.first_builds(&stage).await?;
        let is_open = !self.no_browser && browser::open(stage.rest.url());
        play.introduce(&stage, is_open);
        chronicle::go_on(play, &stage, std::time::Duration::from_secs(self.pace)).await
    }
}

/// Ctrl-C, a polite `kill`, and the end of the terminal. They are caught from now on.
fn stop_signals() -> anyhow::Result<mpsc::UnboundedReceiver<()>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let mut signals = signal(kind).context("cannot listen for signals")?;
        let sender = sender.clone();
        tokio::spawn(async move { while signals.recv().await.is_some() && sender.send(()).is_ok() {} });
    }
    Ok(receiver)
}

fn report(death: &Death) {
    let status = death.status.map_or_else(|| "for an unknown reason".to_owned(), |status| format!("with {status}"));
    complain(format_args!("buildbot: {} ended {status}; the end of its log:", death.name));
    for line in last_lines(&death.base_dir, 0, N_LINES).unwrap_or_default() {
        complain(format_args!("  {line}"));
    }
}

/// Says what happens: a line for each thing, and on a terminal also for what is under way.
#[derive(Clone, Copy, Debug)]
struct Narrator {
    paint: Paint,
    is_terminal: bool,
}

impl Narrator {
    fn new() -> Self {
        Self { paint: Paint::for_stdout(), is_terminal: io::stdout().is_terminal() }
    }

    /// What begins now.
    fn begin(self, text: &str) {
        if self.is_terminal {
            self.write(&format!("\r\x1b[K  {}  {text} ...", self.paint.text(Tone::Running, "..")));
        }
    }

    /// What has been reached; takes the place of what had begun.
    fn done(self, text: &str) {
        self.clear();
        say(format_args!("  {}  {text}", self.paint.text(Tone::Good, "ok")));
    }

    fn remark(self, text: impl std::fmt::Display) {
        self.clear();
        say(text);
    }

    /// The last line, after the `^C` that a terminal shows.
    fn close(self, text: &str) {
        self.clear();
        say(format_args!("\n{text}"));
    }

    /// Leaves the line of what had begun.
    fn break_off(self) {
        if self.is_terminal {
            say("");
        }
    }

    fn clear(self) {
        if self.is_terminal {
            self.write("\r\x1b[K");
        }
    }

    fn write(self, text: &str) {
        let mut stdout = io::stdout();
        // Progress that cannot be shown is no reason to fail.
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    }
}
