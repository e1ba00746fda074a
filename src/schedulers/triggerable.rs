//! `Triggerable`: builds what a build asks for (manual section "Triggerable Scheduler").

use super::buildset;
use super::config::{SchedulerConfig, SchedulerKind};
use super::facts::Memory;
use crate::domain::buildset::NewStamp;
use crate::domain::{BuilderId, NewBuildset, StampSpec, TriggerOrder};

/// The buildset of an order: the scheduler's codebases, each with the source that was ordered or else its own, and
/// the ordered ones that it does not know.
pub fn buildset(
    config: &SchedulerConfig,
    builders: &[BuilderId],
    order: &TriggerOrder,
    memory: &Memory,
) -> NewBuildset {
    let configured = match &config.kind {
        SchedulerKind::Triggerable(kind) => kind.reason.as_deref(),
        SchedulerKind::NightlyTriggerable(timed, _) => timed.reason.as_deref(),
        _ => None,
    };
    let mut buildset = buildset::empty(config, builders);
    buildset.reason = buildset::reason(config, configured);
    buildset.stamps = stamps(config, &order.stamps, memory).into_iter().map(NewStamp::Spec).collect();
    for (name, property) in order.properties.iter() {
        buildset.properties.set(name, property.value.clone(), &property.source);
    }
    buildset.priority = order.priority.unwrap_or_else(|| config.priority.default_value());
    buildset.waited_for = order.waited_for;
    buildset.parent_build.clone_from(&order.parent);
    buildset
}

fn stamps(config: &SchedulerConfig, ordered: &[StampSpec], memory: &Memory) -> Vec<StampSpec> {
    let known = buildset::codebases(config);
    let own = known.iter().map(|codebase| {
        let own = buildset::default_stamp(codebase, memory);
        match ordered.iter().find(|stamp| stamp.codebase == codebase.name) {
            None => own,
            Some(stamp) => filled_up(stamp.clone(), own),
        }
    });
    let is_foreign = |stamp: &&StampSpec| known.iter().all(|codebase| codebase.name != stamp.codebase);
    own.chain(ordered.iter().filter(is_foreign).cloned()).collect()
}

/// What the order leaves open is as the scheduler has it.
fn filled_up(ordered: StampSpec, own: StampSpec) -> StampSpec {
    let says_nothing = ordered.branch.is_none() && ordered.revision.is_none();
    StampSpec {
        repository: if ordered.repository.is_empty() { own.repository } else { ordered.repository },
        branch: if says_nothing { own.branch } else { ordered.branch },
        revision: if says_nothing { own.revision } else { ordered.revision },
        ..ordered
    }
}

#[cfg(test)]
#[path = "triggerable_tests.rs"]
mod tests;
