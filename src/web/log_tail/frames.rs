//! Lines as JSON.
//!
//! `{"type":"lines","first":120,"lines":[LINE, ...],"arrivals":[[first, count, first_us, last_us], ...]}`, where a
//! line is `[stream, run, ...]`: the letter of its stream (`o`, `e`, `h` or nothing) and its runs, each a text or a
//! pair of CSS classes and text. An arrival says when some of the lines came, in microseconds since 1970.

use bytestring::ByteString;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use crate::db::views::log_text::{Arrival, Chunk, LogLines};
use crate::domain::LogKind;
use crate::json;
use crate::web::pages::lines::{self, LineItem};

/// A frame is ended by the line with which its text reaches this; in bytes. What a client costs is a few of these.
pub const MOST_BYTES: usize = 6 << 10;

/// Lines ready to be sent, to any number of clients.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Number of its first line, from 0.
    pub first: i64,
    pub n_lines: i64,
    pub frame: ByteString,
}

#[derive(Serialize)]
pub struct LinesJson<'lines> {
    #[serde(rename = "type")]
    kind: &'static str,
    first: i64,
    lines: Vec<LineJson<'lines>>,
    arrivals: Vec<[i64; 4]>,
}

struct LineJson<'lines>(&'lines LineItem);

impl Serialize for LineJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let letter = match self.0.stream {
            "stdout" => "o",
            "stderr" => "e",
            "header" => "h",
            _ => "",
        };
        let mut parts = serializer.serialize_seq(Some(self.0.spans.len().saturating_add(1)))?;
        parts.serialize_element(letter)?;
        for span in &self.0.spans {
            if span.class.is_empty() {
                parts.serialize_element(&span.text)?;
            } else {
                parts.serialize_element(&(&span.class, &span.text))?;
            }
        }
        parts.end()
    }
}

impl<'lines> LinesJson<'lines> {
    pub fn new(first: i64, lines: &'lines [LineItem], arrivals: &[Arrival]) -> Self {
        let numbers = |arrival: &Arrival| {
            [arrival.first_line, arrival.n_lines, arrival.first_at.micros(), arrival.last_at.micros()]
        };
        Self {
            kind: "lines",
            first,
            lines: lines.iter().map(LineJson).collect(),
            arrivals: arrivals.iter().map(numbers).collect(),
        }
    }
}

/// Some lines out of the store as one piece.
pub fn of_page(page: &LogLines, kind: LogKind) -> Piece {
    let items = lines::of_page(page, kind);
    piece(page.first_line, &items, &page.arrivals)
}

/// A chunk cut into pieces.
pub fn of_chunk(chunk: &Chunk, kind: LogKind) -> Vec<Piece> {
    let items = lines::lines(&chunk.text, kind, chunk.first_line, &chunk.ansi);
    let mut pieces = Vec::new();
    let mut rest = items.as_slice();
    let mut first = chunk.first_line;
    while !rest.is_empty() {
        let (head, tail) = rest.split_at(n_that_fit(rest));
        let n_lines = i64::try_from(head.len()).unwrap_or(i64::MAX);
        let arrival = Arrival { first_line: first, n_lines, first_at: chunk.first_at, last_at: chunk.last_at };
        pieces.push(piece(first, head, &[arrival]));
        first = first.saturating_add(n_lines);
        rest = tail;
    }
    pieces
}

fn piece(first: i64, items: &[LineItem], arrivals: &[Arrival]) -> Piece {
    let frame = json::to_string(&LinesJson::new(first, items, arrivals)).into();
    Piece { first, n_lines: i64::try_from(items.len()).unwrap_or(i64::MAX), frame }
}

/// At least one.
fn n_that_fit(items: &[LineItem]) -> usize {
    let size =
        |item: &LineItem| item.spans.iter().map(|span| span.text.len() + span.class.len() + 6).sum::<usize>() + 8;
    let mut sum = 0_usize;
    let sizes = items.iter().map(|item| {
        sum = sum.saturating_add(size(item));
        sum
    });
    sizes.take_while(|sum| *sum <= MOST_BYTES).count().max(1)
}
