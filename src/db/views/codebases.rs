//! Codebases of projects, and what is known of their history.

use diesel::prelude::*;

use super::select::{Column, Kind, Select, Table};
use crate::db::DbError;
use crate::db::schema::{codebase_branches, codebase_commits, codebases};
use crate::domain::{
    Codebase, CodebaseBranch, CodebaseBranchId, CodebaseCommit, CodebaseCommitId, CodebaseId, ProjectId, Timestamp,
};

/// By what codebases can be filtered and sorted.
pub const TABLE: Table = Table {
    name: "codebases",
    columns: &[
        Column { field: "codebaseid", sql: "codebases.id", kind: Kind::Int },
        Column { field: "projectid", sql: "codebases.project_id", kind: Kind::Int },
        Column { field: "name", sql: "codebases.name", kind: Kind::Text },
        Column { field: "slug", sql: "codebases.slug", kind: Kind::Text },
    ],
};

/// By what commits can be filtered and sorted.
pub const COMMITS: Table = Table {
    name: "codebase_commits",
    columns: &[
        Column { field: "commitid", sql: "codebase_commits.id", kind: Kind::Int },
        Column { field: "codebaseid", sql: "codebase_commits.codebase_id", kind: Kind::Int },
        Column { field: "author", sql: "codebase_commits.author", kind: Kind::Text },
        Column { field: "committer", sql: "codebase_commits.committer", kind: Kind::Text },
        Column { field: "comments", sql: "codebase_commits.comments", kind: Kind::Text },
        Column { field: "when_timestamp", sql: "codebase_commits.when_us", kind: Kind::Seconds },
        Column { field: "revision", sql: "codebase_commits.revision", kind: Kind::Text },
        Column { field: "parent_commitid", sql: "codebase_commits.parent_commit_id", kind: Kind::Int },
    ],
};

/// By what branches can be filtered and sorted.
pub const BRANCHES: Table = Table {
    name: "codebase_branches",
    columns: &[
        Column { field: "branchid", sql: "codebase_branches.id", kind: Kind::Int },
        Column { field: "codebaseid", sql: "codebase_branches.codebase_id", kind: Kind::Int },
        Column { field: "name", sql: "codebase_branches.name", kind: Kind::Text },
        Column { field: "commitid", sql: "codebase_branches.commit_id", kind: Kind::Int },
        Column { field: "last_timestamp", sql: "codebase_branches.last_us", kind: Kind::Seconds },
    ],
};

/// The commits of a codebase.
pub const COMMITS_OF: &str = "codebase_commits.codebase_id = ?";
/// The branches of a codebase.
pub const BRANCHES_OF: &str = "codebase_branches.codebase_id = ?";
/// Those of a project.
pub const OF_PROJECT: &str = "codebases.project_id = ?";

#[derive(Queryable, Selectable, QueryableByName)]
#[diesel(table_name = codebases)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
struct CodebaseRow {
    id: i64,
    project_id: i64,
    name: String,
    slug: String,
}

impl From<CodebaseRow> for Codebase {
    fn from(row: CodebaseRow) -> Self {
        Self { id: CodebaseId(row.id), project: ProjectId(row.project_id), name: row.name, slug: row.slug }
    }
}

#[derive(Queryable, Selectable, QueryableByName)]
#[diesel(table_name = codebase_commits)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
struct CommitRow {
    id: i64,
    codebase_id: i64,
    revision: String,
    author: String,
    committer: Option<String>,
    comments: String,
    when_us: i64,
    parent_commit_id: Option<i64>,
}

impl From<CommitRow> for CodebaseCommit {
    fn from(row: CommitRow) -> Self {
        Self {
            id: CodebaseCommitId(row.id),
            codebase: CodebaseId(row.codebase_id),
            author: row.author,
            committer: row.committer,
            comments: row.comments,
            when: Timestamp::from_micros(row.when_us),
            revision: row.revision,
            parent: row.parent_commit_id.map(CodebaseCommitId),
        }
    }
}

#[derive(Queryable, Selectable, QueryableByName)]
#[diesel(table_name = codebase_branches)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
struct BranchRow {
    id: i64,
    codebase_id: i64,
    name: String,
    commit_id: Option<i64>,
    last_us: i64,
}

impl From<BranchRow> for CodebaseBranch {
    fn from(row: BranchRow) -> Self {
        Self {
            id: CodebaseBranchId(row.id),
            codebase: CodebaseId(row.codebase_id),
            name: row.name,
            commit: row.commit_id.map(CodebaseCommitId),
            last: Timestamp::from_micros(row.last_us),
        }
    }
}

pub fn select(conn: &mut SqliteConnection, select: &Select) -> Result<Vec<Codebase>, DbError> {
    let rows: Vec<CodebaseRow> = select.rows(conn, &TABLE)?;
    Ok(rows.into_iter().map(Codebase::from).collect())
}

pub fn commits(conn: &mut SqliteConnection, select: &Select) -> Result<Vec<CodebaseCommit>, DbError> {
    let rows: Vec<CommitRow> = select.rows(conn, &COMMITS)?;
    Ok(rows.into_iter().map(CodebaseCommit::from).collect())
}

pub fn branches(conn: &mut SqliteConnection, select: &Select) -> Result<Vec<CodebaseBranch>, DbError> {
    let rows: Vec<BranchRow> = select.rows(conn, &BRANCHES)?;
    Ok(rows.into_iter().map(CodebaseBranch::from).collect())
}

/// The codebase of this name in a project.
pub fn named(conn: &mut SqliteConnection, project: i64, name: &str) -> Result<Option<Codebase>, DbError> {
    let row: Option<CodebaseRow> = codebases::table
        .filter(codebases::project_id.eq(project).and(codebases::name.eq(name)))
        .select(CodebaseRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Codebase::from))
}

pub fn commit_by_revision(
    conn: &mut SqliteConnection,
    codebase: i64,
    revision: &str,
) -> Result<Option<CodebaseCommit>, DbError> {
    let row: Option<CommitRow> = codebase_commits::table
        .filter(codebase_commits::codebase_id.eq(codebase).and(codebase_commits::revision.eq(revision)))
        .select(CommitRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(CodebaseCommit::from))
}

/// A commit and its ancestors, at most `depth` of these; empty if there is no such commit.
pub fn ancestry(conn: &mut SqliteConnection, commit: i64, depth: usize) -> Result<Vec<i64>, DbError> {
    #[derive(QueryableByName)]
    struct IdRow {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        id: i64,
    }
    let rows: Vec<IdRow> = diesel::sql_query(
        "WITH RECURSIVE line(id, parent, n) AS ( \
         SELECT id, parent_commit_id, 0 FROM codebase_commits WHERE id = ? \
         UNION ALL SELECT older.id, older.parent_commit_id, line.n + 1 \
         FROM line JOIN codebase_commits AS older ON older.id = line.parent WHERE line.n < ?) \
         SELECT id FROM line ORDER BY n",
    )
    .bind::<diesel::sql_types::BigInt, _>(commit)
    .bind::<diesel::sql_types::BigInt, _>(i64::try_from(depth).unwrap_or(i64::MAX))
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
