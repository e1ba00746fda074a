//! `util.MasterLock` and `util.WorkerLock`: how many builds may use something at once.

use super::{Argument, Class, Default, Kind};

/// Classes that can stand in `locks=`: a lock by itself is refused with advice in `build`.
pub const LOCKS: &[&str] = &["LockAccess", "MasterLock", "WorkerLock", "SlaveLock"];

const NAME: Argument = Argument::required("name", Kind::Text, "Name of the lock; locks of one name are one lock.");
const MAX_COUNT: Argument = Argument::new("maxCount", Kind::Count, Default::Int(1), "Most holders that count.");
const PER_WORKER: Argument =
    Argument::optional("maxCountForWorker", Kind::Map, "Worker to its own `maxCount`.").formerly(&["maxCountForSlave"]);

const ACCESS: &[Argument] = &[
    Argument::required("lockid", Kind::Object(&["MasterLock", "WorkerLock", "SlaveLock"]), "The lock."),
    Argument::required("mode", Kind::Choice(&["counting", "exclusive"]), "How it is held."),
    Argument::new("count", Kind::Count, Default::Int(1), "How many of `maxCount` a holder takes."),
];

pub const CLASSES: &[Class] = &[
    Class::new("util", "MasterLock", "A lock with one count for all workers.", &[&[NAME, MAX_COUNT]])
        .positional(&["name", "maxCount"]),
    Class::new("util", "WorkerLock", "A lock with a count for each worker.", &[&[NAME, MAX_COUNT, PER_WORKER]])
        .positional(&["name", "maxCount", "maxCountForWorker"]),
    Class::new("util", "SlaveLock", "The old name of `WorkerLock`.", &[&[NAME, MAX_COUNT, PER_WORKER]])
        .positional(&["name", "maxCount", "maxCountForWorker"])
        .now("util.WorkerLock"),
    Class::new("util", "LockAccess", "A wish for a lock; `lock.access(mode)` makes one.", &[ACCESS])
        .positional(&["lockid", "mode", "count"]),
];
