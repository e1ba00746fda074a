//! Who holds which object of whom, and how often.

use std::collections::HashMap;

use super::{BrokerError, Target};
use crate::pb::Jelly;

/// An object of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalId(pub u32);

/// An object of the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RemoteId(pub u32);

impl From<LocalId> for Jelly {
    fn from(id: LocalId) -> Self {
        Self::Remote(id.0)
    }
}

impl From<RemoteId> for Target {
    fn from(id: RemoteId) -> Self {
        Self::Object(id.0)
    }
}

impl Jelly {
    /// The object of the peer that a received value is.
    pub fn as_remote(&self) -> Option<RemoteId> {
        match self {
            Self::Remote(id) => Some(RemoteId(*id)),
            _ => None,
        }
    }

    /// The object of ours that a received value is.
    pub fn as_local(&self) -> Option<LocalId> {
        match self {
            Self::Local(id) => Some(LocalId(*id)),
            _ => None,
        }
    }
}

/// Objects of ours and how often the peer holds each.
#[derive(Debug, Default)]
pub(super) struct Exports {
    counts: HashMap<u32, u64>,
    last: u32,
}

impl Exports {
    pub(super) fn add(&mut self, limit: usize) -> Option<LocalId> {
        if limit <= self.counts.len() {
            return None;
        }
        self.last = self.last.checked_add(1)?;
        self.counts.insert(self.last, 0);
        Some(LocalId(self.last))
    }

    pub(super) fn exists(&self, id: u32) -> bool {
        self.counts.contains_key(&id)
    }

    /// Whether the peer holds it.
    pub(super) fn knows(&self, id: u32) -> bool {
        self.counts.get(&id).is_some_and(|count| 0 < *count)
    }

    pub(super) fn sent(&mut self, id: u32) {
        if let Some(count) = self.counts.get_mut(&id) {
            *count += 1;
        }
    }

    /// The peer let go of it once; returns the object when that was the last time. Unknown ones are ignored.
    pub(super) fn release(&mut self, id: u32) -> Option<LocalId> {
        let count = self.counts.get_mut(&id)?;
        *count = count.checked_sub(1)?;
        if 0 < *count {
            return None;
        }
        self.counts.remove(&id);
        Some(LocalId(id))
    }

    pub(super) fn remove(&mut self, id: LocalId) {
        self.counts.remove(&id.0);
    }
}

/// Objects of the peer and how often each was received.
#[derive(Debug, Default)]
pub(super) struct Imports {
    counts: HashMap<u32, u64>,
}

impl Imports {
    pub(super) fn receive(&mut self, ids: &[u32], limit: usize) -> Result<(), BrokerError> {
        for id in ids {
            *self.counts.entry(*id).or_default() += 1;
            if limit < self.counts.len() {
                return Err(BrokerError::TooManyReferences);
            }
        }
        Ok(())
    }

    /// Forgets that it was received once; false if it is not held.
    pub(super) fn remove_one(&mut self, id: RemoteId) -> bool {
        let Some(count) = self.counts.get_mut(&id.0) else { return false };
        *count -= 1;
        if *count == 0 {
            self.counts.remove(&id.0);
        }
        true
    }

    /// Forgets it, and tells how often it was held.
    pub(super) fn remove(&mut self, id: RemoteId) -> u64 {
        self.counts.remove(&id.0).unwrap_or_default()
    }
}

/// The objects of the sender in a value, each as often as it occurs.
pub(super) fn count_references(value: &Jelly, ids: &mut Vec<u32>) {
    match value {
        Jelly::Remote(id) => ids.push(*id),
        Jelly::List(items) | Jelly::Tuple(items) | Jelly::Set(items) | Jelly::FrozenSet(items) => {
            items.iter().for_each(|item| count_references(item, ids));
        }
        Jelly::Dict(entries) => entries.iter().for_each(|(key, value)| {
            count_references(key, ids);
            count_references(value, ids);
        }),
        Jelly::None
        | Jelly::Bool(_)
        | Jelly::Int(_)
        | Jelly::Long(_)
        | Jelly::Float(_)
        | Jelly::Bytes(_)
        | Jelly::Text(_)
        | Jelly::Local(_)
        | Jelly::Failure(_)
        | Jelly::Opaque { .. } => {}
    }
}
