//! Source stamps: equal ones share a row.

use diesel::prelude::*;
use sha2::{Digest, Sha256};

use crate::db::schema::{patches, source_stamps};
use crate::db::{DbError, Transaction};
use crate::domain::StampSpec;

/// Finds or makes the row of a stamp.
pub(super) fn find_or_make(tx: &mut Transaction<'_>, spec: &StampSpec) -> Result<i64, DbError> {
    let digest = digest(spec);
    let known = source_stamps::table.filter(source_stamps::digest.eq(&digest)).select(source_stamps::id);
    if let Some(id) = known.first(tx.conn()).optional()? {
        return Ok(id);
    }
    let patch_id: Option<i64> = match &spec.patch {
        None => None,
        Some(patch) => Some(
            diesel::insert_into(patches::table)
                .values((
                    patches::body.eq(&patch.body),
                    patches::level.eq(patch.level),
                    patches::subdir.eq(&patch.subdir),
                    patches::author.eq(&patch.author),
                    patches::comment.eq(&patch.comment),
                ))
                .returning(patches::id)
                .get_result(tx.conn())?,
        ),
    };
    let now = tx.now_us();
    let id = diesel::insert_into(source_stamps::table)
        .values((
            source_stamps::digest.eq(digest),
            source_stamps::codebase.eq(&spec.codebase),
            source_stamps::repository.eq(&spec.repository),
            source_stamps::project.eq(&spec.project),
            source_stamps::branch.eq(&spec.branch),
            source_stamps::revision.eq(&spec.revision),
            source_stamps::patch_id.eq(patch_id),
            source_stamps::created_at_us.eq(now),
        ))
        .returning(source_stamps::id)
        .get_result(tx.conn())?;
    Ok(id)
}

/// All fields, each with its length, so that no two stamps have one digest by shifting text between fields.
fn digest(spec: &StampSpec) -> String {
    let mut hasher = Sha256::new();
    let mut field = |bytes: Option<&[u8]>| match bytes {
        None => hasher.update(b"-"),
        Some(bytes) => {
            hasher.update(format!("{}:", bytes.len()));
            hasher.update(bytes);
        }
    };
    field(Some(spec.codebase.as_bytes()));
    field(Some(spec.repository.as_bytes()));
    field(Some(spec.project.as_bytes()));
    field(spec.branch.as_deref().map(str::as_bytes));
    field(spec.revision.as_deref().map(str::as_bytes));
    if let Some(patch) = &spec.patch {
        field(Some(&patch.body));
        field(Some(patch.level.to_string().as_bytes()));
        field(Some(patch.subdir.as_bytes()));
        field(Some(patch.author.as_bytes()));
        field(Some(patch.comment.as_bytes()));
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
