//! What is said of things that were there: builds and logs that were removed because nobody was to need them any more.

use crate::db::Db;
use crate::db::views::keys::BuildKey;
use crate::db::views::lifetime;
use crate::domain::{Log, LogKind};

use super::error::WebError;
use super::format;

/// The reason a build is not there, if it was there once; otherwise `missing`.
pub async fn reason(db: &Db, key: BuildKey, missing: String) -> WebError {
    let named = match &key {
        BuildKey::Id(id) => format!("The build with the id {id}"),
        BuildKey::Number(_, number) => format!("Build {number} of this builder"),
    };
    match db.read(move |conn| lifetime::was_removed(conn, &key)).await {
        Ok(true) => WebError::NotFound(format!("{named} was removed: this master does not keep all builds.")),
        Ok(false) => WebError::NotFound(missing),
        Err(error) => error.into(),
    }
}

/// Fails with the reason if the text of a log was removed.
pub async fn check_text(db: &Db, log: &Log) -> Result<(), WebError> {
    if log.kind != LogKind::Deleted {
        return Ok(());
    }
    let step = log.step_id;
    let at = db.read(move |conn| lifetime::logs_removed_at(conn, step)).await?;
    let on = at.map_or_else(String::new, |at| format!(" on {}", format::exact(at)));
    let name = &log.name;
    Err(WebError::NotFound(format!(
        "The text of the log “{name}” was removed{on}: this master does not keep all logs."
    )))
}
