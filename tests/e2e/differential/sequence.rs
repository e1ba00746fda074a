//! A sequence: a piece of configuration, and a script of what happens then.
//!
//! The text is Python that both masters load. Lines that begin with `#>` are the script, one action each:
//!
//! | action | meaning |
//! |---|---|
//! | `attach WORKER`, `detach WORKER` | the worker's process starts; is killed |
//! | `change {...}` | the fields of a change for the hook; the project is the name of the sequence if not given |
//! | `force SCHEDULER BUILDER {...}` | a build is asked for, with these fields of the form |
//! | `open BUILDER NUMBER STEP CODE` | a command that waits at its gate ends with this code |
//! | `go CODE` | the first command that waits does, in the order of builders' names |
//! | `stop BUILDER NUMBER`, `rebuild BUILDER NUMBER` | a build is stopped; is built again |
//! | `cancel BUILDER` | the newest waiting request of a builder is taken back |

use std::fs;
use std::path::Path;

use buildbot::json::{self, Value, json};

pub struct Sequence {
    pub name: String,
    /// As it was written.
    pub text: String,
    /// The body of a function of the configuration.
    body: String,
    pub script: Vec<Action>,
    /// Whether it says something about the whole master, and has one for itself.
    pub alone: bool,
}

#[derive(Clone, Debug)]
pub struct Action {
    pub verb: String,
    pub words: Vec<String>,
    pub data: Value,
}

impl Sequence {
    pub fn parse(name: &str, text: &str) -> Self {
        let (script, body): (Vec<_>, Vec<_>) = text.lines().partition(|line| line.starts_with("#>"));
        let script = script.iter().map(|line| Action::parse(line.trim_start_matches("#>"))).collect();
        let alone = text.contains("\n# Alone: ");
        Self { name: name.to_owned(), text: text.to_owned(), body: body.join("\n"), script, alone }
    }

    /// All that are written by hand, by name.
    pub fn all() -> Vec<Self> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/differential/sequences");
        let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let parse =
            |path: &Path| Self::parse(path.file_stem().unwrap().to_str().unwrap(), &fs::read_to_string(path).unwrap());
        files.iter().map(|path| parse(path)).collect()
    }

    /// The function that adds it to the configuration.
    fn function(&self) -> String {
        let body: String = self
            .body
            .lines()
            .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") })
            .collect();
        format!("\n\ndef {0}(NAME):\n{body}\n\n{0}(\"{0}\")\n", self.name)
    }
}

impl Action {
    fn parse(line: &str) -> Self {
        let (words, data) = line.split_once('{').map_or((line, json!({})), |(words, data)| {
            let data = json::from_str(&format!("{{{data}")).unwrap_or_else(|error| panic!("{line}: {error}"));
            (words, data)
        });
        let mut words = words.split_whitespace().map(str::to_owned);
        Self { verb: words.next().unwrap_or_default(), words: words.collect(), data }
    }

    pub fn word(&self, position: usize) -> &str {
        self.words.get(position).unwrap_or_else(|| panic!("{} lacks a word", self.verb))
    }
}

/// The configuration with which all of these can be played.
pub fn configuration(sequences: &[Sequence]) -> String {
    let mut text = include_str!("prelude.cfg").to_owned();
    text.extend(sequences.iter().map(Sequence::function));
    text
}
