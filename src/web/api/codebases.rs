//! `codebases`, `branches`, `commits` and `commit_graphs`

use serde::Serialize;

use super::Call;
use super::elements::{Element, Elements, element};
use super::reply::Reply;
use super::result_spec::{Field, FieldKind, ResultSpec, field};
use crate::db::DbError;
use crate::db::views::codebases::{self, BRANCHES, BRANCHES_OF, COMMITS, COMMITS_OF, TABLE};
use crate::db::views::select::{Scope as Condition, Select, Table};
use crate::db::views::{Connection, keys};
use crate::domain::{Codebase, CodebaseBranch, CodebaseCommit};
use crate::json;
use crate::web::error::WebError;

/// How far back two commits are followed to what they have in common, as in Buildbot.
const DEPTH: usize = 100;

const CODEBASE: &[Field] = &[
    field("codebaseid", FieldKind::Int),
    field("projectid", FieldKind::Int),
    field("name", FieldKind::Text),
    field("slug", FieldKind::Text),
];
const COMMIT: &[Field] = &[
    field("commitid", FieldKind::Int),
    field("codebaseid", FieldKind::Int),
    field("author", FieldKind::Text),
    field("committer", FieldKind::Text),
    field("comments", FieldKind::Text),
    field("when_timestamp", FieldKind::Int),
    field("revision", FieldKind::Text),
    field("parent_commitid", FieldKind::Int),
];
const BRANCH: &[Field] = &[
    field("branchid", FieldKind::Int),
    field("codebaseid", FieldKind::Int),
    field("name", FieldKind::Text),
    field("commitid", FieldKind::Int),
    field("last_timestamp", FieldKind::Int),
];
const GRAPH: &[Field] =
    &[field("common", FieldKind::Int), field("to1", FieldKind::IntList), field("to2", FieldKind::IntList)];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    All,
    One(i64),
    /// By the id of a project and a name.
    Named(i64, String),
    Branch(i64),
    BranchesOf(i64),
    Commit(i64),
    CommitsOf(i64),
    ByRevision(i64, String),
    /// The newest commit that both descend from, and the ways from there.
    Common(i64, i64),
}

impl Scope {
    /// Below `codebases/`.
    pub fn parse(segments: &[&str]) -> Option<Self> {
        let [codebase, rest @ ..] = segments else { return Some(Self::All) };
        let id = keys::number(codebase)?;
        match rest {
            [] => Some(Self::One(id)),
            ["branches"] => Some(Self::BranchesOf(id)),
            ["commits"] => Some(Self::CommitsOf(id)),
            ["commits_by_revision", revision] => Some(Self::ByRevision(id, (*revision).to_owned())),
            ["commit_range", one, other, "commits_common_parent"] => {
                Some(Self::Common(keys::number(one)?, keys::number(other)?))
            }
            _ => None,
        }
    }
}

#[derive(Serialize)]
struct CodebaseJson<'codebase> {
    codebaseid: i64,
    name: &'codebase str,
    projectid: i64,
    slug: &'codebase str,
}

impl<'codebase> From<&'codebase Codebase> for CodebaseJson<'codebase> {
    fn from(codebase: &'codebase Codebase) -> Self {
        let Codebase { id, project, name, slug } = codebase;
        Self { codebaseid: id.0, name, projectid: project.0, slug }
    }
}

#[derive(Serialize)]
struct CommitJson<'commit> {
    author: &'commit str,
    codebaseid: i64,
    comments: &'commit str,
    commitid: i64,
    committer: Option<&'commit str>,
    parent_commitid: Option<i64>,
    revision: &'commit str,
    when_timestamp: i64,
}

impl<'commit> From<&'commit CodebaseCommit> for CommitJson<'commit> {
    fn from(commit: &'commit CodebaseCommit) -> Self {
        Self {
            author: &commit.author,
            codebaseid: commit.codebase.0,
            comments: &commit.comments,
            commitid: commit.id.0,
            committer: commit.committer.as_deref(),
            parent_commitid: commit.parent.map(|parent| parent.0),
            revision: &commit.revision,
            when_timestamp: commit.when.secs(),
        }
    }
}

#[derive(Serialize)]
struct BranchJson<'branch> {
    branchid: i64,
    codebaseid: i64,
    commitid: Option<i64>,
    last_timestamp: i64,
    name: &'branch str,
}

impl<'branch> From<&'branch CodebaseBranch> for BranchJson<'branch> {
    fn from(branch: &'branch CodebaseBranch) -> Self {
        Self {
            branchid: branch.id.0,
            codebaseid: branch.codebase.0,
            commitid: branch.commit.map(|commit| commit.0),
            last_timestamp: branch.last.secs(),
            name: &branch.name,
        }
    }
}

#[derive(Serialize)]
struct GraphJson {
    common: i64,
    to1: Vec<i64>,
    to2: Vec<i64>,
}

/// As `/ws` sends a codebase.
pub fn message(codebase: &Codebase) -> String {
    json::to_string(&CodebaseJson::from(codebase))
}

/// As `/ws` sends a commit.
pub fn message_of_commit(commit: &CodebaseCommit) -> String {
    json::to_string(&CommitJson::from(commit))
}

/// As `/ws` sends a branch.
pub fn message_of_branch(branch: &CodebaseBranch) -> String {
    json::to_string(&BranchJson::from(branch))
}

pub async fn get(call: &Call<'_>, scope: Scope) -> Result<Reply, WebError> {
    match scope {
        Scope::All => {
            let spec = call.spec(CODEBASE, false)?;
            let found = many(call, &spec, &TABLE, None, codebases::select).await?;
            reply("codebases", &spec, found.iter().map(|it| element(&CodebaseJson::from(it))), false)
        }
        Scope::One(_) | Scope::Named(..) => {
            let spec = call.spec(CODEBASE, true)?;
            let found = call.read(move |conn| one_codebase(conn, &scope)).await?;
            reply("codebases", &spec, found.iter().map(|it| element(&CodebaseJson::from(it))), true)
        }
        Scope::BranchesOf(codebase) => {
            let spec = call.spec(BRANCH, false)?;
            let of = Condition { sql: BRANCHES_OF, binds: vec![codebase] };
            let found = many(call, &spec, &BRANCHES, Some(of), codebases::branches).await?;
            reply("branches", &spec, found.iter().map(|it| element(&BranchJson::from(it))), false)
        }
        Scope::Branch(branch) => {
            let spec = call.spec(BRANCH, true)?;
            let found = call.read(move |conn| codebases::branches(conn, &Select::by_ids(&BRANCHES, &[branch]))).await?;
            reply("branches", &spec, found.iter().map(|it| element(&BranchJson::from(it))), true)
        }
        Scope::CommitsOf(codebase) => {
            let spec = call.spec(COMMIT, false)?;
            let of = Condition { sql: COMMITS_OF, binds: vec![codebase] };
            let found = many(call, &spec, &COMMITS, Some(of), codebases::commits).await?;
            reply("commits", &spec, found.iter().map(|it| element(&CommitJson::from(it))), false)
        }
        Scope::Commit(_) | Scope::ByRevision(..) => {
            let spec = call.spec(COMMIT, true)?;
            let found = call.read(move |conn| one_commit(conn, &scope)).await?;
            reply("commits", &spec, found.iter().map(|it| element(&CommitJson::from(it))), true)
        }
        Scope::Common(one, other) => {
            let spec = call.spec(GRAPH, true)?;
            let lines = move |conn: &mut Connection| {
                Ok((codebases::ancestry(conn, one, DEPTH)?, codebases::ancestry(conn, other, DEPTH)?))
            };
            let (one, other) = call.read(lines).await?;
            reply("commit_graphs", &spec, common(&one, &other).iter().map(element), true)
        }
    }
}

/// The newest commit of both lines, each of which begins with its newest; the ways lead from there to their ends.
fn common(one: &[i64], other: &[i64]) -> Option<GraphJson> {
    let (at, position) =
        other.iter().enumerate().find_map(|(at, id)| Some((at, one.iter().position(|it| it == id)?)))?;
    let way = |line: &[i64]| line.iter().rev().copied().collect();
    Some(GraphJson { common: other[at], to1: way(&one[..=position]), to2: way(&other[..=at]) })
}

fn one_codebase(conn: &mut Connection, scope: &Scope) -> Result<Vec<Codebase>, DbError> {
    match scope {
        Scope::One(id) => codebases::select(conn, &Select::by_ids(&TABLE, &[*id])),
        Scope::Named(project, name) => Ok(codebases::named(conn, *project, name)?.into_iter().collect()),
        _ => Ok(Vec::new()),
    }
}

fn one_commit(conn: &mut Connection, scope: &Scope) -> Result<Vec<CodebaseCommit>, DbError> {
    match scope {
        Scope::Commit(id) => codebases::commits(conn, &Select::by_ids(&COMMITS, &[*id])),
        Scope::ByRevision(codebase, revision) => {
            Ok(codebases::commit_by_revision(conn, *codebase, revision)?.into_iter().collect())
        }
        _ => Ok(Vec::new()),
    }
}

/// What a query finds in a table.
async fn many<T: Send + 'static>(
    call: &Call<'_>,
    spec: &ResultSpec,
    table: &'static Table,
    of: Option<Condition>,
    read: fn(&mut Connection, &Select) -> Result<Vec<T>, DbError>,
) -> Result<Vec<T>, WebError> {
    let select = spec.select(table, of)?;
    call.read(move |conn| read(conn, &select)).await
}

fn reply(
    plural: &'static str,
    spec: &ResultSpec,
    elements: impl Iterator<Item = Element>,
    is_single: bool,
) -> Result<Reply, WebError> {
    let elements: Vec<Element> = elements.collect();
    // as in Buildbot, where the database pages, the total is what was found
    let total = i64::try_from(elements.len()).unwrap_or(i64::MAX);
    Reply::of(plural, spec.reduce(Elements { elements, total }), is_single)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::api::result_spec::tests::assert_columns;

    #[test]
    fn every_field_is_a_column() {
        assert_columns(CODEBASE, &TABLE, &[]);
        assert_columns(COMMIT, &COMMITS, &[]);
        assert_columns(BRANCH, &BRANCHES, &[]);
    }

    fn ways(one: &[i64], other: &[i64]) -> Option<(i64, Vec<i64>, Vec<i64>)> {
        common(one, other).map(|graph| (graph.common, graph.to1, graph.to2))
    }

    #[test]
    fn two_commits_meet_at_the_newest_that_both_descend_from() {
        assert_eq!(ways(&[5, 3, 2, 1], &[6, 4, 2, 1]), Some((2, vec![2, 3, 5], vec![2, 4, 6])));
        assert_eq!(ways(&[5, 3, 1], &[3, 1]), Some((3, vec![3, 5], vec![3])));
        assert_eq!(ways(&[3, 1], &[5, 3, 1]), Some((3, vec![3], vec![3, 5])));
        assert_eq!(ways(&[3, 1], &[3, 1]), Some((3, vec![3], vec![3])));
        assert_eq!(ways(&[3], &[4]), None);
        assert_eq!(ways(&[], &[4]), None);
    }
}
