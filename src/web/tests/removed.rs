//! What was removed, as those see it who have kept an address.

use crate::json::json;
use crate::testing::past_builds::{remove_build, remove_logs};

use super::site::Site;

#[actix_web::test]
async fn the_text_of_a_log_that_was_removed_is_404_with_the_date() {
    let (site, sample) = Site::filled().await;
    remove_logs(site.db(), sample.finished.id).await.unwrap();
    let log = sample.log.id;
    assert_eq!(site.api(&format!("/logs/{log}")).await.json()["logs"][0]["type"], json!("d"));
    for form in ["contents", "raw", "raw_inline"] {
        let answer = site.api(&format!("/logs/{log}/{form}")).await;
        assert_eq!(answer.status, 404, "{form}");
        let text = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(text.contains("“stdio” was removed on 18 Nov 2026"), "{text}");
    }
    let page = site.page("/builders/linux%2Fx86/builds/1/steps/1/logs/stdio").await;
    assert_eq!(page.status, 404);
    assert!(page.body.contains("was removed on"), "{}", page.body);
    let build = site.page("/builders/linux%2Fx86/builds/1").await;
    assert_eq!(build.status, 200);
    assert!(build.body.contains("removed</span>"), "the log is marked");
    let step = site.page("/builders/linux%2Fx86/builds/1/steps/1").await;
    assert!(step.body.contains("Its text was removed"), "{}", step.body);
}

#[actix_web::test]
async fn a_build_that_was_removed_is_told_from_one_that_never_was() {
    let (site, sample) = Site::filled().await;
    remove_build(site.db(), sample.finished.id).await.unwrap();
    for (path, was_there) in [
        ("/builders/linux%2Fx86/builds/1", true),
        ("/builders/linux%2Fx86/builds/1/steps/0", true),
        ("/builders/linux%2Fx86/builds/1/steps/1/logs/stdio", true),
        ("/builders/linux%2Fx86/builds/3", false),
        ("/builders/nothing/builds/1", false),
    ] {
        let page = site.page(path).await;
        assert_eq!((page.status.as_u16(), page.body.contains("was removed")), (404, was_there), "{path}");
    }
    for (path, was_there) in [("/builds/1", true), ("/builders/1/builds/1", true), ("/builds/77", false)] {
        let answer = site.api(path).await;
        assert_eq!((answer.status.as_u16(), answer.body.contains("was removed")), (404, was_there), "{path}");
    }
    // What is left of its surroundings is shown without it.
    for path in ["/", "/builders/linux%2Fx86", "/builders/linux%2Fx86/builds/2", "/requests", "/changes"] {
        assert_eq!(site.page(path).await.status, 200, "{path}");
    }
    site.database.assert_sound().await;
}
