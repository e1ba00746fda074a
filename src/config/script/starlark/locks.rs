//! Locks that a function of the configuration returns: `lock.access('counting')`, or a lock by itself, which counts.

use starlark::values::dict::DictRef;
use starlark::values::{UnpackValue, Value};

use super::object::{Contents, ScriptObject};
use crate::config::table::LOCKS;
use crate::domain::PropertyValue;
use crate::domain::lock::{LockAccess, LockMode, LockScope, LockSpec};
use crate::locks::returned;

/// The access as plain data; `None` if the value has nothing to do with locks.
pub fn read(value: Value<'_>) -> Option<Result<PropertyValue, String>> {
    let contents = ScriptObject::contents(value).filter(|contents| LOCKS.contains(&contents.class.name))?;
    Some(access(&contents).map(|access| returned::to_value(&access)))
}

fn access(contents: &Contents<'_>) -> Result<LockAccess, String> {
    if contents.class.name != "LockAccess" {
        return Ok(LockAccess { lock: spec(contents)?, mode: LockMode::Counting, count: 1 });
    }
    let mode = match argument(contents, "mode").and_then(Value::unpack_str) {
        Some("exclusive") => LockMode::Exclusive,
        Some("counting") => LockMode::Counting,
        _ => return Err("it returned an access that is neither 'counting' nor 'exclusive'".to_owned()),
    };
    let lock = argument(contents, "lockid").and_then(ScriptObject::contents);
    let lock = lock.filter(|lock| lock.class.name != "LockAccess" && LOCKS.contains(&lock.class.name));
    let lock = lock.ok_or_else(|| "it returned an access to something that is no lock".to_owned())?;
    Ok(LockAccess { lock: spec(&lock)?, mode, count: number(contents, "count")?.unwrap_or(1) })
}

fn spec(contents: &Contents<'_>) -> Result<LockSpec, String> {
    let name = argument(contents, "name").and_then(Value::unpack_str).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| "it returned a lock without a name".to_owned())?;
    let is_master = contents.class.name == "MasterLock";
    let mut own = Vec::new();
    let of_workers = argument(contents, "maxCountForWorker").and_then(DictRef::from_value);
    for (worker, count) in of_workers.iter().flat_map(|counts| counts.iter()) {
        let entry = worker.unpack_str().zip(whole(count));
        let (worker, count) = entry.ok_or_else(|| format!("maxCountForWorker of lock '{name}' is no such thing"))?;
        own.push((worker.to_owned(), count));
    }
    own.sort();
    Ok(LockSpec {
        name: name.to_owned(),
        scope: if is_master { LockScope::Master } else { LockScope::Worker },
        max_count: number(contents, "maxCount")?.unwrap_or(1),
        max_count_for_worker: own,
    })
}

fn argument<'v>(contents: &Contents<'v>, name: &str) -> Option<Value<'v>> {
    contents.arguments.iter().find(|given| given.name == name).map(|given| given.value).filter(|value| !value.is_none())
}

fn number(contents: &Contents<'_>, name: &str) -> Result<Option<u32>, String> {
    let Some(value) = argument(contents, name) else { return Ok(None) };
    let number = whole(value).ok_or_else(|| format!("{name} of a lock that it returned is no whole number"))?;
    Ok(Some(number))
}

fn whole(value: Value<'_>) -> Option<u32> {
    i64::unpack_value(value).ok().flatten().and_then(|number| u32::try_from(number).ok())
}
