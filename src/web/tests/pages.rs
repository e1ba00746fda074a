//! Pages render with nothing, with a little and with very much, and nothing that was stored becomes markup.

use crate::db::views::{build_page, builder_list, builder_page, home, keys, waterfall, worker_list};
use crate::testing::sample_site::{ManyBuilds, count_statements};

use super::site::Site;

const LISTS: &[&str] = &["/", "/builders", "/waterfall", "/workers", "/changes", "/users"];

/// Pages of the filled site, each with something that only it says.
const PAGES: &[(&str, &str)] = &[
    ("/", "failed make all"),
    ("/builders", "newest"),
    ("/builders?tag=fast", "class=\"chip chosen\""),
    ("/builders/linux%2Fx86", "Request 3"),
    ("/builders/1", "Force it"),
    ("/builders/linux%2Fx86?before=2", "Older builds"),
    ("/builders/linux%2Fx86/builds/1", "Rebuild"),
    ("/builders/linux%2Fx86/builds/2", "Stop"),
    ("/builders/linux%2Fx86/builds/1/steps/1", "ended in failure"),
    ("/builders/linux%2Fx86/builds/1/steps/make%20all", "ended in failure"),
    ("/builders/linux%2Fx86/builds/1/steps/1/logs/stdio", "lines 1–5 of 5"),
    ("/builders/linux%2Fx86/builds/1/steps/1/logs/stdio?first=3", "lines 4–5 of 5"),
    ("/builders/linux%2Fx86/builds/1/steps/1/logs/stdio?first=99", "Go to its end"),
    ("/waterfall?builder=docs&n=5", "no builds to show"),
    ("/waterfall", "make all"),
    ("/workers", "missing"),
    ("/changes", "Fix &lt;it&gt;"),
    ("/changes/1", "src/a.c"),
    ("/users", "Latest change"),
    ("/users/1", "Fix &lt;it&gt;"),
    ("/changes?branch=main&author=nobody", "No change has all of these"),
    ("/builders/linux%2Fx86/builds/1", "Open the whole log"),
    ("/builders/linux%2Fx86/builds/1?property=jobs", "1 of"),
    ("/workers/w1", "of the last day"),
    ("/workers?state=missing", "w2"),
    ("/requests", "Cancel those chosen"),
    ("/schedulers", "ForceScheduler"),
    ("/about", "Running for"),
];

#[actix_web::test]
async fn pages_of_an_empty_site_say_what_to_do() {
    let site = Site::empty();
    for path in LISTS {
        let page = site.page(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        assert!(page.body.contains("class=\"empty\""), "{path}");
    }
}

#[actix_web::test]
async fn every_page_shows_what_it_is_for() {
    let (site, _) = Site::filled().await;
    for (path, words) in PAGES {
        let page = site.page(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        assert!(page.body.to_lowercase().contains(&words.to_lowercase()), "{path}: {}", page.body);
        assert!(page.body.contains("reporters.MailNotifier"), "{path} has no banner");
    }
}

#[actix_web::test]
async fn nothing_that_was_stored_becomes_markup() {
    let (site, _) = Site::filled().await;
    for (path, _) in PAGES {
        let page = site.page(path).await;
        for raw in ["<Site>", "<tests>", "<it>", "<two>", "<zoe@", "<script>", "style=\"", "\u{1b}"] {
            assert!(!page.body.contains(raw), "{path} has {raw}");
        }
    }
}

#[actix_web::test]
async fn links_of_pages_lead_to_pages() {
    let (site, _) = Site::filled().await;
    for (path, _) in PAGES {
        let page = site.page(path).await;
        for link in links(&page.body) {
            let Some(target) = resolve(path, link) else { continue };
            let status = site.page(&target).await.status;
            assert_eq!(status, 200, "{path} links to {link}, which is {target}");
        }
    }
}

/// What `href` and `src` name, without those to other sites.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let starts = ["href=\"", "src=\""];
    let found = starts.into_iter().flat_map(|start| page.split(start).skip(1));
    found.filter_map(|rest| rest.split('"').next()).filter(|link| !link.starts_with("http"))
}

/// The path that a browser makes of a link on a page; none for a place on the same page.
fn resolve(page: &str, link: &str) -> Option<String> {
    let link = link.split('#').next().filter(|link| !link.is_empty())?;
    let mut segments: Vec<&str> = page.split('?').next().unwrap().split('/').collect();
    segments.pop();
    for segment in link.split('/') {
        match segment {
            ".." => drop(segments.pop()),
            "." => {}
            other => segments.push(other),
        }
    }
    let path = segments.join("/");
    Some(if path.is_empty() { "/".to_owned() } else { path })
}

#[actix_web::test]
async fn lists_do_not_ask_for_each_row() {
    let (site, sample) = Site::filled().await;
    let mut counts = Vec::new();
    for (first, count) in [(100, 0), (100, 3), (1_000, 3_000)] {
        site.db().write(ManyBuilds { of: sample.builder, on: sample.worker, first, count }).await.unwrap();
        let key = keys::BuilderKey::Id(sample.builder.0);
        let build = keys::BuildKey::Id(sample.finished.id.0);
        let db = site.db();
        counts.push([
            count_statements(db, |conn| home::read(conn, 15)).await.unwrap().1,
            count_statements(db, |conn| builder_list::read(conn, &all_builders())).await.unwrap().1,
            count_statements(db, move |conn| builder_page::read(conn, &key, None, LIMITS)).await.unwrap().1,
            count_statements(db, move |conn| build_page::read(conn, &build)).await.unwrap().1,
            count_statements(db, |conn| waterfall::read(conn, &all_builds())).await.unwrap().1,
            count_statements(db, worker_list::read).await.unwrap().1,
        ]);
        for path in LISTS {
            assert_eq!(site.page(path).await.status, 200, "{path}");
        }
    }
    assert_eq!(counts[0], counts[1]);
    assert_eq!(counts[1], counts[2]);
}

const LIMITS: builder_page::Limits = builder_page::Limits { listed: 25, plotted: 60 };

fn all_builders() -> builder_list::Wanted {
    builder_list::Wanted { limit: 100, n_recent: 10, ..builder_list::Wanted::default() }
}

fn all_builds() -> waterfall::Wanted {
    waterfall::Wanted { limit: 40, ..waterfall::Wanted::default() }
}

#[actix_web::test]
async fn the_other_doors_answer() {
    let (site, _) = Site::filled().await;
    for (path, kind) in [
        ("/health", "application/json"),
        ("/metrics", "text/plain; version=0.0.4; charset=utf-8"),
        ("/config", "application/json"),
        ("/api", "application/json"),
        ("/static/style.css", "text/css; charset=utf-8"),
        ("/static/page.js", "text/javascript; charset=utf-8"),
        ("/static/theme.js", "text/javascript; charset=utf-8"),
        ("/static/icon.svg", "image/svg+xml"),
    ] {
        let answer = site.page(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, kind), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    assert_eq!(site.page("/static/nosuch").await.status, 404);
}
