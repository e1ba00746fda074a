//! What functions of the configuration receive from a plan, and how their answers name things.
//!
//! A function gets objects: the master, a builder (`name`, `builderid`), a worker of a builder (`worker.workername`,
//! `workername`, `name`, `builder_name`) and requests. What it returns comes back as plain data: an object as the map of
//! its attributes, or whatever names it, a name or an id.

use std::sync::Arc;

use super::state::{BuilderState, WorkerState};
use crate::domain::{BuildRequest, PropertyValue, ScriptValue};

fn text(name: &str, value: &str) -> (String, ScriptValue) {
    (name.to_owned(), ScriptValue::Data(value.into()))
}

fn number(name: &str, value: i64) -> (String, ScriptValue) {
    (name.to_owned(), ScriptValue::Data(value.into()))
}

/// Nothing of the master can be seen from a plan.
pub fn master() -> ScriptValue {
    ScriptValue::Object(Vec::new())
}

pub fn builder(builder: &BuilderState) -> ScriptValue {
    ScriptValue::Object(vec![text("name", &builder.name), number("builderid", builder.id.0)])
}

pub fn worker(builder: &BuilderState, worker: &WorkerState) -> ScriptValue {
    let own = || {
        vec![
            text("workername", &worker.name),
            text("slavename", &worker.name),
            text("name", &worker.name),
            number("workerid", worker.id.0),
        ]
    };
    let mut object = own();
    object.push(text("builder_name", &builder.name));
    object.push(("worker".to_owned(), ScriptValue::Object(own())));
    object.push(("slave".to_owned(), ScriptValue::Object(own())));
    ScriptValue::Object(object)
}

pub fn request(request: &Arc<BuildRequest>) -> ScriptValue {
    ScriptValue::BuildRequest(Arc::clone(request))
}

/// Whether what a function returned names this thing.
pub fn names(returned: &PropertyValue, name: &str, id: i64) -> bool {
    match returned {
        PropertyValue::Str(text) => text == name,
        PropertyValue::Int(number) => *number == id,
        PropertyValue::Map(object) => {
            let ids = ["id", "builderid", "buildrequestid", "workerid"];
            let labels = ["name", "workername"];
            match ids.iter().find_map(|key| object.get(*key)).and_then(PropertyValue::as_int) {
                Some(number) => number == id,
                None => {
                    labels.iter().find_map(|key| object.get(*key)).is_some_and(|label| label.as_str() == Some(name))
                }
            }
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_thing_is_named_by_name_by_id_or_by_its_attributes() {
        let map = |key: &str, value: PropertyValue| PropertyValue::Map(BTreeMap::from([(key.to_owned(), value)]));
        for returned in ["w1".into(), 7.into(), map("workerid", 7.into()), map("name", "w1".into())] {
            assert!(names(&returned, "w1", 7), "{returned}");
            assert!(!names(&returned, "w2", 8), "{returned}");
        }
        assert!(!names(&PropertyValue::Null, "w1", 7));
        assert!(!names(&true.into(), "w1", 1));
    }
}
