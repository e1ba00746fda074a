//! What the people of the demo commit: a history to begin with, and then something now and then, for ever.
//!
//! Pure: a commit is a value, and an edit is a function of the file's text, so that what a visitor pushes in between is
//! kept.

/// One of the people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) email: &'static str,
}

const ADA: Person = Person { name: "Ada Okafor", email: "ada@example.org" };
const BEN: Person = Person { name: "Ben Lindqvist", email: "ben@example.org" };
const CHIARA: Person = Person { name: "Chiara Rossi", email: "chiara@example.org" };
const DEV: Person = Person { name: "Dev Patel", email: "dev@example.org" };

/// A change of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// The whole file.
    Write(&'static str, &'static str),
    /// The line `key=value` is put in place of the line of that key, or at the end.
    Set(&'static str, &'static str, &'static str),
    /// A line at the end, unless it is there already.
    Append(&'static str, String),
}

/// A commit that somebody makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) branch: &'static str,
    pub(super) author: Person,
    pub(super) message: String,
    pub(super) edits: Vec<Edit>,
}

pub(super) const MAIN: &str = "main";
pub(super) const SHOUT: &str = "shout";

const GREETINGS: &str = "greetings.txt";
const EXPECTED: &str = "tests/expected.txt";
const USAGE: &str = "docs/usage.md";
const SCRIPT: &str = "greet.sh";

/// Languages that are learned one after the other: code, name, greeting.
const LANGUAGES: [(&str, &str, &str); 16] = [
    ("es", "Spanish", "Hola"),
    ("it", "Italian", "Ciao"),
    ("pt", "Portuguese", "Olá"),
    ("pl", "Polish", "Cześć"),
    ("nl", "Dutch", "Hallo"),
    ("fi", "Finnish", "Terve"),
    ("tr", "Turkish", "Merhaba"),
    ("cs", "Czech", "Ahoj"),
    ("sw", "Swahili", "Jambo"),
    ("ja", "Japanese", "こんにちは"),
    ("hu", "Hungarian", "Szia"),
    ("el", "Greek", "Γειά σου"),
    ("id", "Indonesian", "Halo"),
    ("hi", "Hindi", "नमस्ते"),
    ("ro", "Romanian", "Salut"),
    ("vi", "Vietnamese", "Xin chào"),
];

/// What the English greeting becomes now and then, before the tests hear of it. The build warns of short ones.
const BRIEF: [&str; 4] = ["Hi", "Hey", "Yo", "Oi"];

fn commit(branch: &'static str, author: Person, message: &str, edits: Vec<Edit>) -> Commit {
    Commit { branch, author, message: message.to_owned(), edits }
}

fn learn(code: &'static str, greeting: &'static str) -> [Edit; 2] {
    [Edit::Set(GREETINGS, code, greeting), Edit::Set(EXPECTED, code, greeting)]
}

/// The commits that were there before the demo began, oldest first.
pub(super) fn history() -> Vec<Commit> {
    vec![
        commit(
            MAIN,
            ADA,
            "Greet the world",
            vec![
                Edit::Write("README.md", include_str!("project/README.md")),
                Edit::Write(SCRIPT, include_str!("project/greet.sh")),
                Edit::Set(GREETINGS, "en", "Hello"),
            ],
        ),
        commit(MAIN, BEN, "Greet in German", vec![Edit::Set(GREETINGS, "de", "Hallo")]),
        commit(
            MAIN,
            ADA,
            "Build a single file",
            vec![Edit::Write("build.sh", include_str!("project/build.sh")), Edit::Write(".gitignore", "/dist/\n")],
        ),
        commit(
            MAIN,
            CHIARA,
            "Test every greeting\n\nThe expected ones stand in a file of their own.",
            vec![
                Edit::Write("test.sh", include_str!("project/test.sh")),
                Edit::Set(EXPECTED, "en", "Hello"),
                Edit::Set(EXPECTED, "de", "Hallo"),
            ],
        ),
        commit(MAIN, BEN, "Greet in French", learn("fr", "Bonjour").to_vec()),
        commit(
            MAIN,
            DEV,
            "Say how to use it",
            vec![
                Edit::Write(USAGE, include_str!("project/usage.md")),
                Edit::Write("docs.sh", include_str!("project/docs.sh")),
                Edit::Append(USAGE, "- English, German, French".to_owned()),
            ],
        ),
        commit(MAIN, ADA, "Pack a release", vec![Edit::Write("release.sh", include_str!("project/release.sh"))]),
        commit(
            SHOUT,
            DEV,
            "Shout when asked to",
            vec![Edit::Append(SCRIPT, "[ -z \"${SHOUT:-}\" ] || echo '!!!'".to_owned())],
        ),
        commit(MAIN, CHIARA, "Watch it for a while", vec![Edit::Write("soak.sh", include_str!("project/soak.sh"))]),
    ]
}

/// The `number`-th commit after the history. The first one is good, the second one breaks the tests.
pub(super) fn next(number: usize) -> Commit {
    let round = number / 6;
    let brief = BRIEF[round % BRIEF.len()];
    match number % 6 {
        0 => language(2 * round),
        1 => commit(MAIN, CHIARA, "Be brief in English", vec![Edit::Set(GREETINGS, "en", brief)]),
        2 => commit(MAIN, CHIARA, "Expect the brief greeting", vec![Edit::Set(EXPECTED, "en", brief)]),
        3 => language(2 * round + 1),
        4 => {
            commit(SHOUT, DEV, "Shout a little louder", vec![Edit::Append(SCRIPT, format!("# volume {}", 11 + round))])
        }
        _ => commit(MAIN, ADA, "Be polite again", learn("en", "Hello").to_vec()),
    }
}

/// Learns the next language; when all are known, only the manual grows.
fn language(number: usize) -> Commit {
    let author = [BEN, ADA][number % 2];
    let Some((code, name, greeting)) = LANGUAGES.get(number) else {
        let line = format!("- more greetings to come ({number})");
        return commit(MAIN, author, "Promise more languages", vec![Edit::Append(USAGE, line)]);
    };
    let mut edits = learn(code, greeting).to_vec();
    edits.push(Edit::Append(USAGE, format!("- {name}")));
    commit(MAIN, author, &format!("Greet in {name}"), edits)
}

impl Edit {
    /// The file it changes, relative to the repository.
    pub(super) fn path(&self) -> &'static str {
        match self {
            Self::Write(path, _) | Self::Set(path, _, _) | Self::Append(path, _) => path,
        }
    }

    /// The text of the file afterwards.
    pub(super) fn apply(&self, text: &str) -> String {
        match self {
            Self::Write(_, text) => (*text).to_owned(),
            Self::Set(_, key, value) => {
                let line = format!("{key}={value}");
                let is_it = |old: &str| old.split_once('=').is_some_and(|(name, _)| name == *key);
                if !text.lines().any(is_it) {
                    return format!("{text}{line}\n");
                }
                let lines = text.lines().map(|old| if is_it(old) { line.as_str() } else { old });
                lines.map(|line| format!("{line}\n")).collect()
            }
            Self::Append(_, line) if text.lines().any(|old| old == line) => text.to_owned(),
            Self::Append(_, line) => format!("{text}{line}\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_line_is_replaced_where_it_stands_and_others_are_kept() {
        let set = Edit::Set(GREETINGS, "en", "Hi");
        assert_eq!(set.apply("en=Hello\nxx=mine\n"), "en=Hi\nxx=mine\n");
        assert_eq!(set.apply("xx=mine\n"), "xx=mine\nen=Hi\n");
        let append = Edit::Append(USAGE, "- Dutch".to_owned());
        assert_eq!(append.apply("- English\n"), "- English\n- Dutch\n");
        assert_eq!(append.apply("- Dutch\n"), "- Dutch\n");
    }

    /// Whether the tests of [`next`]'s commit of this number are to fail.
    fn breaks(number: usize) -> bool {
        number % 6 == 1
    }

    #[test]
    fn every_commit_changes_something_for_a_long_time() {
        let mut files: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
        let mut apply = |commit: &Commit| {
            let before = files.clone();
            let branch = files.entry(commit.branch).or_default();
            for edit in &commit.edits {
                let text = branch.entry(edit.path()).or_default();
                *text = edit.apply(text);
            }
            assert_ne!(files, before, "{commit:?}");
            files.get(MAIN).is_some_and(|main| {
                let text = |path: &str| main.get(path).cloned().unwrap_or_default();
                text(EXPECTED).lines().all(|line| text(GREETINGS).lines().any(|other| other == line))
            })
        };
        let histories: Vec<bool> = history().iter().map(&mut apply).collect();
        assert_eq!(histories.last(), Some(&true), "what is there at first passes its tests");
        for number in 0..600 {
            assert_eq!(!apply(&next(number)), breaks(number), "commit {number}");
        }
    }
}
