//! How a child is to be treated when it fails.

use std::time::Duration;

/// What the supervisor has to know about a child before it is started.
#[derive(Clone, Debug)]
pub struct ChildSpec {
    /// The kind of actor, as in the supervision tree: `builder`, `scheduler`.
    pub kind: &'static str,
    /// Which one of its kind; unique within the kind while it lives.
    pub name: String,
    pub intensity: Intensity,
    pub backoff: Backoff,
    pub when_dying: WhenDying,
}

/// How often a child may fail. It is given up when it fails more than `max` times within `within`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intensity {
    pub max: u32,
    pub within: Duration,
}

/// The pause before a restart: `first`, then doubled for each further failure of the same period, never above `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    pub first: Duration,
    pub max: Duration,
}

/// What becomes of a child that failed more often than its intensity allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenDying {
    /// It is switched off and its mail refused with the reason, until somebody tries it again.
    Quarantine,
    /// It ends, and the master is told to exit cleanly.
    Escalate,
    /// It ends; whoever awaits its end records that.
    Stop,
}

const INTENSITY: Intensity = Intensity { max: 5, within: Duration::from_secs(60) };
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(100), max: Duration::from_secs(30) };

impl ChildSpec {
    /// A child whose failure the master survives: it may fail five times a minute and is then quarantined.
    pub fn permanent(kind: &'static str, name: impl Into<String>) -> Self {
        Self { kind, name: name.into(), intensity: INTENSITY, backoff: BACKOFF, when_dying: WhenDying::Quarantine }
    }

    /// A child without which the master cannot do its work: it may fail five times a minute, then the master exits.
    pub fn vital(kind: &'static str, name: impl Into<String>) -> Self {
        Self { when_dying: WhenDying::Escalate, ..Self::permanent(kind, name) }
    }

    /// A child that is never restarted: its first failure ends it, and its owner awaits that end.
    pub fn temporary(kind: &'static str, name: impl Into<String>) -> Self {
        let intensity = Intensity { max: 0, ..INTENSITY };
        Self { intensity, when_dying: WhenDying::Stop, ..Self::permanent(kind, name) }
    }
}

impl Backoff {
    /// The pause after the `n`th failure of a period, counted from one.
    pub(super) fn pause(&self, n: usize) -> Duration {
        let doublings = u32::try_from(n.saturating_sub(1)).unwrap_or(u32::MAX).min(30);
        self.first.saturating_mul(1 << doublings).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_its_limit() {
        let backoff = Backoff { first: Duration::from_millis(100), max: Duration::from_secs(1) };
        let pauses: Vec<u128> = [1, 2, 3, 4, 5, 200].iter().map(|n| backoff.pause(*n).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1000, 1000]);
    }
}
