//! Results, logs and properties of the steps that count warnings.

use super::*;
use crate::steps::config::{StepKind, SuppressionConfig};
use crate::steps::{BuildEnv, make};
use crate::testing::plain_steps::{plain_common, plain_warning_counting};
use crate::testing::scripted_context::{Answer, ScriptedContext, scripted_function};

async fn run(config: WarningCountingConfig, context: &ScriptedContext) -> Result<Results, Fault> {
    let config = StepConfig { common: plain_common("compile"), kind: StepKind::Compile(config) };
    make(&config, &BuildEnv { workdir: "build".into(), env: Vec::new() }).run(context).await
}

fn two_warnings(rc: i64) -> Answer {
    let mut answer = Answer::stdout("cc a.c\na.c:1: warning: x\nok\nb.c:2: Warning y\n");
    answer.outcome.rc = rc;
    answer
}

fn warnings_count(context: &ScriptedContext) -> Option<i64> {
    context.properties().get("warnings-count").and_then(PropertyValue::as_int)
}

#[tokio::test]
async fn warnings_are_counted_logged_and_give_warnings() {
    let context = ScriptedContext::new().answer("make", two_warnings(0));
    assert_eq!(run(plain_warning_counting("make all"), &context).await.unwrap(), Results::Warnings);
    let logs = context.logs();
    assert_eq!(logs.iter().map(|log| log.name.as_str()).collect::<Vec<_>>(), ["stdio", "warnings (2)"]);
    assert_eq!(logs[1].kind, LogKind::Text);
    assert_eq!(logs[1].text, "a.c:1: warning: x\nb.c:2: Warning y\n");
    assert_eq!(warnings_count(&context), Some(2));
    assert_eq!(context.states(), ["compiling", "compile (warnings)"]);
}

#[tokio::test]
async fn without_warnings_there_is_no_log_but_a_count() {
    let context = ScriptedContext::new();
    assert_eq!(run(plain_warning_counting("make all"), &context).await.unwrap(), Results::Success);
    assert_eq!(context.logs().len(), 1);
    assert_eq!(warnings_count(&context), Some(0));
    assert_eq!(context.states(), ["compiling", "compile"]);
}

#[tokio::test]
async fn counts_of_several_steps_add_up() {
    let context = ScriptedContext::new().with_property("warnings-count", 5).answer("make", two_warnings(0));
    run(plain_warning_counting("make"), &context).await.unwrap();
    assert_eq!(warnings_count(&context), Some(7));
}

#[tokio::test]
async fn failure_is_worse_than_warnings_and_too_many_warnings_are_failure() {
    let context = ScriptedContext::new().answer("make", two_warnings(2));
    assert_eq!(run(plain_warning_counting("make"), &context).await.unwrap(), Results::Failure);
    for (most, expected) in [(1, Results::Failure), (2, Results::Warnings)] {
        let context = ScriptedContext::new().answer("make", two_warnings(0));
        let config = WarningCountingConfig { max_warn_count: Some(most), ..plain_warning_counting("make") };
        assert_eq!(run(config, &context).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn a_suppression_file_is_read_on_the_worker_first() {
    let context = ScriptedContext::new()
        .answer("cat", Answer::stdout("# known\n.* : warning. x\n"))
        .answer("make", two_warnings(0));
    let config = WarningCountingConfig { suppression_file: Some("known.txt".into()), ..plain_warning_counting("make") };
    run(config, &context).await.unwrap();
    assert_eq!(context.commands(), ["cat -- known.txt", "make"]);
    assert_eq!(warnings_count(&context), Some(1));
}

#[tokio::test]
async fn a_missing_suppression_file_is_a_fault() {
    let context = ScriptedContext::new().answer("cat", Answer::rc(1));
    let config = WarningCountingConfig { suppression_file: Some("known.txt".into()), ..plain_warning_counting("make") };
    assert!(matches!(run(config, &context).await, Err(Fault::World(_))));
    assert_eq!(context.commands(), ["cat -- known.txt"]);
}

#[tokio::test]
async fn a_pattern_that_is_not_understood_is_a_fault() {
    let context = ScriptedContext::new();
    let config = WarningCountingConfig { warning_pattern: "(?<!no )warning".to_owned(), ..plain_warning_counting("x") };
    assert!(matches!(run(config, &context).await, Err(Fault::Config(_))));
}

#[tokio::test]
async fn a_test_speaks_of_itself_as_test() {
    let context = ScriptedContext::new().answer("make", two_warnings(1));
    let config = StepConfig { common: plain_common("test"), kind: StepKind::Test(plain_warning_counting("make test")) };
    let step = make(&config, &BuildEnv { workdir: "build".into(), env: Vec::new() });
    assert_eq!(step.run(&context).await.unwrap(), Results::Failure);
    assert_eq!(context.states(), ["testing", "test (failure)"]);
}

/// A function that finds the file before the first `#`, and gives up on other lines.
fn extractor() -> WarningExtractor {
    WarningExtractor::Function(scripted_function("extract", |arguments| {
        let [ScriptValue::Object(step), ScriptValue::Data(line), ScriptValue::Match(groups)] = arguments else {
            panic!("{arguments:?}")
        };
        assert!(step.iter().any(|(name, _)| name == "name"));
        assert_eq!(groups.len(), 1);
        let line = line.as_str().unwrap();
        let Some((file, text)) = line.split_once('#') else { return Ok(line.into()) };
        Ok(PropertyValue::List(vec![file.into(), PropertyValue::Null, text.into()]))
    }))
}

#[tokio::test]
async fn a_function_takes_warnings_apart_for_suppressions() {
    let output = "make: Entering directory 'src'\na.c# warning: x\nb.c# warning: y\n";
    let context = ScriptedContext::new().answer("make", Answer::stdout(output));
    let known = SuppressionConfig { file: Some("^src/a.c$".to_owned()), text: None, lines: None };
    let config = WarningCountingConfig {
        extractor: extractor(),
        suppression_list: vec![known],
        ..plain_warning_counting("make")
    };
    assert_eq!(run(config, &context).await.unwrap(), Results::Warnings);
    assert_eq!(context.logs()[1].text, "b.c# warning: y\n");
}

#[tokio::test]
async fn a_function_that_does_not_take_a_warning_apart_is_named() {
    let context = ScriptedContext::new().answer("make", Answer::stdout("warning: x\n"));
    let config = WarningCountingConfig { extractor: extractor(), ..plain_warning_counting("make") };
    let Err(Fault::Config(text)) = run(config, &context).await else { panic!("no fault") };
    assert!(text.starts_with("warningExtractor extract (master.cfg:1) must return"), "{text}");
}
