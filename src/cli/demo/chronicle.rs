//! What goes on after the beginning: people commit, builds end, and a line is said about each.

use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};

use super::play::{Play, Stage, force};
use super::story;
use crate::cli::paint::{harmless, tone_of};
use crate::cli::rest::Rest;
use crate::domain::Results;
use crate::json::{Value, json};

/// Pause between two looks at which builds have ended.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Newest builds that are looked at.
const N_BUILDS: usize = 30;
/// Commits that were made before this begins.
const FIRST: usize = 2;

/// Commits every `pace` and tells what ends, until the demo is ended.
pub(super) async fn go_on(play: &Play<'_>, stage: &Stage, pace: Duration) -> anyhow::Result<Infallible> {
    let mut known = HashSet::new();
    for build in finished(&stage.rest).await? {
        known.insert(build["buildid"].as_i64());
    }
    let builders = builder_names(&stage.rest).await?;
    let mut commits = interval_at(Instant::now() + pace, pace);
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut number = FIRST;
    loop {
        tokio::select! {
            _ = commits.tick() => {
                let commit = story::next(number);
                number += 1;
                stage.repository.push(&commit).await?;
                let (author, branch, message) = (commit.author.name, commit.branch, commit.message);
                play.narrator.remark(format_args!("  {author} pushes \"{message}\" to {branch}"));
                keep_busy(&stage.rest, number).await?;
            }
            _ = looks.tick() => {
                for build in finished(&stage.rest).await? {
                    if known.insert(build["buildid"].as_i64()) {
                        tell(play, &builders, &build);
                    }
                }
            }
        }
    }
}

/// The newest builds that have ended, oldest first.
async fn finished(rest: &Rest) -> anyhow::Result<Vec<Value>> {
    let path = format!("builds?order=-buildid&limit={N_BUILDS}");
    let mut builds = rest.list(&path, "builds").await?;
    builds.retain(|build| build["complete"] == json!(true));
    builds.reverse();
    Ok(builds)
}

async fn builder_names(rest: &Rest) -> anyhow::Result<BTreeMap<i64, String>> {
    let builders = rest.list("builders", "builders").await?;
    let pair = |builder: &Value| Some((builder["builderid"].as_i64()?, builder["name"].as_str()?.to_owned()));
    Ok(builders.iter().filter_map(pair).collect())
}

/// Once in a round, a long build is started again if none runs.
async fn keep_busy(rest: &Rest, number: usize) -> anyhow::Result<()> {
    let builds = rest.list("builders/nightly/builds?complete=false", "builds").await?;
    if builds.is_empty() && number.is_multiple_of(3) {
        force(rest, "nightly", "something to watch").await?;
    }
    Ok(())
}

fn tell(play: &Play<'_>, builders: &BTreeMap<i64, String>, build: &Value) {
    let code = build["results"].as_i64().and_then(|code| i32::try_from(code).ok());
    let results = code.and_then(Results::from_code);
    let word = play.narrator.paint.text(tone_of(results), results.map_or("unknown", Results::word));
    let builder = build["builderid"].as_i64().and_then(|id| builders.get(&id)).map_or("?", String::as_str);
    let mut line = format!("  {builder}/{}: {word}", build["number"]);
    if results != Some(Results::Success) {
        line = format!("{line}, {}", harmless(build["state_string"].as_str().unwrap_or_default()));
    }
    play.narrator.remark(line);
}
