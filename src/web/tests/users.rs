//! People: from the changes that came in and from what was said of them.

use super::site::Site;
use crate::db::transitions::{AddUser, IngestChanges, RemoveUser, UserFacts};
use crate::domain::NewChange;
use crate::testing::sample_site;

async fn add(site: &Site, identifier: &str, attributes: &[(&str, &str)]) {
    let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let facts = UserFacts { identifier: identifier.to_owned(), attributes, login: None };
    site.db().write(AddUser(facts)).await.unwrap();
}

async fn change(site: &Site, author: &str) {
    let change = NewChange { author: author.to_owned(), ..sample_site::change() };
    let ingest = IngestChanges {
        source: "hook".to_owned(),
        source_id: None,
        changes: vec![change],
        poll_state: None,
        history: None,
    };
    site.db().write(ingest).await.unwrap();
}

/// The names on the list, in their order.
async fn names(site: &Site, path: &str) -> Vec<String> {
    let page = site.page(path).await.body;
    let rows = page.split("<th scope=\"row\"><a href=\"").skip(1);
    rows.map(|row| row.split_once('>').unwrap().1.split('<').next().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn authors_are_people_and_those_with_the_newest_changes_come_first() {
    let site = Site::empty();
    assert!(site.page("/users").await.body.contains("Nobody is known yet"));
    add(&site, "carol", &[("email", "carol@example.org")]).await;
    change(&site, "ada").await;
    change(&site, "bob").await;
    assert_eq!(names(&site, "/users").await, ["bob", "ada", "carol"]);
    assert_eq!(names(&site, "/users?q=CAROL@").await, ["carol"]);
    assert!(site.page("/users?q=nobody").await.body.contains("Nobody is like that"));
}

#[actix_web::test]
async fn one_person_has_names_and_changes() {
    let site = Site::empty();
    change(&site, "Ada <ada@example.org>").await;
    add(&site, "ada", &[("git", "Ada <ada@example.org>"), ("email", "ada@work.example.org")]).await;
    change(&site, "Ada <ada@example.org>").await;
    assert_eq!(names(&site, "/users").await, ["ada"], "who was known from a change alone is the same person");
    let list = site.page("/users").await.body;
    let href = list.split("href=\"").find(|rest| rest.starts_with("./users/")).unwrap().split('"').next().unwrap();
    let page = site.page(&href[1..]).await.body;
    assert!(page.contains("ada@work.example.org") && page.contains("Changes <span class=\"count\">2</span>"), "{page}");
    let change = site.page("/changes/1").await.body;
    assert!(change.contains(&format!("href=\".{href}\"")), "{change}");
}

#[actix_web::test]
async fn changes_outlive_what_is_known_of_their_author() {
    let site = Site::empty();
    change(&site, "ada").await;
    site.db().write(RemoveUser { identifier: "ada".to_owned() }).await.unwrap();
    assert!(names(&site, "/users").await.is_empty());
    assert_eq!(site.page("/changes/1").await.status, 200);
}

#[actix_web::test]
async fn three_thousand_people_are_shown_a_hundred_at_a_time() {
    let site = Site::empty();
    for number in 0..3_000 {
        add(&site, &format!("user-{number:04}"), &[("email", &format!("{number}@example.org"))]).await;
    }
    assert_eq!(names(&site, "/users").await.len(), 100);
    assert_eq!(names(&site, "/users?page=30").await[99], "user-2999");
    assert_eq!(names(&site, "/users?page=3&q=user-2").await[0], "user-2200");
}
