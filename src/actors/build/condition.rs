//! `do_build_if`: whether a build runs at all.

use super::run::BuildRun;
use super::step_context::ActorStepContext;
use crate::domain::{Results, ScriptValue};
use crate::steps::{Fault, call};

/// The result and the state of a build that is not to run; nothing of one that is.
pub async fn refusal(run: &BuildRun) -> Option<(Results, String)> {
    let function = run.plan.config.do_build_if.as_ref()?;
    match call(function, vec![build_object(run)], &ActorStepContext::draft(run)).await {
        Ok(answer) if answer.is_truthy() => None,
        Ok(_) => Some((Results::Skipped, "build skipped".to_owned())),
        Err(fault @ Fault::World(_)) => Some((Results::Exception, format!("do_build_if was not asked: {fault}"))),
        Err(fault) => Some((Results::Exception, format!("exception in do_build_if: {fault}"))),
    }
}

/// The build as the function sees it.
fn build_object(run: &BuildRun) -> ScriptValue {
    let named = |name: &str, value: ScriptValue| (name.to_owned(), value);
    let text = |text: &str| ScriptValue::Data(text.into());
    let builder = vec![named("name", text(&run.plan.config.name))];
    ScriptValue::Object(vec![
        named("number", ScriptValue::Data(run.plan.build.number.into())),
        named("builder", ScriptValue::Object(builder)),
        named("properties", ScriptValue::Properties(run.properties())),
    ])
}
