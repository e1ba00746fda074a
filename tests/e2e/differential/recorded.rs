//! What Buildbot 4.3 made of each sequence, in a file each, so that ours can be compared where Buildbot is not at hand.
//!
//! A file says of which text it is a record, then after each action (`> attach w`) how far each build is, and at the end
//! (`=`) all facts. `scripts/differential --record` writes them.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::play::{Played, State};
use super::sequence::Sequence;

const HEAD: &str = "# What Buildbot 4.3 does; written by scripts/differential --record";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/differential/recorded").join(format!("{name}.txt"))
}

/// Says which text was played: that of the sequence, and what stands before it in the configuration.
fn digest(sequence: &Sequence) -> String {
    let mut digest = Sha256::new();
    digest.update(include_str!("prelude.cfg"));
    digest.update(&sequence.text);
    digest.finalize().iter().take(8).fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

pub fn write(sequence: &Sequence, played: &Played) {
    let mut text = format!("{HEAD}\nof {}\n", digest(sequence));
    for (action, state) in sequence.script.iter().zip(&played.states) {
        writeln!(text, "> {}", action.verb).unwrap();
        state.iter().for_each(|build| writeln!(text, "{build}").unwrap());
    }
    text.push_str("=\n");
    played.facts.iter().for_each(|fact| writeln!(text, "{fact}").unwrap());
    fs::write(path(&sequence.name), text).unwrap();
}

/// Whether there is a record of this name, of whatever text.
pub fn exists(name: &str) -> bool {
    path(name).exists()
}

pub fn read(sequence: &Sequence) -> Played {
    let again = format!("record it: DIFFERENTIAL_ONLY={} scripts/differential --record", sequence.name);
    let text = fs::read_to_string(path(&sequence.name)).unwrap_or_else(|error| panic!("{error}; {again}"));
    let (states, facts) = text.split_once("\n=\n").unwrap_or_else(|| panic!("a torn record; {again}"));
    let mut lines = states.lines().skip(1);
    let of = lines.next().unwrap_or_default();
    assert_eq!(of, format!("of {}", digest(sequence)), "the record is of another text; {again}");
    let mut played = Played { states: Vec::new(), facts: facts.lines().map(str::to_owned).collect() };
    for line in lines {
        match line.strip_prefix("> ") {
            Some(_) => played.states.push(State::new()),
            None => _ = played.states.last_mut().unwrap_or_else(|| panic!("{line}; {again}")).insert(line.to_owned()),
        }
    }
    played
}
