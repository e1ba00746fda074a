//! A message name means one thing in the whole program.

use std::collections::BTreeMap;

use super::source::Source;

pub fn objections(sources: &[Source]) -> Vec<String> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources {
        for (line, name) in messages(source) {
            places.entry(name).or_default().push(format!("{}:{line}", source.path));
        }
    }
    let repeated = places.into_iter().filter(|(_, places)| 1 < places.len());
    repeated.map(|(name, places)| format!("the message {name} is defined in {}", places.join(" and "))).collect()
}

/// The types of production code that derive `Message`.
fn messages(source: &Source) -> Vec<(usize, String)> {
    let tokens = source.tokens();
    let texts: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
    let mut found = Vec::new();
    for at in (0..texts.len()).filter(|at| texts[*at] == "derive") {
        let n_derived = texts[at..].iter().take_while(|text| **text != "]").count();
        let is_message = texts[at..at + n_derived].contains(&"Message");
        let definition = (at..texts.len()).find(|at| ["struct", "enum"].contains(&texts[*at]));
        if let Some(definition) = definition.filter(|at| is_message && !source.is_test_line(tokens[*at].line)) {
            found.push((tokens[definition].line, texts[definition + 1].to_owned()));
        }
    }
    found
}

#[test]
fn two_messages_of_one_name_are_objected_to() {
    let message = "#[derive(Clone, actix::Message)]\n#[rtype(result = \"()\")]\npub struct Start;\n";
    let plain = "#[derive(Clone)]\nstruct Start;\n";
    let sources = [("src/a.rs", message), ("src/b.rs", message), ("src/c.rs", plain), ("src/d/tests.rs", message)];
    let sources: Vec<Source> = sources.iter().map(|(path, text)| Source::new(path, text)).collect();
    assert_eq!(objections(&sources), ["the message Start is defined in src/a.rs:3 and src/b.rs:3"]);
}
