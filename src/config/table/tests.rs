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
            [&NAMESPACES[..], &[DATETIME]].concat().contains(&class.namespace),
            "{} is in no namespace",
            class.full_name()
        );
        assert!(class.doc.ends_with('.'), "{} has no sentence", class.full_name());
        for argument in class.all_arguments() {
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
