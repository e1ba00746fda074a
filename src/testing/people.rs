//! People: what is said of them, and what they change.

use super::sample_site;
use crate::db::transitions::{AddUser, IngestChanges, RemoveUser, UserFacts};
use crate::db::{Db, DbError};
use crate::domain::NewChange;

/// Says something of somebody.
pub async fn describe(db: &Db, identifier: &str, attributes: &[(&str, &str)]) -> Result<(), DbError> {
    let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    db.write(AddUser(UserFacts { identifier: identifier.to_owned(), attributes, login: None })).await?;
    Ok(())
}

pub async fn forget(db: &Db, identifier: &str) -> Result<(), DbError> {
    db.write(RemoveUser { identifier: identifier.to_owned() }).await?;
    Ok(())
}

/// A change of this author comes in.
pub async fn change_by(db: &Db, author: &str) -> Result<(), DbError> {
    let change = NewChange { author: author.to_owned(), ..sample_site::change() };
    let (source, changes) = ("hook".to_owned(), vec![change]);
    db.write(IngestChanges { source, source_id: None, changes, poll_state: None, history: None }).await?;
    Ok(())
}
