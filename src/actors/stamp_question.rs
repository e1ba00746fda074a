//! Asks a filter, and if need be a function of the configuration, whether a source passes.

use std::error::Error;

use tracing::warn;

use super::scripts::CallFunction;
use super::supervisor::Ask;
use crate::domain::{Callback, PropertyValue, ScriptValue, StampSpec};
use crate::schedulers::stamp_filter::{StampMatcher, StampVerdict};

/// Whether a source passes; one about which the function fails does not.
pub async fn passes(filter: &StampMatcher, stamp: &StampSpec, scripts: &Ask<CallFunction>) -> bool {
    match filter.judge(stamp) {
        StampVerdict::Passes => true,
        StampVerdict::Fails => false,
        StampVerdict::Ask(function) => ask(function, stamp, scripts).await.is_some_and(|answer| answer.is_truthy()),
    }
}

/// What a function says of a source; failures are logged.
pub async fn ask(function: Callback, stamp: &StampSpec, scripts: &Ask<CallFunction>) -> Option<PropertyValue> {
    match scripts.ask(CallFunction { function, arguments: vec![subject(stamp)] }).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(error)) => {
            warn!(error = &error as &dyn Error, "a function about a source failed");
            None
        }
        Err(error) => {
            warn!(error = &error as &dyn Error, "a function about a source was not called");
            None
        }
    }
}

/// A source as functions see it: a dictionary, as in Buildbot.
fn subject(stamp: &StampSpec) -> ScriptValue {
    let pairs = [
        ("codebase", PropertyValue::from(stamp.codebase.as_str())),
        ("repository", stamp.repository.as_str().into()),
        ("project", stamp.project.as_str().into()),
        ("branch", stamp.branch.clone().into()),
        ("revision", stamp.revision.clone().into()),
    ];
    let map = pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    ScriptValue::Data(PropertyValue::Map(map))
}
