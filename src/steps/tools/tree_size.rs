//! `TreeSize`: how large the source tree is, as `du -s -k` says.

use super::{Exit, Reading, Verdict};
use crate::domain::Results;

#[derive(Default)]
pub struct TreeSize {
    kibibytes: Option<i64>,
    has_begun: bool,
}

impl Reading for TreeSize {
    fn line(&mut self, line: &str) {
        if !std::mem::replace(&mut self.has_begun, true) {
            let end = line.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(line.len());
            self.kibibytes = line[..end].parse().ok();
        }
    }

    fn verdict(&mut self, exit: Exit) -> Verdict {
        let Some(kibibytes) = self.kibibytes else {
            let results = exit.results.worst(Results::Warnings);
            return Verdict { words: Some("unknown".to_owned()), ..Verdict::with(results) };
        };
        Verdict {
            words: Some(format!("{kibibytes} KiB")),
            properties: vec![("tree-size-KiB".to_owned(), kibibytes.into())],
            source: "treesize",
            ..Verdict::with(exit.results)
        }
    }
}
