//! Search in a log: hits are sent while the rest is still being read.
//!
//! Each line of the answer is one JSON text: `{"line":7,"ranges":[[4,9]]}` for a line with hits, in UTF-16 units of the
//! text that it shows; `{"searched":4096}` from time to time; and at the end `{"done":true,"searched":9000,"hits":12,
//! "limited":false}`. The regular expressions take time in proportion to the text, whatever they are.
//! The work is done in slices off the async threads, one chunk in memory at a time; a client that leaves ends it.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_ENCODING, ContentEncoding};
use actix_web::web::{Bytes, Data, Path, Query};
use futures_util::stream::{self, Stream};
use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::db::views::Connection;
use crate::db::views::log_text::{self, Chunk};
use crate::db::{Db, DbError};
use crate::domain::{Log, LogKind};
use crate::json::{self, json};
use crate::web::WebState;
use crate::web::ansi;
use crate::web::error::WebError;
use crate::web::pages::lines::split_stream;

/// A slice of work ends when so much text was searched, in bytes.
const SLICE: usize = 512 << 10;
/// Lines with hits, unless the client says otherwise, and at most.
const USUAL_LIMIT: usize = 10_000;
const MOST_HITS: usize = 100_000;
/// Hits of one line that are told.
const MOST_RANGES: usize = 50;
/// Length of a pattern, and what it may grow to when it is compiled, in bytes.
const LONGEST_PATTERN: usize = 1_000;
const LARGEST_REGEX: usize = 1 << 20;

#[derive(Deserialize)]
pub struct SearchQuery {
    q: String,
    /// `1`: the pattern is a regular expression.
    regex: Option<String>,
    /// `1`: capitals differ from small letters.
    case: Option<String>,
    /// Lines before this one are not searched.
    #[serde(default)]
    from: i64,
    limit: Option<usize>,
}

/// `GET /logs/{id}/search`
pub async fn get(
    state: Data<WebState>,
    path: Path<String>,
    query: Query<SearchQuery>,
) -> Result<HttpResponse, WebError> {
    let regex = compile(&query)?;
    let log = super::find(&state, &path).await?;
    let search = Search {
        regex: Arc::new(regex),
        left: query.limit.unwrap_or(USUAL_LIMIT).min(MOST_HITS),
        n_hits: 0,
        next_line: query.from.max(0),
        seq: None,
        log,
        done: false,
    };
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        // compression would hold hits back
        .insert_header((CONTENT_ENCODING, ContentEncoding::Identity))
        .streaming(slices(state.db.clone(), Arc::clone(&state.tails.searches), search)))
}

fn compile(query: &SearchQuery) -> Result<Regex, WebError> {
    let is_set = |flag: &Option<String>| flag.as_deref() == Some("1");
    if query.q.is_empty() || LONGEST_PATTERN < query.q.len() {
        return Err(WebError::Unprocessable(format!("A pattern has 1 to {LONGEST_PATTERN} bytes.")));
    }
    let pattern = if is_set(&query.regex) { query.q.clone() } else { regex::escape(&query.q) };
    let regex = RegexBuilder::new(&pattern).case_insensitive(!is_set(&query.case)).size_limit(LARGEST_REGEX).build();
    regex.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => WebError::Unprocessable("The regular expression is too large.".to_owned()),
        other => {
            let text = other.to_string();
            let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            WebError::Unprocessable(format!("This is no regular expression: {reason}."))
        }
    })
}

/// A search and how far it is.
struct Search {
    log: Log,
    regex: Arc<Regex>,
    /// Lines with hits that may still be told.
    left: usize,
    n_hits: usize,
    next_line: i64,
    /// The chunk before the next; unknown at first.
    seq: Option<i64>,
    done: bool,
}

/// The answer, slice by slice; when the client leaves, the slice under way is the last.
fn slices(db: Db, permits: Arc<Semaphore>, search: Search) -> impl Stream<Item = Result<Bytes, WebError>> {
    stream::unfold((db, permits, None, search), |(db, permits, permit, mut search)| async move {
        if search.done {
            return None;
        }
        // held until the answer has ended
        let permit = match permit {
            Some(permit) => permit,
            None => Arc::clone(&permits).acquire_owned().await.ok()?,
        };
        let log = search.log.id;
        let work = db.read_logs(move |conn| {
            let text = search.slice(conn)?;
            Ok((text, search))
        });
        match work.await {
            Ok((text, search)) => Some((Ok(Bytes::from(text)), (db, permits, Some(permit), search))),
            Err(error) => {
                tracing::error!(log.id = log.0, "a log cannot be searched to its end: {error}");
                None
            }
        }
    })
}

impl Search {
    /// Searches some more, and gives the lines of the answer.
    fn slice(&mut self, conn: &mut Connection) -> Result<String, DbError> {
        let mut found = String::new();
        let mut n_bytes = 0_usize;
        let log = self.log.id;
        let mut seq = match self.seq {
            Some(seq) => seq,
            None => log_text::chunk_of_line(conn, log, self.next_line)?.map_or(-1, |seq| seq.saturating_sub(1)),
        };
        while n_bytes < SLICE && 0 < self.left {
            let Some(chunk) = log_text::chunk_after(conn, log, seq)? else {
                self.done = true;
                break;
            };
            seq = chunk.seq;
            n_bytes = n_bytes.saturating_add(chunk.text.len());
            self.chunk(&chunk, &mut found);
        }
        self.seq = Some(seq);
        self.done |= self.left == 0;
        let state = if self.done {
            json!({ "done": true, "searched": self.next_line, "hits": self.n_hits, "limited": self.left == 0 })
        } else {
            json!({ "searched": self.next_line })
        };
        push(&mut found, &state);
        Ok(found)
    }

    fn chunk(&mut self, chunk: &Chunk, found: &mut String) {
        for (number, line) in (chunk.first_line..).zip(chunk.text.split_terminator('\n')) {
            if number < self.next_line {
                continue;
            }
            if self.left == 0 {
                return;
            }
            self.next_line = number.saturating_add(1);
            let ranges = ranges(&self.regex, line, self.log.kind);
            if !ranges.is_empty() {
                self.left = self.left.saturating_sub(1);
                self.n_hits = self.n_hits.saturating_add(1);
                push(found, &json!({ "line": number, "ranges": ranges }));
            }
        }
    }
}

fn push(found: &mut String, line: &json::Value) {
    found.push_str(&json::to_string(line));
    found.push('\n');
}

/// Where the hits are in what a line shows.
fn ranges(regex: &Regex, line: &str, kind: LogKind) -> Vec<[usize; 2]> {
    let (_, line) = split_stream(line, kind);
    let shown = ansi::plain(line);
    let units = |text: &str| text.encode_utf16().count();
    let (mut byte, mut unit) = (0, 0);
    let mut ranges = Vec::new();
    for hit in regex.find_iter(&shown).filter(|hit| !hit.is_empty()).take(MOST_RANGES) {
        let begin = unit + units(shown.get(byte..hit.start()).unwrap_or_default());
        (byte, unit) = (hit.end(), begin + units(hit.as_str()));
        ranges.push([begin, unit]);
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, regex: bool, case: bool, line: &str) -> Vec<[usize; 2]> {
        let flag = |set: bool| set.then(|| "1".to_owned());
        let query = SearchQuery { q: pattern.to_owned(), regex: flag(regex), case: flag(case), from: 0, limit: None };
        ranges(&compile(&query).unwrap(), line, LogKind::Stream)
    }

    fn refusal(pattern: &str) -> String {
        let query =
            SearchQuery { q: pattern.to_owned(), regex: Some("1".to_owned()), case: None, from: 0, limit: None };
        compile(&query).unwrap_err().to_string()
    }

    #[test]
    fn a_plain_text_means_itself() {
        assert_eq!(found("a.b", false, false, "oxxA.Bxaxb"), [[2, 5]]);
        assert_eq!(found("a.b", false, true, "oA.B"), [[0_usize; 2]; 0]);
        assert_eq!(found("a.b", true, false, "oaxb a.b"), [[0, 3], [4, 7]]);
    }

    #[test]
    fn the_letter_of_the_stream_is_not_searched() {
        assert_eq!(found("^o", true, false, "oxo"), [[0_usize; 2]; 0]);
    }

    #[test]
    fn escapes_are_not_searched_and_do_not_part_words() {
        assert_eq!(found("error", false, false, "eer\u{1b}[31mror\u{1b}[0m"), [[0, 5]]);
        assert_eq!(found("31m", false, false, "eer\u{1b}[31mror"), [[0_usize; 2]; 0]);
    }

    #[test]
    fn places_count_as_scripts_count() {
        assert_eq!(found("x", false, false, "oé𝄞x𝄞x"), [[3, 4], [6, 7]]);
    }

    #[test]
    fn empty_hits_are_none() {
        assert_eq!(found("x*", true, false, "oab"), [[0_usize; 2]; 0]);
    }

    #[test]
    fn a_bad_pattern_is_refused_with_its_reason() {
        assert_eq!(refusal("a("), "This is no regular expression: unclosed group.");
        assert_eq!(refusal("(a{1000}){1000}"), "The regular expression is too large.");
        assert!(refusal("").contains("1 to"));
    }
}
