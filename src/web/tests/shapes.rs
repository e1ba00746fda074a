//! Answers have the keys and types of a Buildbot's: samples of one are compared with ours.

use crate::json::{self, Value};

use super::site::Site;

/// A sample, and where our site has the same kind of thing.
macro_rules! samples {
    ($($name:literal => $path:literal,)*) => {
        &[$(($name, $path, include_str!(concat!("samples/", $name, ".json")))),*]
    };
}

const SAMPLES: &[(&str, &str, &str)] = samples! {
    "masters" => "/masters",
    "masters_1" => "/masters/1",
    "masters_1_builders" => "/masters/1/builders",
    "masters_1_changesources" => "/masters/1/changesources",
    "masters_1_schedulers" => "/masters/1/schedulers",
    "masters_1_workers" => "/masters/1/workers",
    "builders" => "/builders",
    "builders_5" => "/builders/1",
    "builders_min-pb" => "/builders/linux%2Fx86",
    "builders_5_masters" => "/builders/1/masters",
    "builders_5_workers" => "/builders/1/workers",
    "builders_5_workers_2" => "/builders/1/workers/1",
    "builders_5_builds" => "/builders/1/builds?complete=true",
    "builders_5_builds_1" => "/builders/1/builds/1",
    "builders_min-pb_builds_1" => "/builders/linux%2Fx86/builds/1",
    "builders_5_buildrequests" => "/builders/1/buildrequests",
    "builders_5_forceschedulers" => "/builders/1/forceschedulers",
    "buildrequests" => "/buildrequests",
    "buildrequests_1" => "/buildrequests/1",
    "buildrequests_1_builds" => "/buildrequests/1/builds",
    "buildrequest-pending" => "/buildrequests/3",
    "builds" => "/builds?complete=true",
    "builds_1" => "/builds/1",
    "builds_1_changes" => "/builds/2/changes",
    "builds_1_data" => "/builds/1/data",
    "builds_1_property_list" => "/builds/1/property_list",
    "builds_1_steps" => "/builds/1/steps",
    "builds_1_steps_1" => "/builds/1/steps/1",
    "builds_1_steps_sh" => "/builds/1/steps/make%20all",
    "builds_1_steps_sh_logs" => "/builds/1/steps/make%20all/logs",
    "builds_1_steps_sh_logs_stdio" => "/builds/1/steps/1/logs/stdio",
    "builds_1_steps_sh_logs_stdio_contents" => "/builds/1/steps/1/logs/stdio/contents",
    "builds_1_test_result_sets" => "/builds/1/test_result_sets",
    "builds_1_triggered_builds" => "/builds/1/triggered_builds",
    "buildsets" => "/buildsets",
    "buildsets_1" => "/buildsets/1",
    "buildsets_1_properties_list" => "/buildsets/1/properties_list",
    "buildsets_1_sourcestamps" => "/buildsets/1/sourcestamps",
    "changes" => "/changes",
    "changes_1" => "/changes/1",
    "changesources" => "/changesources",
    "changesources_1" => "/changesources/1",
    "forceschedulers" => "/forceschedulers",
    "forceschedulers_force" => "/forceschedulers/force",
    "logs_1" => "/logs/1",
    "logs_1_contents" => "/logs/1/contents",
    "projects" => "/projects",
    "projects_1" => "/projects/1",
    "projects_proj1" => "/projects/apps",
    "projects_1_builders" => "/projects/1/builders",
    "projects_1_codebases_cb1" => "/projects/1/codebases/app",
    "codebases" => "/codebases",
    "codebases_1" => "/codebases/1",
    "codebases_1_branches" => "/codebases/1/branches",
    "codebases_1_commits" => "/codebases/1/commits",
    "schedulers" => "/schedulers",
    "schedulers_1" => "/schedulers/1",
    "sourcestamps" => "/sourcestamps",
    "sourcestamps_1" => "/sourcestamps/1",
    "steps_1" => "/steps/2",
    "steps_2_logs" => "/steps/2/logs",
    "steps_2_logs_stdio" => "/steps/2/logs/stdio",
    "test_result_sets" => "/test_result_sets",
    "workers" => "/workers",
    "workers_2" => "/workers/1",
    "workers_2_builders" => "/workers/1/builders",
    "workers_2_builds" => "/workers/1/builds?complete=true",
    "workers_w-pb" => "/workers/w1",
    "api-v2-noslash" => "",
};

/// Members whose own keys are names that somebody chose.
const OPEN: &[&str] = &["properties"];

#[actix_web::test]
async fn every_resource_has_the_keys_and_types_of_the_samples() {
    let (site, _) = Site::filled().await;
    for (name, path, sample) in SAMPLES {
        let sample: Value = json::from_str(sample).unwrap();
        let answer = site.api(path).await;
        assert_eq!(i64::from(answer.status.as_u16()), sample["status"].as_i64().unwrap(), "{path}: {}", answer.body);
        compare(name, &sample["json"], &answer.json());
    }
}

fn compare(place: &str, sample: &Value, ours: &Value) {
    match (sample, ours) {
        (Value::Object(sample), Value::Object(ours)) => {
            if OPEN.iter().any(|open| place.ends_with(open)) {
                return;
            }
            assert!(sample.keys().eq(ours.keys()), "{place}: {sample:?} and {ours:?}");
            for (key, value) in sample {
                compare(&format!("{place}.{key}"), value, &ours[key]);
            }
        }
        (Value::Array(sample), Value::Array(ours)) => {
            if let (Some(sample), Some(ours)) = (sample.first(), ours.first()) {
                compare(&format!("{place}[]"), sample, ours);
            }
        }
        // what is null in one of them may be filled in the other
        (Value::Null, _) | (_, Value::Null) => {}
        _ => assert_eq!(kind(sample), kind(ours), "{place}: {sample} and {ours}"),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

#[actix_web::test]
async fn properties_are_pairs_of_value_and_source() {
    let (site, _) = Site::filled().await;
    for path in ["/builds/1/properties", "/builders/1/builds/1/properties"] {
        let found = site.api(path).await.json();
        assert_eq!(found["properties"][0]["jobs"], json::json!([4, "Builder"]), "{path}");
        assert_eq!(found["meta"], json::json!({}));
    }
    let found = site.api("/buildsets/1/properties").await.json();
    assert_eq!(found["properties"][0]["scheduler"], json::json!(["force", "Scheduler"]));
}

#[actix_web::test]
async fn a_change_leads_to_its_builds_and_back() {
    let (site, sample) = Site::filled().await;
    let build = sample.finished.id.0;
    assert_eq!(site.ids("/builds/1/changes", "changes", "changeid").await, [sample.change.0]);
    assert_eq!(site.ids("/builders/1/builds/1/changes", "changes", "changeid").await, [sample.change.0]);
    assert_eq!(site.ids("/changes/1/builds", "builds", "buildid").await, [build]);
    assert!(site.ids("/changes/1/builds?complete=false", "builds", "buildid").await.is_empty());
}

#[actix_web::test]
async fn a_raw_log_begins_with_its_build_and_has_no_stream_letters() {
    let (site, _) = Site::filled().await;
    let raw = site.api("/logs/1/raw").await;
    assert_eq!(
        raw.body,
        "Builder: linux/x86\nBuild number: 1\nWorker name: w1\nmake all\ncompiling \u{1b}[32mfine\u{1b}[0m\n\
         line <two> & é\nno rule\nexit 2\n"
    );
    assert_eq!(raw.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(raw.header("content-disposition"), "attachment; filename=linux_x86_build_1_step_make_all_log_stdio");
    let inline = site.api("/builds/1/steps/1/logs/stdio/raw_inline").await;
    assert_eq!((inline.body, inline.headers.get("content-disposition")), (raw.body, None));
}

#[actix_web::test]
async fn the_contents_of_a_log_come_by_lines() {
    let (site, _) = Site::filled().await;
    let found = site.api("/logs/1/contents?offset=2&limit=2").await.json();
    assert_eq!(found["logchunks"][0]["content"], json::json!("oline <two> & é\neno rule\n"));
    assert_eq!(found["logchunks"][0]["firstline"], json::json!(2));
    for path in ["/logs/1/contents?offset=5", "/logs/1/contents?limit=0", "/logs/9/contents"] {
        assert_eq!(site.api(path).await.status, 404, "{path}");
    }
}

#[actix_web::test]
async fn programs_get_compact_ascii_and_people_indented_text() {
    let (site, _) = Site::filled().await;
    let compact = site.api("/changes/1?field=author").await;
    assert_eq!(compact.body, r#"{"changes":[{"author":"Zo\u00eb <zoe@example.org>"}],"meta":{}}"#);
    assert_eq!(compact.header("content-type"), "application/json; charset=utf-8");
    let request = actix_web::test::TestRequest::get().uri("/api/v2/changes/1?field=author");
    let indented = site.send(request).await;
    assert_eq!(indented.header("content-type"), "text/plain; charset=utf-8");
    assert!(indented.body.starts_with("{\n  \"changes\": [\n    {"), "{}", indented.body);
}
