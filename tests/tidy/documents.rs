//! Documents do not speak of files that are not there.

use super::source::walk;
use super::{read, root};

/// Where a path in backticks has to begin to be taken for one of ours.
const BEGINNINGS: [&str; 8] = ["src/", "tests/", "docs/", "worker/", "protocol/", "migrations/", "config/", ".ci/"];

/// Documents beside those in `docs`.
const TOP_DOCUMENTS: [&str; 2] = ["README.md", "CHANGELOG.md"];

pub fn objections() -> Vec<String> {
    let mut documents = Vec::new();
    walk(&root().join("docs"), "md", &mut documents);
    documents.extend(TOP_DOCUMENTS.iter().filter(|path| root().join(path).exists()).map(|path| (*path).to_owned()));
    documents.iter().flat_map(|document| objections_to(document, &read(document))).collect()
}

fn objections_to(document: &str, text: &str) -> Vec<String> {
    let mut objections = Vec::new();
    for (n, line) in text.lines().enumerate() {
        for path in line.split('`').skip(1).step_by(2).filter(|path| is_path(path)) {
            if !root().join(path).exists() {
                objections.push(format!("{document}:{}: there is no {path}", n + 1));
            }
        }
    }
    objections
}

/// Patterns such as `docs/adr/NNNN-*.md` name no file.
fn is_path(text: &str) -> bool {
    let is_pattern = text.contains(['*', '<', '{', ' ']);
    !is_pattern && BEGINNINGS.iter().any(|beginning| text.starts_with(beginning))
}

#[test]
fn a_path_that_does_not_exist_is_objected_to() {
    let text = "See `src/lib.rs`, `src/<room>/x.rs` and `tests/tidy/main.rs`,\nand `src/no_such_room/x.rs`.";
    assert_eq!(objections_to("d.md", text), ["d.md:2: there is no src/no_such_room/x.rs"]);
}
