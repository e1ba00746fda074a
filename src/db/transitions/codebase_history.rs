//! Commits and branches of a codebase, as a change source saw them.

use diesel::prelude::*;

use crate::db::schema::{codebase_branches, codebase_commits};
use crate::db::{DbError, Transaction};
use crate::domain::{CodebaseBranchId, CodebaseCommitId, CodebaseId, Event, NewCommit, NewHistory};

/// Stores what is not there yet, and where branches are now.
pub(super) fn store(tx: &mut Transaction<'_>, codebase: CodebaseId, history: &NewHistory) -> Result<(), DbError> {
    for commit in &history.commits {
        if find(tx, codebase, &commit.revision)?.is_none() {
            add(tx, codebase, commit)?;
        }
    }
    let now = tx.now_us();
    for (name, revision) in &history.branches {
        let at = find(tx, codebase, revision)?;
        let position = (codebase_branches::commit_id.eq(at), codebase_branches::last_us.eq(now));
        let id: i64 = diesel::insert_into(codebase_branches::table)
            .values((codebase_branches::codebase_id.eq(codebase.0), codebase_branches::name.eq(name), position))
            .on_conflict((codebase_branches::codebase_id, codebase_branches::name))
            .do_update()
            .set(position)
            .returning(codebase_branches::id)
            .get_result(tx.conn())?;
        tx.emit(Event::BranchUpdated { branch: CodebaseBranchId(id) });
    }
    Ok(())
}

fn find(tx: &mut Transaction<'_>, codebase: CodebaseId, revision: &str) -> Result<Option<i64>, DbError> {
    let commit = codebase_commits::table
        .filter(codebase_commits::codebase_id.eq(codebase.0).and(codebase_commits::revision.eq(revision)))
        .select(codebase_commits::id);
    Ok(commit.first(tx.conn()).optional()?)
}

fn add(tx: &mut Transaction<'_>, codebase: CodebaseId, commit: &NewCommit) -> Result<(), DbError> {
    let parent = match &commit.parent {
        Some(revision) => find(tx, codebase, revision)?,
        None => None,
    };
    let id: i64 = diesel::insert_into(codebase_commits::table)
        .values((
            codebase_commits::codebase_id.eq(codebase.0),
            codebase_commits::revision.eq(&commit.revision),
            codebase_commits::author.eq(&commit.author),
            codebase_commits::committer.eq(&commit.committer),
            codebase_commits::comments.eq(&commit.comments),
            codebase_commits::when_us.eq(commit.when.micros()),
            codebase_commits::parent_commit_id.eq(parent),
        ))
        .returning(codebase_commits::id)
        .get_result(tx.conn())?;
    tx.emit(Event::CommitAdded { commit: CodebaseCommitId(id), codebase });
    Ok(())
}
