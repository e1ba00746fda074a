//! What must hold for every entry of the table.

use std::collections::HashSet;

use super::*;
use crate::config::script::Raw;

#[test]
fn every_class_has_one_entry_with_documented_arguments() {
    let mut names = HashSet::new();
    for class in classes() {
        assert!(names.insert(class.full_name()), "{} stands twice in the table", class.full_name());
        assert!(
            [&NAMESPACES[..], &[DATETIME, STATUS]].concat().contains(&class.namespace),
            "{} is in no namespace",
            class.full_name()
        );
        assert!(class.doc.ends_with('.'), "{} has no sentence", class.full_name());
        // What an argument means is told once it does something.
        for argument in class.all_arguments().filter(|_| class.support == Support::Works) {
            assert!(argument.doc.ends_with('.'), "{}({}=) has no sentence", class.full_name(), argument.name);
        }
        for name in class.positional {
            assert!(class.argument(name).is_some(), "{} has no '{name}'", class.full_name());
        }
    }
}

#[test]
fn every_default_fits_its_type() {
    for class in classes() {
        for argument in class.all_arguments() {
            let default = Raw::from(argument.default);
            let fits = matches!(default, Raw::None) || argument.kind.problem(&default).is_none();
            assert!(fits, "the default of {}({}=) does not fit", class.full_name(), argument.name);
        }
    }
}

#[test]
fn class_lists_name_classes() {
    for name in [steps::STEPS, schedulers::SCHEDULERS, schedulers::PARAMETERS, locks::LOCKS].concat() {
        assert!(find_class(name).is_some_and(|class| class.support == Support::Works), "{name} does not work");
    }
}

/// Constructors of Buildbot 0.8.5 and 4.3, one a line: `namespace.Class(argument, other=default)`, without what a class
/// passes on by itself. `~` is a default that is no plain value, or one that the versions do not share.
const BUILDBOT: &str = include_str!("tests/names.txt");

fn buildbot() -> impl Iterator<Item = (&'static str, Vec<(&'static str, Option<&'static str>)>)> {
    BUILDBOT.lines().map(|line| {
        let (name, rest) = line.split_once('(').expect("a constructor has arguments");
        let arguments = rest.trim_end_matches(')').split(", ").filter(|argument| !argument.is_empty());
        let pair = |argument: &'static str| match argument.split_once('=') {
            Some((name, default)) => (name, Some(default)),
            None => (argument, None),
        };
        (name, arguments.map(pair).collect())
    })
}

#[test]
fn every_constructor_of_buildbot_is_known_with_its_arguments() {
    let mut missing = Vec::new();
    for (full_name, arguments) in buildbot() {
        let Some(class) = classes().find(|class| class.full_name() == full_name) else {
            missing.push(full_name.to_owned());
            continue;
        };
        let names = arguments.iter().map(|(name, _)| *name);
        let unknown = names.filter(|name| class.rest == Rest::None && class.argument(name).is_none());
        missing.extend(unknown.map(|name| format!("{full_name}({name}=)")));
    }
    assert!(missing.is_empty(), "the table lacks:\n{}", missing.join("\n"));
}

#[test]
fn plain_defaults_are_those_of_buildbot() {
    let mut others = Vec::new();
    for (full_name, arguments) in buildbot() {
        let Some(class) = classes().find(|class| class.full_name() == full_name) else { continue };
        for (name, theirs) in arguments {
            let (Some(argument), Some(theirs)) = (class.argument(name), theirs) else { continue };
            let ours = match argument.default {
                Default::Bool(true) => "True".to_owned(),
                Default::Bool(false) => "False".to_owned(),
                Default::Int(number) => number.to_string(),
                Default::Text(text) => format!("'{text}'"),
                Default::Required | Default::Nothing | Default::Words(_) => continue,
            };
            let is_same = ours == theirs || ["~", "None"].contains(&theirs);
            if !is_same {
                others.push(format!("{full_name}({name}={ours}), not {theirs}"));
            }
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}

#[test]
fn what_is_none_in_buildbot_may_be_given_as_none() {
    let mut refused = Vec::new();
    for (full_name, arguments) in buildbot() {
        let Some(class) = classes().find(|class| class.full_name() == full_name) else { continue };
        let of_none = arguments.into_iter().filter(|(_, theirs)| *theirs == Some("None"));
        for argument in of_none.filter_map(|(name, _)| class.argument(name)) {
            // What Buildbot needs, too, has None as a default there.
            let is_needed = argument.default == Default::Required;
            if !argument.nullable && !is_needed && argument.kind.problem(&Raw::None).is_some() {
                refused.push(format!("{full_name}({}=None)", argument.name));
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(find_class("Worker").unwrap().argument("keepalive_interval").unwrap().nullable);
}

#[test]
fn calls_are_tested_against_the_table() {
    let class = find_class("Worker").unwrap();
    let problems = |given: &[Option<&str>]| -> Vec<String> {
        check_call(class, given).problems.into_iter().map(|(message, _)| message).collect()
    };
    assert_eq!(problems(&[None, Some("password")]), Vec::<String>::new());
    assert_eq!(problems(&[None]), ["worker.Worker() needs 'password'"]);
    assert_eq!(
        problems(&[None, None, Some("max_build")]),
        ["worker.Worker() has no argument 'max_build' (did you mean 'max_builds'?)"]
    );
    assert_eq!(problems(&[None, None, None]), ["worker.Worker() takes at most 2 arguments without a name"]);
    assert_eq!(problems(&[None, None, Some("name")]), ["worker.Worker() got 'name' twice"]);
}
