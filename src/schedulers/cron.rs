//! Points of time by the fields of crontab(5): minute, hour, day of the month, month, day of the week.
//!
//! How the fields go together (manual section "Nightly Scheduler" and crontab(5)):
//!
//! - If both days are restricted, either of them is enough.
//! - Times are those of the clock on the wall. Where the clock is put forward, a time that is left out comes right
//!   after the gap; where it is put back, a time that comes twice counts once. With `*` for the hour it is every hour
//!   that passes, so that nothing is left out and nothing comes late.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, ToSpan, Zoned};

use crate::domain::Timestamp;

/// Days that are looked at before a time is said never to come: the 29th of February on a given weekday is at most 40
/// years away.
const MOST_DAYS: usize = 366 * 41;
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The reason text is not a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not {what}: {why}")]
pub struct CronError {
    pub text: String,
    /// As in "an hour".
    what: &'static str,
    why: String,
}

/// Which minutes of which days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: Set,
    hours: Set,
    days: Set,
    last_day: bool,
    months: Set,
    /// Sunday is 0.
    weekdays: Set,
}

/// Some of the numbers below 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Set {
    bits: u64,
    /// Whether it was written `*`.
    everything: bool,
}

impl Set {
    fn has(self, number: i8) -> bool {
        u32::try_from(number).is_ok_and(|number| self.bits.checked_shr(number).is_some_and(|bits| bits & 1 == 1))
    }
}

/// The zone of this machine, as its settings and `TZ` say.
pub fn local_zone() -> TimeZone {
    TimeZone::system()
}

/// What a field may hold.
struct Field {
    what: &'static str,
    least: u32,
    most: u32,
    names: &'static [&'static str],
    /// Number of the first name.
    first_name: u32,
}

const MINUTE: Field = Field { what: "a minute", least: 0, most: 59, names: &[], first_name: 0 };
const HOUR: Field = Field { what: "an hour", least: 0, most: 23, names: &[], first_name: 0 };
const DAY: Field = Field { what: "a day of the month", least: 1, most: 31, names: &[], first_name: 0 };
const MONTH: Field = Field { what: "a month", least: 1, most: 12, names: &MONTHS, first_name: 1 };
const WEEKDAY: Field = Field { what: "a day of the week", least: 0, most: 7, names: &WEEKDAYS, first_name: 0 };

impl Cron {
    /// Reads the five fields in crontab's syntax: `*`, numbers, ranges `a-b`, steps `/n`, lists, names of months and
    /// weekdays, and `L` for the last day of a month. Sunday is 0 or 7.
    pub fn parse([minute, hour, day, month, weekday]: [&str; 5]) -> Result<Self, CronError> {
        let (days, last_day) = DAY.parse_days(day)?;
        let mut weekdays = WEEKDAY.parse(weekday)?;
        weekdays.bits |= weekdays.bits >> 7 & 1;
        Ok(Self {
            minutes: MINUTE.parse(minute)?,
            hours: HOUR.parse(hour)?,
            days,
            last_day,
            months: MONTH.parse(month)?,
            weekdays,
        })
    }

    /// The first such moment after this one; `None` if there is none, as for the 30th of February.
    pub fn next_after(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let after = Instant::from_microsecond(after.micros()).ok()?.to_zoned(zone.clone());
        let next = if self.hours.everything { self.next_of_every_hour(after) } else { self.next_on_the_wall(&after) };
        next.map(|moment| Timestamp::from_micros(moment.timestamp().as_microsecond()))
    }

    /// Whether no year has such a moment.
    pub fn is_never(&self) -> bool {
        self.next_after(Timestamp::default(), &TimeZone::UTC).is_none()
    }

    /// By time that passes.
    fn next_of_every_hour(&self, after: Zoned) -> Option<Zoned> {
        let whole = Time::new(after.hour(), after.minute(), 0, 0).ok()?;
        let mut moment = after.with().time(whole).build().ok()?.checked_add(1.minute()).ok()?;
        let mut n_days = 0;
        while n_days < MOST_DAYS {
            if !self.has_day(moment.date()) {
                moment = moment.tomorrow().ok()?.start_of_day().ok()?;
                n_days += 1;
            } else if self.minutes.has(moment.minute()) {
                return Some(moment);
            } else {
                moment = moment.checked_add(1.minute()).ok()?;
            }
        }
        None
    }

    /// By what the clock shows.
    fn next_on_the_wall(&self, after: &Zoned) -> Option<Zoned> {
        let mut day = after.date();
        for _ in 0..MOST_DAYS {
            if self.has_day(day) {
                let times = self.times().map(|time| DateTime::from_parts(day, time));
                let mut moments = times.filter_map(|time| after.time_zone().to_zoned(time).ok());
                if let Some(moment) = moments.find(|moment| after < moment) {
                    return Some(moment);
                }
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    fn times(&self) -> impl Iterator<Item = Time> {
        let minutes = (0..60).filter(|minute| self.minutes.has(*minute));
        let hours = (0..24).filter(|hour| self.hours.has(*hour));
        hours.flat_map(move |hour| minutes.clone().filter_map(move |minute| Time::new(hour, minute, 0, 0).ok()))
    }

    fn has_day(&self, date: Date) -> bool {
        let day = self.days.has(date.day()) || (self.last_day && date.day() == date.days_in_month());
        let weekday = self.weekdays.has(date.weekday().to_sunday_zero_offset());
        let either = !self.days.everything && !self.weekdays.everything;
        self.months.has(date.month()) && if either { day || weekday } else { day && weekday }
    }
}

impl Field {
    fn parse(&self, text: &str) -> Result<Set, CronError> {
        let mut bits = 0;
        for part in text.split(',') {
            bits |= self.part(part.trim()).map_err(|why| self.error(text, why))?;
        }
        Ok(Set { bits, everything: text.trim() == "*" })
    }

    /// A list of days; whether the last of the month is among them.
    fn parse_days(&self, text: &str) -> Result<(Set, bool), CronError> {
        let is_last = |part: &&str| part.trim().eq_ignore_ascii_case("l");
        let others: Vec<&str> = text.split(',').filter(|part| !is_last(part)).collect();
        let has_last = text.split(',').any(|part| is_last(&part));
        match others.as_slice() {
            [] => Ok((Set { bits: 0, everything: false }, true)),
            others => Ok((self.parse(&others.join(","))?, has_last)),
        }
    }

    /// `*`, `5`, `1-5`, each with `/2` behind it.
    fn part(&self, text: &str) -> Result<u64, String> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (text, None),
        };
        let step_size = match step.map(str::parse::<usize>) {
            None => 1,
            Some(Ok(size)) if 0 < size => size,
            Some(_) => return Err("after '/' a number greater than 0 is expected".to_owned()),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (self.least, self.most),
            Some((first, last)) => (self.number(first)?, self.number(last)?),
            None if step.is_some() => (self.number(range)?, self.most),
            None => (self.number(range)?, self.number(range)?),
        };
        if last < first {
            return Err(format!("{first} comes after {last}"));
        }
        Ok((first..=last).step_by(step_size).fold(0, |bits, number| bits | 1 << number))
    }

    fn number(&self, text: &str) -> Result<u32, String> {
        let text = text.trim().to_ascii_lowercase();
        let named = self.names.iter().zip(self.first_name..).find(|(name, _)| **name == text);
        let number = named.map(|(_, number)| number).or_else(|| text.parse().ok());
        number
            .filter(|number| (self.least..=self.most).contains(number))
            .ok_or_else(|| format!("numbers from {} to {} are expected", self.least, self.most))
    }

    fn error(&self, text: &str, why: String) -> CronError {
        CronError { text: text.to_owned(), what: self.what, why }
    }
}

#[cfg(test)]
#[path = "cron_tests.rs"]
mod tests;
