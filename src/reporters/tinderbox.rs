//! Mails that a Tinderbox server reads: facts about a build, a line each, and the text of its logs.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bzip2::write::BzEncoder;
use flate2::write::GzEncoder;

use super::facts::BuildFacts;
use super::log_lines;
use super::words::one_line;
use crate::domain::{Renderable, Results};

/// Letters in a line of base64.
const WIDTH: usize = 76;
/// Longest value of a line.
const LONGEST: usize = 500;

/// `status.TinderboxMailNotifier`, as far as its text is concerned.
#[derive(Clone, Debug, PartialEq)]
pub struct Tinderbox {
    pub tree: String,
    /// Where to get what was built; not told while it is built.
    pub binary_url: Renderable,
    pub compression: Option<Compression>,
    /// Which of the server's parsers reads the logs.
    pub error_parser: String,
    /// The column on the server; the name of the builder if not given.
    pub column: Option<Renderable>,
    /// Whether the build has the time of its newest change, not that of its beginning.
    pub uses_change_time: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    Bzip2,
    Gzip,
}

/// What depends on properties of the build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    pub binary_url: String,
    pub column: Option<String>,
}

/// The word of a Tinderbox server for a result.
pub const fn status(results: Option<Results>) -> &'static str {
    match results {
        None => "building",
        Some(Results::Success) => "success",
        Some(Results::Warnings) => "testfailed",
        Some(_) => "busted",
    }
}

/// The body of the mail.
pub fn text(config: &Tinderbox, rendered: &Rendered, facts: &BuildFacts) -> String {
    let column = rendered.column.clone().filter(|column| !column.is_empty());
    let column = column.unwrap_or_else(|| facts.builder.name.clone());
    let is_over = facts.build.results.is_some();
    let url = Some(rendered.binary_url.clone()).filter(|url| is_over && !url.is_empty());
    let packed = config.compression.filter(|_| is_over).map(|compression| match compression {
        Compression::Bzip2 => "bzip2",
        Compression::Gzip => "gzip",
    });
    let lines = [
        ("tree", Some(config.tree.clone())),
        ("builddate", Some(date(config, facts).to_string())),
        ("status", Some(status(facts.build.results).to_owned())),
        ("buildname", Some(column)),
        ("errorparser", Some(config.error_parser.clone())),
        ("binaryurl", url),
        ("logcompression", packed.map(str::to_owned)),
        ("logencoding", packed.map(|_| "base64".to_owned())),
    ];
    let told = lines.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let mut text: String =
        told.map(|(name, value)| format!("tinderbox: {name}: {}\n", one_line(&value, LONGEST))).collect();
    text.push_str("tinderbox: END\n\n");
    if is_over {
        let logs = logs(facts);
        text.push_str(&config.compression.and_then(|compression| pack(compression, &logs)).unwrap_or(logs));
    }
    text
}

fn date(config: &Tinderbox, facts: &BuildFacts) -> i64 {
    let newest = facts.changes.last().filter(|_| config.uses_change_time);
    newest.map_or(facts.build.started_at, |change| change.when).secs()
}

/// The text of all logs, one after another.
fn logs(facts: &BuildFacts) -> String {
    let all = facts.steps.iter().flat_map(|step| step.logs.iter());
    all.filter_map(|log| Some(log_lines::readable(log.content.as_ref()?, log.log.kind))).collect()
}

fn pack(compression: Compression, text: &str) -> Option<String> {
    let packed = match compression {
        Compression::Bzip2 => {
            let mut packer = BzEncoder::new(Vec::new(), bzip2::Compression::best());
            packer.write_all(text.as_bytes()).and_then(|()| packer.finish())
        }
        Compression::Gzip => {
            let mut packer = GzEncoder::new(Vec::new(), flate2::Compression::best());
            packer.write_all(text.as_bytes()).and_then(|()| packer.finish())
        }
    };
    let letters = STANDARD.encode(packed.ok()?);
    let mut lines = String::with_capacity(letters.len() + letters.len() / WIDTH + 1);
    for (position, letter) in letters.chars().enumerate() {
        if position != 0 && position % WIDTH == 0 {
            lines.push('\n');
        }
        lines.push(letter);
    }
    Some(lines + "\n")
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::domain::PropertyValue;
    use crate::reporters::fixtures::build_facts;

    fn config(compression: Option<Compression>) -> Tinderbox {
        Tinderbox {
            tree: "main".to_owned(),
            binary_url: Renderable::Value(PropertyValue::Null),
            compression,
            error_parser: "unix".to_owned(),
            column: None,
            uses_change_time: false,
        }
    }

    fn failed() -> BuildFacts {
        let mut facts = build_facts();
        facts.steps[1].logs[0].content = Some("hcommand\noone\netwo\n".to_owned());
        facts
    }

    #[test]
    fn facts_are_lines_and_logs_follow() {
        let rendered = Rendered { binary_url: "http://x/y.tgz".to_owned(), column: None };
        assert_eq!(
            text(&config(None), &rendered, &failed()),
            "tinderbox: tree: main\ntinderbox: builddate: 1700000700\ntinderbox: status: busted\n\
             tinderbox: buildname: runtests\ntinderbox: errorparser: unix\ntinderbox: binaryurl: http://x/y.tgz\n\
             tinderbox: END\n\ncommand\none\ntwo\n"
        );
        let begun = text(&config(None), &rendered, &failed().at_start());
        assert!(begun.contains("status: building\n") && begun.ends_with("END\n\n"), "{begun}");
    }

    #[test]
    fn the_time_may_be_that_of_the_newest_change() {
        let config = Tinderbox { uses_change_time: true, ..config(None) };
        assert!(text(&config, &Rendered::default(), &failed()).contains("builddate: 1700000000\n"));
    }

    #[test]
    fn no_value_begins_a_line_of_its_own() {
        let rendered = Rendered { column: Some("x\ntinderbox: status: success".to_owned()), ..Rendered::default() };
        assert!(text(&config(None), &rendered, &failed()).contains("buildname: x\n"));
    }

    #[test]
    fn logs_are_packed_and_can_be_unpacked() {
        let unpacked = |compression: Compression| {
            let mail = text(&config(Some(compression)), &Rendered::default(), &failed());
            assert!(mail.contains("tinderbox: logencoding: base64\n"), "{mail}");
            let letters: String = mail.split_once("END\n\n").unwrap().1.split_whitespace().collect();
            let bytes = STANDARD.decode(letters).unwrap();
            let mut logs = String::new();
            match compression {
                Compression::Bzip2 => bzip2::read::BzDecoder::new(&bytes[..]).read_to_string(&mut logs),
                Compression::Gzip => flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut logs),
            }
            .unwrap();
            logs
        };
        assert_eq!(unpacked(Compression::Bzip2), "command\none\ntwo\n");
        assert_eq!(unpacked(Compression::Gzip), "command\none\ntwo\n");
    }
}
