//! `Dependent`: builds again what another scheduler has built successfully (manual section "Dependent Scheduler").
//!
//! It looks at every buildset that its upstream made since it exists, each once. One that ends in success or with
//! warnings is built from the same source; others start nothing. Properties of the changes that came with this source are
//! over those of the scheduler; what upstream itself set is not passed on.

use super::basic::Base;
use super::buildset;
use super::facts::{Decision, Facts, Memory, UpstreamBuildset, UpstreamMemory};
use crate::domain::buildset::NewStamp;
use crate::domain::{BuildsetId, Results};

/// Why its buildsets were made.
const REASON: &str = "downstream";

pub(super) fn decide(base: &Base<'_>, facts: &Facts) -> Decision {
    if !facts.enabled || base.builders.is_empty() {
        return Decision::default();
    }
    let before = facts.memory.upstream.clone().unwrap_or_default();
    let (good, after) = look(&before, &facts.upstream);
    let memory = Memory { upstream: Some(after), ..facts.memory.clone() };
    Decision {
        memory: (memory != facts.memory).then_some(memory),
        buildset: good.map(|upstream| {
            let mut buildset = buildset::empty(base.config, base.builders);
            buildset.reason = REASON.to_owned();
            buildset.stamps = upstream.stamps.iter().copied().map(NewStamp::Existing).collect();
            buildset.changes = upstream.changes.clone();
            buildset.properties.update(&upstream.change_properties);
            buildset
        }),
        ..Decision::default()
    }
}

/// Goes up to the first buildset that ended well.
fn look<'a>(before: &UpstreamMemory, found: &'a [UpstreamBuildset]) -> (Option<&'a UpstreamBuildset>, UpstreamMemory) {
    let mut after = before.clone();
    let concerns = |id: BuildsetId| before.seen < id || before.open.contains(&id);
    for buildset in found.iter().filter(|buildset| concerns(buildset.id)) {
        after.seen = after.seen.max(buildset.id);
        match buildset.results {
            None if !after.open.contains(&buildset.id) => after.open.push(buildset.id),
            None => {}
            Some(results) => {
                after.open.retain(|open| *open != buildset.id);
                if matches!(results, Results::Success | Results::Warnings) {
                    return (Some(buildset), after);
                }
            }
        }
    }
    (None, after)
}

#[cfg(test)]
#[path = "dependent_tests.rs"]
mod tests;
