//! What events are about, read once for all viewers: one query for each kind of thing, and the JSON of REST.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::db::views::properties::Wanted;
use crate::db::views::select::Select;
use crate::db::views::{
    Connection, build_requests, builders, builds, buildsets, changes, codebases, logs, masters, projects, properties,
    schedulers, steps, workers,
};
use crate::db::{Db, DbError};
use crate::domain::{Build, BuildId, Event, Log, MasterId, Timestamp};
use crate::web::api::messages;
use crate::web::error::WebError;
use crate::web::forecasts;
use crate::web::log_reader;

/// A kind of element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Change,
    /// With the name of its scheduler, which other events of buildsets do not tell.
    NewBuildset,
    Buildset,
    BuildRequest,
    Build,
    PropertiesOfBuild,
    Estimate,
    Step,
    Log,
    Worker,
    Scheduler,
    Builder,
    Project,
    Codebase,
    Commit,
    Branch,
}

/// What a group of events is about.
#[derive(Debug, Default)]
pub struct Elements {
    texts: HashMap<(Kind, i64), String>,
    /// Their JSON depends on how many lines an event tells of.
    logs: HashMap<i64, Log>,
}

impl Elements {
    /// Reads what the events are about, as it is now.
    pub async fn load(db: &Db, events: &[Event], now: Timestamp) -> Result<Self, WebError> {
        let (master, read) = (db.master().id, events.to_vec());
        let mut elements = db.read(move |conn| Self::read(conn, &read, master)).await?;
        elements.count_lines(db, events).await?;
        elements.estimate(db, events, now).await?;
        Ok(elements)
    }

    /// Everything but the lines of logs.
    fn read(conn: &mut Connection, events: &[Event], master: MasterId) -> Result<Self, DbError> {
        let mut wanted: BTreeMap<Kind, BTreeSet<i64>> = BTreeMap::new();
        for (kind, id) in events.iter().map(subject) {
            wanted.entry(kind).or_default().insert(id);
        }
        let mut elements = Self::default();
        for (kind, ids) in wanted {
            let ids: Vec<i64> = ids.into_iter().collect();
            elements.read_kind(conn, kind, &ids, master)?;
        }
        Ok(elements)
    }

    /// The element of an event as JSON; `None` if it is there no more.
    pub fn text(&self, event: &Event) -> Option<Cow<'_, str>> {
        let (kind, id) = subject(event);
        if kind != Kind::Log {
            return self.texts.get(&(kind, id)).map(|text| Cow::Borrowed(text.as_str()));
        }
        let log = self.logs.get(&id)?;
        let text = match event {
            Event::LogAppended { n_lines, .. } => messages::log(&Log { n_lines: *n_lines, ..log.clone() }),
            _ => messages::log(log),
        };
        Some(Cow::Owned(text))
    }

    /// The slug of the log that an event is about.
    pub fn slug(&self, event: &Event) -> &str {
        match subject(event) {
            (Kind::Log, id) => self.logs.get(&id).map_or("", |log| log.slug.as_str()),
            _ => "",
        }
    }

    fn read_kind(&mut self, conn: &mut Connection, kind: Kind, ids: &[i64], master: MasterId) -> Result<(), DbError> {
        match kind {
            Kind::Change => {
                let found = changes::select(conn, &Select::by_ids(&changes::TABLE, ids))?;
                let found = changes::with_stamps(conn, found)?;
                self.keep(kind, found.iter().map(|line| (line.change.id.0, messages::change(line))));
            }
            Kind::NewBuildset => {
                let found = buildsets::select(conn, &Select::by_ids(&buildsets::TABLE, ids))?;
                self.keep(kind, found.iter().map(|set| (set.id.0, messages::new_buildset(set))));
            }
            Kind::Buildset => {
                let found = buildsets::select(conn, &Select::by_ids(&buildsets::TABLE, ids))?;
                self.keep(kind, found.iter().map(|set| (set.id.0, messages::buildset(set))));
            }
            Kind::BuildRequest => {
                let found = build_requests::by_ids(conn, ids)?;
                self.keep(kind, found.iter().map(|request| (request.id.0, messages::build_request(request))));
            }
            Kind::Build => {
                let found = builds::select(conn, &Select::by_ids(&builds::TABLE, ids))?;
                self.keep(kind, found.iter().map(|build| (build.id.0, messages::build(build))));
            }
            Kind::PropertiesOfBuild => {
                let found = properties::of_builds(conn, ids, &Wanted::All)?;
                self.keep(kind, found.iter().map(|(id, found)| (*id, messages::properties(found))));
            }
            // Takes a look into the log store besides.
            Kind::Estimate => {}
            Kind::Step => {
                let found = steps::select(conn, &Select::by_ids(&steps::TABLE, ids))?;
                self.keep(kind, found.iter().map(|step| (step.id.0, messages::step(step))));
            }
            Kind::Log => self.logs = logs::by_ids(conn, ids)?.into_iter().map(|log| (log.id.0, log)).collect(),
            Kind::Worker => {
                let found = workers::all(conn)?;
                self.keep(kind, found.iter().map(|worker| (worker.id.0, messages::worker(worker, master))));
            }
            Kind::Scheduler => {
                let (found, masters) = (schedulers::all(conn)?, masters::all(conn)?);
                let own = masters.iter().find(|other| other.id == master);
                self.keep(kind, found.iter().map(|one| (one.id.0, messages::scheduler(one, own))));
            }
            Kind::Builder => {
                let (found, masters) = (builders::all(conn)?, builders::masters(conn)?);
                let of = |id| masters.get(&id).map_or(&[][..], Vec::as_slice);
                self.keep(kind, found.iter().map(|one| (one.id.0, messages::builder(one, of(one.id)))));
            }
            Kind::Project => {
                let found = projects::all(conn)?;
                self.keep(kind, found.iter().map(|one| (one.id.0, messages::project(one))));
            }
            Kind::Codebase | Kind::Commit | Kind::Branch => self.read_history(conn, kind, ids)?,
        }
        Ok(())
    }

    fn read_history(&mut self, conn: &mut Connection, kind: Kind, ids: &[i64]) -> Result<(), DbError> {
        if kind == Kind::Codebase {
            let found = codebases::select(conn, &Select::by_ids(&codebases::TABLE, ids))?;
            self.keep(kind, found.iter().map(|one| (one.id.0, messages::codebase(one))));
        } else if kind == Kind::Commit {
            let found = codebases::commits(conn, &Select::by_ids(&codebases::COMMITS, ids))?;
            self.keep(kind, found.iter().map(|one| (one.id.0, messages::commit(one))));
        } else {
            let found = codebases::branches(conn, &Select::by_ids(&codebases::BRANCHES, ids))?;
            self.keep(kind, found.iter().map(|one| (one.id.0, messages::branch(one))));
        }
        Ok(())
    }

    fn keep(&mut self, kind: Kind, texts: impl Iterator<Item = (i64, String)>) {
        self.texts.extend(texts.map(|(id, text)| ((kind, id), text)));
    }

    async fn estimate(&mut self, db: &Db, events: &[Event], now: Timestamp) -> Result<(), WebError> {
        let estimated = |event: &Event| match event {
            Event::BuildEstimated { build } => Some(*build),
            _ => None,
        };
        let ids: BTreeSet<i64> = events.iter().filter_map(estimated).map(|build| build.0).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<BuildId> = ids.into_iter().map(BuildId).collect();
        let found = db.read(move |conn| builds::by_ids(conn, &ids)).await?;
        let forecasts = forecasts::of_running(db, found.iter(), now).await?;
        let told = |build: &Build| forecasts.get(&build.id).filter(|forecast| forecast.build.is_some());
        let text = |build: &Build| Some((build.id.0, messages::estimate(build, told(build)?)));
        self.keep(Kind::Estimate, found.iter().filter_map(text));
        Ok(())
    }

    /// Events of growth bring the number of lines along; for others it is counted.
    async fn count_lines(&mut self, db: &Db, events: &[Event]) -> Result<(), WebError> {
        let counted = |event: &Event| match event {
            Event::LogAdded { log, .. } | Event::LogFinished { log, .. } => Some(log.0),
            _ => None,
        };
        let ids: BTreeSet<i64> = events.iter().filter_map(counted).collect();
        let mut uncounted: Vec<Log> = ids.iter().filter_map(|id| self.logs.remove(id)).collect();
        log_reader::count_lines(db, &mut uncounted).await?;
        self.logs.extend(uncounted.into_iter().map(|log| (log.id.0, log)));
        Ok(())
    }
}

/// The one element that an event is about.
fn subject(event: &Event) -> (Kind, i64) {
    match event {
        Event::ChangeAdded { change } => (Kind::Change, change.0),
        Event::BuildsetAdded { buildset } => (Kind::NewBuildset, buildset.0),
        Event::BuildsetCompleted { buildset } => (Kind::Buildset, buildset.0),
        Event::BuildRequestAdded { request, .. }
        | Event::BuildRequestClaimed { request, .. }
        | Event::BuildRequestUnclaimed { request, .. }
        | Event::BuildRequestUpdated { request, .. }
        | Event::BuildRequestCompleted { request, .. }
        | Event::BuildRequestCancelled { request, .. } => (Kind::BuildRequest, request.0),
        Event::BuildStarted { build, .. } | Event::BuildUpdated { build, .. } | Event::BuildFinished { build, .. } => {
            (Kind::Build, build.0)
        }
        Event::BuildPropertiesChanged { build } => (Kind::PropertiesOfBuild, build.0),
        Event::BuildEstimated { build } => (Kind::Estimate, build.0),
        Event::StepAdded { step, .. }
        | Event::StepStarted { step, .. }
        | Event::StepUpdated { step, .. }
        | Event::StepFinished { step, .. } => (Kind::Step, step.0),
        Event::LogAdded { log, .. } | Event::LogAppended { log, .. } | Event::LogFinished { log, .. } => {
            (Kind::Log, log.0)
        }
        Event::WorkerConnected { worker }
        | Event::WorkerDisconnected { worker }
        | Event::WorkerStateUpdated { worker }
        | Event::WorkerMissing { worker } => (Kind::Worker, worker.0),
        Event::SchedulerUpdated { scheduler } => (Kind::Scheduler, scheduler.0),
        Event::BuilderStarted { builder } | Event::BuilderStopped { builder } | Event::BuilderUpdated { builder } => {
            (Kind::Builder, builder.0)
        }
        Event::ProjectUpdated { project } => (Kind::Project, project.0),
        Event::CodebaseUpdated { codebase } => (Kind::Codebase, codebase.0),
        Event::CommitAdded { commit, .. } => (Kind::Commit, commit.0),
        Event::BranchUpdated { branch } => (Kind::Branch, branch.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::testing::sample_site::{self, count_statements};
    use crate::testing::test_db::TestDb;

    #[actix::test]
    async fn a_group_of_events_costs_one_query_for_each_kind_of_thing() {
        let database = TestDb::new(&Clock::simulated(Timestamp::from_secs(1_795_000_000)));
        sample_site::fill(&database.db).await.unwrap();
        let events: Vec<Event> = database.events.borrow().iter().map(|event| event.event.clone()).collect();
        let of_steps: Vec<Event> = events.iter().filter(|event| subject(event).0 == Kind::Step).cloned().collect();
        assert!(3 < of_steps.len(), "{of_steps:?}");
        let master = database.db.master().id;
        let (elements, n_statements) =
            count_statements(&database.db, move |conn| Elements::read(conn, &of_steps, master)).await.unwrap();
        assert_eq!(n_statements, 1);
        assert_eq!(elements.texts.len(), 2);
        let n_events = events.len();
        let read = move |conn: &mut Connection| Elements::read(conn, &events, master);
        let (_, n_statements) = count_statements(&database.db, read).await.unwrap();
        assert!(n_statements < 20, "{n_statements} for {n_events}");
    }

    #[actix::test]
    async fn what_is_gone_has_no_text() {
        let database = TestDb::new(&Clock::simulated(Timestamp::from_secs(1_795_000_000)));
        let gone = Event::StepUpdated { step: crate::domain::StepId(99), build: crate::domain::BuildId(1) };
        let elements = Elements::load(&database.db, std::slice::from_ref(&gone), Timestamp::default()).await.unwrap();
        assert_eq!(elements.text(&gone), None);
    }
}
