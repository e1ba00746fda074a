//! `Periodic`, `Nightly` and `NightlyTriggerable`: build by the clock (manual sections "Periodic Scheduler" and
//! "Nightly Scheduler").
//!
//! - A time that was due while the master was down, or while several of them passed, comes once.
//! - A new `Periodic` is due at once, a new `Nightly` at its next time.
//! - A switched-off scheduler lets its times pass and looks at no changes; it finds those when it is switched on.
//! - Changes are looked at only if they decide whether to build (`onlyIfChanged`), or if their revisions are to be
//!   remembered. Otherwise the newest state of each codebase is built.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::basic::Base;
use super::config::{NightlyConfig, SchedulerConfig, TimedConfig};
use super::facts::{Decision, Facts, Memory, Outcome};
use super::filter::FilterError;
use super::question::Answers;
use super::watch::{Watch, changes_of};
use super::{buildset, triggerable};
use crate::domain::buildset::NewStamp;
use crate::domain::{NewBuildset, Timestamp};

/// The configuration, made ready to decide by.
#[derive(Clone, Debug)]
pub(super) struct Timed {
    kind: TimedConfig,
    when: When,
    /// How it looks at changes, if it does.
    watch: Option<Watch>,
    /// Whether it builds what was triggered.
    triggered: bool,
    zone: TimeZone,
}

/// When a build is due.
#[derive(Clone, Debug)]
pub(super) enum When {
    Every(Duration),
    At(NightlyConfig),
}

impl Timed {
    pub fn new(config: &SchedulerConfig, kind: &TimedConfig, when: When, zone: &TimeZone) -> Result<Self, FilterError> {
        let looks = kind.only_if_changed || kind.absolute_source_stamps;
        let watch = Watch::new(config, &kind.watch)?;
        let watch = watch.of_branch(kind.branch.clone()).remembering(kind.absolute_source_stamps);
        Ok(Self {
            when,
            watch: looks.then_some(watch),
            triggered: matches!(config.kind, super::config::SchedulerKind::NightlyTriggerable(..)),
            zone: zone.clone(),
            kind: kind.clone(),
        })
    }

    pub const fn watch(&self) -> Option<&Watch> {
        self.watch.as_ref()
    }

    pub const fn looks_at_changes(&self) -> bool {
        self.watch.is_some()
    }

    pub fn decide(&self, base: &Base<'_>, facts: &Facts, answers: &Answers) -> Outcome {
        if let Some(watch) = self.watch.as_ref().filter(|_| facts.enabled) {
            match watch.look(facts, answers) {
                Err(questions) => return Outcome::Ask(questions),
                Ok(seen) if seen.is_empty() => {}
                Ok(seen) => {
                    let memory = watch.memory(&facts.memory, &seen);
                    return Outcome::Decide(Decision { memory, ..seen.classified() });
                }
            }
        }
        Outcome::Decide(self.decide_by_clock(base, facts))
    }

    fn decide_by_clock(&self, base: &Base<'_>, facts: &Facts) -> Decision {
        let remember = |last_due| Some(Memory { last_due: Some(last_due), ..facts.memory.clone() });
        let due = match (&self.when, facts.memory.last_due) {
            (When::Every(_), None) => base.now,
            (When::Every(interval), Some(last)) => last + *interval,
            (When::At(_), None) => return Decision { memory: remember(base.now), ..Decision::default() },
            (When::At(nightly), Some(last)) => match nightly.at.next_after(last, &self.zone) {
                Some(due) => due,
                None => return Decision::default(),
            },
        };
        if base.now < due {
            return Decision { wake_at: Some(due), ..Decision::default() };
        }
        let passed = Decision { memory: remember(base.now), ..Decision::default() };
        if !facts.enabled || base.builders.is_empty() {
            return passed;
        }
        match self.triggered {
            true => self.build_triggered(base, facts, passed),
            false if self.is_wanted(base, facts) => self.build(base, facts, passed),
            false => passed,
        }
    }

    /// Whether there is something to build.
    fn is_wanted(&self, base: &Base<'_>, facts: &Facts) -> bool {
        let is_forced = || {
            let (When::At(nightly), Some(last)) = (&self.when, facts.memory.last_due) else { return false };
            let next = nightly.force_at.as_ref().and_then(|force_at| force_at.next_after(last, &self.zone));
            next.is_some_and(|next| next <= base.now)
        };
        !self.kind.only_if_changed || facts.waiting.iter().any(|waiting| waiting.important) || is_forced()
    }

    fn build(&self, base: &Base<'_>, facts: &Facts, passed: Decision) -> Decision {
        let changes = changes_of(&facts.waiting);
        let mut buildset = buildset::of_changes(base.config, base.builders, &changes, &facts.memory);
        self.set_branch(&mut buildset);
        buildset.reason = buildset::reason(base.config, self.kind.reason.as_deref());
        let consumed = changes.iter().map(|change| change.id).collect();
        Decision { consumed, buildset: Some(buildset), ..passed }
    }

    /// Where no change and no remembered revision says what to build, it is the configured branch.
    fn set_branch(&self, buildset: &mut NewBuildset) {
        let Some(branch) = &self.kind.branch else { return };
        for stamp in &mut buildset.stamps {
            match stamp {
                NewStamp::Spec(spec) if spec.revision.is_none() => spec.branch.clone_from(branch),
                _ => {}
            }
        }
    }

    fn build_triggered(&self, base: &Base<'_>, facts: &Facts, passed: Decision) -> Decision {
        let Some(order) = &facts.memory.trigger else { return passed };
        let buildset = triggerable::buildset(base.config, base.builders, order, &facts.memory);
        let memory = passed.memory.map(|memory| Memory { trigger: None, ..memory });
        Decision { memory, buildset: Some(buildset), ..passed }
    }

    /// When it is due next, for people; `None` if it never is.
    pub fn next_due(&self, last_due: Timestamp) -> Option<Timestamp> {
        match &self.when {
            When::Every(interval) => Some(last_due + *interval),
            When::At(nightly) => nightly.at.next_after(last_due, &self.zone),
        }
    }
}

#[cfg(test)]
#[path = "timed_tests.rs"]
mod tests;
