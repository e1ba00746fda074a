//! `util.MasterLock`, `util.WorkerLock` and wishes for them.

use std::sync::Arc;

use super::fields::Fields;
use crate::config::script::{Object, Raw};
use crate::domain::lock::{LockAccess, LockItem, LockMode, LockScope, LockSpec};

/// The argument `locks` of a worker.
pub fn locks(fields: &Fields<'_>) -> Vec<LockAccess> {
    let value = fields.value("locks");
    value.items().iter().filter_map(Raw::object).map(|object| access(fields, object)).collect()
}

/// The argument `locks` where functions may stand too.
pub fn items(fields: &Fields<'_>) -> Vec<LockItem> {
    let value = fields.value("locks");
    if let Some(function) = function(fields, &value) {
        return vec![function];
    }
    let item = |item: &Raw| {
        function(fields, item).or_else(|| item.object().map(|object| LockItem::Access(access(fields, object))))
    };
    value.items().iter().filter_map(item).collect()
}

fn function(holder: &Fields<'_>, value: &Raw) -> Option<LockItem> {
    let callback = match value {
        Raw::Object(object) if object.class.name == "renderer" => Fields::new(holder.context, object).callback("fn"),
        other => super::callback(other),
    };
    callback.map(LockItem::Function)
}

/// A lock without `.access(...)` is taken as counting.
fn access(holder: &Fields<'_>, object: &Arc<Object>) -> LockAccess {
    let fields = Fields::new(holder.context, object);
    if object.class.name != "LockAccess" {
        return LockAccess { lock: spec(&fields), mode: LockMode::Counting, count: 1 };
    }
    let mode = if fields.text("mode") == "exclusive" { LockMode::Exclusive } else { LockMode::Counting };
    let count = fields.small("count").unwrap_or(1);
    let lock = match fields.value("lockid").object() {
        Some(lock) => spec(&Fields::new(holder.context, lock)),
        None => empty(),
    };
    if mode == LockMode::Exclusive && 1 < count {
        fields.problem("count", "makes no sense for an exclusive access");
    }
    LockAccess { lock, mode, count }
}

fn spec(fields: &Fields<'_>) -> LockSpec {
    let scope = if fields.object.class.name == "MasterLock" { LockScope::Master } else { LockScope::Worker };
    let mut max_count_for_worker = Vec::new();
    for (key, value) in fields.value("maxCountForWorker").entries() {
        match (key.text(), value) {
            (Some(worker), Raw::Int(count)) if 0 <= *count => {
                max_count_for_worker.push((worker, u32::try_from(*count).unwrap_or(u32::MAX)));
            }
            _ => fields.problem("maxCountForWorker", "must be a dictionary of worker names to whole numbers"),
        }
    }
    max_count_for_worker.sort();
    LockSpec {
        name: fields.text("name"),
        scope,
        max_count: fields.small("maxCount").unwrap_or(1),
        max_count_for_worker,
    }
}

fn empty() -> LockSpec {
    LockSpec { name: String::new(), scope: LockScope::Master, max_count: 1, max_count_for_worker: Vec::new() }
}
