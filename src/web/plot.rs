//! The durations of a builder's last builds as bars. The server computes the geometry in whole units of a drawing that
//! the browser stretches; the template draws it.

use std::time::Duration;

use serde::Serialize;

use super::format;
use crate::domain::{Build, Timestamp};

/// Units from one bar to the next, and of the bar alone.
const SLOT: usize = 10;
const BAR: usize = 7;
/// Units of the longest bar.
const HEIGHT: u64 = 100;
/// Few bars do not become broad.
const FEWEST_SLOTS: usize = 30;

#[derive(Debug, Serialize)]
pub struct Plot {
    width: usize,
    height: u64,
    bars: Vec<Bar>,
    /// What the scale says at its top and middle.
    top: String,
    middle: String,
    /// The typical duration, and where its line is.
    typical: Option<String>,
    typical_y: Option<u64>,
    caption: String,
}

#[derive(Debug, Serialize)]
struct Bar {
    href: String,
    label: String,
    class: &'static str,
    x: usize,
    y: u64,
    width: usize,
    height: u64,
    /// The whole slot can be clicked.
    hit_x: usize,
    hit_width: usize,
}

impl Plot {
    /// Of finished builds, from the newest down. `None` if they are too few to compare.
    pub fn new(newest_first: &[Build], builder_href: &str, typical: Option<Duration>, now: Timestamp) -> Option<Self> {
        let took = |build: &Build| build.complete_at.unwrap_or(now).since(build.started_at);
        let longest = newest_first.iter().map(took).max()?.max(typical.unwrap_or_default());
        if newest_first.len() < 3 || longest.is_zero() {
            return None;
        }
        let units = |duration: Duration| {
            let units =
                duration.as_millis().saturating_mul(HEIGHT.into()).checked_div(longest.as_millis()).unwrap_or(0);
            u64::try_from(units).unwrap_or(HEIGHT).min(HEIGHT)
        };
        let bar = |(position, build): (usize, &Build)| {
            let (status, height) = (format::build_status(build.results), units(took(build)).max(1));
            let when = format::ago(build.complete_at.unwrap_or(build.started_at), now);
            Bar {
                href: format!("{builder_href}/builds/{}", build.number),
                label: format!("#{} {}, took {}, {when}", build.number, status.word, format::duration(took(build))),
                class: status.class,
                x: position * SLOT + (SLOT - BAR) / 2,
                y: HEIGHT - height,
                width: BAR,
                height,
                hit_x: position * SLOT,
                hit_width: SLOT,
            }
        };
        let ends = newest_first.last().zip(newest_first.first());
        Some(Self {
            width: newest_first.len().max(FEWEST_SLOTS) * SLOT,
            height: HEIGHT,
            bars: newest_first.iter().rev().enumerate().map(bar).collect(),
            top: format::duration(longest),
            middle: format::duration(longest / 2),
            typical: typical.map(|typical| format::duration(format::roughly(typical))),
            typical_y: typical.map(|typical| HEIGHT - units(typical)),
            caption: ends.map_or_else(String::new, |(oldest, newest)| {
                format!("how long builds #{} to #{} took", oldest.number, newest.number)
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BuildId, BuildRequestId, BuilderId, MasterId, Results, WorkerId};

    fn build(number: i64, seconds: u64) -> Build {
        let started_at = Timestamp::from_secs(1_795_000_000);
        Build {
            id: BuildId(number),
            number,
            builder_id: BuilderId(1),
            request_id: BuildRequestId(number),
            worker_id: WorkerId(1),
            master_id: MasterId(1),
            started_at,
            complete_at: Some(started_at + Duration::from_secs(seconds)),
            results: Some(Results::Success),
            state_string: String::new(),
            locks_duration_s: 0,
        }
    }

    fn plot(seconds: &[u64], typical: Option<u64>) -> Option<Plot> {
        let mut builds: Vec<Build> = (1_i64..).zip(seconds).map(|(number, seconds)| build(number, *seconds)).collect();
        builds.reverse();
        Plot::new(&builds, "b", typical.map(Duration::from_secs), Timestamp::from_secs(1_795_009_000))
    }

    #[test]
    fn the_longest_build_reaches_the_top_and_the_shortest_is_seen() {
        let plot = plot(&[100, 50, 0], Some(75)).unwrap();
        let heights: Vec<(u64, u64)> = plot.bars.iter().map(|bar| (bar.y, bar.height)).collect();
        assert_eq!(heights, [(0, 100), (50, 50), (99, 1)]);
        assert_eq!((plot.top.as_str(), plot.middle.as_str(), plot.typical_y), ("1 min 40 s", "50 s", Some(25)));
        assert!(plot.bars[0].label.starts_with("#1 success, took 1 min 40 s"));
    }

    #[test]
    fn too_few_builds_and_builds_without_duration_are_not_plotted() {
        assert!(plot(&[], None).is_none());
        assert!(plot(&[5, 6], None).is_none());
        assert!(plot(&[0, 0, 0], None).is_none());
    }
}
