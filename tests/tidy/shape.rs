//! Sizes and headers of files.

use super::source::Source;

/// Production lines that a file should not pass.
const MAX_LINES: usize = 500;

/// Files that may be longer, with the lines they have. Entries and numbers only go down.
const LONG_FILES: &[(&str, usize)] = &[];

/// What the header of an actor says, in this order.
const BULLETS: [&str; 4] = ["Hears", "Tells", "Writes", "Restart"];

/// Prints median and 90th percentile beside, for those who watch them.
pub fn size_objections(sources: Vec<Source>) -> Vec<String> {
    let files: Vec<(String, usize)> = sources
        .into_iter()
        .filter(|source| !source.is_test_file())
        .map(|source| (source.path, source.n_production_lines))
        .collect();
    let mut sizes: Vec<usize> = files.iter().map(|(_, n_lines)| *n_lines).collect();
    sizes.sort_unstable();
    println!("{} files, median {}, p90 {}", sizes.len(), sizes[sizes.len() / 2], sizes[sizes.len() * 9 / 10]);

    let limit =
        |path: &str| LONG_FILES.iter().find(|(long, _)| *long == path).map_or(MAX_LINES, |(_, n_lines)| *n_lines);
    let too_long = files.iter().filter(|(path, n_lines)| limit(path) < *n_lines);
    let mut objections: Vec<String> = too_long
        .map(|(path, n_lines)| format!("{path}: {n_lines} production lines, {} allowed", limit(path)))
        .collect();
    let is_still_long = |long: &str| files.iter().any(|(path, n_lines)| path == long && MAX_LINES < *n_lines);
    let outdated = LONG_FILES.iter().filter(|(long, _)| !is_still_long(long));
    objections.extend(outdated.map(|(long, _)| format!("{long}: strike it from the list of long files")));
    objections
}

pub fn header_objections(sources: impl Iterator<Item = Source>) -> Vec<String> {
    let has_none = |source: &Source| !source.text.trim_start().starts_with("//! ");
    sources.filter(has_none).map(|source| format!("{}: does not begin with //!", source.path)).collect()
}

/// An actor is a file that implements `Child`; the supervision itself has none.
pub fn actor_objections(sources: &[Source]) -> Vec<String> {
    let is_actor = |source: &&Source| {
        let production = source.code.lines().take(source.n_production_lines);
        let implements = |line: &str| line.starts_with("impl") && line.contains("Child for ");
        !source.is_test_file() && !source.path.contains("/supervisor/") && production.into_iter().any(implements)
    };
    let lacks_bullets = |source: &&Source| {
        let header = source.text.lines().take_while(|line| line.starts_with("//!"));
        let bullets = header.filter_map(|line| line.strip_prefix("//! - "));
        let names: Vec<&str> = bullets.filter_map(|bullet| bullet.split(':').next()).collect();
        names != BULLETS
    };
    let objection = |source: &Source| format!("{}: its header needs the bullets {}", source.path, BULLETS.join(", "));
    sources.iter().filter(is_actor).filter(lacks_bullets).map(objection).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_objected_to_but_not_for_its_tests() {
        let long = "x\n".repeat(MAX_LINES + 1);
        let tested = format!("x\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
        let objections = size_objections(vec![Source::new("src/a.rs", &long), Source::new("src/b.rs", &tested)]);
        assert_eq!(objections, ["src/a.rs: 501 production lines, 500 allowed"]);
    }

    #[test]
    fn an_actor_needs_its_four_bullets_and_a_helper_does_not() {
        let header = "//! Janitor.\n//!\n//! - Hears: x\n//! - Tells: y\n//! - Writes: z\n";
        let code = "impl Child for Janitor {\n}\n";
        let complete = Source::new("src/actors/a.rs", &format!("{header}//! - Restart: none\n{code}"));
        let incomplete = Source::new("src/actors/b.rs", &format!("{header}{code}"));
        let helper = Source::new("src/actors/c.rs", "//! Helper.\nfn f() {}\n");
        let objections = actor_objections(&[complete, incomplete, helper]);
        assert_eq!(objections, ["src/actors/b.rs: its header needs the bullets Hears, Tells, Writes, Restart"]);
    }
}
