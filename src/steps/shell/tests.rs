//! The exact arguments of `shell`, and results and lines of a shell command.

use std::collections::BTreeMap;
use std::time::Duration;

use buildbot_protocol::Value;

use super::*;
use crate::domain::{LogKind, PropertyValue, Renderable, Results, Stream};
use crate::steps::config::{LogFileConfig, StepConfig, StepKind};
use crate::steps::{BuildEnv, StepCommon, make};
use crate::testing::plain_steps::{plain_common, plain_shell_config};
use crate::testing::scripted_context::{Answer, ScriptedContext};

fn build_env() -> BuildEnv {
    BuildEnv { workdir: "build".into(), env: Vec::new() }
}

async fn run(config: ShellConfig, context: &ScriptedContext) -> Result<Results, Fault> {
    let config = StepConfig { common: plain_common("shell"), kind: StepKind::Shell(config) };
    make(&config, &build_env()).run(context).await
}

fn list(words: &[&str]) -> PropertyValue {
    PropertyValue::List(words.iter().map(|word| (*word).into()).collect())
}

fn map(pairs: &[(&str, Value)]) -> Value {
    Value::Map(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

#[tokio::test]
async fn the_defaults_are_those_that_a_python_master_sends() {
    let context = ScriptedContext::new();
    assert_eq!(run(plain_shell_config(list(&["make", "all"])), &context).await.unwrap(), Results::Success);
    let expected = map(&[
        ("command", Value::Array(vec!["make".into(), "all".into()])),
        ("workdir", "/w/b/build".into()),
        ("env", map(&[])),
        ("want_stdout", true.into()),
        ("want_stderr", true.into()),
        ("logfiles", map(&[])),
        ("timeout", 1200.into()),
        ("maxTime", Value::Nil),
        ("max_lines", Value::Nil),
        ("sigtermTime", Value::Nil),
        ("usePTY", false.into()),
        ("logEnviron", true.into()),
        ("initial_stdin", Value::Nil),
        ("interruptSignal", "KILL".into()),
    ]);
    assert_eq!(Value::Map(context.arguments(0)), expected);
    assert_eq!(context.states(), ["running", "'make all'"]);
}

#[tokio::test]
async fn limits_and_input_are_passed_on() {
    let context = ScriptedContext::new().with_property("answer", 42);
    let config = ShellConfig {
        timeout: None,
        max_time: Some(Duration::from_millis(2500)),
        max_lines: Some(10),
        sigterm_time: Some(Duration::from_secs(5)),
        interrupt_signal: "INT".to_owned(),
        log_environ: false,
        want_stderr: false,
        use_pty: true,
        initial_stdin: Some(Renderable::Property {
            name: "answer".to_owned(),
            default: None,
            default_when_false: true,
        }),
        ..plain_shell_config("cat")
    };
    run(config, &context).await.unwrap();
    let args = context.arguments(0);
    for (name, value) in [
        ("command", Value::from("cat")),
        ("timeout", Value::Nil),
        ("maxTime", Value::Float(2.5)),
        ("max_lines", 10.into()),
        ("sigtermTime", 5.into()),
        ("interruptSignal", "INT".into()),
        ("logEnviron", false.into()),
        ("want_stderr", false.into()),
        ("usePTY", true.into()),
        ("initial_stdin", "42".into()),
    ] {
        assert_eq!(args.get(name), Some(&value), "{name}");
    }
}

#[tokio::test]
async fn the_environment_of_the_step_overrides_that_of_the_builder() {
    let context = ScriptedContext::new();
    let env = BTreeMap::from([
        ("BOTH".to_owned(), Renderable::from("step")),
        ("GONE".to_owned(), PropertyValue::Null.into()),
        ("PYTHONPATH".to_owned(), list(&["/a", "/b"]).into()),
        ("JOBS".to_owned(), 4.into()),
    ]);
    let kind = StepKind::Shell(ShellConfig { env, ..plain_shell_config("env") });
    let config = StepConfig { common: plain_common("shell"), kind };
    let of_builder = vec![("BOTH".to_owned(), "builder".into()), ("ONLY".to_owned(), "builder".into())];
    make(&config, &BuildEnv { env: of_builder, ..build_env() }).run(&context).await.unwrap();
    let expected = map(&[
        ("BOTH", "step".into()),
        ("GONE", Value::Nil),
        ("JOBS", "4".into()),
        ("ONLY", "builder".into()),
        ("PYTHONPATH", Value::Array(vec!["/a".into(), "/b".into()])),
    ]);
    assert_eq!(context.arguments(0).get("env"), Some(&expected));
}

#[tokio::test]
async fn words_of_nested_lists_come_one_after_the_other() {
    let context = ScriptedContext::new();
    let words =
        PropertyValue::List(vec!["make".into(), PropertyValue::List(vec!["-j".into(), 4.into()]), "all".into()]);
    run(plain_shell_config(words), &context).await.unwrap();
    assert_eq!(context.commands(), ["make -j 4 all"]);
}

#[tokio::test]
async fn the_workdir_is_the_steps_or_the_factorys() {
    for (workdir, expected) in [(Some("sub/dir"), "/w/b/sub/dir"), (Some("/abs"), "/abs"), (None, "/w/b/build")] {
        let common = StepCommon { workdir: workdir.map(Renderable::from), ..plain_common("shell") };
        let config = StepConfig { common, kind: StepKind::Shell(plain_shell_config("pwd")) };
        let context = ScriptedContext::new();
        make(&config, &build_env()).run(&context).await.unwrap();
        assert_eq!(context.arguments(0).get("workdir"), Some(&expected.into()));
    }
}

#[tokio::test]
async fn followed_files_become_logs() {
    let context = ScriptedContext::new().answer("make", Answer::stdout("hello\n"));
    let file = |name: &str, follow| LogFileConfig { name: name.to_owned(), filename: "out/x.log".into(), follow };
    let log_files = vec![file("new", true), file("whole", false)];
    run(ShellConfig { log_files, ..plain_shell_config("make") }, &context).await.unwrap();
    let logs: Vec<_> = context.logs().into_iter().map(|log| (log.name, log.kind, log.text)).collect();
    let log = |name: &str, text: &str| (name.to_owned(), LogKind::Stream, text.to_owned());
    assert_eq!(logs, [log("stdio", "hello\n"), log("new", ""), log("whole", "")]);
    let followed = map(&[("filename", "out/x.log".into()), ("follow", true.into())]);
    let expected = map(&[("new", followed), ("whole", "out/x.log".into())]);
    assert_eq!(context.arguments(0).get("logfiles"), Some(&expected));
}

#[tokio::test]
async fn the_exit_code_is_the_result() {
    let context = ScriptedContext::new().answer("make", Answer::rc(2));
    assert_eq!(run(plain_shell_config("make"), &context).await.unwrap(), Results::Failure);
    assert_eq!(context.states(), ["running", "'make' (failure)"]);

    let context = ScriptedContext::new().answer("make", Answer::rc(2));
    let config = ShellConfig { decode_rc: Some(BTreeMap::from([(0, 0), (2, 1)])), ..plain_shell_config("make") };
    assert_eq!(run(config, &context).await.unwrap(), Results::Warnings);
    assert_eq!(context.states(), ["running", "'make' (warnings)"]);
}

#[tokio::test]
async fn a_killed_command_fails_and_says_why() {
    let context = ScriptedContext::new().answer("make", Answer::killed("timeout_without_output"));
    assert_eq!(run(plain_shell_config("make"), &context).await.unwrap(), Results::Failure);
    assert_eq!(context.states(), ["running", "'make' (failure) (timed out)"]);
}

#[tokio::test]
async fn a_stopped_command_is_interrupted_and_leaves_its_name() {
    let context = ScriptedContext::new().fault("make", Fault::Interrupted("enough".to_owned()));
    let fault = run(plain_shell_config("make"), &context).await.unwrap_err();
    assert!(matches!(fault, Fault::Interrupted(why) if why == "enough"));
    assert_eq!(context.states(), ["running", "'make'"]);
}

#[tokio::test]
async fn an_argument_that_cannot_be_rendered_is_a_fault_before_anything_runs() {
    let context = ScriptedContext::new();
    let fault = run(plain_shell_config(Renderable::Secret("none".to_owned())), &context).await.unwrap_err();
    assert!(matches!(fault, Fault::Config(_)));
    assert!(context.commands().is_empty() && context.logs().is_empty());
}

#[tokio::test]
async fn output_reaches_the_log_in_order() {
    let mut answer = Answer::rc(0);
    answer.lines = vec![(Stream::Stdout, "one".to_owned()), (Stream::Stderr, "two".to_owned())];
    let context = ScriptedContext::new().answer("make", answer);
    run(plain_shell_config("make"), &context).await.unwrap();
    assert_eq!(context.logs()[0].text, "one\ntwo\n");
}
