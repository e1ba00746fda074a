//! Links to revisions: what `c['revlink']` gives a change that brings none.

use buildbot::db::views::changes;
use buildbot::domain::{ChangeId, NewChange};

use crate::test_master::{CONFIG, TestMaster, change};

/// The links of changes after they were stored by a master whose file has this line, too.
async fn links(line: &str, new: Vec<NewChange>) -> Vec<Option<String>> {
    let master = TestMaster::with(&format!("{CONFIG}{line}\n")).await;
    master.master.handle.add_changes("test", new).await.unwrap();
    let found = master.master.db.read(|conn| changes::after(conn, ChangeId(0), 10)).await.unwrap();
    master.finish().await;
    found.into_iter().map(|change| change.revlink).collect()
}

fn of_github(revision: &str) -> NewChange {
    NewChange { repository: "git@github.com:ada/engine.git".to_owned(), ..change("main", revision) }
}

#[actix::test]
async fn a_change_of_a_known_host_gets_a_link_unless_it_has_one() {
    let own = NewChange { revlink: Some("http://own/".to_owned()), ..of_github("r2") };
    let without_revision = NewChange { revision: None, ..of_github("") };
    let found = links("", vec![of_github("r1"), own, without_revision, change("main", "r3")]).await;
    let expected = [Some("https://github.com/ada/engine/commit/r1"), Some("http://own/"), None, None];
    assert_eq!(found.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
}

#[actix::test]
async fn a_function_makes_the_link_and_its_failure_costs_no_change() {
    let line = "c['revlink'] = lambda revision, repository: {'r1': repository + '/' + revision, 'r2': None}[revision]";
    let found = links(line, vec![change("main", "r1"), change("main", "r2"), change("main", "r3")]).await;
    assert_eq!(found.iter().map(Option::as_deref).collect::<Vec<_>>(), [Some("https://git/x/r1"), None, None]);
}
