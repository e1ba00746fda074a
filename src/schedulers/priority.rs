//! What a function that says the priority of a buildset is given, and what it returns (manual section "Priority").

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::{Change, PropertyValue, ScriptValue};

/// The reason what a function returned is no priority.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("it returned {0}, which is no whole number that a priority can be")]
pub struct NoPriority(String);

/// The names of the builders, and the changes of each codebase, oldest first.
pub fn arguments(builders: &[String], changes: impl Iterator<Item = Arc<Change>>) -> Vec<ScriptValue> {
    let mut by_codebase: BTreeMap<String, Vec<ScriptValue>> = BTreeMap::new();
    for change in changes {
        by_codebase.entry(change.codebase.clone()).or_default().push(ScriptValue::Change(change));
    }
    let builders = builders.iter().map(|name| ScriptValue::Data(name.as_str().into())).collect();
    let by_codebase = by_codebase.into_iter().map(|(codebase, changes)| (codebase, ScriptValue::List(changes)));
    vec![ScriptValue::List(builders), ScriptValue::Map(by_codebase.collect())]
}

/// The priority that a function returned.
pub fn read(returned: &PropertyValue) -> Result<i32, NoPriority> {
    let number = returned.as_int().and_then(|number| i32::try_from(number).ok());
    number.ok_or_else(|| NoPriority(returned.literal()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::plain_steps::plain_change;

    #[test]
    fn changes_are_told_by_codebase_and_builders_by_name() {
        let of = |codebase: &str| Arc::new(Change { codebase: codebase.to_owned(), ..plain_change(1) });
        let told = arguments(&["b".to_owned()], [of("lib"), of(""), of("lib")].into_iter());
        let [ScriptValue::List(builders), ScriptValue::Map(changes)] = &told[..] else { panic!("{}", told.len()) };
        assert_eq!(builders.len(), 1);
        let counts: Vec<_> = changes
            .iter()
            .map(|(codebase, changes)| match changes {
                ScriptValue::List(changes) => (codebase.as_str(), changes.len()),
                _ => panic!("no list for {codebase}"),
            })
            .collect();
        assert_eq!(counts, [("", 1), ("lib", 2)]);
    }

    #[test]
    fn only_a_whole_number_is_a_priority() {
        assert_eq!(read(&PropertyValue::Int(-3)), Ok(-3));
        for other in [PropertyValue::Null, "1".into(), PropertyValue::Int(1 << 40)] {
            assert!(read(&other).is_err(), "{other}");
        }
    }
}
