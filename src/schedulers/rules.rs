//! One door to all kinds of schedulers.
//!
//! [`Rules::decide`] looks at what is stored and says the next thing to store; whoever calls it stores that and calls
//! again until there is nothing left to do. The same facts give the same decision, so a decision that was lost is made
//! again.

use jiff::tz::TimeZone;

use super::basic::{Base, Basic};
use super::config::{SchedulerConfig, SchedulerKind};
use super::dependent;
use super::facts::{Decision, Facts, Outcome};
use super::filter::FilterError;
use super::question::Answers;
use super::timed::{Timed, When};
use super::watch::Watch;
use crate::domain::{BuilderId, Timestamp};

/// A scheduler's configuration, made ready to decide by.
#[derive(Clone, Debug)]
pub struct Rules {
    config: SchedulerConfig,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Basic(Basic),
    Timed(Timed),
    Dependent,
    /// Does nothing by itself.
    Asked,
}

impl Rules {
    /// `zone` is that of the master: it says when times of the day come.
    pub fn new(config: &SchedulerConfig, zone: &TimeZone) -> Result<Self, FilterError> {
        let timed = |kind, when| Timed::new(config, kind, when, zone).map(Kind::Timed);
        let kind = match &config.kind {
            SchedulerKind::SingleBranch(basic) => Kind::Basic(Basic::new(config, basic, false)?),
            SchedulerKind::AnyBranch(basic) => Kind::Basic(Basic::new(config, basic, true)?),
            SchedulerKind::Periodic(kind, interval) => timed(kind, When::Every(*interval))?,
            SchedulerKind::Nightly(kind, nightly) | SchedulerKind::NightlyTriggerable(kind, nightly) => {
                timed(kind, When::At(nightly.clone()))?
            }
            SchedulerKind::Dependent(_) => Kind::Dependent,
            SchedulerKind::Triggerable(_) | SchedulerKind::Force(_) | SchedulerKind::Try(_) => Kind::Asked,
        };
        Ok(Self { config: config.clone(), kind })
    }

    /// Whether changes matter to it.
    pub fn looks_at_changes(&self) -> bool {
        match &self.kind {
            Kind::Basic(_) => true,
            Kind::Timed(timed) => timed.looks_at_changes(),
            Kind::Dependent | Kind::Asked => false,
        }
    }

    /// How it looks at changes, if it does.
    pub(super) fn watch(&self) -> Option<&Watch> {
        match &self.kind {
            Kind::Basic(basic) => Some(basic.watch()),
            Kind::Timed(timed) => timed.watch(),
            Kind::Dependent | Kind::Asked => None,
        }
    }

    /// The name in configurations.
    pub(super) const fn class_name(&self) -> &'static str {
        self.config.kind.class_name()
    }

    /// The scheduler whose buildsets matter to it.
    pub fn upstream(&self) -> Option<&str> {
        self.config.kind.upstream()
    }

    /// Whether it does anything unasked.
    pub const fn decides(&self) -> bool {
        !matches!(self.kind, Kind::Asked)
    }

    /// When a timed scheduler is due after the last time; `None` for the others.
    pub fn next_due(&self, last_due: Timestamp) -> Option<Timestamp> {
        match &self.kind {
            Kind::Timed(timed) => timed.next_due(last_due),
            _ => None,
        }
    }

    /// Says the next thing to do.
    pub fn decide(&self, builders: &[BuilderId], facts: &Facts, answers: &Answers, now: Timestamp) -> Outcome {
        let base = Base { config: &self.config, builders, now };
        match &self.kind {
            Kind::Basic(basic) => basic.decide(&base, facts, answers),
            Kind::Timed(timed) => timed.decide(&base, facts, answers),
            Kind::Dependent => Outcome::Decide(dependent::decide(&base, facts)),
            Kind::Asked => Outcome::Decide(Decision::default()),
        }
    }
}
