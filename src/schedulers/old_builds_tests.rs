//! When an old build is needless, and when it is not.

use super::*;

fn key(branch: &str) -> BranchKey {
    BranchKey::of(&StampSpec { branch: Some(branch.to_owned()), ..StampSpec::default() })
}

/// A request whose sources may all be replaced.
fn request(id: i64, builder: i64, branches: &[&str]) -> Requested {
    let keys: Vec<_> = branches.iter().map(|branch| key(branch)).collect();
    Requested { request: BuildRequestId(id), builder: BuilderId(builder), replaceable: keys.clone(), keys }
}

fn ids(needless: &[BuildRequestId]) -> Vec<i64> {
    needless.iter().map(|id| id.0).collect()
}

#[test]
fn a_newer_commit_that_is_to_be_built_ends_the_older_build() {
    let mut old = OldBuilds::default();
    old.changed(key("main"));
    assert!(old.requested(request(1, 1, &["main"])).is_empty());
    old.changed(key("main"));
    assert_eq!(ids(&old.requested(request(2, 1, &["main"]))), [1]);
    old.changed(key("main"));
    assert_eq!(ids(&old.requested(request(3, 1, &["main"]))), [2], "the first one is gone");
}

#[test]
fn a_second_build_of_one_commit_ends_nothing() {
    let mut old = OldBuilds::default();
    old.changed(key("main"));
    old.requested(request(1, 1, &["main"]));
    assert!(old.requested(request(2, 1, &["main"])).is_empty());
}

#[test]
fn without_a_change_nothing_ends() {
    let mut old = OldBuilds::default();
    old.requested(request(1, 1, &["main"]));
    assert!(old.requested(request(2, 1, &["main"])).is_empty());
}

#[test]
fn other_builders_and_other_branches_go_on() {
    let mut old = OldBuilds::default();
    old.requested(request(1, 1, &["main"]));
    old.requested(request(2, 2, &["main"]));
    old.requested(request(3, 1, &["dev"]));
    old.changed(key("main"));
    assert_eq!(ids(&old.requested(request(4, 1, &["main"]))), [1]);
}

#[test]
fn one_of_several_sources_is_enough() {
    let mut old = OldBuilds::default();
    old.requested(request(1, 1, &["main", "lib"]));
    old.changed(key("lib"));
    assert_eq!(ids(&old.requested(request(2, 1, &["other", "lib"]))), [1]);
    old.changed(key("main"));
    assert!(old.requested(request(3, 1, &["main"])).is_empty(), "it has ended already");
}

#[test]
fn what_the_filters_keep_out_is_not_replaced_but_replaces() {
    let mut old = OldBuilds::default();
    old.requested(Requested { replaceable: Vec::new(), ..request(1, 1, &["main"]) });
    old.requested(request(2, 1, &["main"]));
    old.changed(key("main"));
    assert_eq!(ids(&old.requested(Requested { replaceable: Vec::new(), ..request(3, 1, &["main"]) })), [2]);
}

#[test]
fn what_has_ended_is_not_cancelled() {
    let mut old = OldBuilds::default();
    old.requested(request(1, 1, &["main"]));
    old.ended(BuildRequestId(1));
    old.ended(BuildRequestId(1));
    old.changed(key("main"));
    assert!(old.requested(request(2, 1, &["main"])).is_empty());
    assert!(old.by_branch.len() == 1 && old.open.len() == 1);
}

#[test]
fn to_be_told_twice_of_a_request_changes_nothing() {
    let mut old = OldBuilds::default();
    old.requested(request(1, 1, &["main"]));
    old.changed(key("main"));
    assert!(old.requested(request(1, 1, &["main"])).is_empty());
    assert_eq!(ids(&old.requested(request(2, 1, &["main"]))), [1]);
}

#[test]
fn iterations_of_a_gerrit_change_are_one_branch() {
    assert_eq!(key("refs/changes/21/4321/1"), key("refs/changes/21/4321/12"));
    assert_ne!(key("refs/changes/21/4321/1"), key("refs/changes/22/4322/1"));
    assert_ne!(key("refs/changes/21/4321/a"), key("refs/changes/21/4321/b"));
    assert_ne!(key("refs/heads/21/4321/1"), key("refs/heads/21/4321/2"));
}

#[test]
fn only_so_many_branches_are_remembered() {
    let mut old = OldBuilds::default();
    old.requested(request(1, 1, &["first"]));
    old.changed(key("first"));
    for number in 0..2 * MOST_BRANCHES {
        old.changed(key(&format!("b{number}")));
    }
    assert!(old.changed.len() <= 2 * MOST_BRANCHES);
    assert!(old.changed.contains_key(&key(&format!("b{}", 2 * MOST_BRANCHES - 1))));
    assert!(old.requested(request(2, 1, &["first"])).is_empty(), "its change is forgotten");
}
