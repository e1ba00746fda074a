//! Functions of a configuration as steps: what they can do, and how they end.

use std::sync::Arc;
use std::time::Duration;

use super::steps::added;
use crate::domain::script::ScriptLimits;
use crate::domain::{PropertyValue, Renderable, Results, ScriptError};
use crate::steps::config::{StepConfig, StepKind};
use crate::steps::function::FunctionThreads;
use crate::steps::{BuildEnv, Fault, StepContext, StepsPlace, make};
use crate::testing::plain_steps::{plain_change, plain_stamp};
use crate::testing::scripted_context::{Answer, ScriptedContext};

/// The step of a function with this body, each line a statement.
fn function(body: &[&str]) -> StepConfig {
    let body: String = body.iter().map(|line| format!("    {line}\n")).collect();
    added(&format!("def work(ctx):\n{body}f.addStep(steps.FunctionStep(work))\n")).remove(0)
}

async fn run_step(step: &StepConfig, context: &ScriptedContext) -> Result<Results, Fault> {
    make(step, &BuildEnv { workdir: "build".into(), env: Vec::new() }).run(context).await
}

async fn run(body: &[&str], context: &ScriptedContext) -> Result<Results, Fault> {
    run_step(&function(body), context).await
}

async fn script_error(body: &[&str]) -> ScriptError {
    match run(body, &ScriptedContext::new()).await {
        Err(Fault::Script(error)) => error,
        other => panic!("no error of the function: {other:?}"),
    }
}

#[tokio::test]
async fn a_function_runs_commands_and_sees_how_they_end() {
    let mut failing = Answer::stdout("one\ntwo\n");
    failing.outcome.rc = 3;
    let context = ScriptedContext::new().with_property("target", "all").answer("make", failing);
    let body = [
        "ended = ctx.run(['make', util.Property('target')], workdir='sub', env={'A': 'b'}, timeout=7)",
        "ctx.setProperty('seen', [ended.rc, ended.ok, ended.results == util.FAILURE, ended.stdout])",
        "ctx.run('next', logname='of next')",
        "return util.WARNINGS",
    ];
    assert_eq!(run(&body, &context).await.unwrap(), Results::Warnings);
    assert_eq!(context.commands(), ["make all", "next"]);
    assert_eq!(context.arguments(0).get("workdir").and_then(|dir| dir.as_str()), Some("/w/b/sub"));
    assert_eq!(context.arguments(0).get("timeout"), Some(&7.into()));
    let seen = PropertyValue::List(vec![3.into(), false.into(), true.into(), "one\ntwo\n".into()]);
    assert_eq!(context.properties().get("seen"), Some(&seen));
    let logs: Vec<String> = context.logs().into_iter().map(|log| log.name).collect();
    assert_eq!(logs, ["stdio", "of next"]);
}

#[tokio::test]
async fn without_a_result_the_worst_of_its_commands_counts() {
    let nothing: &[&str] = &["pass"];
    let two: &[&str] = &["ctx.run('a')", "ctx.run('b')"];
    let returned: &[&str] = &["return ctx.run('a')"];
    let ignored: &[&str] = &["ctx.run('a')", "return util.SUCCESS"];
    for (body, expected) in [
        (nothing, Results::Success),
        (two, Results::Failure),
        (returned, Results::Failure),
        (ignored, Results::Success),
    ] {
        let context = ScriptedContext::new().answer("a", Answer::rc(1));
        assert_eq!(run(body, &context).await.unwrap(), expected, "{body:?}");
    }
}

#[tokio::test]
async fn a_function_sees_lines_while_its_command_runs() {
    let printed = Answer::stdout("test 1 ok\ntest 2 failed\n");
    let context = ScriptedContext::new().answer("test", printed);
    let body = [
        "seen = []",
        "def look(stream, line):",
        "    seen.append(stream + ': ' + line)",
        "    ctx.setProgress('tests', len(seen))",
        "ctx.run('test', observer=look)",
        "ctx.setProperty('seen', seen)",
    ];
    assert_eq!(run(&body, &context).await.unwrap(), Results::Success);
    let seen = PropertyValue::List(vec!["stdout: test 1 ok".into(), "stdout: test 2 failed".into()]);
    assert_eq!(context.properties().get("seen"), Some(&seen));
    assert_eq!(context.states().last().map(String::as_str), Some("tests 2"));
}

#[tokio::test]
async fn an_observer_may_end_the_step_and_may_not_run_a_command() {
    let observed = |line: &'static str| ["def look(stream, line):", line, "ctx.run('test', observer=look)"];
    for (line, expected) in [("    fail('enough')", "enough"), ("    ctx.run('other')", "a command runs already")] {
        let context = ScriptedContext::new().answer("test", Answer::stdout("x\n"));
        let Err(Fault::Script(error)) = run(&observed(line), &context).await else { panic!("no error") };
        assert!(error.message.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn logs_links_and_the_state_line_are_the_functions_own() {
    let context = ScriptedContext::new();
    let body = [
        "log = ctx.log('report', type='t')",
        "log.addStdout('one')",
        "log.addLines(['two', 'three'])",
        "ctx.addURL('docs', 'http://docs/')",
        "ctx.setBuildData('sizes', '{}')",
        "ctx.set_state('thinking')",
        "print('hello')",
    ];
    assert_eq!(run(&body, &context).await.unwrap(), Results::Success);
    let logs: Vec<(String, String)> = context.logs().into_iter().map(|log| (log.name, log.text)).collect();
    let expected = [("report", "one\ntwo\nthree\n"), ("print", "hello\n")];
    assert_eq!(logs, expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
    assert_eq!(context.build_data(), [("sizes".to_owned(), b"{}".to_vec(), "work".to_owned())]);
    assert_eq!(context.urls(), [("docs".to_owned(), "http://docs/".to_owned())]);
    assert_eq!(context.states(), ["running", "thinking", "thinking"]);
}

#[tokio::test]
async fn a_function_sees_properties_source_and_changes_and_can_wait() {
    let context = ScriptedContext::new()
        .with_property("buildnumber", 7)
        .with_stamp(plain_stamp("", None, None))
        .with_change(Arc::new(plain_change(9)));
    let body = [
        "ctx.setProperty('a', 1, 'mine')",
        "seen = [ctx.name, ctx.build.number, ctx.getProperty('a'), ctx.getProperty('none', 'other')]",
        "seen += [ctx.properties['a'], ctx.hasProperty('none'), ctx.sources[0].codebase, ctx.changes[0].number]",
        "seen.append(ctx.render(util.Interpolate('%(prop:a)s!')))",
        "ctx.sleep(2.5)",
        "ctx.setProperty('seen', seen)",
    ];
    run(&body, &context).await.unwrap();
    let seen: Vec<PropertyValue> = vec![
        "work".into(),
        7.into(),
        1.into(),
        "other".into(),
        1.into(),
        false.into(),
        "".into(),
        9.into(),
        "1!".into(),
    ];
    assert_eq!(context.properties().get("seen"), Some(&PropertyValue::List(seen)));
    assert_eq!(context.sleeps(), [Duration::from_millis(2500)]);
}

#[tokio::test]
async fn a_function_adds_steps_of_every_kind() {
    let context = ScriptedContext::new();
    let step = added(
        "def sometimes(step):\n    return True\n\
         def further(ctx):\n    pass\n\
         def work(ctx):\n\
         \x20   ctx.add_steps([steps.ShellCommand(name=n, command=['make', n], doStepIf=sometimes) for n in ['a', 'b']])\n\
         \x20   ctx.build.addStepsAfterLastStep([steps.FunctionStep(further)])\n\
         f.addStep(work)\n",
    )
    .remove(0);
    assert_eq!(run_step(&step, &context).await.unwrap(), Results::Success);
    let added = context.added_steps();
    let names: Vec<(StepsPlace, Renderable)> =
        added.iter().map(|(place, step)| (*place, step.common.name.clone())).collect();
    let (current, last) = (StepsPlace::AfterCurrent, StepsPlace::AfterLast);
    assert_eq!(names, [(current, "a".into()), (current, "b".into()), (last, "".into())]);
    assert!(matches!(&added[2].1.kind, StepKind::Function(_)));
    assert_eq!(run_step(&added[0].1, &context).await.unwrap(), Results::Success);
    assert_eq!(context.commands(), ["make a"]);
}

#[tokio::test]
async fn steps_that_cannot_be_added_are_explained() {
    for (steps, expected) in [
        ("[steps.ShellCommand(comand='a')]", "steps.ShellCommand() has no argument 'comand'"),
        ("[steps.ShellCommand(command='a', timeout='x')]", "steps.ShellCommand(timeout=) must be"),
        ("['make']", "only steps can be added, not the text 'make'"),
        ("steps.ShellCommand(command='a')", "steps are added as a list"),
        ("[steps.ShellCommand(command='a', doStepIf=lambda s: True)]", "cannot be kept; define it outside"),
    ] {
        let error = script_error(&[&format!("ctx.add_steps({steps})")]).await;
        assert!(error.message.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn an_error_names_the_function_and_the_line() {
    let error = script_error(&["x = 1", "y = [][x]"]).await;
    let text = error.to_string();
    assert!(text.starts_with("work (master.cfg:8): ") && text.ends_with("(master.cfg:10)"), "{text}");
}

#[tokio::test]
async fn what_is_no_result_is_an_error() {
    for value in ["'good'", "77", "True"] {
        let error = script_error(&[&format!("return {value}")]).await;
        assert!(error.message.contains("no result such as util.SUCCESS"), "{error}");
    }
}

#[tokio::test]
async fn a_fault_of_a_command_ends_function_and_step() {
    let lost = Fault::WorkerLost("gone".to_owned());
    let context = ScriptedContext::new().fault("make", lost);
    let outcome = run(&["ctx.run('make')", "ctx.run('never')"], &context).await;
    assert!(matches!(outcome, Err(Fault::WorkerLost(_))), "{outcome:?}");
    assert_eq!(context.commands(), ["make"]);
}

#[tokio::test]
async fn a_function_that_computes_for_too_long_is_ended() {
    let limits = ScriptLimits { time: Duration::from_millis(50), ticks: u64::MAX, heap_bytes: 1 << 30 };
    let context = ScriptedContext::new().with_functions(FunctionThreads::new(1, 1, limits));
    let body = ["for i in range(1000000000):", "    pass"];
    let Err(Fault::Script(error)) = run(&body, &context).await else { panic!("no error") };
    assert_eq!(error.message, "it runs for too long");
}

#[tokio::test]
async fn a_stop_ends_a_function_that_computes() {
    let limits = ScriptLimits { time: Duration::from_secs(3600), ticks: u64::MAX, heap_bytes: 1 << 30 };
    let context = ScriptedContext::new().with_functions(FunctionThreads::new(1, 1, limits));
    context.stop("enough");
    let outcome = run(&["for i in range(1000000000000):", "    pass"], &context).await;
    assert!(matches!(&outcome, Err(Fault::Interrupted(reason)) if reason == "enough"), "{outcome:?}");
}

#[tokio::test]
async fn beyond_the_bound_a_function_waits_for_a_thread_and_a_stop_ends_that() {
    let context = ScriptedContext::new().with_functions(FunctionThreads::new(0, 1, ScriptLimits::default()));
    context.stop("enough");
    let outcome = run(&["pass"], &context).await;
    assert!(matches!(outcome, Err(Fault::Interrupted(_))), "{outcome:?}");
    assert_eq!(context.states()[1], "waiting for a free thread");
}
