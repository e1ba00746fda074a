//! The front page: what is broken, what runs, what waits, what came in, what ended.

use std::collections::HashMap;
use std::time::Duration;

use diesel::SqliteConnection;

use super::build_lines::{BuildLine, describe};
use super::build_requests::{self, WaitingRequest};
use super::builder_health::{self, BrokenSince, Standing};
use super::builder_list::Overview;
use super::project_list::{self, ProjectList};
use super::select::Select;
use super::worker_counts::{self, WorkerCounts};
use super::{builders, builds, changes, projects, workers};
use crate::db::DbError;
use crate::domain::{Build, BuildId, BuilderId, Change};

/// Builds in the strip of a broken builder.
const N_RECENT: i64 = 12;

/// Projects that are shown at most.
const MOST_PROJECTS: usize = 12;

/// What the front page shows.
#[derive(Debug)]
pub struct Home {
    /// The newest finished builds of builders whose newest finished build went wrong, the latest first.
    pub broken: Vec<BuildLine>,
    pub n_broken: usize,
    pub broken_since: HashMap<BuilderId, BrokenSince>,
    /// The last builds of the broken builders, newest first.
    pub recent: HashMap<BuilderId, Vec<Build>>,
    /// The newest of them.
    pub running: Vec<BuildLine>,
    pub n_running: i64,
    /// How long builds usually take, of the builders that run.
    pub typical: HashMap<BuilderId, Duration>,
    /// The most urgent of them.
    pub waiting: Vec<WaitingRequest>,
    pub n_waiting: i64,
    /// The workers of the builders that are waited for.
    pub worker_counts: HashMap<BuilderId, WorkerCounts>,
    pub finished: Vec<BuildLine>,
    pub changes: Vec<Change>,
    /// Builders that have ended a build.
    pub n_built: usize,
    /// Builders of the present configuration, and virtual ones of these.
    pub n_builders: i64,
    /// Projects that have builders or are configured, broken ones first.
    pub projects: ProjectList,
    /// Names of the configured workers, and whether they are connected.
    pub workers: Vec<(String, bool)>,
}

/// At most `limit` rows in each part.
pub fn read(conn: &mut SqliteConnection, limit: i64) -> Result<Home, DbError> {
    let standing = builder_health::newest(conn)?;
    let n_built = standing.len();
    let projects = match projects::is_empty(conn)? {
        true => ProjectList::default(),
        false => {
            let overview = Overview::with(conn, standing.clone())?;
            let wanted = project_list::Wanted { limit: MOST_PROJECTS, ..Default::default() };
            project_list::read_with(conn, &wanted, &overview)?
        }
    };
    let (broken, n_broken) = broken(conn, standing, limit)?;
    let ids: Vec<BuilderId> = broken.iter().map(|line| line.build.builder_id).collect();
    let mut recent: HashMap<BuilderId, Vec<Build>> = HashMap::new();
    for build in builds::recent(conn, &ids, N_RECENT)? {
        recent.entry(build.builder_id).or_default().push(build);
    }
    let running = Select::scoped(builds::RUNNING, Vec::new()).newest(&builds::TABLE, limit);
    let n_running = running.count(conn, &builds::TABLE)?;
    let running = builds::select(conn, &running)?;
    let running_ids: Vec<BuilderId> = running.iter().map(|build| build.builder_id).collect();
    let waiting = build_requests::waiting(conn, None, build_requests::Rows::first(limit))?;
    let finished = Select::scoped(builds::FINISHED, Vec::new()).newest(&builds::TABLE, limit);
    let finished = builds::select(conn, &finished)?;
    Ok(Home {
        broken_since: builder_health::broken_since(conn, &ids)?,
        broken,
        n_broken,
        recent,
        typical: builder_health::typical_durations(conn, &running_ids)?,
        running: describe(conn, running)?,
        n_running,
        worker_counts: worker_counts::of(conn, waiting.iter().map(|request| request.builder_id))?,
        waiting,
        n_waiting: build_requests::n_waiting(conn, None)?,
        finished: describe(conn, finished)?,
        changes: changes::select(conn, &Select::default().newest(&changes::TABLE, limit))?,
        n_built,
        n_builders: builders::n_active(conn)?,
        projects,
        workers: workers::presence(conn)?,
    })
}

fn broken(
    conn: &mut SqliteConnection,
    standing: Vec<Standing>,
    limit: i64,
) -> Result<(Vec<BuildLine>, usize), DbError> {
    let mut ids: Vec<BuildId> = standing.into_iter().filter(Standing::is_broken).map(|it| it.build).collect();
    let n_broken = ids.len();
    ids.sort_unstable_by_key(|id| std::cmp::Reverse(*id));
    ids.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let mut builds = builds::by_ids(conn, &ids)?;
    builds.sort_by_key(|build| std::cmp::Reverse(build.complete_at));
    Ok((describe(conn, builds)?, n_broken))
}
