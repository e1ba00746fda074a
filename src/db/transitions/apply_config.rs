//! A configuration comes into force: its names get rows, and it is kept as a version with the files it was made of.

use diesel::prelude::*;
use sha2::{Digest, Sha256};

use super::stored_values::{self, StoreValue};
use super::sync_config::{ConfigIds, SyncConfig};
use crate::db::schema::{config_texts, config_version_files, config_versions};
use crate::db::{DbError, Transaction, Transition};

/// Puts a configuration in force, all of it in one transaction.
pub struct ApplyConfig {
    pub sync: SyncConfig,
    /// Names and texts of the files it was made of.
    pub files: Vec<(String, String)>,
    /// Values that it keeps.
    pub values: Vec<StoreValue>,
    /// Why it comes into force, for the list of versions.
    pub cause: String,
    /// What it changes, a line each.
    pub changes: Vec<String>,
}

/// What became of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredConfig {
    pub ids: ConfigIds,
    /// The number of the version, a new one if a file differs from the last.
    pub version: i64,
}

impl Transition for ApplyConfig {
    type Outcome = StoredConfig;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<StoredConfig, DbError> {
        let ids = self.sync.apply(tx)?;
        stored_values::store(tx, &self.values)?;
        let mut files: Vec<(String, String)> =
            self.files.iter().map(|(name, text)| (name.clone(), digest(text))).collect();
        files.sort();
        let newest: Option<i64> =
            config_versions::table.select(diesel::dsl::max(config_versions::id)).first(tx.conn())?;
        if let Some(newest) = newest
            && files_of(tx, newest)? == files
        {
            return Ok(StoredConfig { ids, version: newest });
        }
        Ok(StoredConfig { ids, version: self.keep(tx, &files)? })
    }
}

impl ApplyConfig {
    fn keep(&self, tx: &mut Transaction<'_>, files: &[(String, String)]) -> Result<i64, DbError> {
        let now = tx.now_us();
        let version: i64 = diesel::insert_into(config_versions::table)
            .values((
                config_versions::applied_at_us.eq(now),
                config_versions::cause.eq(&self.cause),
                config_versions::changes.eq(self.changes.join("\n")),
            ))
            .returning(config_versions::id)
            .get_result(tx.conn())?;
        for (_, text) in &self.files {
            diesel::insert_or_ignore_into(config_texts::table)
                .values((config_texts::digest.eq(digest(text)), config_texts::body.eq(text)))
                .execute(tx.conn())?;
        }
        for (name, digest) in files {
            diesel::insert_into(config_version_files::table)
                .values((
                    config_version_files::version_id.eq(version),
                    config_version_files::name.eq(name),
                    config_version_files::digest.eq(digest),
                ))
                .execute(tx.conn())?;
        }
        Ok(version)
    }
}

/// Names and digests, by name.
fn files_of(tx: &mut Transaction<'_>, version: i64) -> Result<Vec<(String, String)>, DbError> {
    Ok(config_version_files::table
        .filter(config_version_files::version_id.eq(version))
        .order((config_version_files::name, config_version_files::digest))
        .select((config_version_files::name, config_version_files::digest))
        .load(tx.conn())?)
}

fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
