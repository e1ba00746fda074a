//! Times of a `Nightly`.

use super::fields::Fields;
use crate::config::script::Raw;
use crate::schedulers::config::NightlyConfig;
use crate::schedulers::cron::Cron;

const FIELDS: [&str; 5] = ["minute", "hour", "dayOfMonth", "month", "dayOfWeek"];
const FORCE_FIELDS: [&str; 5] =
    ["force_at_minute", "force_at_hour", "force_at_day_of_month", "force_at_month", "force_at_day_of_week"];

pub fn nightly(fields: &Fields<'_>) -> NightlyConfig {
    let given = FORCE_FIELDS.into_iter().find(|name| fields.was_given(name));
    if let Some(name) = given.filter(|_| !fields.flag("onlyIfChanged")) {
        fields.problem(name, "has no effect without onlyIfChanged=True");
    }
    let never = || Cron::parse(["0", "0", "31", "12", "*"]).expect("these are fields of a crontab");
    NightlyConfig {
        at: times(fields, FIELDS).unwrap_or_else(never),
        force_at: given.and_then(|_| times(fields, FORCE_FIELDS)),
    }
}

/// The times of a janitor: midnight, if nothing is said.
pub fn janitor(fields: &Fields<'_>) -> Cron {
    let midnight = || Cron::parse(["0", "0", "*", "*", "*"]).expect("these are fields of a crontab");
    times(fields, FIELDS).unwrap_or_else(midnight)
}

/// The times; nothing if the fields are wrong, which has been reported.
fn times(fields: &Fields<'_>, names: [&str; 5]) -> Option<Cron> {
    let defaults = ["0", "*", "*", "*", "*"];
    let texts: Vec<String> = names
        .iter()
        .zip(defaults)
        .map(|(name, default)| match fields.optional(name) {
            None => default.to_owned(),
            Some(value) => crontab(&value, *name == names[4]),
        })
        .collect();
    let [minute, hour, day, month, weekday] = texts.as_slice() else { return None };
    // Each field by itself, so that every wrong one is named.
    let mut good = true;
    for (at, (name, text)) in names.iter().zip(&texts).enumerate() {
        let mut alone = defaults;
        alone[at] = text;
        if let Err(error) = Cron::parse(alone) {
            fields.problem(name, &error.to_string());
            good = false;
        }
    }
    if !good {
        return None;
    }
    let cron = Cron::parse([minute, hour, day, month, weekday]).ok()?;
    if cron.is_never() {
        fields.problem(names[2], "and the month never come together");
    }
    Some(cron)
}

/// One field as a crontab has it. As a number a weekday counts from Monday, in a crontab from Sunday.
fn crontab(value: &Raw, is_weekday: bool) -> String {
    match value {
        Raw::Int(day) if is_weekday && (0..7).contains(day) => ((day + 1) % 7).to_string(),
        Raw::Int(number) => number.to_string(),
        Raw::List(items) => items.iter().map(|item| crontab(item, is_weekday)).collect::<Vec<_>>().join(","),
        other => other.text().unwrap_or_default(),
    }
}
