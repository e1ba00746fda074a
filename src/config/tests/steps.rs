//! Steps that set properties, run several commands, or run on the master: what their arguments become.

use std::time::Duration;

use super::{LINES, config, load};
use crate::domain::{PropertyValue, Renderable};
use crate::steps::config::{PropertyTarget, StepConfig, StepKind, WarningExtractor};
use crate::steps::{BuildEnv, StepContext, make};
use crate::testing::scripted_context::{Answer, ScriptedContext};

/// The steps of the base's factory but its first, after these lines.
pub fn added(more: &str) -> Vec<StepConfig> {
    let config = config(more);
    config.builders[0].factory.steps[1..].to_vec()
}

/// Messages of the errors that these lines cause, all in the line after the base.
fn problems(more: &str) -> Vec<String> {
    let errors = load(&format!("{}{more}", super::BASE)).expect_err("the lines have errors");
    errors
        .iter()
        .map(|error| {
            assert_eq!(error.line, LINES + 1, "{}", error.message);
            error.message.clone()
        })
        .collect()
}

#[test]
fn steps_of_properties_have_buildbots_defaults() {
    let steps = added(
        "f.addStep(steps.SetProperty('p', util.Interpolate('%(prop:x)s')))\n\
         f.addStep(steps.SetProperties(properties={'a': 1}))\n\
         f.addStep(steps.SetPropertiesFromEnv(variables='HOME'))\n\
         f.addStep(steps.SetPropertyFromCommand(command='uname', property='os'))\n\
         f.addStep(steps.SetPropertyFromCommand(command='uname', extract_fn=lambda rc, out, err: {}))\n",
    );
    let names: Vec<_> = steps.iter().map(|step| step.common.name.clone()).collect();
    let expected = ["SetProperty", "SetProperties", "SetPropertiesFromEnv", "setproperty", "setproperty"];
    assert_eq!(names, expected.map(Renderable::from));
    let StepKind::SetProperty(set) = &steps[0].kind else { panic!("not a property") };
    assert_eq!(set.property, "p".into());
    let StepKind::SetPropertiesFromEnv(from) = &steps[2].kind else { panic!("not from the environment") };
    assert_eq!((from.variables.as_slice(), from.source.as_str()), (&["HOME".to_owned()][..], "WorkerEnvironment"));
    let StepKind::SetPropertyFromCommand(command) = &steps[3].kind else { panic!("not from a command") };
    assert_eq!(command.target, PropertyTarget::Property("os".into()));
    assert!(command.strip && command.include_stdout && !command.include_stderr);
    let StepKind::SetPropertyFromCommand(command) = &steps[4].kind else { panic!("not from a command") };
    assert!(matches!(command.target, PropertyTarget::Extract(_)));
}

#[test]
fn a_command_gives_one_property_or_a_function_says_which() {
    let needs = "steps.SetPropertyFromCommand() needs either 'property' or 'extract_fn'";
    assert_eq!(problems("f.addStep(steps.SetPropertyFromCommand(command='a'))\n"), [needs]);
    let both = "f.addStep(steps.SetPropertyFromCommand(command='a', property='p', extract_fn=lambda a, b, c: {}))\n";
    assert_eq!(problems(both), [needs]);
}

#[test]
fn a_command_on_the_master_has_buildbots_defaults_and_no_terminal() {
    let steps = added("f.addStep(steps.MasterShellCommand('ls', env={'A': ['b', 'c']}, workdir='sub'))\n");
    let StepKind::MasterShell(command) = &steps[0].kind else { panic!("not on the master") };
    assert_eq!((command.timeout, command.interrupt_signal.as_str()), (Some(Duration::from_secs(3600)), "KILL"));
    assert!(command.log_environ && steps[0].common.halt_on_failure && command.env.is_some());
    assert_eq!(steps[0].common.workdir, Some("sub".into()));
    let terminal = config("f.addStep(steps.MasterShellCommand(command='ls', usePTY=True))\n").not_available;
    assert_eq!(terminal[0].message, "steps.MasterShellCommand(usePTY=) is known, not available yet");
    assert_eq!(added("f.addStep(steps.MasterShellCommand(command='ls', usePTY=False))\n").len(), 1);
}

#[tokio::test]
async fn the_commands_of_a_sequence_are_a_list_or_come_from_a_function() {
    let steps = added(
        "@util.renderer\n\
         def commands(props):\n\
         \x20   return [util.ShellArg(command=['make', props.getProperty('t')], haltOnFailure=True), util.ShellArg('b')]\n\
         f.addStep(steps.ShellSequence(commands=commands, timeout=5))\n\
         f.addStep(steps.ShellSequence([util.ShellArg(command=util.Property('t'), logname='of c')]))\n",
    );
    let env = BuildEnv { workdir: "build".into(), env: Vec::new() };
    let context = ScriptedContext::new().with_property("t", "all");
    for step in &steps {
        make(step, &env).run(&context).await.unwrap();
    }
    assert_eq!(context.commands(), ["make all", "b", "all"]);
    let names: Vec<String> = context.logs().into_iter().map(|log| log.name).collect();
    assert_eq!(names, ["stdio", "of c"]);
}

#[test]
fn what_takes_warnings_apart_is_a_function_or_one_of_the_classs_own() {
    let extractor = |step: &StepConfig| match &step.kind {
        StepKind::WarningCounting(config) => config.extractor.clone(),
        _ => panic!("it counts no warnings"),
    };
    let steps = added(
        "W = steps.WarningCountingShellCommand\n\
         f.addStep(W(command='a', warningExtractor=W.warnExtractFromRegexpGroups))\n\
         f.addStep(W(command='a', warningExtractor=W.warnExtractWholeLine))\n\
         f.addStep(W(command='a', warningExtractor=lambda step, line, match: (None, None, match.group(0))))\n",
    );
    assert_eq!(extractor(&steps[0]), WarningExtractor::Groups);
    assert_eq!(extractor(&steps[1]), WarningExtractor::WholeLine);
    assert!(matches!(extractor(&steps[2]), WarningExtractor::Function(_)));
    let text = problems("f.addStep(steps.Compile(warningExtractor='x'))\n");
    assert_eq!(text, ["steps.Compile(warningExtractor=) must be a function, not the text 'x'"]);
}

#[tokio::test]
async fn a_function_sees_what_a_pattern_matched() {
    let steps = added(
        "def extract(step, line, match):\n\
         \x20   return (match.group(1), int(match.groups()[1]), step.name + match.group())\n\
         f.addStep(steps.Compile(command='make', warningPattern='([a-z.]+):([0-9]+): warning', warningExtractor=extract,\n\
         \x20   suppressionList=[('a.c', 'compilea.c:1: warning', 1, 1)]))\n",
    );
    let env = BuildEnv { workdir: "build".into(), env: Vec::new() };
    let printed = Answer::stdout("a.c:1: warning\na.c:2: warning\n");
    let context = ScriptedContext::new().answer("make", printed);
    make(&steps[0], &env).run(&context).await.unwrap();
    assert_eq!(context.properties().get("warnings-count"), Some(&PropertyValue::Int(1)));
    assert_eq!(context.logs()[1].text, "a.c:2: warning\n");
}

#[test]
fn the_steps_of_a_group_stand_in_the_factory_one_after_the_other() {
    let steps = added(
        "def look(ctx):\n    ctx.run(['true'])\n\
         f.addStep(steps.Parallel([steps.ShellCommand(command='a', name='a'), look], name='checks', haltOnFailure=True))\n\
         f.addStep(steps.ShellCommand(command='b', name='b'))\n\
         f.addSteps([steps.Parallel(steps=[steps.ShellCommand(command='c', name='c')])])\n",
    );
    let place = |step: &StepConfig| {
        let group = step.common.group.as_ref()?;
        Some((group.name.clone(), group.halt_on_failure, group.position))
    };
    let places: Vec<_> = steps.iter().map(place).collect();
    let checks = |position| Some(("checks".to_owned(), true, position));
    assert_eq!(places, [checks(0), checks(1), None, Some(("parallel".to_owned(), false, 0))]);
    assert!(matches!(steps[1].kind, StepKind::Function(_)));
}

#[test]
fn a_group_takes_steps_and_no_groups() {
    let group = "steps.Parallel([steps.Parallel([])])";
    let problem = "steps.Parallel(steps=) must be a list, each item a ShellCommand or Configure or Compile, not a list \
                   with a steps.Parallel";
    assert_eq!(problems(&format!("f.addStep({group})\n")), [problem]);
    assert!(problems("f.addStep(steps.Parallel(['make']))\n")[0].starts_with("steps.Parallel(steps=) must be a list"));
    assert_eq!(problems("f.addStep(steps.Parallel())\n"), ["steps.Parallel() needs 'steps'"]);
}
