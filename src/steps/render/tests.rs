//! The cases of the manual, and what a Python master answers to them.

use super::*;
use crate::domain::{SourceStampId, StampSpec, Timestamp};
use crate::testing::scripted_context::{ScriptedContext, scripted_function};

fn context() -> ScriptedContext {
    let list = PropertyValue::List(vec![1.into(), "b".into()]);
    ScriptedContext::new()
        .with_property("a", "A")
        .with_property("e", "")
        .with_property("z", 0)
        .with_property("n", PropertyValue::Null)
        .with_property("l", list)
        .with_stamp(SourceStamp {
            id: SourceStampId(1),
            spec: StampSpec {
                codebase: "fe".to_owned(),
                repository: "git://r".to_owned(),
                revision: Some("abc".to_owned()),
                ..StampSpec::default()
            },
            created_at: Timestamp::default(),
        })
        .with_secret("token", "hush")
        .with_worker_fact("admin", "bob")
}

fn interpolate(format: &str) -> Renderable {
    let kwargs = BTreeMap::from([
        ("k".to_owned(), Renderable::from("K")),
        ("none".to_owned(), PropertyValue::Null.into()),
        ("p".to_owned(), property("a", None, true)),
    ]);
    Renderable::Interpolate { format: format.to_owned(), args: Vec::new(), kwargs }
}

fn property(name: &str, default: Option<&str>, default_when_false: bool) -> Renderable {
    let default = default.map(|text| Box::new(text.into()));
    Renderable::Property { name: name.to_owned(), default, default_when_false }
}

async fn text(format: &str) -> String {
    render_text(&interpolate(format), &context()).await.unwrap()
}

#[tokio::test]
async fn substitutions_tell_missing_from_false() {
    for (format, expected) in [
        ("%(prop:a)s", "A"),
        ("%(prop:missing)s", ""),
        ("%(prop:n)s", ""),
        ("%(prop:e:-def)s", ""),
        ("%(prop:e:~def)s", "def"),
        ("%(prop:z:-def)s", "0"),
        ("%(prop:z:~def)s", "def"),
        ("%(prop:n:-def)s", ""),
        ("%(prop:n:~def)s", "def"),
        ("%(prop:missing:-def)s", "def"),
        ("%(prop:missing:~def)s", "def"),
        ("%(prop:a:+yes)s", "yes"),
        ("%(prop:e:+yes)s", "yes"),
        ("x%(prop:missing:+yes)sx", "xx"),
        ("%(prop:e:?|t|f)s", "t"),
        ("%(prop:missing:?|t|f)s", "f"),
        ("%(prop:e:#?|t|f)s", "f"),
        ("%(prop:a:#?:t:f)s", "t"),
        ("%(prop:missing:?|t|)s", ""),
    ] {
        assert_eq!(text(format).await, expected, "{format}");
    }
}

#[tokio::test]
async fn values_nest_and_print_as_in_python() {
    for (format, expected) in [
        ("%(prop:missing:-%(prop:a)s)s", "A"),
        ("%(prop:missing:-[%(prop:a:+%(prop:l)s)s])s", "[[1, 'b']]"),
        ("100%% %(prop:a)s", "100% A"),
        ("%(prop:a)5s|%(prop:a)r", "    A|'A'"),
        ("%(prop:z)d", "0"),
        ("%(prop:missing:-50%%)s", "50%"),
        ("%(kw:k)s%(kw:p)s%(kw:none)s%(kw:none:-x)s%(kw:unknown:-x)s", "KAx"),
        ("%(worker:admin)s %(worker:host:-h)s", "bob h"),
        ("%(secret:token)s", "hush"),
        ("%(src:fe:revision)s %(src:fe:repository)s", "abc git://r"),
        ("%(src:fe:branch:-x)s|%(src:fe:branch:~main)s", "|main"),
        ("%(src:other:branch:-none)s", "none"),
    ] {
        assert_eq!(text(format).await, expected, "{format}");
    }
}

#[tokio::test]
async fn positional_arguments_are_counted() {
    let positional = |format: &str, args: Vec<Renderable>| Renderable::Interpolate {
        format: format.to_owned(),
        args,
        kwargs: BTreeMap::new(),
    };
    let context = context();
    let two = positional("%s and %s", vec![property("a", None, true), "x".into()]);
    assert_eq!(render(&two, &context).await.unwrap(), "A and x".into());
    let missing = positional("%s", Vec::new());
    let fault = render(&missing, &context).await.unwrap_err();
    assert_eq!(fault.to_string(), "\"%s\" takes 1 positional arguments, not 0");
    let spare = positional("plain", vec!["x".into()]);
    assert!(matches!(render(&spare, &context).await, Err(Fault::Config(_))));
}

#[tokio::test]
async fn a_property_takes_its_default_as_python_does() {
    let context = context();
    for (renderable, expected) in [
        (property("e", Some("D"), true), "D".into()),
        (property("e", Some("D"), false), "".into()),
        (property("missing", Some("D"), false), "D".into()),
        (property("n", Some("D"), false), PropertyValue::Null),
        (property("n", Some("D"), true), "D".into()),
        (property("z", None, true), PropertyValue::Null),
        (property("z", None, false), 0.into()),
        (property("missing", None, true), PropertyValue::Null),
    ] {
        assert_eq!(render(&renderable, &context).await.unwrap(), expected, "{renderable:?}");
    }
}

#[tokio::test]
async fn lists_and_maps_render_within() {
    let map = BTreeMap::from([("k".to_owned(), Renderable::List(vec![property("a", None, true), 1.into()]))]);
    let value = render(&Renderable::Map(map), &context()).await.unwrap();
    let expected = PropertyValue::List(vec!["A".into(), 1.into()]);
    assert_eq!(value, PropertyValue::Map(BTreeMap::from([("k".to_owned(), expected)])));
}

#[tokio::test]
async fn a_function_receives_the_properties() {
    let function = scripted_function("pick", |arguments| match arguments {
        [ScriptValue::Properties(properties)] => Ok(properties.get("a").cloned().unwrap_or_default()),
        other => Err(format!("{other:?}")),
    });
    assert_eq!(render(&Renderable::Function(function), &context()).await.unwrap(), "A".into());
    let failing = scripted_function("fail", |_| Err("no".to_owned()));
    assert!(matches!(render(&Renderable::Function(failing), &context()).await, Err(Fault::Script(_))));
}

#[tokio::test]
async fn secrets_are_masked_for_display() {
    let command = Renderable::List(vec![Renderable::Secret("token".to_owned()), interpolate("-%(secret:token)s")]);
    let shown = render_for_display(&command, &context()).await.unwrap();
    assert_eq!(shown, PropertyValue::List(vec!["<token>".into(), "-<token>".into()]));
    assert!(matches!(render(&Renderable::Secret("other".to_owned()), &context()).await, Err(Fault::Config(_))));
}

#[tokio::test]
async fn without_a_build_only_properties_are_known() {
    let mut properties = Properties::new();
    properties.set("a", "A", "test");
    assert_eq!(render_properties(&interpolate("<%(prop:a)s>"), &properties).await.unwrap(), "<A>".into());
    for format in ["%(src:fe:branch)s", "%(secret:token)s", "%(worker:admin)s"] {
        assert!(matches!(render_properties(&interpolate(format), &properties).await, Err(Fault::Config(_))));
    }
}
