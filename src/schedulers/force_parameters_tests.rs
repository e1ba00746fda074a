//! Groups of fields, properties with names of the user's, files, workers, and builds to inherit from.

use super::tests::{config, field, parameters, stamp, values};
use super::*;
use crate::domain::Property;
use crate::schedulers::config::Layout;
use crate::schedulers::fields::{default_patch, text_field};

fn group(name: &str, fields: Vec<ForceParameter>) -> ForceParameter {
    let group =
        ForceGroup { name: name.to_owned(), label: String::new(), layout: Layout::Vertical, columns: None, fields };
    ForceParameter::Group(group)
}

fn with(properties: Vec<ForceParameter>) -> SchedulerConfig {
    let mut config = config();
    let SchedulerKind::Force(force) = &mut config.kind else { panic!("no force scheduler") };
    force.properties = properties;
    config
}

fn validated(config: &SchedulerConfig, pairs: &[(&str, PropertyValue)]) -> Result<ForcedInput, FieldErrors> {
    validate(config, &values(pairs), &Inherited::new(), None)
}

#[test]
fn a_group_with_a_name_is_one_property_and_one_without_is_none() {
    let inner = group("inner", parameters(vec![text_field("deep", "deep")]));
    let named = group("opt", [parameters(vec![text_field("size", "size")]), vec![inner]].concat());
    let unnamed = group("", parameters(vec![text_field("colour", "colour")]));
    let config = with(vec![named, unnamed]);
    let sent = [("opt_size", "big".into()), ("opt_inner_deep", "yes".into()), ("colour", "red".into())];
    let properties = validated(&config, &sent).unwrap().properties;
    assert_eq!(properties.get("opt").unwrap().to_string(), "{'inner': {'deep': 'yes'}, 'size': 'big'}");
    assert_eq!(properties.get("colour"), Some(&"red".into()));
    assert!(!properties.has("size"));
}

#[test]
fn a_wrong_value_in_a_group_is_told_under_its_full_name() {
    let config = with(vec![group("opt", parameters(vec![field("n", ForceFieldKind::Int)]))]);
    let errors = validated(&config, &[("opt_n", "many".into())]).unwrap_err();
    assert_eq!(errors["opt_n"], "n: 'many' is not a whole number");
}

fn any(name: &str) -> ForceParameter {
    ForceParameter::AnyProperty(ForceAnyProperty {
        name: name.to_owned(),
        label: String::new(),
        property: text_field("name", "Name:"),
        value: text_field("value", "Value:"),
    })
}

#[test]
fn a_property_may_have_a_name_that_was_filled_in() {
    let config = with(vec![any("p1"), any("p2")]);
    let sent = [("p1_name", "os".into()), ("p1_value", "linux".into()), ("p2_value", "lost".into())];
    let properties = validated(&config, &sent).unwrap().properties;
    assert_eq!(properties.get("os"), Some(&"linux".into()));
    assert!(properties.iter().all(|(_, property)| property.value != "lost".into()));
    let errors = validated(&config, &[("p1_name", "a b".into())]).unwrap_err();
    assert_eq!(errors["p1_name"], "Name: the name of a property may have letters, digits and '_.-/~:' only");
}

#[test]
fn a_worker_that_is_any_worker_is_no_property() {
    let config = with(parameters(vec![field("workername", ForceFieldKind::Worker)]));
    for nobody in ["-any-", ""] {
        let input = validated(&config, &[("workername", nobody.into())]).unwrap();
        assert!(!input.properties.has("workername"), "{nobody}");
    }
    let input = validated(&config, &[("workername", "w2".into())]).unwrap();
    assert_eq!(input.properties.get("workername"), Some(&"w2".into()));
}

#[test]
fn what_was_filled_in_for_another_build_is_taken_over() {
    let config = with(parameters(vec![field("inherit", ForceFieldKind::Inherit { compatible_builds: None })]));
    let sent = values(&[("inherit", "full/12 (green)".into())]);
    assert_eq!(inherits(&config, &sent), ["full/12 (green)"]);
    let from_form = |value: &str| Property { value: value.into(), source: SOURCE.to_owned() };
    let built: Properties = [
        ("owner".to_owned(), from_form("ann")),
        ("flags".to_owned(), from_form("-O2")),
        ("got_revision".to_owned(), Property { value: "abc".into(), source: "Git".to_owned() }),
    ]
    .into_iter()
    .collect();
    let inherited = Inherited::from([("full/12 (green)".to_owned(), Some(built))]);
    let properties = validate(&config, &sent, &inherited, Some("joe")).unwrap().properties;
    assert_eq!(properties.get("inherit"), Some(&"full/12".into()));
    assert_eq!(properties.get("flags"), Some(&"-O2".into()));
    assert_eq!(properties.get("orig_owner"), Some(&"ann".into()));
    assert_eq!(properties.get("owner"), Some(&"joe".into()));
    assert!(!properties.has("got_revision"));
}

#[test]
fn a_build_that_does_not_exist_cannot_be_inherited_from() {
    let config = with(parameters(vec![field("inherit", ForceFieldKind::Inherit { compatible_builds: None })]));
    let missing = Inherited::from([("full/99".to_owned(), None)]);
    let errors = validate(&config, &values(&[("inherit", "full/99".into())]), &missing, None).unwrap_err();
    assert_eq!(errors["inherit"], "inherit: there is no build 'full/99'");
    let errors = validated(&config, &[("inherit", "twelve".into())]).unwrap_err();
    assert_eq!(errors["inherit"], "inherit: 'twelve' is not a build, as in 'builder/12'");
    assert!(!validated(&config, &[("inherit", "".into())]).unwrap().properties.has("inherit"));
}

#[test]
fn a_patch_belongs_to_the_source_of_its_codebase() {
    let mut config = config();
    let SchedulerKind::Force(force) = &mut config.kind else { panic!("no force scheduler") };
    force.codebases[0].patch = Some(default_patch());
    let sent = [("patch_body", "--- a\n+++ b\n".into()), ("patch_level", "2".into()), ("patch_author", "ann".into())];
    let patch = Patch {
        body: b"--- a\n+++ b\n".to_vec(),
        level: 2,
        subdir: ".".to_owned(),
        author: "ann".to_owned(),
        comment: String::new(),
    };
    let stamps = validated(&config, &sent).unwrap().stamps;
    assert_eq!(stamps, [NewStamp::Spec(StampSpec { patch: Some(patch), ..stamp("", "") })]);
    let without = validated(&config, &[("patch_level", "2".into())]).unwrap().stamps;
    assert_eq!(without, [NewStamp::Spec(stamp("", ""))]);
}
