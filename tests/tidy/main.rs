//! Keeps the house as its documents say: an ordinary test that reads the sources as text and compiles nothing.
//!
//! Each check returns what it objects to, with the place, so that one run names everything.

mod documents;
mod imports;
mod messages;
mod shape;
mod source;
mod words;

use std::fs;
use std::path::Path;

use source::Source;

/// The workspace.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    let text = fs::read_to_string(root().join(path));
    assert!(text.is_ok(), "cannot read {path}");
    text.unwrap_or_default()
}

#[track_caller]
fn expect_nothing(objections: Vec<String>) {
    assert!(objections.is_empty(), "{} objections:\n{}", objections.len(), objections.join("\n"));
}

#[test]
fn rooms_import_only_what_the_architecture_allows() {
    let table = imports::Table::parse(&read("docs/ARCHITECTURE.md"));
    expect_nothing(imports::objections(&Source::all_below("src"), &table));
}

#[test]
fn files_stay_small() {
    let sources = ["src", "worker/src", "protocol/src"].iter().flat_map(|dir| Source::all_below(dir)).collect();
    expect_nothing(shape::size_objections(sources));
}

#[test]
fn every_file_says_what_it_is_for() {
    let sources = ["src", "worker/src", "protocol/src", "tests"].iter().flat_map(|dir| Source::all_below(dir));
    expect_nothing(shape::header_objections(sources));
}

#[test]
fn every_actor_says_what_it_hears_tells_writes_and_loses() {
    expect_nothing(shape::actor_objections(&Source::all_below("src/actors")));
}

#[test]
fn every_path_named_in_a_document_exists() {
    expect_nothing(documents::objections());
}

#[test]
fn words_stay_in_their_rooms() {
    let sources = ["src", "worker/src", "protocol/src"].iter().flat_map(|dir| Source::all_below(dir));
    expect_nothing(words::objections(sources));
}

#[test]
fn a_message_name_occurs_once() {
    expect_nothing(messages::objections(&Source::all_below("src")));
}

#[test]
fn panics_unwind_in_every_profile() {
    let manifest = read("Cargo.toml").replace(' ', "");
    assert!(!manifest.contains("panic=\"abort\""), "supervision catches panics");
}
