//! What renderables become: `renderables.txt` has expressions and what Buildbot 4.3 renders them to, as JSON.

use super::{BASE, config, load};
use crate::config::MasterConfig;
use crate::domain::{PropertyValue, Renderable, SourceStamp, SourceStampId, StampSpec, Timestamp};
use crate::json::{self, Value};
use crate::steps::config::{DownloadSource, StepKind};
use crate::steps::render;
use crate::testing::scripted_context::ScriptedContext;

const FACTS: &str = include_str!("renderables.txt");

/// Functions that the expressions use, and a step whose argument can be anything.
const FUNCTIONS: &str = "\
def told(props, *args, **kwargs):
    return [props.getProperty('a')] + list(args) + [kwargs[name] for name in sorted(kwargs)]

def given(*args, **kwargs):
    return [list(args), kwargs]

def up(text):
    return text.upper()

@util.renderer
def deeper(props):
    return [util.Property('a'), {'k': util.Interpolate('%(prop:n)s!')}]

@util.renderer
def deepest(props):
    return deeper

def picks(name):
    return util.Property(name)

def lazy(props):
    return util.renderer(told).withArgs(deeper)

@util.renderer
def one_way(props):
    return [and_back]

@util.renderer
def and_back(props):
    return {'x': one_way}

def ever(props, n):
    return util.renderer(ever).withArgs(n + 1)

";

fn with_value(expression: &str) -> String {
    format!("{BASE}{FUNCTIONS}f.addStep(steps.JSONStringDownload(\n    {expression},\n    workerdest='x'))\n")
}

fn renderable(config: &MasterConfig) -> Renderable {
    let step = config.builders[0].factory.steps.last().unwrap();
    match &step.kind {
        StepKind::Download(download) => match &download.source {
            DownloadSource::Json(value) => value.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn stamp(id: i64, spec: StampSpec) -> SourceStamp {
    SourceStamp { id: SourceStampId(id), spec, created_at: Timestamp::from_secs(0) }
}

/// The build of the facts.
fn build() -> ScriptedContext {
    let properties: Value = json::from_str(
        r#"{"a": "A", "empty": "", "zero": 0, "n": 7, "f": 2.5, "yes": true, "no": false, "none": null,
            "lst": ["x", "y"], "nested": ["x", ["y", ["z"]]], "d": {"k": "v", "n": [1]}, "q": "it's", "ref": "a"}"#,
    )
    .unwrap();
    let PropertyValue::Map(properties) = json::to_property(&properties) else { panic!("not a dictionary") };
    let context = ScriptedContext::new()
        .with_stamp(stamp(
            3,
            StampSpec {
                branch: Some("main".to_owned()),
                repository: "git://r".to_owned(),
                project: "p".to_owned(),
                ..StampSpec::default()
            },
        ))
        .with_stamp(stamp(
            4,
            StampSpec {
                codebase: "lib".to_owned(),
                revision: Some("abc".to_owned()),
                repository: "lib-repo".to_owned(),
                ..StampSpec::default()
            },
        ));
    properties.into_iter().fold(context, |context, (name, value)| context.with_property(&name, value))
}

async fn outcome(expression: &str) -> Result<String, String> {
    let config = load(&with_value(expression)).map_err(|errors| errors.to_string())?;
    let value = render(&renderable(&config), &build()).await.map_err(|fault| fault.to_string())?;
    Ok(json::to_string(&json::of_property(&value)))
}

#[tokio::test]
async fn renderables_become_what_buildbot_makes_of_them() {
    let mut wrong = Vec::new();
    for fact in FACTS.lines() {
        let (expression, expected) = fact.split_once("  =>  ").unwrap();
        let found = outcome(expression).await;
        let expected: Option<Value> = json::from_str(expected).ok();
        let is_right = match (&found, &expected) {
            (Ok(found), Some(expected)) => json::from_str::<Value>(found).unwrap() == *expected,
            (Err(_), None) => true,
            _ => false,
        };
        if !is_right {
            wrong.push(format!("{fact}\n    but {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_buildbot_lacks_is_there_besides() {
    for (expression, expected) in [
        ("util.Property('lst')[-1]", r#""y""#),
        ("util.Property('d')['n'][0] + 1", "2"),
        ("'x' in util.Property('lst')", "true"),
        ("'x' not in util.Property('lst')", "false"),
        ("util.Secret('token') == 'hunter2'", "true"),
        ("util.Interpolate('%(prop:n)03d')", r#""007""#),
        ("1 < util.Property('n')", "true"),
    ] {
        let config = config(&with_value(expression)[BASE.len()..]);
        let context = build().with_secret("token", "hunter2");
        let value = render(&renderable(&config), &context).await.unwrap();
        assert_eq!(json::to_string(&json::of_property(&value)), expected, "{expression}");
    }
}

#[tokio::test]
async fn what_a_function_returns_is_rendered_again() {
    for (expression, expected) in [
        ("deeper", r#"["A",{"k":"7!"}]"#),
        ("deepest", r#"["A",{"k":"7!"}]"#),
        ("util.renderer(lazy)", r#"["A",["A",{"k":"7!"}]]"#),
        ("util.Transform(picks, util.Property('ref'))", r#""A""#),
        ("util.Interpolate('<%(kw:k)s>', k=util.Transform(picks, 'n'))", r#""<7>""#),
        ("util.Property('missing', default=deeper)[0]", r#""A""#),
        ("util.WithProperties('%(x)s', x=lambda props: util.Property('q'))", r#""it's""#),
    ] {
        assert_eq!(outcome(expression).await.as_deref(), Ok(expected), "{expression}");
    }
}

#[tokio::test]
async fn functions_that_return_each_other_are_named() {
    let error = outcome("one_way").await.unwrap_err();
    let circle = "it returns a renderable that leads back to it: one_way -> and_back -> one_way";
    assert!(error.ends_with(circle), "{error}");
    let error = outcome("util.renderer(ever).withArgs(1)").await.unwrap_err();
    assert!(error.contains("ever (master.cfg:") && error.ends_with("leads back to it: ever -> ever"), "{error}");
    let error = outcome("util.renderer(lambda props: [steps.Git])").await.unwrap_err();
    assert!(error.ends_with("it returned a class; return a plain value"), "{error}");
}

#[test]
fn mistakes_in_renderables_are_told_where_they_stand() {
    for (expression, expected) in [
        ("util.WithProperties('%s', 'a', 'b')", "util.WithProperties() has 1 '%s', but 2 names for them"),
        ("util.WithProperties('%(a)s', 'b')", "util.WithProperties() has 0 '%s', but 1 names for them"),
        ("util.WithProperties('%(a)s', a='b')", "util.WithProperties(a=) must be a function, not the text 'b'"),
        ("util.Transform('up')", "util.Transform(function=) must be a function, not the text 'up'"),
        ("util.Property('a').withArgs(1)", "only a util.renderer has withArgs()"),
        ("[util.Property('a')].index(1)", "a util.Property cannot be looked for"),
    ] {
        let error = load(&with_value(expression)).unwrap_err().to_string();
        assert!(error.contains(expected), "{expression}: {error}");
    }
}

#[test]
fn a_function_with_other_arguments_is_another_function() {
    let of = |expression: &str| renderable(&config(&with_value(expression)[BASE.len()..]));
    let one = of("util.renderer(told).withArgs(1)");
    assert_eq!(one, of("util.renderer(told).withArgs(1)"));
    assert_ne!(one, of("util.renderer(told).withArgs(2)"));
    assert_ne!(one, of("util.renderer(told)"));
}
