//! What Buildbot's manual shows, in words of our own: `examples/CHAPTER/NAME.cfg`, one file for each of its examples.
//!
//! A file begins with what it shows and ends with what it must mean: `#: ` lines of `meaning.rs`, all that differ from
//! the configuration it is added to (`prelude.cfg`); or `#! `, what is said about it. `UPDATE_GOLDENS=1` writes these
//! lines, and the list of what is refused in the manual.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use buildbot::config::{ConfigErrors, Loader, MasterConfig};
use buildbot::domain::Timestamp;

use super::meaning::meaning;
use super::{MANUAL, read, root};

const EXAMPLES: &str = "tests/manual/examples";
const LIST: &str = "buildbots-examples.md";
const BEGIN: &str = "<!-- the list -->\n";

struct Example {
    path: PathBuf,
    /// `schedulers/force`.
    name: String,
    /// Its first line.
    title: String,
    /// All but the lines that say what it means.
    text: String,
    /// These, without what they begin with.
    expected: Vec<String>,
}

impl Example {
    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap();
        let is_expected = |line: &&str| line.starts_with("#: ") || line.starts_with("#! ");
        let name = path.strip_prefix(root().join(EXAMPLES)).unwrap().with_extension("");
        let title = text.lines().next().unwrap_or_default().trim_start_matches("# ").to_owned();
        let code: Vec<&str> = text.lines().filter(|line| !is_expected(line)).collect();
        let expected = text.lines().filter(is_expected).map(str::to_owned).collect();
        Self { name: name.to_string_lossy().into_owned(), title, text: code.join("\n") + "\n", expected, path }
    }

    /// What it means, or what is said about it, each line as it stands in the file.
    fn found(&self, prelude: &str) -> Vec<String> {
        match load(&format!("{prelude}{}", self.text)) {
            Ok(config) => {
                let before: BTreeSet<String> = meaning(&load(prelude).unwrap()).into_iter().collect();
                let lines = meaning(&config).into_iter().filter(|line| !before.contains(line));
                lines.map(|line| format!("#: {line}")).collect()
            }
            Err(errors) => {
                let first = u32::try_from(prelude.lines().count()).unwrap();
                let line = |line: u32| line.checked_sub(first).map_or_else(|| "-".to_owned(), |line| line.to_string());
                errors.iter().map(|error| format!("#! {}: {}", line(error.line), error.message)).collect()
            }
        }
    }

    fn is_refused(&self) -> bool {
        self.expected.iter().any(|line| line.starts_with("#! "))
    }
}

/// It is noon of the first of January 2026. The directory has one of secrets in it.
fn load(text: &str) -> Result<MasterConfig, ConfigErrors> {
    let base_dir = tempfile::tempdir().unwrap();
    fs::DirBuilder::new().mode(0o700).create(base_dir.path().join("secrets")).unwrap();
    let loader = Loader::new(base_dir.path()).with_now(|| Timestamp::from_secs(1_767_268_800));
    loader.text("master.cfg", text)
}

fn prelude() -> String {
    read(&format!("{EXAMPLES}/prelude.cfg"))
}

fn examples() -> Vec<Example> {
    let inside = |directory: &Path| fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let chapters = inside(&root().join(EXAMPLES)).filter(|path| path.is_dir());
    let mut paths: Vec<PathBuf> = chapters.flat_map(|chapter| inside(&chapter).collect::<Vec<_>>()).collect();
    paths.sort();
    paths.into_iter().map(Example::read).collect()
}

fn is_updating() -> bool {
    std::env::var_os("UPDATE_GOLDENS").is_some()
}

#[test]
fn every_example_means_what_it_says_or_is_refused_with_its_reason() {
    let (prelude, examples) = (prelude(), examples());
    assert!(250 < examples.len(), "{}", examples.len());
    let mut wrong = String::new();
    for example in examples {
        let found = example.found(&prelude);
        if found == example.expected {
            continue;
        }
        if is_updating() {
            let lines: String = found.iter().map(|line| format!("{line}\n")).collect();
            fs::write(&example.path, format!("{}{lines}", example.text)).unwrap();
        }
        let _ = writeln!(wrong, "{}:\n  expected {:#?}\n  found {found:#?}", example.name, example.expected);
    }
    assert!(wrong.is_empty() || is_updating(), "{wrong}");
}

/// What is refused, for the manual: the construct, and what is said about it.
fn list_of_refused() -> String {
    let mut list = "| example | what it shows | what is said |\n|---|---|---|\n".to_owned();
    for example in examples().iter().filter(|example| example.is_refused()) {
        let said = example.expected.iter().filter_map(|line| line.split_once(": ")).map(|(_, said)| said);
        let said = said.collect::<Vec<_>>().join("<br>").replace('|', "\\|");
        let _ = writeln!(list, "| {} | {} | {said} |", example.name, example.title.trim_end_matches('.'));
    }
    list
}

#[test]
fn the_manual_lists_what_is_refused() {
    let path = format!("{MANUAL}/{LIST}");
    let text = read(&path);
    let (head, list) = text.split_once(BEGIN).expect("the chapter has a mark where the list begins");
    let wanted = list_of_refused();
    if is_updating() {
        fs::write(root().join(path), format!("{head}{BEGIN}{wanted}")).unwrap();
        return;
    }
    assert_eq!(list, wanted, "{LIST} is out of date");
}
