//! What a reload would touch.

use super::{BASE, config, load};
use crate::config::diff;

#[test]
fn equal_files_and_moved_lines_are_no_change() {
    let functions = "c['collapseRequests'] = lambda master, builder, a, b: a == b\n";
    let moved = load(&format!("# one line more\n{BASE}\n\n{functions}")).unwrap();
    let difference = diff(&config(functions), &moved);
    assert!(difference.is_empty(), "{difference}");
    assert_eq!(difference.to_string(), "no changes");
}

#[test]
fn each_kind_of_change_has_a_line() {
    let more = "c['workers'].append(worker.Worker('w2', 'pw'))\n\
                f.addStep(steps.ShellCommand(command='true'))\n\
                c['schedulers'] = [schedulers.ForceScheduler(name='other', builderNames=['b1'])]\n\
                c['change_source'] = changes.GitPoller('git://example.org/r')\n\
                c['title'] = 'T'\n\
                c['projects'] = [util.Project('shop')]\n\
                c['codebases'] = [util.Codebase('app', 'shop')]\n";
    let difference = diff(&config(""), &config(more));
    assert_eq!(
        difference.to_string(),
        "project shop: added\n\
         codebase app of shop: added\n\
         worker w2: added\n\
         builder b1: changed\n\
         scheduler other: added\n\
         scheduler force: removed\n\
         change source git://example.org/r: added\n\
         title: changed"
    );
    assert!(!difference.is_empty());
}

#[test]
fn a_changed_function_changes_its_holder() {
    let builder = |body: &str| {
        let line = format!(
            "c['builders'].append(util.BuilderConfig('b2', workername='w1', factory=f, canStartBuild=lambda b, w, r: {body}))\n"
        );
        config(&line)
    };
    assert_eq!(diff(&builder("True"), &builder("False")).to_string(), "builder b2: changed");
    assert!(diff(&builder("True"), &builder("True")).is_empty());
}
