//! `doStepIf` and `hideStepIf`: whether a step runs, and whether pages show it.

use super::config::StepConfig;
use super::context::{Fault, StepContext};
use super::registry::step_name;
use super::render::{call, render};
use super::step::StepCondition;
use crate::domain::{PropertyValue, Results, ScriptValue};

/// Whether `doStepIf` lets the step run.
pub async fn should_run(config: &StepConfig, context: &dyn StepContext) -> Result<bool, Fault> {
    evaluate(config, context, &config.common.do_step_if, None).await
}

/// Whether `hideStepIf` hides a step that ended so.
pub async fn is_hidden(config: &StepConfig, context: &dyn StepContext, results: Results) -> Result<bool, Fault> {
    evaluate(config, context, &config.common.hide_step_if, Some(results)).await
}

async fn evaluate(
    config: &StepConfig,
    context: &dyn StepContext,
    condition: &StepCondition,
    results: Option<Results>,
) -> Result<bool, Fault> {
    match condition {
        StepCondition::Always => Ok(true),
        StepCondition::Never => Ok(false),
        StepCondition::Rendered(renderable) => Ok(render(renderable, context).await?.is_truthy()),
        StepCondition::Function(function) => {
            let step = step_object(config, context).await?;
            let code = results.map(|results| ScriptValue::Data(i64::from(results.code()).into()));
            let arguments = code.into_iter().chain([step]).collect();
            Ok(call(function, arguments, context).await?.is_truthy())
        }
    }
}

/// The step as a function sees it: `name`, `properties` (which answer `getProperty`), and `build` with the same.
pub async fn step_object(config: &StepConfig, context: &dyn StepContext) -> Result<ScriptValue, Fault> {
    let name = PropertyValue::Str(step_name(config, context).await?);
    let properties = || ("properties".to_owned(), ScriptValue::Properties(context.properties()));
    Ok(ScriptValue::Object(vec![
        ("name".to_owned(), ScriptValue::Data(name)),
        properties(),
        ("build".to_owned(), ScriptValue::Object(vec![properties()])),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::StepCommon;
    use crate::testing::plain_steps::{plain_common, plain_shell};
    use crate::testing::scripted_context::{ScriptedContext, scripted_function};

    fn config(do_step_if: StepCondition, hide_step_if: StepCondition) -> StepConfig {
        let common = StepCommon { do_step_if, hide_step_if, ..plain_common("build it") };
        StepConfig { common, kind: plain_shell("make") }
    }

    #[tokio::test]
    async fn fixed_and_rendered_conditions_follow_python_truth() {
        let context = ScriptedContext::new().with_property("deploy", "yes").with_property("empty", "");
        let rendered = |name: &str| {
            StepCondition::Rendered(crate::domain::Renderable::Property {
                name: name.to_owned(),
                default: None,
                default_when_false: true,
            })
        };
        for (condition, expected) in [
            (StepCondition::Always, true),
            (StepCondition::Never, false),
            (rendered("deploy"), true),
            (rendered("empty"), false),
            (rendered("missing"), false),
        ] {
            let config = config(condition, StepCondition::Never);
            assert_eq!(should_run(&config, &context).await.unwrap(), expected, "{config:?}");
            assert!(!is_hidden(&config, &context, Results::Success).await.unwrap());
        }
    }

    #[tokio::test]
    async fn a_function_sees_the_step_and_for_hiding_its_result_first() {
        let on_step = scripted_function("on_step", |arguments| match arguments {
            [ScriptValue::Object(attributes)] => {
                let names: Vec<_> = attributes.iter().map(|(name, _)| name.as_str()).collect();
                assert_eq!(names, ["name", "properties", "build"]);
                Ok(true.into())
            }
            other => Err(format!("{other:?}")),
        });
        let on_result = scripted_function("on_result", |arguments| match arguments {
            [ScriptValue::Data(code), ScriptValue::Object(_)] => Ok((code.as_int() == Some(3)).into()),
            other => Err(format!("{other:?}")),
        });
        let config = config(StepCondition::Function(on_step), StepCondition::Function(on_result));
        let context = ScriptedContext::new();
        assert!(should_run(&config, &context).await.unwrap());
        assert!(is_hidden(&config, &context, Results::Skipped).await.unwrap());
        assert!(!is_hidden(&config, &context, Results::Success).await.unwrap());
    }
}
