//! Each row of the manual's table of functions: a function of that kind gets what the row says, and its answer arrives.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::callbacks::{call, change, important, request};
use crate::domain::{BuildRequest, Properties, PropertyValue, ScriptValue, SourceStampId, StampSpec};

const MANUAL: &str = include_str!("../../../docs/manual/src/callbacks.md");

fn data(value: impl Into<PropertyValue>) -> ScriptValue {
    ScriptValue::Data(value.into())
}

fn object(attributes: &[(&str, ScriptValue)]) -> ScriptValue {
    ScriptValue::Object(attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

fn dictionary(pairs: &[(&str, &str)]) -> ScriptValue {
    data(PropertyValue::Map(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect()))
}

fn properties() -> ScriptValue {
    let mut properties = Properties::new();
    properties.set("branch", "main", "Build");
    ScriptValue::Properties(Arc::new(properties))
}

fn a_request() -> ScriptValue {
    let mut properties = Properties::new();
    properties.set("quick", true, "Build");
    let stamps = vec![(SourceStampId(1), StampSpec::default())];
    ScriptValue::BuildRequest(Arc::new(BuildRequest { source_stamps: stamps, ..request(properties) }))
}

fn builder() -> ScriptValue {
    object(&[("name", data("b1")), ("builderid", data(1))])
}

/// As `dispatch` makes one.
fn worker() -> ScriptValue {
    let own = [("workername", data("w1")), ("slavename", data("w1")), ("name", data("w1")), ("workerid", data(1))];
    let inner = object(&own);
    let more = [("builder_name", data("b1")), ("worker", inner.clone()), ("slave", inner)];
    object(&[&own[..], &more[..]].concat())
}

fn source() -> ScriptValue {
    dictionary(&[("codebase", ""), ("repository", "r"), ("project", "p"), ("branch", "main"), ("revision", "abc")])
}

fn facts() -> ScriptValue {
    dictionary(&[
        ("author", "ada"),
        ("who", "ada"),
        ("comments", "c"),
        ("revision", "abc"),
        ("branch", "main"),
        ("repository", "r"),
        ("category", ""),
        ("project", "p"),
    ])
}

fn step() -> ScriptValue {
    let build = object(&[("properties", properties())]);
    object(&[("name", data("compile")), ("properties", properties()), ("build", build)])
}

/// The first cell of a row, a function of that kind, what it is called with, and what it answers.
type Case = (&'static str, &'static str, Vec<ScriptValue>, PropertyValue);

fn cases() -> Vec<Case> {
    [of_changes(), of_plans(), of_builds(), of_values()].concat()
}

/// Functions about changes and sources.
fn of_changes() -> Vec<Case> {
    let yes = PropertyValue::Bool(true);
    vec![
        (
            "`fileIsImportant` of schedulers",
            "lambda c: c.who == c.author and c.changeid == c.number",
            vec![change(&["a"])],
            yes.clone(),
        ),
        (
            "`filter_fn` of `util.ChangeFilter`",
            "lambda c: c.files == ['a'] and c.when == 1000",
            vec![change(&["a"])],
            yes.clone(),
        ),
        (
            "`project_fn`, `branch_fn` and the like of `util.ChangeFilter`",
            "lambda branch: branch.startswith('ma')",
            vec![data("main")],
            yes.clone(),
        ),
        ("`filter_fn` of `util.SourceStampFilter`", "lambda s: s['project'] == 'p'", vec![source()], yes.clone()),
        (
            "`branch_key` of `util.OldBuildCanceller`",
            "lambda s: s['repository'] + s['branch']",
            vec![source()],
            "rmain".into(),
        ),
        (
            "`branches` of `changes.GitPoller`",
            "lambda name: name == 'refs/heads/main'",
            vec![data("refs/heads/main")],
            yes.clone(),
        ),
        ("`category`, `project` of `changes.GitPoller`", "lambda facts: facts['author']", vec![facts()], "ada".into()),
        ("`codebaseGenerator`", "lambda facts: facts['repository'] + facts['who']", vec![facts()], "rada".into()),
        (
            "`revlink`",
            "lambda revision, repository: repository + '/' + revision",
            vec![data("abc"), data("r")],
            "r/abc".into(),
        ),
    ]
}

/// Functions about what is built next, and where.
fn of_plans() -> Vec<Case> {
    let yes = PropertyValue::Bool(true);
    let master = object(&[]);
    vec![
        (
            "`prioritizeBuilders`",
            "lambda master, builders: sorted(builders, key=lambda b: b.name)",
            vec![master.clone(), ScriptValue::List(vec![builder()])],
            PropertyValue::List(vec!["b1".into()]),
        ),
        (
            "`nextBuild`",
            "lambda b, requests: [r for r in requests if r.getProperty('quick')][0]",
            vec![builder(), ScriptValue::List(vec![a_request()])],
            1.into(),
        ),
        (
            "`canStartBuild`",
            "lambda b, w, r: w.worker.workername == w.slave.slavename and r.id == r.buildrequestid",
            vec![builder(), worker(), a_request()],
            yes.clone(),
        ),
        (
            "`nextWorker`",
            "lambda b, workers, r: [w for w in workers if w.builder_name == b.name][0]",
            vec![builder(), ScriptValue::List(vec![worker()]), a_request()],
            "w1".into(),
        ),
        (
            "`collapseRequests`",
            "lambda m, b, one, other: one.submittedAt == other.submitted_at and one['bsid'] == other.buildsetid and not one.waitedFor",
            vec![master, builder(), a_request(), a_request()],
            yes.clone(),
        ),
        (
            "`locks` of builders and steps",
            "lambda p: None if p['branch'] == 'main' else 1",
            vec![properties()],
            PropertyValue::Null,
        ),
    ]
}

/// Functions about a build and its steps.
fn of_builds() -> Vec<Case> {
    let yes = PropertyValue::Bool(true);
    vec![
        (
            "`do_build_if`",
            "lambda b: b.number == 7 and b.builder.name == 'b1' and b.hasProperty('branch')",
            vec![object(&[("number", data(7)), ("builder", builder()), ("properties", properties())])],
            yes.clone(),
        ),
        ("`doStepIf`", "lambda s: s.getProperty('branch') == s.build.getProperty('branch')", vec![step()], yes.clone()),
        (
            "`hideStepIf`",
            "lambda results, s: results == util.SKIPPED and s.name == 'compile'",
            vec![data(3), step()],
            yes.clone(),
        ),
    ]
}

/// Functions that make values.
fn of_values() -> Vec<Case> {
    let groups = ScriptValue::Match(vec![Some("a.c:1: x".to_owned()), Some("a.c".to_owned())].into());
    vec![
        (
            "`util.renderer`",
            "lambda props: props.asDict()['branch'] + props.getProperty('x', '!')",
            vec![properties()],
            "main!".into(),
        ),
        ("`util.Transform`", "lambda a, b: a + b", vec![data(1), data(2)], 3.into()),
        (
            "named functions of `util.WithProperties`",
            "lambda p: 'x' if 'branch' in p else 'y'",
            vec![properties()],
            "x".into(),
        ),
        (
            "`extract_fn`",
            "lambda rc, out, err: {'n': len(out.splitlines()) + rc}",
            vec![data(1), data("a\nb\n"), data("")],
            PropertyValue::Map([("n".to_owned(), 3.into())].into()),
        ),
        (
            "`warningExtractor`",
            "lambda s, line, m: (m.group(1), None, s.name + line)",
            vec![step(), data("!"), groups],
            PropertyValue::List(vec!["a.c".into(), PropertyValue::Null, "compile!".into()]),
        ),
    ]
}

#[test]
fn every_kind_of_function_gets_what_the_manual_says() {
    let section = MANUAL.split("## Who calls what").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let rows: BTreeSet<&str> =
        section.lines().skip(4).filter_map(|line| line.strip_prefix("| ")?.split(" | ").next()).collect();
    let tested: BTreeSet<&str> = cases().iter().map(|(row, ..)| *row).collect();
    assert_eq!(rows, tested);
    for (row, text, arguments, expected) in cases() {
        let function = important(&format!("fn = {text}"));
        assert_eq!(call(&function, &arguments), Ok(expected), "{row}: {text}");
    }
}

#[test]
fn every_attribute_of_the_manual_is_there() {
    let section = MANUAL.split("## What they are given").nth(1).unwrap();
    let names = |object: &str| -> Vec<String> {
        let prefix = format!("| {object} | ");
        let row = section.lines().find_map(|line| line.strip_prefix(prefix.as_str())).unwrap();
        let spans = row.split('`').skip(1).step_by(2).map(str::to_owned);
        spans.filter(|span| span.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')).collect()
    };
    for (object, value) in
        [("change", change(&[])), ("request", a_request()), ("builder", builder()), ("worker", worker())]
    {
        let names = names(object);
        assert!(2 <= names.len(), "{object}");
        for name in names {
            let function = important(&format!("def fn(it):\n    it.{name}\n    return 'there'"));
            assert_eq!(call(&function, std::slice::from_ref(&value)), Ok("there".into()), "{object}.{name}");
        }
    }
}
