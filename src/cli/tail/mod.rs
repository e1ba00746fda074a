//! `buildbot tail`: the logs of a build in the terminal, to the end of the build if wanted.
//!
//! It reads the REST interface of the master, the same that scripts use, and finds its address through the base
//! directory. Following is asking twice a second: simple, and it survives every proxy.

mod lines;
mod reader;
mod target;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use tokio::time::sleep;

use super::output::{complain, say};
use super::paint::{Paint, harmless, tone_of};
use super::rest::Rest;
use super::{ask_master, base_dir, block_on, progress};
use crate::control::{Request, Response};
use crate::domain::Results;
use reader::{Listener, Reader};
use target::Target;

const PATIENCE: Duration = Duration::from_secs(10);

/// Pause between two looks whether a build has begun.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The code of a `tail --follow` that could not see the end of the build: `EX_UNAVAILABLE` of `sysexits.h`, so that no
/// result of a build looks like it.
const LOST: u8 = 69;

/// Shows the logs of a build, and follows it to its end
///
/// Without a number it is the last build of the builder; with a step only that step's logs are shown. Lines go to the
/// standard output; names of steps and the result go to standard error. With --follow a build that has not begun yet is
/// waited for.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot tail unit-tests                 the last build of the builder
  buildbot tail unit-tests/17              build 17
  buildbot tail unit-tests/17/compile      one step of it, by name or number
  buildbot tail --follow unit-tests        until the build ends
  buildbot tail --url http://build.example.org:8010/ -n 20 nightly

Exit codes: 0 shown, 1 it could not be shown, 2 wrong usage.
With --follow it is the result of the build: 0 success, 1 warnings, 2 failure, 3 skipped, 4 exception, 5 retry,
6 cancelled; and 69 if the end of the build could not be seen")]
pub(super) struct Tail {
    /// Stay until the build ends, and end with its result
    #[arg(short, long)]
    follow: bool,
    /// Only the last lines of each log
    #[arg(short = 'n', long, value_name = "N")]
    lines: Option<u64>,
    /// Also what the worker tells of each command: directory, environment and the like
    #[arg(short, long)]
    verbose: bool,
    /// The base directory of a master on this machine
    #[arg(long, default_value = ".", value_name = "DIR")]
    dir: PathBuf,
    /// The address of any master's web interface, instead of a base directory
    #[arg(long, value_name = "URL", conflicts_with = "dir")]
    url: Option<String>,
    /// What to show; a builder's name may contain slashes
    #[arg(value_name = "BUILDER[/BUILD[/STEP]]")]
    target: String,
}

impl Tail {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match (block_on(self.show()), self.follow) {
            (Ok(results), true) => {
                let code = results.map_or(LOST, |results| u8::try_from(results.code()).unwrap_or(LOST));
                Ok(ExitCode::from(code))
            }
            (Ok(_), false) => Ok(ExitCode::SUCCESS),
            (Err(error), true) => {
                complain(format_args!("buildbot: {error:#}"));
                Ok(ExitCode::from(LOST))
            }
            (Err(error), false) => Err(error),
        }
    }

    /// Shows what is wanted; the result of the build, if it has one by now.
    async fn show(&self) -> anyhow::Result<Option<Results>> {
        let url = match &self.url {
            Some(url) => url.clone(),
            None => address(&self.dir).await?,
        };
        if !url.starts_with("http://") && !url.starts_with("https://") {
            bail!("{url} is no address of a web interface: it begins with http:// or https://");
        }
        let rest = Rest::new(&url);
        let target = self.find(&rest).await?;
        let mut terminal = Terminal { out: Paint::for_stdout(), err: Paint::for_stderr(), verbose: self.verbose };
        let mut reader = Reader::new(&rest, &target, self.lines);
        let results = if self.follow {
            Some(reader.follow(&mut terminal).await?)
        } else {
            reader.read(&mut terminal).await?.results
        };
        let state = reader.state();
        let word = terminal.err.text(tone_of(results), results.map_or("running", Results::word));
        complain(format_args!("{} {word}, {}", target.name(), harmless(state)));
        Ok(results)
    }
}

impl Tail {
    /// The build that is meant; with `--follow` one that has not begun yet is waited for.
    async fn find(&self, rest: &Rest) -> anyhow::Result<Target> {
        let what = format!("asking {}", rest.url());
        if let Some(target) = progress::during(false, &what, Target::find(rest, &self.target)).await? {
            return Ok(target);
        }
        if !self.follow {
            bail!("{} has not begun yet; --follow waits for it", self.target);
        }
        let waiting = async {
            loop {
                sleep(LOOK_EVERY).await;
                if let Some(target) = Target::find(rest, &self.target).await? {
                    return Ok(target);
                }
            }
        };
        progress::during(false, &format!("waiting until {} begins", self.target), waiting).await
    }
}

/// Where the web interface of a base directory's master is.
pub(super) async fn address(dir: &Path) -> anyhow::Result<String> {
    let base_dir = base_dir(dir)?;
    let asked = ask_master(&base_dir, Request::Overview, PATIENCE).await;
    let hint = "name a base directory with --dir, or an address with --url";
    let Response::Overview(overview) = asked.context(hint)? else {
        bail!("the master is of another version; restart it, or name its address with --url");
    };
    overview.url.with_context(|| {
        format!(
            "the master of {} has no web interface (c['www'] has no port), from which this is read",
            base_dir.display()
        )
    })
}

/// Shows pieces of logs as they come.
struct Terminal {
    out: Paint,
    err: Paint,
    verbose: bool,
}

impl Listener for Terminal {
    fn heading(&mut self, text: &str) {
        complain(self.err.text(super::paint::Tone::Strong, format_args!("--- {}", harmless(text))));
    }

    fn line(&mut self, is_stream: bool, line: &str) {
        if self.verbose || !(is_stream && lines::is_detail(line)) {
            say(lines::shown(self.out, is_stream, line));
        }
    }
}
