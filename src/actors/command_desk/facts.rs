//! Reads what the desk's answers say.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{CommandDesk, DeskError};
use crate::commands::answers::{self, BuilderFacts, ChangeFacts, EndedBuild, RunningBuild, WorkerFacts};
use crate::commands::command::Listed;
use crate::db::views::select::Select;
use crate::db::views::{build_lines, build_requests, builder_health, builders, builds, changes, workers};
use crate::domain::{Build, BuildId, Builder, BuilderId, Change, Timestamp};

/// Rows of a list, if nobody says how many.
const FEW: usize = 10;
const MOST: usize = 20;
/// Running builds that are looked at.
const MOST_RUNNING: i64 = 2_000;
/// Of what an author wrote, in letters.
const LONGEST_COMMENT: usize = 120;

impl CommandDesk {
    pub(super) async fn list(&self, what: Listed, all: bool, count: Option<usize>) -> Result<Vec<String>, DeskError> {
        let count = i64::try_from(count.unwrap_or(FEW).min(MOST)).unwrap_or(1);
        match what {
            Listed::Builders => Ok(answers::builders(&self.builder_facts(None, all).await?)),
            Listed::Workers => Ok(answers::workers(&self.workers(all).await?)),
            Listed::Changes => {
                let newest = Select::default().newest(&changes::TABLE, count);
                let now = self.clock.now();
                let found = self.db.read(move |conn| changes::select(conn, &newest)).await?;
                let found: Vec<ChangeFacts> = found.into_iter().map(|change| change_facts(change, now)).collect();
                Ok(answers::changes(&found))
            }
            Listed::Builds => self.builds(count).await,
        }
    }

    /// What is known of one builder, or of all; with `all` also of those that are gone.
    pub(super) async fn builder_facts(
        &self,
        only: Option<BuilderId>,
        all: bool,
    ) -> Result<Vec<BuilderFacts>, DeskError> {
        let read = self.db.read(move |conn| {
            let known = if all { builders::all(conn)? } else { builders::active(conn)? };
            let running = Select::scoped(builds::RUNNING, Vec::new()).newest(&builds::TABLE, MOST_RUNNING);
            let running = builds::select(conn, &running)?;
            let standings = builder_health::newest(conn)?;
            let last: Vec<BuildId> = standings.iter().map(|standing| standing.build).collect();
            let last = builds::by_ids(conn, &last)?;
            Ok((known, running, last, build_requests::waiting_counts(conn)?, workers::active(conn)?))
        });
        let (mut known, running, last, waiting, workers) = read.await?;
        known.retain(|builder| only.is_none_or(|only| builder.id == only));
        let attached: HashSet<String> =
            workers.into_iter().filter(|worker| worker.connected).map(|worker| worker.name).collect();
        let has_worker = self.with_workers(&attached);
        let last: HashMap<BuilderId, Build> = last.into_iter().map(|build| (build.builder_id, build)).collect();
        let waiting: HashMap<BuilderId, i64> = waiting.into_iter().collect();
        let now = self.clock.now();
        let facts = |builder: Builder| BuilderFacts {
            running: running.iter().filter(|build| build.builder_id == builder.id).map(|it| runs(it, now)).collect(),
            n_waiting: waiting.get(&builder.id).copied().unwrap_or(0),
            last: last.get(&builder.id).and_then(|build| ended(build, now)),
            has_worker: has_worker.contains(&builder.name),
            is_configured: builder.active,
            name: builder.name,
        };
        let mut facts: Vec<BuilderFacts> = known.into_iter().map(facts).collect();
        facts.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(facts)
    }

    /// Names of builders that have a worker now.
    fn with_workers(&self, attached: &HashSet<String>) -> HashSet<String> {
        let applied = Arc::clone(&self.config.borrow());
        let builders = applied.config.builders.iter();
        let can_build = builders.filter(|builder| builder.worker_names.iter().any(|name| attached.contains(name)));
        can_build.map(|builder| builder.name.clone()).collect()
    }

    async fn workers(&self, all: bool) -> Result<Vec<WorkerFacts>, DeskError> {
        let (known, active) = self.db.read(|conn| Ok((workers::all(conn)?, workers::active(conn)?))).await?;
        let active: HashSet<i64> = active.into_iter().map(|worker| worker.id.0).collect();
        let facts = known.into_iter().map(|worker| WorkerFacts {
            is_configured: active.contains(&worker.id.0),
            is_attached: worker.connected,
            is_paused: worker.paused,
            name: worker.name,
        });
        Ok(facts.filter(|worker| all || worker.is_configured).collect())
    }

    async fn builds(&self, count: i64) -> Result<Vec<String>, DeskError> {
        let read = self.db.read(move |conn| {
            let newest = |scope: &'static str| Select::scoped(scope, Vec::new()).newest(&builds::TABLE, count);
            let running = builds::select(conn, &newest(builds::RUNNING))?;
            let ended = builds::select(conn, &newest(builds::FINISHED))?;
            Ok((build_lines::describe(conn, running)?, build_lines::describe(conn, ended)?))
        });
        let (running, done) = read.await?;
        let now = self.clock.now();
        let running: Vec<_> = running.into_iter().map(|line| (line.builder, runs(&line.build, now))).collect();
        let done: Vec<_> = done.into_iter().filter_map(|line| Some((line.builder, ended(&line.build, now)?))).collect();
        Ok(answers::builds(&running, &done))
    }

    /// The builds of a builder that run.
    pub async fn running(&self, builder: BuilderId) -> Result<Vec<Build>, DeskError> {
        let scope = Select::scoped(builds::RUNNING_OF_BUILDER, vec![builder.0]);
        Ok(self.db.read(move |conn| builds::select(conn, &scope)).await?)
    }
}

fn runs(build: &Build, now: Timestamp) -> RunningBuild {
    RunningBuild { number: build.number, state: build.state_string.clone(), runs_for: now.since(build.started_at) }
}

fn ended(build: &Build, now: Timestamp) -> Option<EndedBuild> {
    let (results, at) = build.results.zip(build.complete_at)?;
    let ended_before = now.since(at);
    Some(EndedBuild { number: build.number, results, state: build.state_string.clone(), ended_before })
}

fn change_facts(change: Change, now: Timestamp) -> ChangeFacts {
    let first = change.comments.trim().lines().next().unwrap_or_default();
    ChangeFacts {
        id: change.id.0,
        comment: first.chars().take(LONGEST_COMMENT).collect(),
        age: now.since(change.when),
        author: change.author,
        branch: change.branch,
        revision: change.revision,
    }
}
