//! Reads the logs of a build, each line once, in the order of the steps.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use anyhow::anyhow;
use tokio::time::sleep;

use super::target::Target;
use crate::cli::rest::Rest;
use crate::domain::Results;
use crate::json::Value;

/// Pause between two looks at a build that runs.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Lines that are asked for at once.
const PAGE: i64 = 2_000;

/// Who is told what was read.
pub(super) trait Listener {
    /// A log begins, or goes on after another one.
    fn heading(&mut self, text: &str);

    /// One line, without its end. Lines of streams begin with the letter of the stream.
    fn line(&mut self, is_stream: bool, line: &str);
}

/// How a build is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) is_complete: bool,
    pub(super) results: Option<Results>,
}

pub(super) struct Reader<'rest> {
    rest: &'rest Rest,
    target: &'rest Target,
    /// Lines of each log that are wanted; `None` is all.
    last: Option<u64>,
    /// The next line of each log.
    positions: HashMap<i64, i64>,
    /// Steps of which all has been read.
    finished: HashSet<i64>,
    /// The log whose line came last.
    current: Option<i64>,
    state: String,
}

impl<'rest> Reader<'rest> {
    pub(super) fn new(rest: &'rest Rest, target: &'rest Target, last: Option<u64>) -> Self {
        Self {
            rest,
            target,
            last,
            positions: HashMap::new(),
            finished: HashSet::new(),
            current: None,
            state: String::new(),
        }
    }

    /// What the build said of itself when it was last asked.
    pub(super) fn state(&self) -> &str {
        &self.state
    }

    /// Reads on until the build has ended.
    pub(super) async fn follow(&mut self, listener: &mut impl Listener) -> anyhow::Result<Results> {
        loop {
            let standing = self.read(listener).await?;
            if standing.is_complete {
                // A complete build has a result; one that has none has been left behind by a crash.
                return Ok(standing.results.unwrap_or(Results::Exception));
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Reads what is there by now. The build is asked first: if it is complete, nothing comes after what is read then.
    pub(super) async fn read(&mut self, listener: &mut impl Listener) -> anyhow::Result<Standing> {
        let build = self.rest.first(&format!("builds/{}", self.target.build_id), "builds").await?;
        let build = build.ok_or_else(|| anyhow!("{} is gone", self.target.name()))?;
        let steps = self.rest.list(&format!("builds/{}/steps", self.target.build_id), "steps").await?;
        let wanted: Vec<&Value> = steps.iter().filter(|step| self.is_wanted(step)).collect();
        if let (Some(step), true, true) = (&self.target.step, wanted.is_empty(), build["complete"] == true) {
            let names: Vec<&str> = steps.iter().filter_map(|step| step["name"].as_str()).collect();
            anyhow::bail!("{} has no step '{step}'; its steps are {}", self.target.name(), names.join(", "));
        }
        for step in wanted {
            let (Some(id), Some(name)) = (step["stepid"].as_i64(), step["name"].as_str()) else { continue };
            if self.finished.contains(&id) {
                continue;
            }
            for log in self.rest.list(&format!("steps/{id}/logs"), "logs").await? {
                self.read_log(name, &log, listener).await?;
            }
            if step["complete"] == true {
                self.finished.insert(id);
            }
        }
        build["state_string"].as_str().unwrap_or_default().clone_into(&mut self.state);
        let code = build["results"].as_i64().and_then(|code| i32::try_from(code).ok());
        Ok(Standing { is_complete: build["complete"] == true, results: code.and_then(Results::from_code) })
    }

    fn is_wanted(&self, step: &Value) -> bool {
        match &self.target.step {
            None => step["hidden"] != true,
            Some(wanted) => {
                step["name"] == wanted.as_str() || wanted.parse().is_ok_and(|number: i64| step["number"] == number)
            }
        }
    }

    async fn read_log(&mut self, step: &str, log: &Value, listener: &mut impl Listener) -> anyhow::Result<()> {
        let (Some(id), Some(n_lines)) = (log["logid"].as_i64(), log["num_lines"].as_i64()) else { return Ok(()) };
        let begin = self.last.map_or(0, |last| n_lines.saturating_sub(i64::try_from(last).unwrap_or(i64::MAX)).max(0));
        let mut next = *self.positions.entry(id).or_insert(begin);
        let is_stream = log["type"] == "s";
        while next < n_lines {
            let path = format!("logs/{id}/contents?offset={next}&limit={PAGE}");
            let Some(chunk) = self.rest.first(&path, "logchunks").await? else { break };
            let chunk = chunk["content"].as_str().unwrap_or_default();
            if self.current.replace(id) != Some(id) {
                listener.heading(&format!("{step}/{}", log["name"].as_str().unwrap_or_default()));
            }
            for line in chunk.split_terminator('\n') {
                listener.line(is_stream, line);
                next += 1;
            }
            if chunk.is_empty() {
                break;
            }
        }
        self.positions.insert(id, next);
        Ok(())
    }
}
