//! Times of a crontab, summer time and leap years included.

use super::*;

fn zone() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
}

fn moment(text: &str) -> Timestamp {
    let instant: Instant = text.parse().unwrap();
    Timestamp::from_micros(instant.as_microsecond())
}

/// The first times after a moment, in UTC.
fn times(fields: [&str; 5], after: &str, n: usize) -> Vec<String> {
    let cron = Cron::parse(fields).unwrap();
    let mut now = moment(after);
    let mut found = Vec::new();
    for _ in 0..n {
        now = cron.next_after(now, &zone()).unwrap();
        found.push(Instant::from_microsecond(now.micros()).unwrap().to_string());
    }
    found
}

#[test]
fn a_fixed_time_comes_once_a_day() {
    let found = times(["30", "3", "*", "*", "*"], "2026-01-01T02:30:00Z", 2);
    assert_eq!(found, ["2026-01-02T02:30:00Z", "2026-01-03T02:30:00Z"]);
}

#[test]
fn seconds_before_a_time_it_is_still_to_come() {
    assert_eq!(times(["30", "3", "*", "*", "*"], "2026-01-01T02:29:59.999999Z", 1), ["2026-01-01T02:30:00Z"]);
}

#[test]
fn where_the_clock_is_put_forward_a_time_comes_right_after_the_gap_and_once() {
    // 02:30 does not exist on the 29th of March; 03:30 is the same moment.
    let found = times(["30", "2,3", "*", "*", "*"], "2026-03-28T23:00:00Z", 2);
    assert_eq!(found, ["2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]);
}

#[test]
fn where_the_clock_is_put_back_a_time_comes_once() {
    // 02:30 comes at 00:30 and at 01:30 UTC on the 25th of October.
    let found = times(["30", "2", "*", "*", "*"], "2026-10-24T22:00:00Z", 2);
    assert_eq!(found, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    assert_eq!(times(["30", "2", "*", "*", "*"], "2026-10-25T01:10:00Z", 1), ["2026-10-26T01:30:00Z"]);
}

#[test]
fn with_every_hour_no_hour_is_left_out_and_none_comes_late() {
    let spring = times(["15", "*", "*", "*", "*"], "2026-03-28T23:30:00Z", 3);
    assert_eq!(spring, ["2026-03-29T00:15:00Z", "2026-03-29T01:15:00Z", "2026-03-29T02:15:00Z"]);
    let autumn = times(["15", "*", "*", "*", "*"], "2026-10-24T23:30:00Z", 3);
    assert_eq!(autumn, ["2026-10-25T00:15:00Z", "2026-10-25T01:15:00Z", "2026-10-25T02:15:00Z"]);
}

#[test]
fn of_two_restricted_days_either_is_enough() {
    // The 13th, and every Friday.
    let found = times(["0", "12", "13", "*", "5"], "2026-02-01T00:00:00Z", 3);
    assert_eq!(found, ["2026-02-06T11:00:00Z", "2026-02-13T11:00:00Z", "2026-02-20T11:00:00Z"]);
}

#[test]
fn sunday_is_0_and_7_and_has_a_name() {
    let by_zero = times(["0", "0", "*", "*", "0"], "2026-01-01T00:00:00Z", 2);
    assert_eq!(by_zero, ["2026-01-03T23:00:00Z", "2026-01-10T23:00:00Z"]);
    assert_eq!(times(["0", "0", "*", "*", "7"], "2026-01-01T00:00:00Z", 2), by_zero);
    assert_eq!(times(["0", "0", "*", "*", "SUN"], "2026-01-01T00:00:00Z", 2), by_zero);
}

#[test]
fn the_last_day_and_the_29th_of_february_are_found() {
    assert_eq!(times(["0", "1", "L", "*", "*"], "2028-02-01T00:00:00Z", 1), ["2028-02-29T00:00:00Z"]);
    assert_eq!(times(["0", "1", "29", "2", "*"], "2026-01-01T00:00:00Z", 1), ["2028-02-29T00:00:00Z"]);
    assert_eq!(times(["0", "*", "29", "feb", "*"], "2026-01-01T00:00:00Z", 1), ["2028-02-28T23:00:00Z"]);
}

#[test]
fn a_day_that_does_not_exist_never_comes() {
    let cron = Cron::parse(["0", "1", "30", "2", "*"]).unwrap();
    assert_eq!(cron.next_after(moment("2026-01-01T00:00:00Z"), &zone()), None);
}

#[test]
fn steps_and_ranges_are_counted_from_their_start() {
    let found = times(["5-20/10", "1", "*", "*", "*"], "2026-01-01T00:00:00Z", 3);
    assert_eq!(found, ["2026-01-01T00:05:00Z", "2026-01-01T00:15:00Z", "2026-01-02T00:05:00Z"]);
}

#[test]
fn what_is_no_time_is_refused_with_the_reason() {
    let error = |fields| Cron::parse(fields).unwrap_err().to_string();
    assert_eq!(error(["60", "*", "*", "*", "*"]), "'60' is not a minute: numbers from 0 to 59 are expected");
    assert_eq!(error(["0", "5-1", "*", "*", "*"]), "'5-1' is not an hour: 5 comes after 1");
    assert_eq!(
        error(["0", "*/0", "*", "*", "*"]),
        "'*/0' is not an hour: after '/' a number greater than 0 is expected"
    );
    assert_eq!(error(["0", "*", "*", "foo", "*"]), "'foo' is not a month: numbers from 1 to 12 are expected");
}

#[test]
fn any_fields_and_moments_give_a_later_time_that_matches() {
    let mut rng = fastrand::Rng::with_seed(7);
    for round in 0..2000 {
        let minute = rng.u32(0..60).to_string();
        let hour = if rng.bool() { "*".to_owned() } else { rng.u32(0..24).to_string() };
        let cron = Cron::parse([&minute, &hour, "*", "*", "*"]).unwrap();
        let after = Timestamp::from_secs(rng.i64(1_700_000_000..1_900_000_000));
        let next = cron.next_after(after, &zone()).unwrap();
        let shown = Instant::from_microsecond(next.micros()).unwrap().to_zoned(zone());
        assert!(after < next, "round {round}");
        assert_eq!(shown.minute().to_string(), minute, "round {round}");
        // A day may have 25 hours.
        let longest = if hour == "*" { 3600 } else { 25 * 3600 };
        assert!(next.secs() - after.secs() <= longest, "round {round}: {}", next.secs() - after.secs());
    }
}
