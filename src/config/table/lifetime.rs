//! How long data is kept: `util.JanitorConfigurator`, and the lengths of time that it takes.

use super::{Argument, Class, Default, Kind};

/// Where `timedelta` is imported from; not one of Buildbot's namespaces.
pub const DATETIME: &str = "datetime";

const TIMEDELTA: &[Argument] = &[
    Argument::new("days", Kind::Seconds, Default::Int(0), "Days."),
    Argument::new("seconds", Kind::Seconds, Default::Int(0), "Seconds."),
    Argument::new("microseconds", Kind::Seconds, Default::Int(0), "Millionths of a second."),
    Argument::new("milliseconds", Kind::Seconds, Default::Int(0), "Thousandths of a second."),
    Argument::new("minutes", Kind::Seconds, Default::Int(0), "Minutes."),
    Argument::new("hours", Kind::Seconds, Default::Int(0), "Hours."),
    Argument::new("weeks", Kind::Seconds, Default::Int(0), "Weeks."),
];

const JANITOR: &[Argument] = &[
    Argument::optional("logHorizon", Kind::Object(&["timedelta"]), "Logs of builds that ended longer ago go."),
    Argument::new("hour", Kind::Cron, Default::Int(0), "Hours of the day at which it works."),
    Argument::optional(
        "build_data_horizon",
        Kind::Object(&["timedelta"]),
        "Data that steps left with builds that ended longer ago goes.",
    ),
    Argument::new("minute", Kind::Cron, Default::Int(0), "Minutes of the hour, as in a crontab."),
    Argument::new("dayOfMonth", Kind::Cron, Default::Text("*"), "Days of the month; `L` is the last one."),
    Argument::new("month", Kind::Cron, Default::Text("*"), "Months, from 1."),
    Argument::new(
        "dayOfWeek",
        Kind::Cron,
        Default::Text("*"),
        "Days of the week: as a number Monday is 0, as text Sunday is '0'.",
    ),
];

pub const CLASSES: &[Class] = &[
    Class::new("util", "JanitorConfigurator", "Removes old logs, by their age, at given times.", &[JANITOR])
        .positional(&["logHorizon", "hour", "build_data_horizon"]),
    Class::new(DATETIME, "timedelta", "A length of time; imported from `datetime`, as in Python.", &[TIMEDELTA])
        .positional(&["days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"]),
];
