//! Arguments of `HttpStatusPush` from before there were generators (0.9 to 2.x): they become the generator that does the
//! same.

use super::generators;
use crate::config::build::fields::Fields;
use crate::reporters::config::{BuildFilter, Formatter, FormatterSource, GeneratorConfig, Wants};
use crate::reporters::modes::Modes;

const OLD: [&str; 6] = ["format_fn", "builders", "wantProperties", "wantSteps", "wantPreviousBuild", "wantLogs"];

/// Whether any of them was given; warns if so.
pub fn is_used(fields: &Fields<'_>) -> bool {
    super::warn_of_old(fields, &OLD)
}

/// Tells of builds that begin and that end.
pub fn generators(fields: &Fields<'_>) -> Vec<GeneratorConfig> {
    let source = match fields.callback("format_fn") {
        Some(function) => FormatterSource::OfBuild { function },
        None => FormatterSource::Build,
    };
    let logs = fields.flag("wantLogs");
    let wants = Wants { steps: logs || fields.flag("wantSteps"), logs, ..Wants::default() };
    let formatter = Formatter { wants, ..Formatter::of(source) };
    let filter = BuildFilter { builders: generators::names(fields, "builders"), ..BuildFilter::default() };
    vec![GeneratorConfig { filter, ..generators::build(Modes::default(), true, formatter, false) }]
}
