//! Locks: how many builds or steps may use something at once (manual section "Interlocks").

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
