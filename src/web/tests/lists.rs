//! What the lists of builders and builds find, in which order, and how one pages through them.

use crate::testing::many_builders::ManyBuilders;
use crate::testing::sample_site::{ManyBuilds, ManyWaiting, query_plan};
use crate::web::tests::site::Site;

/// The sample with 250 more builders.
async fn large() -> Site {
    let (site, sample) = Site::filled().await;
    site.db().write(ManyBuilders { count: 250, on: sample.worker }).await.unwrap();
    site
}

/// The builders of the list, in order.
fn names(page: &str) -> Vec<&str> {
    let cells = page.split("<th scope=\"row\"><a href=\"").skip(1);
    cells.filter_map(|cell| cell.split_once("\">")?.1.split('<').next()).collect()
}

#[actix_web::test]
async fn broken_builders_come_first_and_pages_hold_a_hundred() {
    let site = large().await;
    let first = site.page("/builders").await.body;
    let found = names(&first);
    assert_eq!(found.len(), 100);
    assert_eq!(found[..3], ["linux/x86", "many-0000", "many-0005"]);
    // 50 of the many and the one of the sample are broken
    assert_eq!(found[51..53], ["docs", "many-0001"]);
    assert!(first.contains("broken since <a href=\"./builders/many-0000/builds/2\">#2</a>"), "{first}");
    assert!(first.contains("page 1 of 3") && first.contains("href=\"./builders?page=2\""));
    let last = site.page("/builders?page=3").await.body;
    assert_eq!(names(&last).len(), 52);
    assert!(!last.contains("rel=\"next\"") && last.contains("href=\"./builders?page=2\""));
}

#[actix_web::test]
async fn builders_are_found_by_words_tags_and_state() {
    let site = large().await;
    for (query, n_found, first) in [
        ("q=nosuch", 0, None),
        ("q=0123+MANY", 1, Some("many-0123")),
        ("q=many-0123", 1, Some("many-0123")),
        ("q=builder+MANY-024", 10, Some("many-0240")),
        ("tag=even", 100, Some("many-0000")),
        ("tag=even&q=many-001", 5, Some("many-0010")),
        ("tag=even&tag=ci", 0, None),
        ("state=broken", 51, Some("linux/x86")),
        ("state=running", 1, Some("linux/x86")),
        ("state=waiting", 1, Some("linux/x86")),
        ("state=new", 1, Some("docs")),
        ("state=broken&tag=even", 25, Some("many-0000")),
    ] {
        let page = site.page(&format!("/builders?{query}")).await;
        let found = names(&page.body);
        assert_eq!((found.len(), found.first().copied()), (n_found, first), "{query}");
    }
    assert!(site.page("/builders?q=nosuch").await.body.contains("No builder is like that"));
}

#[actix_web::test]
async fn what_is_looked_for_stays_in_the_links_to_other_pages() {
    let site = large().await;
    let page = site.page("/builders?q=many&tag=many&page=2").await.body;
    assert!(page.contains("href=\"./builders?q=many&amp;tag=many&amp;page=3\""), "{page}");
    assert!(page.contains("name=\"tag\" value=\"many\"") && page.contains("name=\"q\" value=\"many\""));
}

#[actix_web::test]
async fn the_history_of_a_builder_is_paged_in_both_directions() {
    let (site, sample) = Site::filled().await;
    let many = ManyBuilds { of: sample.builder, on: sample.worker, first: 101, count: 100 };
    site.db().write(many).await.unwrap();
    let newest = site.page("/builders/linux%2Fx86").await.body;
    assert!(newest.contains("builds #200 to #176") && newest.contains("?before=176\""), "{newest}");
    assert!(!newest.contains("rel=\"prev\""));
    let second = site.page("/builders/linux%2Fx86?before=176").await.body;
    assert!(second.contains("builds #175 to #151") && second.contains("?before=151\""));
    assert!(second.contains("rel=\"prev\" href=\"../builders/linux%2Fx86\""), "the page before is the newest");
    let third = site.page("/builders/linux%2Fx86?before=151").await.body;
    assert!(third.contains("rel=\"prev\" href=\"../builders/linux%2Fx86?before=176\""));
}

#[actix_web::test]
async fn durations_are_plotted_as_links_to_the_builds() {
    let site = large().await;
    let page = site.page("/builders/many-0005").await.body;
    assert!(
        page.contains("class=\"bar failure\"") && page.contains("aria-label=\"#1 success, took 1 min 30 s"),
        "{page}"
    );
    assert!(!site.page("/builders/docs").await.body.contains("class=\"plot\""));
}

#[actix_web::test]
async fn the_waterfall_is_filtered_by_its_url() {
    let site = large().await;
    let n_cells = |page: &str| page.matches("class=\"cell ").count();
    for (query, expected) in [
        ("?n=7", 7),
        ("?builder=many-0000", 3),
        ("?builder=many-0000&builder=many-0001", 4),
        ("?builder=many-0000&failing=1", 2),
        ("?q=MANY+000", 14),
        ("?q=many-000&tag=even", 7),
        ("?builder=nosuch", 0),
        // the sample's builds start at 1,795,000,000 = 2026-11-18T11:06:40, the others a second apart from 21:20 of the 6th on
        ("?since=2026-11-18T11:00", 2),
        ("?since=24h&failing=on", 1),
        ("?until=2026-11-06T21:20:02.5", 5),
    ] {
        let page = site.page(&format!("/waterfall{query}")).await;
        assert_eq!((page.status.as_u16(), n_cells(&page.body)), (200, expected), "{query}");
    }
}

#[actix_web::test]
async fn the_waterfall_has_bounds_and_a_way_to_what_is_older() {
    let site = large().await;
    let page = site.page("/waterfall?n=400&q=many").await.body;
    assert_eq!(page.matches("<th scope=\"col\">").count(), 41, "the time and forty builders");
    assert!(page.contains("210 more builders had builds in this time"));
    let page = site.page("/waterfall?n=10").await.body;
    let older = page.split("rel=\"next\" href=\"./").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let older = site.page(&format!("/{}", older.replace("&amp;", "&"))).await.body;
    assert_eq!(older.matches("class=\"cell ").count(), 10);
    assert!(older.contains("rel=\"prev\"") && !older.contains(">#1 <span class=\"word\">running"), "{older}");
}

#[actix_web::test]
async fn the_front_page_says_since_when_and_why() {
    let (site, _) = Site::filled().await;
    let page = site.page("/").await.body;
    assert!(page.contains("since this build"), "{page}");
    assert!(page.contains("its worker is busy"), "{page}");
}

#[actix_web::test]
async fn the_front_page_shows_the_latest_of_many_broken_builders() {
    let page = large().await.page("/").await.body;
    assert!(
        page.contains("the latest 12 of 51") && page.contains("since <a href=\"./builders/many-0245/builds/2\">#2</a>"),
        "{page}"
    );
}

#[actix_web::test]
async fn pages_look_things_up_by_index() {
    let (site, _) = Site::filled().await;
    let newest = "SELECT other.number FROM builds AS other WHERE other.builder_id = 1 AND other.results IS NOT NULL \
                  ORDER BY other.number DESC LIMIT 1";
    let good = "SELECT MAX(number) FROM builds WHERE builder_id = 1 AND results = 0";
    let waiting = "SELECT id FROM build_requests WHERE complete_at_us IS NULL AND claimed_by IS NULL \
                   ORDER BY id";
    let range =
        "SELECT id FROM builds WHERE started_at_us >= 1 AND started_at_us < 2 ORDER BY started_at_us DESC, id DESC";
    for (sql, index) in [
        (newest, "COVERING INDEX builds_by_number"),
        (good, "COVERING INDEX builds_by_results"),
        (waiting, "INDEX build_requests_by_claim"),
        (range, "COVERING INDEX builds_by_start"),
    ] {
        let plan = query_plan(site.db(), sql.to_owned()).await.unwrap();
        assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
    }
}

#[actix_web::test]
async fn what_waits_is_paged() {
    let (site, sample) = Site::filled().await;
    site.db().write(ManyWaiting { of: sample.builder, count: 250 }).await.unwrap();
    let site = &site;
    let page = |query: &'static str| async move { site.page(&format!("/requests{query}")).await.body };
    let n_rows = |page: &str| page.matches("name=\"request\"").count();
    let first = page("").await;
    assert_eq!(n_rows(&first), 100);
    assert!(first.contains("251 requests") && first.contains("href=\"./requests?page=2\""), "{first}");
    assert_eq!(n_rows(&page("?page=3").await), 51);
    let of_one = page("?builder=linux%2Fx86&page=2").await;
    assert!(of_one.contains("href=\"./requests?builder=linux%2Fx86&amp;page=3\""), "{of_one}");
    assert!(page("?page=4").await.contains("Fewer requests wait by now"));
}

#[actix_web::test]
async fn workers_are_in_the_order_of_their_numbers_and_lead_to_all_of_their_builders() {
    let site = large().await;
    let page = site.page("/workers").await.body;
    assert!(page.contains("href=\"./workers/w1#builders\">248 more</a>"), "{page}");
}
