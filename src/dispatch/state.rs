//! What a plan is made from.

use std::sync::Arc;

use crate::domain::lock::{LockAccess, LockItem, lock_functions};
use crate::domain::{BuildRequest, BuilderId, Callback, WorkerId};
use crate::locks::LockBook;

/// The whole of what a plan looks at. Cheap to build: requests are shared.
#[derive(Clone, Debug)]
pub struct State {
    pub builders: Vec<BuilderState>,
    pub workers: Vec<WorkerState>,
    /// Unclaimed requests in any order. Those whose start is under way must not be among them.
    pub waiting: Vec<Arc<BuildRequest>>,
    /// What is held and waited for now.
    pub locks: LockBook,
    /// `prioritizeBuilders`.
    pub prioritize_builders: Option<Callback>,
}

/// One configured worker.
#[derive(Clone, Debug)]
pub struct WorkerState {
    pub id: WorkerId,
    pub name: String,
    pub presence: Presence,
    /// Builds that run on it, of all builders.
    pub running: u32,
    /// `None` is no limit.
    pub max_builds: Option<u32>,
    pub running_builders: Vec<BuilderId>,
    /// Taken by every build on it.
    pub locks: Vec<LockAccess>,
}

/// Whether a worker takes builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    Ready,
    Paused,
    /// It ends when its last build has ended.
    Leaving,
    Missing,
}

/// One configured builder.
#[derive(Clone, Debug)]
pub struct BuilderState {
    pub id: BuilderId,
    pub name: String,
    pub workers: Vec<WorkerId>,
    pub collapse: CollapseRule,
    pub next_build: Option<Callback>,
    pub next_worker: Option<Callback>,
    pub can_start_build: Option<Callback>,
    pub locks: Vec<LockItem>,
}

impl BuilderState {
    /// Whether functions have to be asked about each of its requests before the next one is tried.
    pub(super) fn is_asked_singly(&self) -> bool {
        self.next_build.is_some() || lock_functions(&self.locks).next().is_some()
    }

    /// Whether a function has a say in its builds.
    pub(super) fn has_functions(&self) -> bool {
        self.next_build.is_some()
            || self.next_worker.is_some()
            || self.can_start_build.is_some()
            || matches!(self.collapse, CollapseRule::Function(_))
            || lock_functions(&self.locks).next().is_some()
    }
}

/// Whether one build serves several waiting requests.
#[derive(Clone, Debug, PartialEq)]
pub enum CollapseRule {
    /// Whenever they ask for the same.
    Compatible,
    Never,
    /// Whenever they ask for the same and the function agrees.
    Function(Callback),
}
