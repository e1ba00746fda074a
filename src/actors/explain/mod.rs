//! Why things did not happen, in words: why a request waits, and what each scheduler makes of a change.
//!
//! Nothing is kept for it: who decides says what it knows when somebody asks, and names come from the database.

mod change;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::applied::AppliedConfig;
use super::distributor::ExplainRequests;
use super::scripts::CallFunction;
use super::supervisor::{Ask, AskError};
use crate::clock::Clock;
use crate::db::views::builds;
use crate::db::views::deciders;
use crate::db::views::holders::{self, HolderLine};
use crate::db::views::select::Select;
use crate::db::views::steps;
use crate::db::{Db, DbError};
use crate::domain::{BuildId, BuildRequestId, Pace, RequestState, Step, Timestamp};

pub use self::change::{SchedulerStance, stances};

/// Who knows the reasons.
#[derive(Clone)]
pub struct ExplainDeps {
    pub requests: Ask<ExplainRequests>,
    pub scripts: Ask<CallFunction>,
    pub config: AppliedConfig,
    pub db: Db,
    pub clock: Clock,
}

/// The reason nothing can be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    #[error("the database failed: {0}")]
    Database(#[from] DbError),
    #[error("an actor did not answer: {0}")]
    Ask(#[from] AskError),
    #[error("{0}")]
    Rules(String),
}

/// Where one request stands, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestStanding {
    /// `waiting`, `building` or `complete`.
    pub state: &'static str,
    /// A line for each reason.
    pub reasons: Vec<String>,
}

/// Where a request stands; `None` if there is no such request.
pub async fn request(deps: &ExplainDeps, id: BuildRequestId) -> Result<Option<RequestStanding>, ExplainError> {
    let found = deps.db.read(move |conn| deciders::requests_by_id(conn, &[id])).await?;
    let Some(request) = found.into_iter().next() else { return Ok(None) };
    let standing = match request.state {
        RequestState::Complete { results, .. } => {
            RequestStanding { state: "complete", reasons: vec![format!("has ended: {}", results.word())] }
        }
        RequestState::Claimed { .. } => RequestStanding { state: "building", reasons: building(deps, id).await? },
        RequestState::Unclaimed => {
            let reasons = requests(deps, vec![id]).await.remove(&id);
            let reasons = reasons.unwrap_or_else(|| vec!["has not been looked at yet".to_owned()]);
            RequestStanding { state: "waiting", reasons }
        }
    };
    Ok(Some(standing))
}

/// What the build of a request does.
async fn building(deps: &ExplainDeps, id: BuildRequestId) -> Result<Vec<String>, DbError> {
    let newest = Select::scoped(builds::OF_REQUEST, vec![id.0]).newest(&builds::TABLE, 1);
    let read = move |conn: &mut _| {
        let ids: Vec<BuildId> = builds::select(conn, &newest)?.into_iter().map(|build| build.id).collect();
        let lines = holders::lines(conn, &ids)?;
        let steps = steps::of_builds(conn, &ids.iter().map(|id| id.0).collect::<Vec<_>>())?;
        Ok((lines, steps))
    };
    let (lines, steps) = deps.db.read(read).await?;
    let now = deps.clock.now();
    let is_running = |step: &&Step| step.started_at.is_some() && step.complete_at.is_none();
    let running: Vec<&Step> = steps.iter().filter(is_running).collect();
    let told = |line: &HolderLine| {
        let speaking = running.iter().filter(|step| !step.state_string.is_empty());
        let steps: String = speaking.map(|step| format!(", step {}: {}", step.name, step.state_string)).collect();
        format!("is being built: {} ({}{steps})", label(line, now), line.state_string)
    };
    let line = lines.first().map_or_else(|| "is about to be built".to_owned(), told);
    Ok([Some(line), running.iter().find_map(|step| one_by_one(step))].into_iter().flatten().collect())
}

/// Why the steps of a group do not run at the same time.
fn one_by_one(step: &Step) -> Option<String> {
    let group = step.group.as_ref().filter(|group| group.pace == Pace::OneByOne)?;
    Some(format!(
        "the steps of '{}' run one after another: the worker speaks Perspective Broker, which knows one command of a \
         builder at a time",
        group.name
    ))
}

/// A line for each reason why these wait. Those that do not, or of which nobody knows yet, are left out.
pub async fn requests(deps: &ExplainDeps, requests: Vec<BuildRequestId>) -> HashMap<BuildRequestId, Vec<String>> {
    let explained = deps.requests.ask(ExplainRequests { requests }).await.unwrap_or_default();
    let builds: BTreeSet<BuildId> = explained.values().flat_map(|explanation| explanation.builds()).collect();
    let builds: Vec<BuildId> = builds.into_iter().collect();
    let lines = match builds.is_empty() {
        true => Vec::new(),
        // Without the names the reasons still say which builds they are.
        false => deps.db.read(move |conn| holders::lines(conn, &builds)).await.unwrap_or_default(),
    };
    let now = deps.clock.now();
    let labels: HashMap<BuildId, String> = lines.iter().map(|line| (line.build, label(line, now))).collect();
    explained.into_iter().map(|(id, explanation)| (id, explanation.texts(&labels))).collect()
}

/// "build 12 of full, about 4 min left".
fn label(line: &HolderLine, now: Timestamp) -> String {
    let name = format!("build {} of {}", line.number, line.builder);
    let Some(typical) = line.typical else { return name };
    let runs = now.since(line.started_at);
    match typical.checked_sub(runs) {
        Some(left) => format!("{name}, about {} left", roughly(left)),
        None => format!("{name}, {} longer than usual", roughly(runs.saturating_sub(typical))),
    }
}

fn roughly(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..90 => format!("{} s", seconds.max(1)),
        90..5_400 => format!("{} min", (seconds + 30) / 60),
        _ => format!("{} h", (seconds + 1_800) / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_in_the_way_is_named_with_the_time_it_may_still_take() {
        let line = |typical| HolderLine {
            build: BuildId(7),
            builder: "full".to_owned(),
            number: 12,
            state_string: String::new(),
            started_at: Timestamp::from_secs(1_000),
            typical,
        };
        let now = Timestamp::from_secs(1_060);
        assert_eq!(label(&line(None), now), "build 12 of full");
        let typical = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(label(&line(typical(300)), now), "build 12 of full, about 4 min left");
        assert_eq!(label(&line(typical(80)), now), "build 12 of full, about 20 s left");
        assert_eq!(label(&line(typical(50)), now), "build 12 of full, 10 s longer than usual");
    }
}
