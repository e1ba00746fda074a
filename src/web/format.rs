//! How durations, dates and results look on pages.

use std::time::Duration;

use jiff::Timestamp as Instant;
use serde::Serialize;

use crate::domain::{Results, Timestamp};

/// How something stands, recognisable without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// CSS class.
    pub class: &'static str,
    pub symbol: &'static str,
    pub word: &'static str,
}

pub const RUNNING: Status = Status { class: "running", symbol: "▶", word: "running" };
pub const WAITING: Status = Status { class: "waiting", symbol: "…", word: "waiting" };
pub const NOT_STARTED: Status = Status { class: "waiting", symbol: "·", word: "not started" };
pub const NEVER_BUILT: Status = Status { class: "waiting", symbol: "·", word: "never built" };

/// The status of something that ended with these results.
pub const fn status(results: Results) -> Status {
    let (class, symbol) = match results {
        Results::Success => ("success", "✓"),
        Results::Warnings => ("warnings", "!"),
        Results::Failure => ("failure", "✗"),
        Results::Skipped => ("skipped", "»"),
        Results::Exception => ("exception", "‼"),
        Results::Retry => ("retry", "↻"),
        Results::Cancelled => ("cancelled", "⊘"),
    };
    Status { class, symbol, word: results.word() }
}

/// The status of a build: `None` is a running one.
pub fn build_status(results: Option<Results>) -> Status {
    results.map_or(RUNNING, status)
}

/// A date for people, with the exact one for a hint and for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct When {
    /// `3 minutes ago`
    pub ago: String,
    /// `21 Nov 2026 04:52:03 UTC`
    pub exact: String,
    /// `2026-11-21T04:52:03Z`
    pub iso: String,
}

impl When {
    pub fn new(at: Timestamp, now: Timestamp) -> Self {
        Self { ago: ago(at, now), exact: exact(at), iso: iso(at) }
    }
}

/// The two largest units of a duration: `48 s`, `2 min 5 s`, `3 h 10 min`, `2 d 4 h`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let text = match (days, hours, minutes) {
        (0, 0, 0) if seconds == 0 && duration.as_millis() != 0 => return format!("{} ms", duration.as_millis()),
        (0, 0, 0) => return format!("{seconds} s"),
        (0, 0, minutes) => [(minutes, "min"), (seconds % 60, "s")],
        (0, hours, _) => [(hours, "h"), (minutes % 60, "min")],
        (days, _, _) => [(days, "d"), (hours % 24, "h")],
    };
    let parts: Vec<String> =
        text.iter().filter(|(count, _)| *count != 0).map(|(count, unit)| format!("{count} {unit}")).collect();
    parts.join(" ")
}

/// How long something took, or has taken so far.
pub fn elapsed(started: Option<Timestamp>, ended: Option<Timestamp>, now: Timestamp) -> Option<String> {
    started.map(|started| duration(ended.unwrap_or(now).since(started)))
}

/// `just now`, `3 minutes ago`, `2 days ago`; a date after a month.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.since(at).as_secs();
    let (count, unit) = match seconds {
        0..10 => return "just now".to_owned(),
        10..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        86_400..2_592_000 => (seconds / 86_400, "day"),
        _ => return date(at, "%-d %b %Y"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

/// `21 Nov 2026 04:52:03 UTC`
pub fn exact(at: Timestamp) -> String {
    date(at, "%-d %b %Y %H:%M:%S UTC")
}

/// `04:52`, in UTC.
pub fn clock(at: Timestamp) -> String {
    date(at, "%H:%M")
}

/// `21 Nov`, in UTC.
pub fn day(at: Timestamp) -> String {
    date(at, "%-d %b")
}

fn iso(at: Timestamp) -> String {
    date(at, "%Y-%m-%dT%H:%M:%SZ")
}

fn date(at: Timestamp, format: &str) -> String {
    Instant::from_second(at.secs()).map_or_else(|_| "unknown".to_owned(), |at| at.strftime(format).to_string())
}

/// The first characters of a revision, if it looks like a hash.
pub fn short_revision(revision: &str) -> String {
    let hash = revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hash { revision.chars().take(10).collect() } else { revision.to_owned() }
}

/// `1 build`, `3 builds`
pub fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_at_most_two_units() {
        let cases = [
            (0, "0 s"),
            (48_000, "48 s"),
            (350, "350 ms"),
            (60_000, "1 min"),
            (125_000, "2 min 5 s"),
            (3_600_000, "1 h"),
            (11_400_000, "3 h 10 min"),
            (187_200_000, "2 d 4 h"),
        ];
        for (milliseconds, text) in cases {
            assert_eq!(duration(Duration::from_millis(milliseconds)), text);
        }
    }

    #[test]
    fn dates_are_relative_for_a_month() {
        let now = Timestamp::from_secs(1_795_000_000);
        let before = |seconds| ago(now - Duration::from_secs(seconds), now);
        assert_eq!(before(3), "just now");
        assert_eq!(before(59), "59 seconds ago");
        assert_eq!(before(60), "1 minute ago");
        assert_eq!(before(7_300), "2 hours ago");
        assert_eq!(before(86_400 * 29), "29 days ago");
        assert_eq!(before(86_400 * 31), "18 Oct 2026");
    }

    #[test]
    fn a_date_in_the_future_is_just_now() {
        assert_eq!(ago(Timestamp::from_secs(100), Timestamp::from_secs(50)), "just now");
    }

    #[test]
    fn dates_at_the_ends_of_time_do_not_panic() {
        assert_eq!(exact(Timestamp::from_secs(i64::MAX)), "unknown");
        assert_eq!(exact(Timestamp::from_micros(0)), "1 Jan 1970 00:00:00 UTC");
    }

    #[test]
    fn results_differ_in_word_and_symbol() {
        let mut symbols: Vec<&str> = Results::ALL.iter().map(|results| status(*results).symbol).collect();
        symbols.push(RUNNING.symbol);
        symbols.push(WAITING.symbol);
        let n_symbols = symbols.len();
        symbols.sort_unstable();
        symbols.dedup();
        assert_eq!(symbols.len(), n_symbols);
    }
}
