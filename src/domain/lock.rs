//! Locks: how many builds or steps may use something at once (manual section "Interlocks").

use super::Callback;

/// How a lock is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockMode {
    Counting,
    Exclusive,
}

/// Where a lock's count is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockScope {
    /// `MasterLock`: one count for all.
    Master,
    /// `WorkerLock`: a count for each worker.
    Worker,
}

/// One lock of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LockSpec {
    pub name: String,
    pub scope: LockScope,
    pub max_count: u32,
    /// `maxCountForWorker`, sorted by worker name.
    pub max_count_for_worker: Vec<(String, u32)>,
}

/// `lock.access('counting')`: a wish of a builder or step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LockAccess {
    pub lock: LockSpec,
    pub mode: LockMode,
    pub count: u32,
}

/// One item of the argument `locks`.
#[derive(Clone, Debug, PartialEq)]
pub enum LockItem {
    Access(LockAccess),
    /// Gets the properties of the build and returns an access, a list of them, or `None`.
    Function(Callback),
}

/// The items that are known before any build.
pub fn known_accesses(items: &[LockItem]) -> impl Iterator<Item = &LockAccess> {
    items.iter().filter_map(|item| match item {
        LockItem::Access(access) => Some(access),
        LockItem::Function(_) => None,
    })
}

/// The functions that name further locks of a build.
pub fn lock_functions(items: &[LockItem]) -> impl Iterator<Item = &Callback> {
    items.iter().filter_map(|item| match item {
        LockItem::Access(_) => None,
        LockItem::Function(function) => Some(function),
    })
}
