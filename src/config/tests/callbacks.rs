//! Functions of a configuration, called as the rest of the program calls them.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::{config, load};
use crate::domain::script::ScriptLimits;
use crate::domain::{
    BuildRequest, BuildRequestId, BuilderId, BuildsetId, Callback, Change, ChangeId, Properties, PropertyValue,
    RequestState, ScriptValue, SourceStampId, StampSpec, Timestamp,
};
use crate::schedulers::config::SchedulerKind;

/// The `fileIsImportant` of a scheduler behind some lines.
pub(super) fn important(lines: &str) -> Callback {
    let more = format!(
        "{lines}\nc['schedulers'].append(schedulers.SingleBranchScheduler(name='s', builderNames=['b1'], fileIsImportant=fn))\n"
    );
    let config = config(&more);
    let SchedulerKind::SingleBranch(single) = &config.schedulers[1].kind else { panic!("not a single branch") };
    single.watch.file_is_important.clone().unwrap()
}

pub(super) fn change(files: &[&str]) -> ScriptValue {
    ScriptValue::Change(Arc::new(Change {
        id: ChangeId(7),
        source_stamp_id: SourceStampId(1),
        parent_ids: Vec::new(),
        author: "Ada <ada@example.org>".into(),
        committer: None,
        comments: "more".into(),
        files: files.iter().map(|file| (*file).to_owned()).collect(),
        revision: Some("abc".into()),
        branch: Some("main".into()),
        category: None,
        revlink: None,
        repository: "https://example.org/r".into(),
        project: "p".into(),
        codebase: String::new(),
        properties: Properties::new(),
        when: Timestamp::from_secs(1000),
    }))
}

pub(super) fn request(properties: Properties) -> BuildRequest {
    BuildRequest {
        id: BuildRequestId(1),
        buildset_id: BuildsetId(1),
        builder_id: BuilderId(1),
        priority: 0,
        submitted_at: Timestamp::from_secs(1000),
        waited_for: false,
        state: RequestState::Unclaimed,
        worker_losses: 0,
        source_stamps: Vec::new(),
        has_changes: false,
        properties: Arc::new(properties),
    }
}

pub(super) fn call(callback: &Callback, arguments: &[ScriptValue]) -> Result<PropertyValue, String> {
    callback.0.call(arguments, ScriptLimits::default()).map_err(|error| error.to_string())
}

#[test]
fn a_function_sees_the_attributes_of_a_change() {
    let callback = important(
        "def fn(change):\n    return '%s|%s|%s|%s' % (change.who, change.branch, change.files[0], change.properties.getProperty('x', 'no'))",
    );
    assert_eq!(call(&callback, &[change(&["a.c"])]), Ok("Ada <ada@example.org>|main|a.c|no".into()));
    assert_eq!((callback.0.name(), callback.0.location()), ("fn", "master.cfg:8"));
}

#[test]
fn a_builder_keeps_to_the_worker_that_was_chosen() {
    let config = config(
        "c['builders'].append(util.BuilderConfig('b2', workername='w1', factory=f, canStartBuild=util.enforceChosenWorker))\n",
    );
    let enforce = config.builders[1].can_start_build.clone().unwrap();
    let worker = |name: &str| ScriptValue::Object(vec![("workername".to_owned(), ScriptValue::Data(name.into()))]);
    let allows = |properties: Properties, name: &str| {
        let request = ScriptValue::BuildRequest(Arc::new(request(properties)));
        call(&enforce, &[ScriptValue::Object(Vec::new()), worker(name), request])
    };
    let mut chosen = Properties::new();
    chosen.set("workername", "w2", "Force Build Form");
    assert_eq!(allows(chosen.clone(), "w1"), Ok(false.into()));
    assert_eq!(allows(chosen, "w2"), Ok(true.into()));
    assert_eq!(allows(Properties::new(), "w1"), Ok(true.into()));
}

#[test]
fn a_function_sees_the_sources_and_the_properties_of_a_request() {
    let mut properties = Properties::new();
    properties.set("color", "red", "Scheduler");
    let branch = |codebase: &str, branch: &str| StampSpec {
        codebase: codebase.to_owned(),
        branch: Some(branch.to_owned()),
        ..StampSpec::default()
    };
    let request = ScriptValue::BuildRequest(Arc::new(BuildRequest {
        id: BuildRequestId(1),
        buildset_id: BuildsetId(2),
        builder_id: BuilderId(3),
        priority: 4,
        submitted_at: Timestamp::from_secs(5),
        waited_for: false,
        state: RequestState::Unclaimed,
        worker_losses: 0,
        source_stamps: vec![(SourceStampId(6), branch("", "main")), (SourceStampId(7), branch("lib", "dev"))],
        has_changes: false,
        properties: Arc::new(properties),
    }));
    for (expression, expected) in [
        ("r.sources[''].branch", "main"),
        ("','.join([s.branch for s in r.sources.values()])", "main,dev"),
        ("r.properties.getProperty('color')", "red"),
        ("r.properties['color']", "red"),
        ("str(r['priority'] + r['buildsetid'])", "6"),
    ] {
        let callback = important(&format!("fn = lambda r: {expression}"));
        assert_eq!(call(&callback, std::slice::from_ref(&request)), Ok(expected.into()), "{expression}");
    }
}

#[test]
fn functions_run_on_several_threads_at_once() {
    let callback = important("import os\ndef fn(change):\n    return any(f.endswith('.c') for f in change.files)");
    let threads: Vec<_> = (0..8)
        .map(|number| {
            let callback = callback.clone();
            thread::spawn(move || {
                let files: &[&str] = if number % 2 == 0 { &["x.h", "a.c"] } else { &["x.h"] };
                for _ in 0..200 {
                    assert_eq!(call(&callback, &[change(files)]), Ok((number % 2 == 0).into()));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn closures_and_decorated_functions_keep_what_they_capture() {
    let callback = important("def make(suffix):\n    return lambda change: change.branch + suffix\nfn = make('!')");
    assert_eq!(call(&callback, &[change(&[])]), Ok("main!".into()));
    let config = config(
        "@util.renderer\ndef cmd(props):\n    return ['echo', props.getProperty('x')]\nf.addStep(steps.ShellCommand(command=cmd))\n",
    );
    let step = format!("{:?}", config.builders[0].factory.steps[1].kind);
    assert!(step.contains("Function(Callback(cmd at master.cfg:8))"), "{step}");
}

#[test]
fn errors_and_limits_of_a_function_are_answers() {
    let callback = important("def fn(change):\n    x = 1\n    return change.nothing");
    let error = call(&callback, &[change(&[])]).unwrap_err();
    assert!(error.starts_with("fn (master.cfg:8): object of type 'subject' has no attribute 'nothing'"), "{error}");
    assert!(error.ends_with("(master.cfg:10)"), "{error}");
    let callback = important("def fn(change):\n    for a in range(1000000000):\n        pass");
    let limits = ScriptLimits { time: Duration::from_secs(5), ticks: 10_000, heap_bytes: 1 << 20 };
    let error = callback.0.call(&[change(&[])], limits).unwrap_err();
    assert_eq!(error.message, "it runs for too long: an endless loop?");
    let callback = important("seen = []\ndef fn(change):\n    seen.append(1)");
    let error = call(&callback, &[change(&[])]).unwrap_err();
    assert!(error.contains("values of the file cannot be changed once it is loaded"), "{error}");
    let callback = important("def fn(change):\n    return util.Property('x')");
    assert!(call(&callback, &[change(&[])]).unwrap_err().contains("it returned a util.Property"));
}

#[test]
fn functions_are_equal_if_their_text_and_values_are() {
    let base = important("paths = ['a']\ndef fn(change):\n    return change.files == paths");
    let moved = important("# moved\n\npaths = ['a']\ndef fn(change):\n    return change.files == paths");
    assert_eq!(base, moved);
    let other_value = important("paths = ['b']\ndef fn(change):\n    return change.files == paths");
    assert_ne!(base, other_value);
    let other_text = important("paths = ['a']\ndef fn(change):\n    return change.files != paths");
    assert_ne!(base, other_text);
    let make = "def make(x):\n    return lambda change: x\nfn = make";
    assert_ne!(important(&format!("{make}(1)")), important(&format!("{make}(2)")));
    assert_eq!(important(&format!("{make}(1)")), important(&format!("{make}(1)")));
    let helper = "def helper():\n    return 1\ndef fn(change):\n    return helper() + rec(change)\ndef rec(change):\n    return fn(change)";
    assert_eq!(important(helper), important(helper));
    assert_ne!(important(helper), important(&helper.replace("return 1", "return 2")));
}

#[test]
fn a_function_outlives_its_configuration() {
    let callback = important("def fn(change):\n    return 1");
    assert!(load("x = ").is_err());
    assert_eq!(call(&callback, &[change(&[])]), Ok(1.into()));
}
