//! As much Markdown as the manual uses.

use std::collections::BTreeSet;

/// A block of code.
pub struct Block {
    /// What stands behind the fence.
    pub info: String,
    pub text: String,
}

/// The fenced blocks of a text.
pub fn blocks(text: &str) -> impl Iterator<Item = Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut is_inside = false;
    for line in text.lines() {
        if let Some(info) = line.strip_prefix("```") {
            is_inside = !is_inside;
            if is_inside {
                found.push(Block { info: info.to_owned(), text: String::new() });
            }
        } else if let (true, Some(block)) = (is_inside, found.last_mut()) {
            block.text += line;
            block.text.push('\n');
        }
    }
    found.into_iter()
}

/// The lines of a text that are no code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_inside = false;
    text.lines().filter(move |line| {
        let is_fence = line.starts_with("```");
        is_inside ^= is_fence;
        !is_inside && !is_fence
    })
}

/// Where the links and images of a text lead.
pub fn links(text: &str) -> impl Iterator<Item = String> {
    let in_line = |line: &str| -> Vec<String> {
        // What stands in backticks is text.
        let line: String = line.split("``").step_by(2).flat_map(|part| part.split('`').step_by(2)).collect();
        let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        targets.map(str::to_owned).collect()
    };
    prose(text).flat_map(in_line).collect::<Vec<_>>().into_iter()
}

/// The names under which headings can be linked.
pub fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter.to_ascii_lowercase() }).collect()
}

#[test]
fn code_has_no_links_and_prose_has() {
    let text = "# A `b` c\n[x](y.md#z) ![i](i.png) `[x](no)`\n```sh run\n[no](no.md)\n```\nend\n";
    assert_eq!(links(text).collect::<Vec<_>>(), ["y.md#z", "i.png"]);
    assert_eq!(anchors(text), BTreeSet::from(["a-b-c".to_owned()]));
    let block = blocks(text).next().unwrap();
    assert_eq!((block.info.as_str(), block.text.as_str()), ("sh run", "[no](no.md)\n"));
}
