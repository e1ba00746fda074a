//! The manual and the README against what there is: chapters, links, configurations and addresses.
//!
//! Commands in them are parsed by the tests of both command lines; `tests/e2e/tutorial.rs` types the tutorial.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

mod examples;
mod markdown;
mod meaning;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use buildbot::config::Loader;
use markdown::{anchors, blocks, links};

const MANUAL: &str = "docs/manual/src";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Every Markdown file of the manual, relative to it.
fn files() -> BTreeSet<String> {
    fn walk(directory: &Path, found: &mut BTreeSet<PathBuf>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.insert(path);
            }
        }
    }
    let (manual, mut found) = (root().join(MANUAL), BTreeSet::new());
    walk(&manual, &mut found);
    found.iter().map(|path| path.strip_prefix(&manual).unwrap().to_string_lossy().into_owned()).collect()
}

/// Documents that a new user reads, relative to the workspace.
fn documents() -> Vec<String> {
    let chapters = files().into_iter().map(|file| format!("{MANUAL}/{file}"));
    chapters.chain(["README.md".to_owned()]).collect()
}

#[test]
fn every_chapter_is_in_the_summary_and_every_entry_of_it_is_there() {
    let summary: BTreeSet<String> = links(&read(&format!("{MANUAL}/SUMMARY.md"))).collect();
    let mut chapters = files();
    chapters.remove("SUMMARY.md");
    assert_eq!(summary, chapters);
}

#[test]
fn every_link_leads_somewhere() {
    let mut dead = Vec::new();
    for document in documents() {
        let text = read(&document);
        for link in links(&text).filter(|link| !link.starts_with("http")) {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let directory = Path::new(&document).parent().unwrap();
            let target = if file.is_empty() { PathBuf::from(&document) } else { directory.join(file) };
            match fs::read(root().join(&target)) {
                Err(_) => dead.push(format!("{document}: {link}")),
                Ok(bytes) if !anchor.is_empty() && !anchors(&String::from_utf8_lossy(&bytes)).contains(anchor) => {
                    dead.push(format!("{document}: {link} has no such heading"));
                }
                Ok(_) => (),
            }
        }
    }
    assert!(dead.is_empty(), "links that lead nowhere:\n{}", dead.join("\n"));
}

#[test]
fn every_configuration_loads_without_a_warning() {
    let mut n_configurations = 0;
    for document in documents() {
        for block in blocks(&read(&document)).filter(|block| block.info == "python master.cfg") {
            let loaded = Loader::new("/srv/master").text("master.cfg", &block.text);
            let config = loaded.unwrap_or_else(|errors| unreachable!("{document}: {errors}"));
            assert_eq!(config.warnings, Vec::<String>::new(), "{document}");
            n_configurations += 1;
        }
    }
    assert!(1 <= n_configurations);
}

#[test]
fn every_block_says_what_it_is() {
    let known = ["sh", "sh run", "sh run=2", "python", "python master.cfg", "text", "ini"];
    for document in documents() {
        for block in blocks(&read(&document)) {
            assert!(known.contains(&block.info.as_str()), "{document}: a block of {:?}", block.info);
        }
    }
}

#[test]
fn every_address_in_the_manual_is_served() {
    let routes = read("src/web/mod.rs");
    let pages = read(&format!("{MANUAL}/pages.md"));
    let addresses: Vec<&str> = pages.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert!(10 < addresses.len());
    for address in addresses.iter().filter(|address| !["/api/v2", "/change_hook/{dialect}"].contains(address)) {
        assert!(routes.contains(&format!("\"{address}\"")), "{address} is in pages.md and not in src/web/mod.rs");
    }
}
