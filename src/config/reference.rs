//! The reference of everything that a configuration can use, as a chapter of the manual. Printed from the table that
//! configurations are checked against, so that the two cannot part.

use super::table::keys::{KEYS, Key, KeySupport, WWW_KEYS};
use super::table::{Argument, Class, DATETIME, Default, NAMESPACES, Rest, STATUS, Support, classes};

const HEAD: &str = "\
# Configuration reference

<!-- Printed from the table in src/config/table. `UPDATE_GOLDENS=1 cargo test -p buildbot --lib reference` prints it anew. -->

Everything that a `master.cfg` can use: the keys of `BuildmasterConfig`, and the classes of `buildbot.plugins` with their arguments.
What is known from Buildbot and not available yet is listed at the end of each part: files that use it can be checked, but no master starts with them.
";

const INTRODUCTIONS: [(&str, &str); 11] = [
    ("worker", "Who runs builds."),
    ("changes", "How changes are noticed."),
    ("schedulers", "When builds are due."),
    ("steps", "What a build does."),
    ("util", "Builders, factories, locks, filters, fields of forms, and values that are known when a build runs."),
    ("reporters", "Who is told about builds."),
    ("secrets", "Where secrets come from."),
    ("machine", "Machines that are started when they are needed."),
    ("webhooks", "Hooks of one's own."),
    (STATUS, "What stood in `c['status']` of Buildbot 0.8."),
    (DATETIME, "What there is of Python's module `datetime`."),
];

/// The chapter, in Markdown.
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    text += "\n## Keys of `BuildmasterConfig`\n\n";
    text += &keys(KEYS, "c");
    text += "\n## Keys of `c['www']`\n\n";
    text += &keys(WWW_KEYS, "c['www']");
    for (namespace, introduction) in INTRODUCTIONS {
        debug_assert!(
            NAMESPACES.contains(&namespace) || [DATETIME, STATUS].contains(&namespace),
            "a namespace of the table"
        );
        text += &chapter(namespace, introduction);
    }
    text
}

fn keys(keys: &[Key], dictionary: &str) -> String {
    let mut text = "| key | meaning |\n|---|---|\n".to_owned();
    for key in keys.iter().filter(|key| key.support == KeySupport::Works) {
        text += &format!("| `{dictionary}['{}']` | {} |\n", key.name, cell(key.doc));
    }
    let named = |wanted: fn(&KeySupport) -> bool| {
        let names = keys.iter().filter(|key| wanted(&key.support)).map(|key| format!("`{}`", key.name));
        names.collect::<Vec<_>>().join(", ")
    };
    let groups = [
        ("Accepted, and nothing depends on it here", named(|support| *support == KeySupport::Ignored)),
        ("Accepted, without effect for now", named(|support| *support == KeySupport::Inactive)),
        ("Not available yet", named(|support| *support == KeySupport::NotYet)),
    ];
    for (what, names) in groups.iter().filter(|(_, names)| !names.is_empty()) {
        text += &format!("\n{what}: {names}.\n");
    }
    let old = keys.iter().filter_map(|key| match key.support {
        KeySupport::Formerly(new) => Some(format!("`{}` (now `{new}`)", key.name)),
        _ => None,
    });
    let old: Vec<String> = old.collect();
    if !old.is_empty() {
        text += &format!("\nOld names, which work with a warning: {}.\n", old.join(", "));
    }
    text
}

fn chapter(namespace: &str, introduction: &str) -> String {
    let of_namespace: Vec<&Class> =
        classes().filter(|class| class.namespace == namespace && !class.name.starts_with('_')).collect();
    if of_namespace.is_empty() {
        return String::new();
    }
    let mut text = format!("\n## `{namespace}`\n\n{introduction}\n");
    let has_entry = |class: &&&Class| class.support == Support::Works && class.modern.is_none();
    for class in of_namespace.iter().filter(has_entry) {
        text += &class_entry(class);
    }
    let named = |wanted: fn(&Support) -> bool| {
        let names = of_namespace.iter().filter(|class| wanted(&class.support)).map(|class| format!("`{}`", class.name));
        names.collect::<Vec<_>>().join(", ")
    };
    let groups = [
        (
            "Accepted, without effect for now; a master that uses them says so",
            named(|support| *support == Support::Inactive),
        ),
        ("Not available yet", named(|support| matches!(support, Support::NotYet(_)))),
    ];
    for (what, names) in groups.iter().filter(|(_, names)| !names.is_empty()) {
        text += &format!("\n{what}: {names}.\n");
    }
    let old = of_namespace.iter().filter_map(|class| Some(format!("`{}` (now `{}`)", class.name, class.modern?)));
    let old: Vec<String> = old.collect();
    if !old.is_empty() {
        text += &format!("\nOld names, which work with a warning: {}.\n", old.join(", "));
    }
    text
}

fn class_entry(class: &Class) -> String {
    let mut text = format!("\n### `{}`\n\n{}\n", class.full_name(), class.doc);
    if !class.positional.is_empty() {
        let names: Vec<String> = class.positional.iter().map(|name| format!("`{name}`")).collect();
        text += &format!("Without names, in this order: {}.\n", names.join(", "));
    }
    match class.rest {
        Rest::None => (),
        Rest::Named => text += "Other named arguments are taken, too.\n",
        Rest::All => text += "Other arguments are taken, too.\n",
    }
    let arguments: Vec<&Argument> = class.all_arguments().collect();
    let is_shown = |argument: &&&Argument| argument.available && !argument.is_ignored();
    if arguments.iter().any(|argument| is_shown(&argument)) {
        text += "\n| argument | type | default | meaning |\n|---|---|---|---|\n";
    }
    for argument in arguments.iter().filter(is_shown) {
        text += &row(argument);
    }
    let named = |wanted: fn(&Argument) -> bool| {
        let names = arguments.iter().filter(|argument| wanted(argument)).map(|argument| format!("`{}`", argument.name));
        names.collect::<Vec<_>>().join(", ")
    };
    let groups = [
        ("Accepted, without effect", named(Argument::is_ignored)),
        ("Not available yet", named(|argument| !argument.available)),
    ];
    for (what, names) in groups.iter().filter(|(_, names)| !names.is_empty()) {
        text += &format!("\n{what}: {names}.\n");
    }
    text
}

fn row(argument: &Argument) -> String {
    let mut expects = argument.kind.expects();
    if let super::table::Kind::Choice(words) = argument.kind {
        expects = format!("one of {}", words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "));
    }
    let none = if argument.nullable && argument.default != Default::Nothing { ", or `None`" } else { "" };
    let default = match argument.default {
        Default::Required => "required".to_owned(),
        Default::Nothing => "none".to_owned(),
        Default::Bool(true) => "`True`".to_owned(),
        Default::Bool(false) => "`False`".to_owned(),
        Default::Int(number) => format!("`{number}`"),
        Default::Text(text) => code(&format!("'{text}'")),
        Default::Words(words) => {
            code(&format!("[{}]", words.iter().map(|it| format!("'{it}'")).collect::<Vec<_>>().join(", ")))
        }
    };
    let old = match argument.old_names {
        [] => String::new(),
        names => format!(" Formerly `{}`.", names.join("`, `")),
    };
    format!("| `{}` | {}{none} | {default} | {}{old} |\n", argument.name, cell(&expects), cell(argument.doc))
}

/// Text in a table: a bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

fn code(text: &str) -> String {
    let text = text.replace('|', "\\|");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_reference_in_the_manual_is_up_to_date() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/manual/src/reference.md");
        let found = reference();
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            std::fs::write(&path, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        let parted = expected.lines().zip(found.lines()).find(|(expected, found)| expected != found);
        assert!(
            expected == found,
            "{} is not what the table says ({parted:?}): UPDATE_GOLDENS=1 cargo test -p buildbot --lib reference",
            path.display()
        );
    }

    #[test]
    fn every_class_of_the_table_is_named() {
        let text = reference();
        for class in classes().filter(|class| !class.name.starts_with('_')) {
            assert!(text.contains(&format!("`{}`", class.name)) || text.contains(&class.full_name()), "{}", class.name);
        }
    }
}
