//! What a step leaves with its build.

use diesel::prelude::*;

use crate::db::schema::build_data;
use crate::db::{DbError, Transaction, Transition};
use crate::domain::BuildId;

/// Sets a datum of a build; one of the same name is replaced.
pub struct SetBuildData {
    pub build: BuildId,
    pub name: String,
    pub value: Vec<u8>,
    /// Who says so.
    pub source: String,
}

impl Transition for SetBuildData {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        diesel::replace_into(build_data::table)
            .values((
                build_data::build_id.eq(self.build.0),
                build_data::name.eq(&self.name),
                build_data::value.eq(&self.value),
                build_data::length.eq(i64::try_from(self.value.len()).unwrap_or(i64::MAX)),
                build_data::source.eq(&self.source),
            ))
            .execute(tx.conn())?;
        Ok(())
    }
}
