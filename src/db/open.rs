//! Opening: one master per base directory, its own database, the right schema, a backup before an upgrade.

use std::fs::{File, OpenOptions as FileOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use nix::fcntl::{Flock, FlockArg};
use tracing::info;

use super::readers::Readers;
use super::schema::{events, masters};
use super::url::{UrlError, sqlite_path};
use super::writer::{Lane, Outage};
use super::{Db, MasterIdentity, WriterLoop};
use crate::clock::Clock;
use crate::domain::MasterId;

const STATE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const LOGS: EmbeddedMigrations = embed_migrations!("migrations/logs_sqlite");

/// Held while a master uses its base directory.
pub(super) type BaseDirLock = Flock<File>;

/// What to open.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    pub base_dir: PathBuf,
    pub db_url: String,
    /// `host:base directory`, as Buildbot names masters.
    pub master_name: String,
    pub clock: Clock,
}

/// The reason a database was not opened; nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Url(#[from] UrlError),
    #[error("cannot use {path}: {error}")]
    File { path: PathBuf, error: std::io::Error },
    #[error("another master uses {path} (process {pid}): stop it first")]
    Locked { path: PathBuf, pid: String },
    #[error(
        "{path} belongs to a Python Buildbot (it has the table {table}) and is left alone; `buildbot import` is to take \
         such a database over and is not available yet: name another file in c['db']"
    )]
    Foreign { path: PathBuf, table: String },
    #[error("{path} was written by a newer version of this program (schema {version}): install that version")]
    Newer { path: PathBuf, version: String },
    #[error("cannot open {path}: {error}")]
    Sqlite { path: PathBuf, error: String },
}

/// Opens the database, making or upgrading it as needed. Blocks.
pub fn open(options: &OpenOptions) -> Result<(Db, WriterLoop), OpenError> {
    open_with(options, &STATE)
}

/// As [`open`], with the migrations of the state given: tests upgrade to a schema that no release has.
pub fn open_with(
    options: &OpenOptions,
    migrations: &dyn MigrationSource<Sqlite>,
) -> Result<(Db, WriterLoop), OpenError> {
    let state_path = sqlite_path(&options.db_url, &options.base_dir)?;
    let logs_path = state_path.with_file_name("logs.sqlite");
    let lock = lock(&options.base_dir)?;
    let mut state = prepare(&state_path, migrations)?;
    let logs = prepare(&logs_path, &LOGS)?;
    let (master, next_seq) = begin_epoch(&mut state, options).map_err(sqlite(&state_path))?;
    let outage = Outage::default();
    let clock = options.clock.clone();
    let (state_sender, state) = Lane::new(state, clock.clone(), master, Some(next_seq), outage.clone());
    let (logs_sender, logs) = Lane::new(logs, clock, master, None, outage.clone());
    let db = Db {
        master,
        reads: Readers::open(&state_path).map_err(sqlite(&state_path))?,
        log_reads: Readers::open(&logs_path).map_err(sqlite(&logs_path))?,
        state: state_sender,
        logs: logs_sender,
        outage,
        _lock: Arc::new(lock),
    };
    Ok((db, WriterLoop { state, logs }))
}

fn lock(base_dir: &Path) -> Result<BaseDirLock, OpenError> {
    let path = base_dir.join("master.lock");
    let failed = |error| OpenError::File { path: path.clone(), error };
    let mut file =
        FileOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    let mut pid = String::new();
    // What a holder wrote is only shown; a file that cannot be read is as good as an empty one.
    let _ = file.read_to_string(&mut pid);
    let lock = Flock::lock(file, FlockArg::LockExclusiveNonblock);
    let mut lock = lock.map_err(|_| OpenError::Locked { path: path.clone(), pid: pid.trim().to_owned() })?;
    lock.set_len(0).map_err(failed)?;
    std::io::Seek::rewind(&mut *lock).map_err(failed)?;
    writeln!(lock, "{}", std::process::id()).map_err(failed)?;
    Ok(lock)
}

fn sqlite<E: ToString>(path: &Path) -> impl Fn(E) -> OpenError + '_ {
    |error| OpenError::Sqlite { path: path.to_owned(), error: error.to_string() }
}

fn connect(path: &Path) -> Result<SqliteConnection, OpenError> {
    SqliteConnection::establish(&path.display().to_string()).map_err(sqlite(path))
}

#[derive(diesel::QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// The connection of a lane, with the schema of this program.
fn prepare(path: &Path, migrations: &dyn MigrationSource<Sqlite>) -> Result<SqliteConnection, OpenError> {
    let mut connection = connect(path)?;
    let failed = sqlite::<diesel::result::Error>(path);
    // Before the first table, or it would take a VACUUM of the whole file.
    connection.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA auto_vacuum = INCREMENTAL").map_err(&failed)?;
    let tables: Vec<Name> = diesel::sql_query("SELECT name FROM sqlite_master WHERE type = 'table'")
        .load(&mut connection)
        .map_err(&failed)?;
    if let Some(table) =
        tables.iter().find(|table| ["alembic_version", "migrate_version"].contains(&table.name.as_str()))
    {
        return Err(OpenError::Foreign { path: path.to_owned(), table: table.name.clone() });
    }
    connection
        .batch_execute(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
             PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -4000",
        )
        .map_err(&failed)?;
    migrate(&mut connection, path, migrations, !tables.is_empty())?;
    Ok(connection)
}

fn migrate(
    connection: &mut SqliteConnection,
    path: &Path,
    migrations: &dyn MigrationSource<Sqlite>,
    exists: bool,
) -> Result<(), OpenError> {
    let failed = sqlite::<Box<dyn std::error::Error + Send + Sync>>(path);
    let mut migrations: Vec<Box<dyn Migration<Sqlite>>> = migrations.migrations().map_err(&failed)?;
    // a source gives them in any order
    migrations.sort_by(|one, other| one.name().version().cmp(&other.name().version()));
    let known: Vec<String> = migrations.iter().map(|migration| migration.name().version().to_string()).collect();
    let applied = connection.applied_migrations().map_err(&failed)?;
    if let Some(newer) = applied.iter().find(|version| !known.contains(&version.to_string())) {
        return Err(OpenError::Newer { path: path.to_owned(), version: newer.to_string() });
    }
    if applied.len() == known.len() {
        return Ok(());
    }
    if exists {
        back_up(connection, path, applied.first().map(ToString::to_string).unwrap_or_default())?;
    }
    for migration in migrations {
        if !applied.contains(&migration.name().version()) {
            connection.run_migration(&migration).map_err(&failed)?;
        }
    }
    Ok(())
}

/// Copies the database as it is before its schema changes.
fn back_up(connection: &mut SqliteConnection, path: &Path, schema: String) -> Result<(), OpenError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".before-upgrade-from-{schema}"));
    let backup = path.with_file_name(name);
    if backup.exists() {
        // A run that was cut short may have left half of one.
        std::fs::remove_file(&backup).map_err(|error| OpenError::File { path: backup.clone(), error })?;
    }
    info!(backup = %backup.display(), "the database is copied before its schema is upgraded");
    diesel::sql_query("VACUUM INTO ?")
        .bind::<Text, _>(backup.display().to_string())
        .execute(connection)
        .map_err(sqlite(path))?;
    Ok(())
}

/// Makes this life of the master the valid one; what the next event's number is.
fn begin_epoch(
    connection: &mut SqliteConnection,
    options: &OpenOptions,
) -> Result<(MasterIdentity, i64), diesel::result::Error> {
    connection.immediate_transaction(|connection| {
        let now = options.clock.now().micros();
        diesel::insert_into(masters::table)
            .values((masters::name.eq(&options.master_name), masters::last_active_us.eq(now)))
            .on_conflict(masters::name)
            .do_nothing()
            .execute(connection)?;
        let (id, epoch): (i64, i64) = diesel::update(masters::table.filter(masters::name.eq(&options.master_name)))
            .set((masters::epoch.eq(masters::epoch + 1), masters::active.eq(1), masters::last_active_us.eq(now)))
            .returning((masters::id, masters::epoch))
            .get_result(connection)?;
        let last: Option<i64> =
            events::table.filter(events::master_id.eq(id)).select(diesel::dsl::max(events::seq)).first(connection)?;
        Ok((MasterIdentity { id: MasterId(id), epoch }, last.unwrap_or(0).saturating_add(1)))
    })
}
