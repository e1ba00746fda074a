//! How durations, dates and results look on pages.

use std::time::Duration;

use jiff::Timestamp as Instant;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::domain::{Results, Timestamp};
use crate::forecast::Estimate;

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

/// How far a running build is, if it takes as long as builds of its builder usually do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Up to 99: only the end of a build is certain.
    pub percent: u64,
    /// When it started, for programs.
    pub since: String,
    pub expected_s: u64,
    /// `12 min`
    pub expected: String,
    /// `about 3 min left`, `2 min over`
    pub left: String,
    pub is_over: bool,
}

impl Progress {
    /// By what was learned of each step.
    pub fn of(started: Timestamp, estimate: &Estimate) -> Self {
        let total = estimate.total().max(Duration::from_secs(1));
        let left = match estimate.overdue() {
            Some(over) => format!("{} over", duration(over)),
            None => format!("about {} left", duration(roughly(estimate.left))),
        };
        Self {
            percent: estimate.percent(),
            since: iso(started),
            expected_s: total.as_secs(),
            expected: duration(roughly(estimate.usual)),
            left,
            is_over: estimate.overdue().is_some(),
        }
    }

    /// By how long builds of the builder usually take.
    pub fn new(started: Timestamp, typical: Duration, now: Timestamp) -> Self {
        let (typical, elapsed) = (typical.max(Duration::from_secs(1)), now.since(started));
        let is_over = typical < elapsed;
        let left = match (typical.checked_sub(elapsed), elapsed.checked_sub(typical)) {
            (Some(left), _) => format!("about {} left", duration(roughly(left))),
            (None, over) => format!("{} over", duration(over.unwrap_or_default())),
        };
        Self {
            percent: elapsed.as_secs().saturating_mul(100).checked_div(typical.as_secs()).unwrap_or(0).min(99),
            since: iso(started),
            expected_s: typical.as_secs(),
            expected: duration(roughly(typical)),
            left,
            is_over,
        }
    }
}

/// What is only expected is not told to the second.
pub fn roughly(duration: Duration) -> Duration {
    let seconds = duration.as_millis().div_ceil(1000);
    let seconds = match seconds {
        0..=20 => seconds,
        21..=120 => (seconds + 2) / 5 * 5,
        _ => (seconds + 30) / 60 * 60,
    };
    Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX))
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

/// `2026-11-21T04:52:03Z`
pub fn iso(at: Timestamp) -> String {
    date(at, "%Y-%m-%dT%H:%M:%SZ")
}

fn date(at: Timestamp, format: &str) -> String {
    Instant::from_second(at.secs()).map_or_else(|_| "unknown".to_owned(), |at| at.strftime(format).to_string())
}

/// What a field for date and time holds: `2026-11-21T04:52`, in UTC.
pub fn field(at: Timestamp) -> String {
    date(at, "%Y-%m-%dT%H:%M")
}

/// `2026-11-21T04:52:03.000120`, in UTC, as [`moment`] reads it.
pub fn precise(at: Timestamp) -> String {
    format!("{}.{:06}", date(at, "%Y-%m-%dT%H:%M:%S"), at.micros().rem_euclid(1_000_000))
}

/// A moment as a URL or a field names it, in UTC: a date, a date and a time, or how long ago (`90m`, `24h`, `7d`).
pub fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Some((count, unit)) = text.split_at_checked(text.len().checked_sub(1)?)
        && let Ok(count) = count.parse::<u32>()
    {
        let seconds = match unit {
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        return Some(now - Duration::from_secs(u64::from(count) * seconds));
    }
    let civil: DateTime = text.trim_end_matches('Z').parse().ok()?;
    let at = civil.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some(Timestamp::from_micros(at.as_microsecond()))
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
    fn progress_is_a_share_of_what_is_usual_and_never_complete() {
        let started = Timestamp::from_secs(1_795_000_000);
        let after = |seconds| Progress::new(started, Duration::from_secs(600), started + Duration::from_secs(seconds));
        assert_eq!((after(150).percent, after(150).left.as_str()), (25, "about 8 min left"));
        assert_eq!((after(590).percent, after(590).left.as_str()), (98, "about 10 s left"));
        assert_eq!((after(690).percent, after(690).left.as_str(), after(690).is_over), (99, "1 min 30 s over", true));
        assert_eq!(Progress::new(started, Duration::ZERO, started).percent, 0);
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
    fn moments_are_dates_or_lie_some_time_back() {
        let now = Timestamp::from_secs(1_795_000_000);
        let back = |seconds| Some(now - Duration::from_secs(seconds));
        assert_eq!(moment("90m", now), back(5_400));
        assert_eq!(moment("7d", now), back(604_800));
        assert_eq!(moment(&field(now), now).map(field), Some(field(now)));
        assert_eq!(moment("1970-01-02", now), Some(Timestamp::from_secs(86_400)));
        assert_eq!(moment("1970-01-01T00:00:01.000002", now), Some(Timestamp::from_micros(1_000_002)));
        for text in ["", "x", "5y", "é", "-5h", "2026-13-01", "99999999999d", "yesterday"] {
            assert_eq!(moment(text, now), None, "{text}");
        }
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
