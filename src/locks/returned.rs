//! Locks that a function of the configuration returns, as plain data on their way between threads.

use std::collections::BTreeMap;

use crate::domain::PropertyValue;
use crate::domain::lock::{LockAccess, LockMode, LockScope, LockSpec};

/// What a function returned is no list of locks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it returned {0}, not a list of locks")]
pub struct NoLocks(String);

/// An access as plain data; [`from_value`] reads it.
pub fn to_value(access: &LockAccess) -> PropertyValue {
    let number = |number: u32| PropertyValue::Int(number.into());
    let own = access.lock.max_count_for_worker.iter().map(|(worker, count)| (worker.clone(), number(*count)));
    let entries = [
        ("lock", access.lock.name.as_str().into()),
        ("scope", word(access.lock.scope == LockScope::Worker, "worker", "master")),
        ("max_count", number(access.lock.max_count)),
        ("max_count_for_worker", PropertyValue::Map(own.collect())),
        ("mode", word(access.mode == LockMode::Exclusive, "exclusive", "counting")),
        ("count", number(access.count)),
    ];
    PropertyValue::Map(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn word(is_first: bool, first: &str, second: &str) -> PropertyValue {
    (if is_first { first } else { second }).into()
}

/// The accesses of one, a list (of lists) of them, or `None`.
pub fn from_value(value: &PropertyValue) -> Result<Vec<LockAccess>, NoLocks> {
    let unfit = || NoLocks(value.to_string());
    match value {
        PropertyValue::Null => Ok(Vec::new()),
        PropertyValue::List(items) => {
            let lists: Vec<Vec<LockAccess>> = items.iter().map(from_value).collect::<Result<_, _>>()?;
            Ok(lists.into_iter().flatten().collect())
        }
        PropertyValue::Map(entries) => Ok(vec![access(entries).ok_or_else(unfit)?]),
        _ => Err(unfit()),
    }
}

fn access(entries: &BTreeMap<String, PropertyValue>) -> Option<LockAccess> {
    let text = |name: &str| entries.get(name).and_then(PropertyValue::as_str);
    let number = |value: &PropertyValue| value.as_int().and_then(|number| u32::try_from(number).ok());
    let PropertyValue::Map(own) = entries.get("max_count_for_worker")? else { return None };
    let own = own.iter().map(|(worker, count)| Some((worker.clone(), number(count)?)));
    let lock = LockSpec {
        name: text("lock")?.to_owned(),
        scope: if text("scope")? == "worker" { LockScope::Worker } else { LockScope::Master },
        max_count: number(entries.get("max_count")?)?,
        max_count_for_worker: own.collect::<Option<_>>()?,
    };
    let mode = if text("mode")? == "exclusive" { LockMode::Exclusive } else { LockMode::Counting };
    Some(LockAccess { lock, mode, count: number(entries.get("count")?)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_survives_the_way_through_plain_data() {
        let worker = LockSpec {
            name: "cpu".to_owned(),
            scope: LockScope::Worker,
            max_count: 2,
            max_count_for_worker: vec![("w1".to_owned(), 0)],
        };
        let master = LockSpec { scope: LockScope::Master, max_count_for_worker: Vec::new(), ..worker.clone() };
        let all = [
            LockAccess { lock: worker, mode: LockMode::Counting, count: 2 },
            LockAccess { lock: master, mode: LockMode::Exclusive, count: 1 },
        ];
        let values: Vec<_> = all.iter().map(to_value).collect();
        assert_eq!(from_value(&values[0]), Ok(all[..1].to_vec()));
        assert_eq!(from_value(&PropertyValue::List(values)), Ok(all.to_vec()));
    }

    #[test]
    fn none_is_no_locks_and_anything_else_is_refused() {
        assert_eq!(from_value(&PropertyValue::Null), Ok(Vec::new()));
        for bad in ["db".into(), true.into(), PropertyValue::Map(BTreeMap::new())] {
            assert!(from_value(&bad).is_err(), "{bad}");
            assert!(from_value(&PropertyValue::List(vec![bad])).is_err());
        }
    }
}
