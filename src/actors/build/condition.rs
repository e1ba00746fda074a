//! `do_build_if`: whether a build runs at all.

use super::run::BuildRun;
use crate::actors::scripts::CallFunction;
use crate::domain::{Results, ScriptValue};

/// The result and the state of a build that is not to run; nothing of one that is.
pub async fn refusal(run: &BuildRun) -> Option<(Results, String)> {
    let function = run.plan.config.do_build_if.clone()?;
    let call = CallFunction { function, arguments: vec![build_object(run)] };
    match run.deps.scripts.ask(call).await {
        Ok(Ok(answer)) if answer.is_truthy() => None,
        Ok(Ok(_)) => Some((Results::Skipped, "build skipped".to_owned())),
        Ok(Err(error)) => Some((Results::Exception, format!("exception in do_build_if: {error}"))),
        Err(error) => Some((Results::Exception, format!("do_build_if was not asked: {error}"))),
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
