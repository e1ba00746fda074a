//! Whole configurations as installations have them, and what each must mean.
//!
//! Every directory below `old` (the style of 0.8) and `modern` (that of 4.x) has a `master.cfg`, often with modules and
//! data beside it, and a sheet, `expected`, whose lines ask for what became of it (`sheet.rs` says how they read).
//! `coverage.txt` says which construct stands in which of them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod builders;
mod calls;
mod coverage;
mod given;
mod master;
mod reporters;
mod schedulers;
mod sheet;
mod steps;
mod values;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use buildbot::config::{ConfigErrors, Loader, MasterConfig};
use buildbot::domain::Timestamp;

use tempfile::TempDir;

use sheet::{Expectation, Sheet};

/// The directories of all configurations, sorted.
pub fn all() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/configurations");
    let inside = |style: &str| fs::read_dir(here.join(style)).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = inside("old").chain(inside("modern")).collect();
    found.sort();
    found
}

/// `old/browser`.
pub fn name_of(directory: &Path) -> String {
    let mut parts = directory.iter().rev().map(|part| part.to_string_lossy().into_owned());
    let (name, style) = (parts.next().unwrap(), parts.next().unwrap());
    format!("{style}/{name}")
}

/// It is the first of January 2026, noon.
fn load(directory: &Path, sheet: &Sheet) -> Result<MasterConfig, ConfigErrors> {
    let place = sheet.private.first().map(|_| copy(directory, &sheet.private));
    let directory = place.as_ref().map_or(directory, TempDir::path);
    let home = [("HOME".to_owned(), "/home/ci".to_owned())];
    let environ: BTreeMap<String, String> = home.into_iter().chain(sheet.environ.clone()).collect();
    let now = || Timestamp::from_secs(1_767_268_800);
    Loader::new(directory).with_environ(environ).with_now(now).master_cfg()
}

/// A copy with private directories in it.
fn copy(directory: &Path, private: &[String]) -> TempDir {
    let place = tempfile::tempdir().unwrap();
    let mut waiting = vec![directory.to_owned()];
    while let Some(from) = waiting.pop() {
        let to = place.path().join(from.strip_prefix(directory).unwrap());
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(&from).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
            }
        }
    }
    for name in private {
        fs::DirBuilder::new().mode(0o700).create(place.path().join(name)).unwrap();
    }
    place
}

/// What is not as its sheet says.
fn objections(directory: &Path, sheet: &Sheet) -> Vec<String> {
    let config = match load(directory, sheet) {
        Ok(config) => config,
        Err(errors) if sheet.errors.is_empty() => return vec![format!("it does not load:\n{errors}")],
        Err(errors) => {
            let found = errors.iter().map(|error| format!("{}:{}: {}", error.file, error.line, error.message));
            return sheet::differences("errors", &sheet.errors, found);
        }
    };
    if !sheet.errors.is_empty() {
        return vec!["it loads, and should not".to_owned()];
    }
    let notes = config.not_available.iter().map(|note| format!("{}:{}: {}", note.file, note.line, note.message));
    let mut objections = sheet::differences("noted", &sheet.notes, notes);
    objections.extend(sheet::differences("inactive", &sheet.inactive, config.inactive.iter().cloned()));
    objections.extend(sheet::differences("warned", &sheet.warnings, config.warnings.iter().cloned()));
    objections.extend(sheet.expectations.iter().filter_map(|expectation| objection(&config, expectation)));
    objections
}

fn objection(config: &MasterConfig, expectation: &Expectation) -> Option<String> {
    let answer = master::answer(config, &expectation.headings, &expectation.question);
    let why = expectation.expected.refuses(&answer)?;
    let place = expectation.headings.iter().map(|heading| format!("{} > ", heading.words())).collect::<String>();
    Some(format!("line {}: {place}{}: {why}", expectation.line, expectation.question.text))
}

/// `CONFIGURATION=part-of-a-name` looks at some of them only.
#[test]
fn every_configuration_means_what_its_sheet_says() {
    let only = std::env::var("CONFIGURATION").unwrap_or_default();
    let mut wrong = String::new();
    for directory in all().iter().filter(|directory| name_of(directory).contains(&only)) {
        let sheet = Sheet::read(&directory.join("expected"));
        assert!(sheet.asks_enough(), "{}: its sheet asks too little", name_of(directory));
        for objection in objections(directory, &sheet) {
            wrong.push_str(&format!("{}: {objection}\n", name_of(directory)));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
