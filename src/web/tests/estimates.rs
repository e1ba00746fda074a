//! How long running builds will take, on pages and over REST.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::learned::{Average, LearnedStep, TIME};
use crate::json::{Value, json};
use crate::testing::past_builds::{note, start_step, teach};

use super::site::Site;

fn learned(name: &str, position: i32, metrics: &[(&str, f64)]) -> LearnedStep {
    let average = |(metric, value): &(&str, f64)| ((*metric).to_owned(), Average { value: *value, n_samples: 9 });
    let metrics: BTreeMap<String, Average> = metrics.iter().map(average).collect();
    LearnedStep { name: name.to_owned(), position, presence: 1.0, group: None, metrics }
}

async fn estimate(site: &Site, build: i64) -> Value {
    site.api(&format!("/builds/{build}/estimate")).await.json()["estimates"][0].clone()
}

#[actix_web::test]
async fn a_running_build_says_what_is_left_and_then_by_how_much_it_is_late() {
    let (site, sample) = Site::filled().await;
    let build = sample.running.id;
    assert_eq!(estimate(&site, build.0).await["left_s"], Value::Null, "nothing was learned yet");
    let steps = vec![learned("git", 0, &[(TIME, 10.0)]), learned("test", 1, &[(TIME, 60.0), ("tests", 40.0)])];
    teach(site.db(), sample.builder, steps).await.unwrap();
    let git = start_step(site.db(), build, 0, "git").await.unwrap();
    tokio::time::sleep(Duration::from_secs(4)).await;
    let said = estimate(&site, build.0).await;
    assert_eq!((&said["left_s"], &said["usual_s"], &said["percent"]), (&json!(65), &json!(70), &json!(5)), "{said}");
    assert_eq!((&said["steps"][0]["stepid"], &said["steps"][0]["percent"]), (&json!(git.0), &json!(40)), "{said}");
    for path in ["/", "/builders/linux%2Fx86", "/builders/linux%2Fx86/builds/2"] {
        let page = site.page(path).await;
        assert!(page.body.contains("about 1 min 5 s left"), "{path}: {}", page.body);
    }
    let test = start_step(site.db(), build, 1, "test").await.unwrap();
    note(site.db(), test, "tests", 20.0).await.unwrap();
    tokio::time::sleep(Duration::from_secs(90)).await;
    let said = estimate(&site, build.0).await;
    // The test's time is over, and half of its tests have run.
    assert_eq!((&said["steps"][1]["left_s"], &said["overdue_s"]), (&json!(15), &Value::Null), "{said}");
    note(site.db(), test, "tests", 40.0).await.unwrap();
    let said = estimate(&site, build.0).await;
    assert_eq!(said["steps"][1]["overdue_s"], json!(30), "{said}");
    assert_eq!(estimate(&site, sample.finished.id.0).await["left_s"], Value::Null, "it has ended");
}
