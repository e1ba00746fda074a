//! Changes come in, together with the position of their source.

use diesel::prelude::*;

use super::{codebase_history, stamps};
use crate::db::schema::{change_sources, changes, user_attributes, users};
use crate::db::{DbError, Transaction, Transition, text};
use crate::domain::{ChangeId, ChangeSourceId, CodebaseId, Event, NewChange, NewHistory, StampSpec};

/// Stores changes that are not there yet; a delivery key seen before from the same source is skipped.
pub struct IngestChanges {
    /// Name of the source or hook.
    pub source: String,
    pub source_id: Option<ChangeSourceId>,
    pub changes: Vec<NewChange>,
    /// The source's new position.
    pub poll_state: Option<String>,
    /// What is new of a codebase.
    pub history: Option<(CodebaseId, NewHistory)>,
}

impl Transition for IngestChanges {
    /// The ids of the changes that were new.
    type Outcome = Vec<ChangeId>;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<Vec<ChangeId>, DbError> {
        let mut ids = Vec::new();
        for change in &self.changes {
            if let Some(id) = self.store(tx, change)? {
                tx.emit(Event::ChangeAdded { change: id });
                ids.push(id);
            }
        }
        if let Some((codebase, history)) = &self.history {
            codebase_history::store(tx, *codebase, history)?;
        }
        if let (Some(id), Some(state)) = (self.source_id, &self.poll_state) {
            diesel::update(change_sources::table.find(id.0)).set(change_sources::state.eq(state)).execute(tx.conn())?;
        }
        Ok(ids)
    }
}

impl IngestChanges {
    fn store(&self, tx: &mut Transaction<'_>, change: &NewChange) -> Result<Option<ChangeId>, DbError> {
        if let Some(key) = &change.delivery_key {
            let seen = changes::table
                .filter(changes::source.eq(&self.source))
                .filter(changes::delivery_key.eq(key))
                .select(changes::id);
            if seen.first::<i64>(tx.conn()).optional()?.is_some() {
                return Ok(None);
            }
        }
        let spec = StampSpec {
            codebase: change.codebase.clone(),
            repository: change.repository.clone(),
            project: change.project.clone(),
            branch: change.branch.clone(),
            revision: change.revision.clone(),
            patch: None,
        };
        let stamp = stamps::find_or_make(tx, &spec)?;
        let parent = parent(tx, change)?;
        let user = user(tx, &change.author)?;
        let when = change.when.unwrap_or_else(|| tx.now());
        let id: i64 = diesel::insert_into(changes::table)
            .values((
                (
                    changes::source_stamp_id.eq(stamp),
                    changes::parent_change_id.eq(parent),
                    changes::author.eq(&change.author),
                    changes::committer.eq(&change.committer),
                    changes::comments.eq(&change.comments),
                    changes::files.eq(text::of_strings(&change.files)),
                    changes::revision.eq(&change.revision),
                    changes::branch.eq(&change.branch),
                    changes::category.eq(&change.category),
                    changes::revlink.eq(&change.revlink),
                ),
                (
                    changes::repository.eq(&change.repository),
                    changes::project.eq(&change.project),
                    changes::codebase.eq(&change.codebase),
                    changes::properties.eq(text::of_properties(&change.properties)),
                    changes::when_us.eq(when.micros()),
                    changes::user_id.eq(user),
                    changes::source.eq(&self.source),
                    changes::delivery_key.eq(&change.delivery_key),
                ),
            ))
            .returning(changes::id)
            .get_result(tx.conn())?;
        Ok(Some(ChangeId(id)))
    }
}

/// The change before it on the same line of history.
fn parent(tx: &mut Transaction<'_>, change: &NewChange) -> Result<Option<i64>, DbError> {
    let same_line = changes::table
        .filter(changes::branch.is(&change.branch))
        .filter(changes::repository.eq(&change.repository))
        .filter(changes::project.eq(&change.project))
        .filter(changes::codebase.eq(&change.codebase))
        .order(changes::id.desc())
        .select(changes::id);
    Ok(same_line.first(tx.conn()).optional()?)
}

/// Who goes by this name; if nobody is known to, it makes somebody.
fn user(tx: &mut Transaction<'_>, identifier: &str) -> Result<i64, DbError> {
    let said = user_attributes::table.filter(user_attributes::value.eq(identifier));
    let said = said.order(user_attributes::user_id).select(user_attributes::user_id);
    if let Some(id) = said.first(tx.conn()).optional()? {
        return Ok(id);
    }
    let known = users::table.filter(users::identifier.eq(identifier)).select(users::id);
    if let Some(id) = known.first(tx.conn()).optional()? {
        return Ok(id);
    }
    let id = diesel::insert_into(users::table)
        .values(users::identifier.eq(identifier))
        .returning(users::id)
        .get_result(tx.conn())?;
    Ok(id)
}
