//! Which room uses which, against the table in `docs/ARCHITECTURE.md`.

use std::collections::BTreeMap;

use super::source::{Source, Token};

/// What each room may import: prefixes of paths, as lists of segments.
pub struct Table(BTreeMap<String, Vec<Vec<String>>>);

/// How the protocol's crate is called in the table.
const PROTOCOL: &str = "protocol";

impl Table {
    /// Reads the rows below the heading `| room | may import |`.
    pub fn parse(document: &str) -> Self {
        let rows = document.lines().skip_while(|line| *line != "| room | may import |").skip(2);
        let mut table = BTreeMap::new();
        for row in rows.take_while(|line| line.starts_with('|')) {
            let mut cells = row.trim_matches('|').split('|');
            let (rooms, allowed) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
            let allowed: Vec<Vec<String>> =
                quoted(allowed).map(|path| path.split("::").map(str::to_owned).collect()).collect();
            for room in quoted(rooms) {
                assert!(table.insert(room.to_owned(), allowed.clone()).is_none(), "{room} has two rows");
            }
        }
        assert!(!table.is_empty(), "docs/ARCHITECTURE.md has no table '| room | may import |'");
        Self(table)
    }

    fn allows(&self, room: &str, path: &[String]) -> bool {
        let Some(allowed) = self.0.get(room) else { return false };
        allowed.iter().any(|prefix| path.starts_with(prefix))
    }
}

/// The parts of a text between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

pub fn objections(sources: &[Source], table: &Table) -> Vec<String> {
    let mut objections = Vec::new();
    for source in sources {
        // The two roots: the list of rooms, and the program that calls one of them.
        let Some(room) = source.room().filter(|room| !["lib", "main"].contains(room)) else { continue };
        if !table.0.contains_key(room) {
            objections.push(format!("{}: the room {room} has no row in the table", source.path));
            continue;
        }
        for (line, path) in paths(source) {
            let is_own = path.first().is_some_and(|first| first == room);
            let is_testing = path.first().is_some_and(|first| first == "testing") && source.is_test_line(line);
            if !is_own && !is_testing && !table.allows(room, &path) {
                objections.push(format!("{}:{line}: {room} may not import {}", source.path, path.join("::")));
            }
        }
    }
    objections
}

/// Every path into this crate or into the protocol's, absolute, with its line.
fn paths(source: &Source) -> Vec<(usize, Vec<String>)> {
    let tokens = source.tokens();
    let mut modules = module_of(&source.path);
    // The depth of braces at which each inline module closes.
    let mut closings = Vec::new();
    let mut depth = 0_usize;
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let is_path_start = at == 0 || tokens[at - 1].text != "::";
        match token.text.as_str() {
            "{" => {
                if 2 <= at && tokens[at - 2].text == "mod" {
                    modules.push(tokens[at - 1].text.clone());
                    closings.push(depth);
                }
                depth += 1;
            }
            "}" => {
                depth = depth.saturating_sub(1);
                if closings.last() == Some(&depth) {
                    closings.pop();
                    modules.pop();
                }
            }
            "crate" if is_path_start => tree(&tokens, at, Vec::new(), &mut found),
            "buildbot_protocol" if is_path_start => tree(&tokens, at, vec![PROTOCOL.to_owned()], &mut found),
            "super" if is_path_start => {
                let n_up = 1 + tokens[at..].chunks(2).skip(1).take_while(|pair| pair[0].text == "super").count();
                let base = modules[..modules.len().saturating_sub(n_up)].to_vec();
                tree(&tokens, at + 2 * (n_up - 1), base, &mut found);
            }
            _ => (),
        }
    }
    // `pub(crate)`, and `super` of a top module, name no room.
    found.retain(|(_, path)| !path.is_empty());
    found
}

/// Collects the paths that continue after the token `at`; a group in braces has several.
fn tree(tokens: &[Token], at: usize, prefix: Vec<String>, found: &mut Vec<(usize, Vec<String>)>) {
    let line = tokens[at].line;
    let continues = tokens.get(at + 1).is_some_and(|token| token.text == "::");
    let Some(next) = tokens.get(at + 2).filter(|_| continues) else {
        return found.push((line, prefix));
    };
    if next.text != "{" {
        let is_name = next.text.chars().all(|c| c == '_' || c.is_alphanumeric());
        if !is_name {
            return found.push((line, prefix));
        }
        return tree(tokens, at + 2, [prefix, vec![next.text.clone()]].concat(), found);
    }
    let mut depth = 0_usize;
    for at in at + 2..tokens.len() {
        match tokens[at].text.as_str() {
            "}" if depth == 1 => return,
            "{" => depth += 1,
            "}" => depth -= 1,
            "," => (),
            name => {
                let is_first = ["{", ","].contains(&tokens[at - 1].text.as_str());
                if depth == 1 && is_first && name != "self" {
                    tree(tokens, at, [prefix.clone(), vec![name.to_owned()]].concat(), found);
                }
            }
        }
    }
}

/// The module that a file is.
fn module_of(path: &str) -> Vec<String> {
    let below = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    below.split('/').filter(|part| !["lib", "main"].contains(part)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str =
        "text\n\n| room | may import |\n|---|---|\n| `a`, `b` | `domain`, `db::views` |\n\n| `c` | |";

    fn objections_to(path: &str, text: &str) -> Vec<String> {
        objections(&[Source::new(path, text)], &Table::parse(DOCUMENT))
    }

    #[test]
    fn what_the_table_allows_passes() {
        let text = "use crate::domain::X;\nuse crate::{a::Y, db::views::Z, domain};\nfn f() { crate::b::g::<u8>() }";
        assert_eq!(objections_to("src/b/x.rs", text), ["src/b/x.rs:2: b may not import a::Y"]);
    }

    #[test]
    fn groups_inline_paths_and_climbing_are_seen() {
        let text = "use crate::{domain::{I, J}, db::{self, views::{V, W}, write::K}};\nfn f(x: crate::web::T) {}\n\
                    use super::super::web::U;\nmod m { use super::x; use super::super::super::web::V; }";
        let expected = [
            "src/a/x.rs:1: a may not import db::write::K",
            "src/a/x.rs:2: a may not import web::T",
            "src/a/x.rs:3: a may not import web::U",
            "src/a/x.rs:4: a may not import web::V",
        ];
        assert_eq!(objections_to("src/a/x.rs", text), expected);
    }

    #[test]
    fn comments_and_strings_import_nothing() {
        assert!(objections_to("src/a.rs", "// crate::web\nfn f() { g(\"crate::web\") }").is_empty());
    }

    #[test]
    fn the_protocol_is_a_room_like_any_other() {
        let objections = objections_to("src/a.rs", "use buildbot_protocol::Message;");
        assert_eq!(objections, ["src/a.rs:1: a may not import protocol::Message"]);
    }

    #[test]
    fn only_test_code_may_import_testing() {
        let text = "use crate::testing::probe;\n#[cfg(test)]\nmod tests {\n    use crate::testing::probe;\n}";
        assert_eq!(objections_to("src/a.rs", text), ["src/a.rs:1: a may not import testing::probe"]);
        assert!(objections_to("src/a/tests.rs", "use crate::testing::probe;").is_empty());
    }

    #[test]
    fn a_room_without_a_row_is_refused() {
        assert_eq!(objections_to("src/z.rs", ""), ["src/z.rs: the room z has no row in the table"]);
    }
}
