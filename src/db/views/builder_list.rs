//! Builders with how they stand: those that are looked for, broken ones first, a page at a time.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use diesel::SqliteConnection;

use super::builder_health::{self, BrokenSince, Standing};
use super::worker_counts::{self, WorkerCounts};
use super::{build_requests, builders, builds, projects};
use crate::db::DbError;
use crate::domain::{Build, BuildId, Builder, BuilderId, ProjectId, VIRTUAL_TAG};

/// Which builders are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Words that all occur in the name, the description or the tags, in any case.
    pub words: String,
    /// Tags that a builder has all of.
    pub tags: Vec<String>,
    /// Of this project only.
    pub project: Option<ProjectId>,
    pub state: Option<State>,
    /// How many to pass over, and how many to show.
    pub offset: usize,
    pub limit: usize,
    /// The last builds of each that are shown.
    pub n_recent: i64,
}

/// What a builder is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Broken,
    Running,
    Waiting,
    /// Ended no build yet.
    New,
    /// Shown only: another builder builds for it.
    Virtual,
}

/// One builder of the list.
#[derive(Debug)]
pub struct BuilderLine {
    pub builder: Builder,
    /// The name of its project.
    pub project: Option<String>,
    pub newest_finished: Option<Build>,
    pub broken_since: Option<BrokenSince>,
    /// The last builds, newest first, running ones included.
    pub recent: Vec<Build>,
    pub n_running: usize,
    pub n_waiting: i64,
    pub workers: WorkerCounts,
}

/// A page of the list.
#[derive(Debug)]
pub struct BuilderList {
    pub lines: Vec<BuilderLine>,
    /// How many are looked for.
    pub n_found: usize,
    pub n_all: usize,
    /// Of all, how many are in each state: broken, running, waiting, new, virtual.
    pub n_in: [usize; 5],
    /// Every tag, and how many builders have it.
    pub tags: BTreeMap<String, usize>,
}

/// What is known of all builders.
pub(super) struct Overview {
    standing: HashMap<BuilderId, Standing>,
    running: HashMap<BuilderId, usize>,
    waiting: HashMap<BuilderId, i64>,
}

impl Overview {
    pub(super) fn read(conn: &mut SqliteConnection) -> Result<Self, DbError> {
        let standing = builder_health::newest(conn)?;
        Self::with(conn, standing)
    }

    /// The same if it is known already how they stand.
    pub(super) fn with(conn: &mut SqliteConnection, standing: Vec<Standing>) -> Result<Self, DbError> {
        let mut running: HashMap<BuilderId, usize> = HashMap::new();
        for build in builds::running(conn)? {
            *running.entry(build.builder_id).or_default() += 1;
        }
        Ok(Self {
            standing: standing.into_iter().map(|standing| (standing.builder, standing)).collect(),
            running,
            waiting: build_requests::waiting_counts(conn)?.into_iter().collect(),
        })
    }

    /// The newest ended build of a builder.
    pub(super) fn standing(&self, builder: BuilderId) -> Option<&Standing> {
        self.standing.get(&builder)
    }

    pub(super) fn n_running(&self, builder: BuilderId) -> usize {
        self.running.get(&builder).copied().unwrap_or(0)
    }

    pub(super) fn n_waiting(&self, builder: BuilderId) -> i64 {
        self.waiting.get(&builder).copied().unwrap_or(0)
    }

    fn is(&self, builder: &Builder, state: State) -> bool {
        let id = builder.id;
        match state {
            State::Virtual => builder.base.is_some(),
            State::Broken => self.standing.get(&id).is_some_and(Standing::is_broken),
            State::Running => self.running.contains_key(&id),
            State::Waiting => self.waiting.contains_key(&id),
            State::New => !self.standing.contains_key(&id),
        }
    }
}

pub fn read(conn: &mut SqliteConnection, wanted: &Wanted) -> Result<BuilderList, DbError> {
    let mut all = builders::active(conn)?;
    if wanted.project.is_some() {
        all.retain(|builder| builder.project == wanted.project);
    }
    let projects = projects::names(conn)?;
    let overview = Overview::read(conn)?;
    let mut tags: BTreeMap<String, usize> = BTreeMap::new();
    for tag in all.iter().flat_map(|builder| &builder.tags).filter(|tag| *tag != VIRTUAL_TAG) {
        *tags.entry(tag.clone()).or_default() += 1;
    }
    let n_in = [State::Broken, State::Running, State::Waiting, State::New, State::Virtual]
        .map(|state| all.iter().filter(|builder| overview.is(builder, state)).count());
    let n_all = all.len();
    let words: Vec<String> = wanted.words.split_whitespace().map(str::to_lowercase).collect();
    let is_found = |builder: &Builder| {
        wanted.state.is_none_or(|state| overview.is(builder, state))
            && wanted.tags.iter().all(|tag| builder.tags.contains(tag))
            && has_words(builder, &words)
    };
    let mut found: Vec<Builder> = all.into_iter().filter(is_found).collect();
    // they come sorted by name, which a stable sort keeps
    found.sort_by_key(|builder| !overview.is(builder, State::Broken));
    let n_found = found.len();
    let page = found.into_iter().skip(wanted.offset).take(wanted.limit).collect();
    let mut lines = lines(conn, page, &overview, wanted.n_recent)?;
    for line in &mut lines {
        line.project = line.builder.project.and_then(|project| projects.get(&project)).cloned();
    }
    Ok(BuilderList { lines, n_found, n_all, n_in, tags })
}

/// The builder whose workers build.
fn at_work(builder: &Builder) -> BuilderId {
    builder.base.unwrap_or(builder.id)
}

fn has_words(builder: &Builder, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let description = builder.description.text.as_deref().unwrap_or_default();
    let text = format!("{} {description} {}", builder.name, builder.tags.join(" ")).to_lowercase();
    words.iter().all(|word| text.contains(word))
}

fn lines(
    conn: &mut SqliteConnection,
    page: Vec<Builder>,
    overview: &Overview,
    n_recent: i64,
) -> Result<Vec<BuilderLine>, DbError> {
    let ids: Vec<BuilderId> = page.iter().map(|builder| builder.id).collect();
    let standing = || ids.iter().filter_map(|id| overview.standing.get(id));
    let broken: Vec<BuilderId> = standing().filter(|it| it.is_broken()).map(|it| it.builder).collect();
    let broken_since = builder_health::broken_since(conn, &broken)?;
    let workers = worker_counts::of(conn, page.iter().map(at_work).collect::<BTreeSet<_>>().into_iter())?;
    let mut recent: HashMap<BuilderId, Vec<Build>> = HashMap::new();
    let mut known: HashSet<BuildId> = HashSet::new();
    for build in builds::recent(conn, &ids, n_recent)? {
        known.insert(build.id);
        recent.entry(build.builder_id).or_default().push(build);
    }
    // many running ones may hide the newest finished one
    let missing: Vec<BuildId> = standing().map(|it| it.build).filter(|build| !known.contains(build)).collect();
    let hidden = builds::by_ids(conn, &missing)?;
    let line = |builder: Builder| {
        let recent = recent.remove(&builder.id).unwrap_or_default();
        let newest = overview.standing.get(&builder.id);
        let newest = newest.and_then(|newest| recent.iter().chain(&hidden).find(|build| build.id == newest.build));
        BuilderLine {
            newest_finished: newest.cloned(),
            broken_since: broken_since.get(&builder.id).copied(),
            recent,
            project: None,
            n_running: overview.n_running(builder.id),
            n_waiting: overview.n_waiting(builder.id),
            workers: workers.get(&at_work(&builder)).copied().unwrap_or_default(),
            builder,
        }
    };
    Ok(page.into_iter().map(line).collect())
}
