//! What the worker may call.

use std::collections::{HashMap, VecDeque};

use buildbot_protocol::pb::LocalId;

/// Objects of this many finished commands are kept for workers that are late to let go of them.
const MAX_FINISHED: usize = 256;

/// Something that a worker holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Object {
    /// What a login leads to.
    Perspective,
    /// Hears of a command.
    Command(String),
    /// Takes the blocks of a file.
    FileWriter(String),
    /// Takes the blocks of a tar stream.
    DirectoryWriter(String),
    /// Gives the blocks of a file.
    Reader(String),
}

impl Object {
    pub(super) fn command_id(&self) -> Option<&str> {
        match self {
            Self::Perspective => None,
            Self::Command(id) | Self::FileWriter(id) | Self::DirectoryWriter(id) | Self::Reader(id) => Some(id),
        }
    }
}

/// All that a worker holds.
#[derive(Debug, Default)]
pub(super) struct Objects {
    all: HashMap<LocalId, Object>,
    finished: VecDeque<LocalId>,
}

impl Objects {
    pub(super) fn add(&mut self, id: LocalId, object: Object) {
        self.all.insert(id, object);
    }

    pub(super) fn get(&self, id: u32) -> Option<Object> {
        self.all.get(&LocalId(id)).cloned()
    }

    /// The worker let go of it.
    pub(super) fn released(&mut self, id: LocalId) {
        self.all.remove(&id);
    }

    /// The command has ended; returns what is to be withdrawn because the worker keeps too much.
    pub(super) fn finished(&mut self, command_id: &str) -> Vec<LocalId> {
        let of_command = self.all.iter().filter(|(_, object)| object.command_id() == Some(command_id));
        self.finished.extend(of_command.map(|(id, _)| *id));
        let all = &self.all;
        self.finished.retain(|id| all.contains_key(id));
        let n_surplus = self.finished.len().saturating_sub(MAX_FINISHED);
        let surplus: Vec<LocalId> = self.finished.drain(..n_surplus).collect();
        surplus.iter().for_each(|id| self.released(*id));
        surplus
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_lets_nothing_go_loses_the_oldest() {
        let mut objects = Objects::default();
        objects.add(LocalId(1), Object::Perspective);
        let mut withdrawn = Vec::new();
        for n in 2..1000 {
            objects.add(LocalId(n), Object::Command(n.to_string()));
            withdrawn.extend(objects.finished(&n.to_string()));
        }
        assert_eq!((withdrawn.len(), withdrawn[0], objects.all.len()), (998 - MAX_FINISHED, LocalId(2), 257));
        assert_eq!(objects.get(1), Some(Object::Perspective));
    }

    #[test]
    fn what_was_let_go_does_not_count() {
        let mut objects = Objects::default();
        for n in 1..1000 {
            objects.add(LocalId(n), Object::Command(n.to_string()));
            assert_eq!(objects.finished(&n.to_string()), []);
            objects.released(LocalId(n));
        }
        assert!(objects.finished.len() <= 1);
    }
}
