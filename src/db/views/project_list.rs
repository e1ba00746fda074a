//! Projects with how their builders stand: those that are looked for, broken ones first, a page at a time.

use std::collections::HashMap;

use diesel::SqliteConnection;

use super::build_lines::{BuildLine, describe};
use super::builder_health::Standing;
use super::builder_list::Overview;
use super::{builders, builds, projects};
use crate::db::DbError;
use crate::domain::{BuildId, Project, ProjectId};

/// Which projects are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Words that all occur in the name or the description, in any case.
    pub words: String,
    /// Whether those are looked for that nobody uses any more, instead of the others.
    pub retired: bool,
    /// How many to pass over, and how many to show.
    pub offset: usize,
    pub limit: usize,
}

/// How the builders of a project stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Builders of the present configuration, and virtual ones of these.
    pub n_builders: usize,
    /// Whose newest ended build went wrong.
    pub n_broken: usize,
    /// That have ended a build.
    pub n_built: usize,
    /// Builds that run.
    pub n_running: usize,
    /// Requests that wait.
    pub n_waiting: i64,
}

/// One project of the list.
#[derive(Debug)]
pub struct ProjectLine {
    pub project: Project,
    pub counts: Counts,
    /// The newest of the last ended builds of its builders.
    pub latest: Option<BuildLine>,
}

/// A page of the list.
#[derive(Debug, Default)]
pub struct ProjectList {
    pub lines: Vec<ProjectLine>,
    /// How many are looked for.
    pub n_found: usize,
    /// How many are in use, with whatever words.
    pub n_in_use: usize,
    pub n_retired: usize,
}

/// Counts of all projects, and the newest of the last ended builds of each.
fn standing(
    conn: &mut SqliteConnection,
    overview: &Overview,
) -> Result<HashMap<ProjectId, (Counts, Option<BuildId>)>, DbError> {
    let mut found: HashMap<ProjectId, (Counts, Option<BuildId>)> = HashMap::new();
    for (builder, project) in builders::in_projects(conn)? {
        let (counts, latest) = found.entry(project).or_default();
        let standing = overview.standing(builder);
        counts.n_builders += 1;
        counts.n_built += usize::from(standing.is_some());
        counts.n_broken += usize::from(standing.is_some_and(Standing::is_broken));
        counts.n_running += overview.n_running(builder);
        counts.n_waiting += overview.n_waiting(builder);
        *latest = (*latest).max(standing.map(|standing| standing.build));
    }
    Ok(found)
}

pub fn read(conn: &mut SqliteConnection, wanted: &Wanted) -> Result<ProjectList, DbError> {
    let overview = Overview::read(conn)?;
    read_with(conn, wanted, &overview)
}

/// The same if it is known already what builders do.
pub(super) fn read_with(
    conn: &mut SqliteConnection,
    wanted: &Wanted,
    overview: &Overview,
) -> Result<ProjectList, DbError> {
    let all = projects::all(conn)?;
    let standing = standing(conn, overview)?;
    let is_retired = |project: &Project| !project.configured && !project.active;
    let n_retired = all.iter().filter(|project| is_retired(project)).count();
    let n_in_use = all.len() - n_retired;
    let words: Vec<String> = wanted.words.split_whitespace().map(str::to_lowercase).collect();
    let mut found: Vec<Project> = all;
    found.retain(|project| is_retired(project) == wanted.retired && has_words(project, &words));
    let counts = |project: &Project| standing.get(&project.id).map_or(Counts::default(), |(counts, _)| *counts);
    // they come sorted by name, which a stable sort keeps
    found.sort_by_key(|project| counts(project).n_broken == 0);
    let n_found = found.len();
    let page: Vec<Project> = found.into_iter().skip(wanted.offset).take(wanted.limit).collect();
    let latest_of = |project: &Project| standing.get(&project.id).and_then(|(_, latest)| *latest);
    let latest: Vec<BuildId> = page.iter().filter_map(latest_of).collect();
    let builds = builds::by_ids(conn, &latest)?;
    let mut builds: HashMap<BuildId, BuildLine> =
        describe(conn, builds)?.into_iter().map(|line| (line.build.id, line)).collect();
    let line = |project: Project| ProjectLine {
        counts: counts(&project),
        latest: latest_of(&project).and_then(|build| builds.remove(&build)),
        project,
    };
    Ok(ProjectList { lines: page.into_iter().map(line).collect(), n_found, n_in_use, n_retired })
}

fn has_words(project: &Project, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let description = project.description.text.as_deref().unwrap_or_default();
    let text = format!("{} {description}", project.name).to_lowercase();
    words.iter().all(|word| text.contains(word))
}
