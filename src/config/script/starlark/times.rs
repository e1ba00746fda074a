//! `time` and `datetime`, by the master's clock.

#![expect(clippy::panic, reason = "`StarlarkPagablePanic` makes functions that paging, which is off, would call")]

use std::cmp::Ordering;
use std::fmt::{self, Display};

use allocative::Allocative;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use starlark::environment::{GlobalsBuilder, Methods, MethodsBuilder};
use starlark::eval::{Arguments, Evaluator};
use starlark::values::float::UnpackFloat;
use starlark::values::{
    Heap, NoSerialize, ProvidesStaticType, StarlarkPagablePanic, StarlarkValue, UnpackValue, Value, ValueLike,
    starlark_value,
};
use starlark::{starlark_module, starlark_simple_value};

use super::constructor::fail;
use super::exceptions::raise;
use super::object::{Given, ScriptObject};
use crate::config::script::Now;
use crate::config::table::find_class;

/// The parts of a `timedelta` and their lengths in seconds.
const PARTS: [(&str, f64); 7] = [
    ("weeks", 604_800.0),
    ("days", 86_400.0),
    ("hours", 3_600.0),
    ("minutes", 60.0),
    ("seconds", 1.0),
    ("milliseconds", 1e-3),
    ("microseconds", 1e-6),
];

/// A function that asks the clock, or turns seconds into dates.
#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
struct TimeFunction {
    what: What,
    #[allocative(skip)]
    now: Now,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Allocative)]
enum What {
    Time,
    Strftime,
    Localtime,
    Gmtime,
    Ctime,
    Sleep,
    Now,
    UtcNow,
    Today,
    FromTimestamp,
    UtcFromTimestamp,
    Parse,
    FromIso,
}

starlark_simple_value!(TimeFunction);

impl Display for TimeFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<function {:?}>", self.what)
    }
}

pub fn time(builder: &mut GlobalsBuilder, now: &Now) {
    let functions = [
        ("time", What::Time),
        ("strftime", What::Strftime),
        ("localtime", What::Localtime),
        ("gmtime", What::Gmtime),
        ("ctime", What::Ctime),
        ("asctime", What::Ctime),
        ("sleep", What::Sleep),
    ];
    set(builder, now, &functions);
}

pub fn datetime(builder: &mut GlobalsBuilder, now: &Now) {
    builder.namespace("datetime", |builder| {
        let functions = [
            ("now", What::Now),
            ("today", What::Now),
            ("utcnow", What::UtcNow),
            ("fromtimestamp", What::FromTimestamp),
            ("utcfromtimestamp", What::UtcFromTimestamp),
            ("strptime", What::Parse),
            ("fromisoformat", What::FromIso),
        ];
        set(builder, now, &functions);
    });
    builder.namespace("date", |builder| set(builder, now, &[("today", What::Today)]));
    builder.namespace("timezone", |builder| builder.set("utc", "UTC"));
    builder.set("UTC", "UTC");
}

fn set(builder: &mut GlobalsBuilder, now: &Now, functions: &[(&str, What)]) {
    for (name, what) in functions {
        builder.set(name, TimeFunction { what: *what, now: now.clone() });
    }
}

fn civil(micros: i64, zone: TimeZone) -> DateTime {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone).datetime()
}

fn micros(seconds: f64) -> i64 {
    (seconds * 1e6) as i64
}

#[starlark_value(type = "function")]
impl<'v> StarlarkValue<'v> for TimeFunction {
    fn invoke(
        &self,
        _: Value<'v>,
        arguments: &Arguments<'v, '_>,
        evaluator: &mut Evaluator<'v, '_, '_>,
    ) -> starlark::Result<Value<'v>> {
        let heap = evaluator.heap();
        let given: Vec<Value<'v>> = arguments.positions(heap)?.collect();
        let named = arguments.names_map()?;
        let now = self.now.get().micros();
        let seconds = given.first().and_then(|value| UnpackFloat::unpack_value(*value).ok().flatten());
        let at = seconds.map_or(now, |seconds| micros(seconds.0));
        let has_zone = given.len() == 2 || (self.what == What::Now && !given.is_empty()) || !named.is_empty();
        let zone = if has_zone { TimeZone::UTC } else { TimeZone::system() };
        let date = |date: DateTime| heap.alloc(Date { date, is_day: false });
        Ok(match self.what {
            What::Time => heap.alloc(now as f64 / 1e6),
            What::Sleep => return fail("time.sleep() is not here: a configuration does not wait".to_owned()),
            What::Localtime => date(civil(at, TimeZone::system())),
            What::Gmtime => date(civil(at, TimeZone::UTC)),
            What::Ctime => heap.alloc(formatted(civil(at, TimeZone::system()), "%a %b %e %H:%M:%S %Y")?),
            What::Strftime => {
                let Some(format) = given.first().and_then(|format| format.unpack_str()) else {
                    return raise("TypeError", "time.strftime() needs a format");
                };
                let date = given.get(1).and_then(|date| date.downcast_ref::<Date>()).map(|date| date.date);
                heap.alloc(formatted(date.unwrap_or_else(|| civil(now, TimeZone::system())), format)?)
            }
            What::Now => date(civil(now, zone)),
            What::UtcNow => date(civil(now, TimeZone::UTC)),
            What::Today => {
                heap.alloc(Date { date: civil(now, TimeZone::system()).date().at(0, 0, 0, 0), is_day: true })
            }
            What::FromTimestamp => date(civil(at, zone)),
            What::UtcFromTimestamp => date(civil(at, TimeZone::UTC)),
            What::FromIso | What::Parse => {
                let texts: Vec<&str> = given.iter().filter_map(|text| text.unpack_str()).collect();
                let parsed = match (self.what, texts.as_slice()) {
                    (What::Parse, [text, format]) => DateTime::strptime(format, text)
                        .ok()
                        .or_else(|| jiff::civil::Date::strptime(format, text).ok().map(|day| day.at(0, 0, 0, 0))),
                    (_, [text]) => text.parse().ok(),
                    _ => None,
                };
                match parsed {
                    Some(parsed) => date(parsed),
                    None => return raise("ValueError", "this is no date of that form"),
                }
            }
        })
    }
}

fn formatted(date: DateTime, format: &str) -> starlark::Result<String> {
    let zoned = date.to_zoned(TimeZone::system());
    let text = match zoned {
        Ok(zoned) => jiff::fmt::strtime::format(format, &zoned),
        Err(_) => jiff::fmt::strtime::format(format, date),
    };
    text.or_else(|error| raise("ValueError", format!("'{format}' is no format of dates: {error}")))
}

/// A date with its time, or a day.
#[derive(Debug, ProvidesStaticType, NoSerialize, Allocative, StarlarkPagablePanic)]
pub struct Date {
    #[allocative(skip)]
    date: DateTime,
    is_day: bool,
}

starlark_simple_value!(Date);

impl Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_day {
            return write!(f, "{}", self.date.date());
        }
        write!(f, "{} {}", self.date.date(), self.date.time())
    }
}

/// The length of a `timedelta` of ours in seconds.
pub fn length_of(value: Value<'_>) -> Option<f64> {
    let contents = ScriptObject::contents(value).filter(|contents| contents.class.name == "timedelta")?;
    let seconds = contents.arguments.iter().map(|given| {
        let number = UnpackFloat::unpack_value(given.value).ok().flatten().map_or(0.0, |number| number.0);
        let unit = PARTS.iter().find(|(name, _)| *name == given.name).map_or(0.0, |(_, unit)| *unit);
        number * unit
    });
    Some(seconds.sum())
}

/// A length of time as Python prints it: `1 day, 2:03:04.500000`.
pub fn print_length(seconds: f64) -> String {
    const DAY: i64 = 86_400_000_000;
    let micros = micros(seconds);
    let (days, rest) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
    let days = match days {
        0 => String::new(),
        1 | -1 => format!("{days} day, "),
        _ => format!("{days} days, "),
    };
    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    format!("{days}{}:{:02}:{:02}{fraction}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn timedelta<'v>(seconds: f64, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
    let Some(class) = find_class("timedelta") else { return fail("there is no timedelta".to_owned()) };
    let given = Given { name: "seconds".to_owned(), value: heap.alloc(seconds), span: Default::default() };
    Ok(heap.alloc(ScriptObject::new(class, Default::default(), vec![given], Vec::new())))
}

impl Date {
    fn moved<'v>(&self, seconds: f64, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        match self.date.checked_add(SignedDuration::from_micros(micros(seconds))) {
            Ok(date) => Ok(heap.alloc(Self { date, is_day: self.is_day })),
            Err(_) => raise("OverflowError", "the date is out of range"),
        }
    }
}

starlark::methods_static!(METHODS = methods);

#[starlark_value(type = "datetime")]
impl<'v> StarlarkValue<'v> for Date {
    fn get_methods() -> Option<&'static Methods> {
        Some(METHODS.methods())
    }

    fn get_attr(&self, attribute: &str, heap: Heap<'v>) -> Option<Value<'v>> {
        let number = match attribute {
            "year" | "tm_year" => i32::from(self.date.year()),
            "month" | "tm_mon" => i32::from(self.date.month()),
            "day" | "tm_mday" => i32::from(self.date.day()),
            "hour" | "tm_hour" => i32::from(self.date.hour()),
            "minute" | "tm_min" => i32::from(self.date.minute()),
            "second" | "tm_sec" => i32::from(self.date.second()),
            "microsecond" => self.date.subsec_nanosecond() / 1000,
            "tm_wday" => i32::from(self.date.weekday().to_monday_zero_offset()),
            "tm_yday" => i32::from(self.date.day_of_year()),
            _ => return None,
        };
        Some(heap.alloc(number))
    }

    fn equals(&self, other: Value<'v>) -> starlark::Result<bool> {
        Ok(other.downcast_ref::<Self>().is_some_and(|other| other.date == self.date))
    }

    fn compare(&self, other: Value<'v>) -> starlark::Result<Ordering> {
        match other.downcast_ref::<Self>() {
            Some(other) => Ok(self.date.cmp(&other.date)),
            None => raise("TypeError", format!("a date cannot be compared with a {}", other.get_type())),
        }
    }

    fn add(&self, other: Value<'v>, heap: Heap<'v>) -> Option<starlark::Result<Value<'v>>> {
        Some(self.moved(length_of(other)?, heap))
    }

    fn sub(&self, other: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        if let Some(earlier) = other.downcast_ref::<Self>() {
            return timedelta(self.date.duration_since(earlier.date).as_secs_f64(), heap);
        }
        match length_of(other) {
            Some(seconds) => self.moved(-seconds, heap),
            None => raise("TypeError", format!("a {} cannot be taken from a date", other.get_type())),
        }
    }
}

fn date<'v>(value: Value<'v>) -> starlark::Result<&'v Date> {
    value.downcast_ref::<Date>().map_or_else(|| fail("this is no date".to_owned()), Ok)
}

#[starlark_module]
fn methods(builder: &mut MethodsBuilder) {
    fn strftime<'v>(this: Value<'v>, #[starlark(require = pos)] format: &str) -> starlark::Result<String> {
        formatted(date(this)?.date, format)
    }

    fn isoformat<'v>(this: Value<'v>, #[starlark(require = pos)] sep: Option<&str>) -> starlark::Result<String> {
        let date = date(this)?;
        Ok(if date.is_day { date.to_string() } else { date.to_string().replacen(' ', sep.unwrap_or("T"), 1) })
    }

    fn timestamp<'v>(this: Value<'v>) -> starlark::Result<f64> {
        match date(this)?.date.to_zoned(TimeZone::system()) {
            Ok(zoned) => Ok(zoned.timestamp().as_microsecond() as f64 / 1e6),
            Err(_) => raise("OverflowError", "the date is out of range"),
        }
    }

    fn weekday<'v>(this: Value<'v>) -> starlark::Result<i32> {
        Ok(i32::from(date(this)?.date.weekday().to_monday_zero_offset()))
    }

    fn isoweekday<'v>(this: Value<'v>) -> starlark::Result<i32> {
        Ok(i32::from(date(this)?.date.weekday().to_monday_one_offset()))
    }

    fn date<'v>(this: Value<'v>, heap: Heap<'v>) -> starlark::Result<Value<'v>> {
        Ok(heap.alloc(Date { date: self::date(this)?.date.date().at(0, 0, 0, 0), is_day: true }))
    }

    fn timetuple<'v>(this: Value<'v>) -> starlark::Result<Value<'v>> {
        Ok(this)
    }
}
