//! Which databases open, and in what state.

use std::fs;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel_migrations::FileBasedMigrations;
use tempfile::TempDir;

use crate::clock::Clock;
use crate::db::{OpenError, open, open_with};
use crate::testing::test_db::options;

fn clock() -> Clock {
    Clock::system()
}

fn error_of<T>(outcome: Result<T, OpenError>) -> OpenError {
    match outcome {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    auto_vacuum: i32,
}

#[test]
fn both_files_are_vacuumed_incrementally() {
    let directory = TempDir::new().unwrap();
    drop(open(&options(directory.path(), &clock())).unwrap());
    for file in ["state.sqlite", "logs.sqlite"] {
        let mut connection = SqliteConnection::establish(&directory.path().join(file).display().to_string()).unwrap();
        let pragma: Number = diesel::sql_query("PRAGMA auto_vacuum").get_result(&mut connection).unwrap();
        assert_eq!(pragma.auto_vacuum, 2, "{file}");
    }
}

#[test]
fn a_second_master_in_the_same_directory_is_refused_and_told_who_is_there() {
    let directory = TempDir::new().unwrap();
    let first = open(&options(directory.path(), &clock())).unwrap();
    let error = error_of(open(&options(directory.path(), &clock())));
    assert!(matches!(&error, OpenError::Locked { pid, .. } if *pid == std::process::id().to_string()), "{error}");
    drop(first);
    drop(open(&options(directory.path(), &clock())).unwrap());
}

#[test]
fn the_database_of_a_python_buildbot_is_left_alone() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("state.sqlite");
    let mut connection = SqliteConnection::establish(&path.display().to_string()).unwrap();
    connection.batch_execute("CREATE TABLE alembic_version (version_num TEXT)").unwrap();
    drop(connection);
    let before = fs::read(&path).unwrap();
    let error = error_of(open(&options(directory.path(), &clock())));
    assert!(matches!(&error, OpenError::Foreign { table, .. } if table == "alembic_version"));
    assert!(error.to_string().contains("buildbot import"));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn each_start_is_a_new_epoch() {
    let directory = TempDir::new().unwrap();
    let epochs: Vec<i64> =
        (0..3).map(|_| open(&options(directory.path(), &clock())).unwrap().0.master().epoch).collect();
    assert_eq!(epochs, [1, 2, 3]);
}

/// The schema of today and one step more, which no release has.
fn migrations_of_tomorrow(directory: &TempDir) -> FileBasedMigrations {
    let root = directory.path().join("migrations");
    let today = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    for entry in fs::read_dir(today).unwrap() {
        let entry = entry.unwrap();
        let target = root.join(entry.file_name());
        fs::create_dir_all(&target).unwrap();
        fs::copy(entry.path().join("up.sql"), target.join("up.sql")).unwrap();
    }
    let tomorrow = root.join("2999-01-01-000001_tomorrow");
    fs::create_dir_all(&tomorrow).unwrap();
    fs::write(tomorrow.join("up.sql"), "ALTER TABLE masters ADD COLUMN motto TEXT;").unwrap();
    FileBasedMigrations::from_path(root).unwrap()
}

#[test]
fn an_upgrade_is_preceded_by_a_backup_of_the_old_schema() {
    let directory = TempDir::new().unwrap();
    let base = directory.path().join("master");
    fs::create_dir(&base).unwrap();
    drop(open(&options(&base, &clock())).unwrap());
    let tomorrow = migrations_of_tomorrow(&directory);
    drop(open_with(&options(&base, &clock()), &tomorrow).unwrap());
    let mut names = fs::read_dir(&base).unwrap().map(|entry| entry.unwrap().path());
    let is_backup =
        |path: &std::path::PathBuf| path.display().to_string().contains("state.sqlite.before-upgrade-from-2026");
    let backup = names.find(is_backup).unwrap();
    let mut old = SqliteConnection::establish(&backup.display().to_string()).unwrap();
    assert!(diesel::sql_query("SELECT motto FROM masters").execute(&mut old).is_err());
    assert!(diesel::sql_query("SELECT name FROM masters").execute(&mut old).is_ok());
}

#[test]
fn a_newer_schema_is_refused() {
    let directory = TempDir::new().unwrap();
    let base = directory.path().join("master");
    fs::create_dir(&base).unwrap();
    let tomorrow = migrations_of_tomorrow(&directory);
    drop(open_with(&options(&base, &clock()), &tomorrow).unwrap());
    let error = error_of(open(&options(&base, &clock())));
    assert!(matches!(&error, OpenError::Newer { version, .. } if version == "29990101000001"), "{error}");
}
