//! How long data is kept.

use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::cron;
use super::fields::Fields;
use super::settings::Settings;
use crate::config::script::Object;
use crate::config::{DataLifetime, JanitorTimes};
use crate::lifetime::Horizons;

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

pub fn lifetime(settings: &Settings<'_>) -> DataLifetime {
    let count = |key: &str| settings.count(key).filter(|count| *count != 0);
    let horizons = Horizons { builds: count("buildHorizon"), logs: count("logHorizon") };
    if let (Some(builds), Some(logs)) = (horizons.builds, horizons.logs)
        && builds < logs
    {
        let message = "c['logHorizon'] is greater than c['buildHorizon']: logs go with their builds";
        settings.context.warning(settings.span("logHorizon", ""), message);
    }
    let mut janitors = settings.objects("configurators", &["JanitorConfigurator"], janitor);
    if let Some(second) = janitors.get(1) {
        settings.context.problem(second.object.span, "there can be only one util.JanitorConfigurator");
    }
    let janitor = if janitors.is_empty() { None } else { Some(janitors.swap_remove(0).item) };
    DataLifetime { changes: count("changeHorizon"), horizons, janitor }
}

/// What a builder says for itself.
pub fn of_builder(fields: &Fields<'_>) -> Horizons {
    let count = |name: &str| fields.int(name).and_then(|count| u64::try_from(count).ok());
    // As for all builders, 0 keeps everything.
    let count = |name: &str| count(name).map(|count| if count == 0 { u64::MAX } else { count });
    Horizons { builds: count("buildHorizon"), logs: count("logHorizon") }
}

fn janitor(context: &Context<'_>, object: &Arc<Object>) -> JanitorTimes {
    let fields = Fields::new(context, object);
    let age = |name: &str| fields.value(name).object().map(|object| length(&Fields::new(context, object)));
    let (log_age, data_age) = (age("logHorizon"), age("build_data_horizon"));
    for (name, age) in [("logHorizon", log_age), ("build_data_horizon", data_age)] {
        if age == Some(Duration::ZERO) {
            fields.problem(name, "must be longer than nothing");
        }
    }
    JanitorTimes { log_age, data_age, at: cron::janitor(&fields) }
}

fn length(timedelta: &Fields<'_>) -> Duration {
    let seconds = PARTS
        .iter()
        .map(|(name, seconds)| timedelta.seconds(name).map_or(0.0, |number| number.as_secs_f64() * seconds));
    // The same bound as for plain numbers of seconds.
    Duration::try_from_secs_f64(seconds.sum()).unwrap_or(super::values::LONGEST).min(super::values::LONGEST)
}
