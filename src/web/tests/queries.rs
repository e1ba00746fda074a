//! The query operators, on resources that are filtered by the database and on those that are filtered in memory.

use crate::json::json;
use crate::testing::sample_site::{ManyBuilds, count_statements, query_plan};
use crate::web::tests::site::Site;

#[actix_web::test]
async fn the_database_filters_sorts_and_pages() {
    let (site, sample) = Site::filled().await;
    let many = ManyBuilds { of: sample.builder, on: sample.worker, first: 1_000_000, count: 5 };
    site.db().write(many).await.unwrap();
    let first = 1_000_000;
    let cases: &[(&str, Vec<i64>)] = &[
        ("buildid=1", vec![1]),
        ("buildid__in=1&buildid__in=2", vec![1, 2]),
        ("buildid__lt=2", vec![1]),
        ("buildid__le=2", vec![1, 2]),
        ("buildid__gt=1000003", vec![1_000_004]),
        ("buildid__ge=1000003", vec![1_000_003, 1_000_004]),
        ("buildid__ge=1000000&buildid__notin=1000001&buildid__ne=1000002&limit=2", vec![first, 1_000_003]),
        ("complete=false", vec![2]),
        ("complete=0", vec![2]),
        ("complete__ne=true", vec![2]),
        ("complete=yes&limit=2", vec![1, first]),
        ("results=2", vec![1, 1_000_002]),
        ("results__ne=2&buildid__lt=10", vec![]),
        ("state_string__contains=failed", vec![1]),
        ("state_string__contains=failed&state_string__contains=0003", vec![1, 1_000_003]),
        ("started_at=1000002", vec![1_000_002]),
        ("number=1&builderid=1", vec![1]),
        ("order=-buildid&limit=2", vec![1_000_004, 1_000_003]),
        ("order=-results&order=-number&limit=2&complete=1", vec![1_000_002, 1]),
        ("order=results&limit=1", vec![2]),
        ("order=complete&limit=1", vec![2]),
        ("limit=2&offset=1", vec![2, first]),
        ("offset=6", vec![1_000_004]),
        ("limit=0", vec![]),
        ("foo__eq=1&buildid__foo=1&limit=1", vec![1]),
    ];
    for (query, expected) in cases {
        assert_eq!(site.ids(&format!("/builds?{query}"), "builds", "buildid").await, *expected, "{query}");
    }
}

#[actix_web::test]
async fn lists_within_changes_can_be_searched() {
    let (site, _) = Site::filled().await;
    for (query, n_found) in [
        ("files__contains=b.h", 1),
        ("files__contains=b", 0),
        ("files__contains=x&files__contains=src/a.c", 1),
        ("comments__contains=really", 1),
        ("author=nobody", 0),
        ("branch=main&when_timestamp=1700000000", 1),
    ] {
        let found = site.ids(&format!("/changes?{query}"), "changes", "changeid").await;
        assert_eq!(found.len(), n_found, "{query}");
    }
}

#[actix_web::test]
async fn small_collections_are_filtered_in_memory() {
    let (site, _) = Site::filled().await;
    for (path, expected) in [
        ("/builders?name=docs&name=linux%2Fx86", vec![1, 2]),
        ("/builders?tags__contains=ci", vec![1]),
        ("/builders?order=name", vec![2, 1]),
        ("/builders?order=-builderid&limit=1", vec![2]),
        ("/builders?masterids__contains=1", vec![1, 2]),
        ("/workers/2/builders", vec![2]),
    ] {
        assert_eq!(site.ids(path, "builders", "builderid").await, expected, "{path}");
    }
    assert_eq!(site.api("/builders?limit=1").await.json()["meta"]["total"], json!(2));
    assert_eq!(site.ids("/workers?order=-name", "workers", "workerid").await, [2, 1]);
    assert_eq!(site.ids("/builders/2/workers?paused=off", "workers", "workerid").await, [1, 2]);
}

#[actix_web::test]
async fn properties_are_filled_in_when_asked_for() {
    let (site, _) = Site::filled().await;
    let build = |query: &str| format!("/builds?limit=1{query}");
    let properties = |answer: super::site::Answer, plural: &str| answer.json()[plural][0]["properties"].clone();
    assert_eq!(properties(site.api(&build("")).await, "builds"), json!({}));
    let named = site.api(&build("&property=jobs&property=nosuch")).await;
    assert_eq!(properties(named, "builds"), json!({"jobs": [4, "Builder"]}));
    let all = properties(site.api(&build("&property=*")).await, "builds");
    assert!(all["branch"].is_array() && all["workername"].is_array(), "{all}");
    assert_eq!(properties(site.api("/buildrequests/1").await, "buildrequests"), json!(null));
    let request = site.api("/buildrequests/1?property=scheduler&field=properties").await;
    assert_eq!(request.json()["buildrequests"], json!([{"properties": {"scheduler": ["force", "Scheduler"]}}]));
}

#[actix_web::test]
async fn the_requests_of_the_interface_are_understood() {
    let (site, _) = Site::filled().await;
    for path in [
        "/builds?order=-buildid&complete=true&limit=20",
        "/builds?order=-started_at&complete=false",
        "/builds?limit=200&order=-started_at&builderid__eq=1&builderid__eq=2&property=branch",
        "/builds?builderid=1&property=owners&property=workername&limit=200&order=-number",
        "/builds?builderid=1&number__eq=0&number__eq=1&number__eq=2",
        "/buildrequests?builderid=1&claimed=false",
        "/buildrequests?limit=50&order=-priority&order=-submitted_at&claimed=false",
        "/buildrequests?buildsetid=1&limit=1&order=-buildsetid",
        "/buildsets?rebuilt_buildid=1&limit=1&order=-bsid&bsid__gt=0",
        "/buildsets?limit=200&order=-submitted_at",
        "/builders/1/forceschedulers?order=name",
        "/builds/1/steps?number__eq=1",
        "/steps/2/logs?slug__eq=stdio",
        "/changes?limit=50&order=-changeid",
        "/changes?limit=50&project__eq=p&order=-changeid",
        "/projects?active=true",
        "/projects?projectid=1",
        "/projects/1/builders",
        "/schedulers?order=name",
    ] {
        let answer = site.api(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
    assert_eq!(site.ids("/buildrequests?claimed=false", "buildrequests", "buildrequestid").await, [3]);
}

#[actix_web::test]
async fn a_page_of_builds_costs_the_same_in_a_large_table() {
    let (site, sample) = Site::filled().await;
    let scope = crate::db::views::builds::RUNNING;
    let plan = query_plan(site.db(), format!("SELECT builds.* FROM builds WHERE {scope} ORDER BY builds.id")).await;
    assert!(plan.unwrap().contains("builds_running"), "running builds are found by their index");
    let read = |conn: &mut crate::db::views::Connection| crate::db::views::home::read(conn, 15);
    let (_, few) = count_statements(site.db(), read).await.unwrap();
    let many = ManyBuilds { of: sample.builder, on: sample.worker, first: 1_000, count: 3_000 };
    site.db().write(many).await.unwrap();
    let (home, statements) = count_statements(site.db(), read).await.unwrap();
    assert_eq!((home.finished.len(), statements), (15, few));
    let limited = site.api("/builds?order=-buildid&limit=20").await;
    assert_eq!(limited.json()["builds"].as_array().unwrap().len(), 20);
    let everything = site.api("/builds").await;
    assert_eq!(everything.json()["meta"]["total"], json!(3_002));
}
