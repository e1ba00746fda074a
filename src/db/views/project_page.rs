//! One project: its builders, what they build, what came in, its codebases.

use diesel::SqliteConnection;

use super::build_lines::{BuildLine, describe};
use super::builder_list::{self, BuilderList};
use super::keys::ProjectKey;
use super::select::{Column, Filter, Kind, Operator, Order, Select, Term};
use super::{build_requests, builds, changes, codebases, projects};
use crate::db::DbError;
use crate::domain::{Change, Codebase, CodebaseBranch, CodebaseCommit, Project};

/// Builds of a project that have not ended.
const RUNNING: &str = "builds.complete_at_us IS NULL \
    AND builds.builder_id IN (SELECT builders.id FROM builders WHERE builders.project_id = ?)";
/// The ended builds among the newest of each builder of a project.
const FINISHED: &str = "builds.id IN (SELECT newest.id FROM builders JOIN builds AS newest \
    ON newest.builder_id = builders.id AND newest.number > builders.last_build_number - ? \
    WHERE builders.project_id = ?) AND builds.complete_at_us IS NOT NULL";
const BY_PROJECT: &Column = &Column { field: "project", sql: "changes.project", kind: Kind::Text };
const BY_DATE: &Column = &Column { field: "last_timestamp", sql: "codebase_branches.last_us", kind: Kind::Seconds };

/// What the page of a project shows.
#[derive(Debug)]
pub struct ProjectPage {
    pub project: Project,
    /// The first of its builders, broken ones first.
    pub builders: BuilderList,
    pub running: Vec<BuildLine>,
    pub n_running: i64,
    /// Requests that wait for its builders.
    pub n_waiting: i64,
    pub finished: Vec<BuildLine>,
    /// The newest changes that name the project.
    pub changes: Vec<Change>,
    pub codebases: Vec<CodebaseLine>,
}

/// A codebase with what is known of it.
#[derive(Debug)]
pub struct CodebaseLine {
    pub codebase: Codebase,
    /// Those that were looked at last, with their newest commits.
    pub branches: Vec<(CodebaseBranch, Option<CodebaseCommit>)>,
    pub n_branches: i64,
}

/// Branches of a codebase that are shown at most, and codebases.
const MOST_BRANCHES: i64 = 8;
const MOST_CODEBASES: i64 = 50;

/// At most `limit` rows in each part.
pub fn read(
    conn: &mut SqliteConnection,
    key: &ProjectKey,
    wanted: &builder_list::Wanted,
    limit: i64,
) -> Result<Option<ProjectPage>, DbError> {
    let Some(project) = projects::find(conn, key)? else { return Ok(None) };
    let wanted = builder_list::Wanted { project: Some(project.id), ..wanted.clone() };
    let running = Select::scoped(RUNNING, vec![project.id.0]).newest(&builds::TABLE, limit);
    let n_running = running.count(conn, &builds::TABLE)?;
    let running = builds::select(conn, &running)?;
    let finished = Select::scoped(FINISHED, vec![limit, project.id.0]).newest(&builds::TABLE, limit);
    let finished = builds::select(conn, &finished)?;
    let filter = Filter { column: BY_PROJECT, operator: Operator::Eq, values: vec![Term::Text(project.name.clone())] };
    let named = Select { filters: vec![filter], ..Select::default() }.newest(&changes::TABLE, limit);
    Ok(Some(ProjectPage {
        builders: builder_list::read(conn, &wanted)?,
        running: describe(conn, running)?,
        n_running,
        n_waiting: build_requests::n_waiting_for_project(conn, project.id)?,
        finished: describe(conn, finished)?,
        changes: changes::select(conn, &named)?,
        codebases: codebase_lines(conn, &project)?,
        project,
    }))
}

fn codebase_lines(conn: &mut SqliteConnection, project: &Project) -> Result<Vec<CodebaseLine>, DbError> {
    let mut select = Select::scoped(codebases::OF_PROJECT, vec![project.id.0]);
    select.limit = Some(MOST_CODEBASES);
    let mut lines = Vec::new();
    for codebase in codebases::select(conn, &select)? {
        let mut select = Select::scoped(codebases::BRANCHES_OF, vec![codebase.id.0]);
        let n_branches = select.count(conn, &codebases::BRANCHES)?;
        select.order = vec![Order { column: BY_DATE, descending: true }];
        select.limit = Some(MOST_BRANCHES);
        let branches = codebases::branches(conn, &select)?;
        let newest: Vec<i64> = branches.iter().filter_map(|branch| branch.commit).map(|commit| commit.0).collect();
        let commits = codebases::commits(conn, &Select::by_ids(&codebases::COMMITS, &newest))?;
        let newest = |branch: &CodebaseBranch| commits.iter().find(|commit| Some(commit.id) == branch.commit).cloned();
        let branches = branches.into_iter().map(|branch| (branch.clone(), newest(&branch))).collect();
        lines.push(CodebaseLine { codebase, branches, n_branches });
    }
    Ok(lines)
}
