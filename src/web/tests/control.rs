//! What is posted: JSON-RPC calls, forms, hooks.

use crate::json::{Value, json};
use crate::web::force_form::{self, Filled, SCHEDULER_FIELD};
use crate::web::query;

use super::site::{Site, force};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

#[actix_web::test]
async fn malformed_calls_get_the_codes_of_json_rpc() {
    let (site, _) = Site::filled().await;
    let whole = r#"{"jsonrpc": "2.0", "id": 1, "method": "x", "params": {}}"#;
    for (path, kind, body, status, code, message) in [
        ("/builds/1", "text/plain", "{}", 400, -32600, "Invalid content-type (use application/json)"),
        ("/builds/1", JSON, "[]", 400, -32600, "JSONRPC batch requests are not supported"),
        ("/builds/1", JSON, "7", 400, -32600, "JSONRPC root object must be an object"),
        ("/builds/1", JSON, r#"{"jsonrpc":"2.0","method":"x","params":{}}"#, 400, -32600, "missing key 'id'"),
        (
            "/builds/1",
            JSON,
            r#"{"jsonrpc":"1.0","id":1,"method":"x","params":{}}"#,
            400,
            -32600,
            "only JSONRPC 2.0 is supported",
        ),
        ("/nosuch", JSON, whole, 404, -32600, "Invalid path: nosuch"),
        ("/masters/1", JSON, whole, 501, -32601, "action: x is not supported"),
        ("/builds/1", JSON, whole, 501, -32601, "action: x is not supported"),
        ("/builds", JSON, whole, 501, -32601, "action: x is not supported"),
    ] {
        let answer = site.post(&format!("/api/v2{path}"), kind, body).await;
        assert_eq!(answer.status, status, "{path} {body}");
        assert_eq!(answer.json()["error"], json!({ "code": code, "message": message }), "{path} {body}");
        assert_eq!(answer.json().get("id").is_some(), path != "/builds/1" || status == 501, "{path} {body}");
    }
    let answer = site.post("/api/v2/builds/1", JSON, "{").await;
    assert_eq!((answer.status.as_u16(), &answer.json()["error"]["code"]), (400, &json!(-32700)));
}

async fn call(site: &Site, path: &str, method: &str, params: Value) -> (u16, Value) {
    let body = json!({ "jsonrpc": "2.0", "id": "a", "method": method, "params": params });
    let answer = site.post(&format!("/api/v2{path}"), JSON, &body.to_string()).await;
    (answer.status.as_u16(), answer.json())
}

#[actix_web::test]
async fn stopping_a_finished_build_does_nothing() {
    let (site, _) = Site::filled().await;
    let answer = call(&site, "/builders/1/builds/1", "stop", json!({"reason": "x"})).await;
    assert_eq!(answer, (200, json!({"id": "a", "jsonrpc": "2.0", "result": null})));
    assert_eq!(call(&site, "/builds/9", "stop", json!({})).await.0, 404);
}

#[actix_web::test]
async fn a_scheduler_is_enabled_with_true_or_false_only() {
    let (site, _) = Site::filled().await;
    for (method, params, status) in [
        ("enable", json!({}), 400),
        ("enable", json!({"enabled": "no"}), 400),
        ("disable", json!({"enabled": false}), 501),
    ] {
        assert_eq!(call(&site, "/schedulers/1", method, params.clone()).await.0, status, "{method} {params}");
    }
}

#[actix_web::test]
async fn a_command_that_fails_says_why() {
    let (site, sample) = Site::filled().await;
    let (status, answer) = call(&site, &format!("/builds/{}", sample.running.id), "stop", json!({})).await;
    assert_eq!((status, &answer["error"]), (500, &json!({"code": -32603, "message": "the actor gave no answer"})));
    let page = site.post(&format!("/builds/{}/stop", sample.running.id), FORM, "").await;
    assert_eq!((page.status.as_u16(), page.body.as_str()), (500, "the actor gave no answer\n"));
}

#[actix_web::test]
async fn a_worker_can_be_paused_resumed_stopped_and_killed_by_id_or_name() {
    let (site, _) = Site::filled().await;
    for method in ["pause", "unpause", "stop", "kill"] {
        for path in ["/workers/1", "/workers/w1", "/builders/1/workers/1"] {
            let (status, answer) = call(&site, path, method, json!({"reason": "x"})).await;
            // The call went through the door; nobody is behind it here.
            assert_eq!((status, &answer["error"]["message"]), (500, &json!("the actor gave no answer")), "{path}");
        }
        assert_eq!(call(&site, "/workers/99", method, json!({})).await.0, 404);
    }
    assert_eq!(call(&site, "/workers/1", "restart", json!({})).await.0, 501);
    assert_eq!(call(&site, "/workers", "pause", json!({})).await.0, 501);
    let page = site.post("/workers/1/pause", FORM, "").await;
    assert_eq!(page.status.as_u16(), 500);
    assert_eq!(site.post("/workers/1/fly", FORM, "").await.status.as_u16(), 404);
    assert_eq!(site.post("/workers/99/pause", FORM, "").await.status.as_u16(), 404);
}

#[actix_web::test]
async fn an_unknown_method_of_a_force_scheduler_is_answered_with_null() {
    let (site, _) = Site::filled().await;
    assert_eq!(call(&site, "/forceschedulers/force", "nosuch", json!({})).await.0, 200);
    assert_eq!(call(&site, "/forceschedulers/nosuch", "force", json!({})).await.0, 404);
}

#[actix_web::test]
async fn a_builder_that_is_not_there_is_told_at_its_field() {
    let (site, _) = Site::filled().await;
    for (params, field) in [
        (json!({"builderid": "9"}), "builderid"),
        (json!({"builderid": "x"}), "builderid"),
        (json!({"builderNames": ["nosuch"]}), "builderNames"),
    ] {
        let (status, answer) = call(&site, "/forceschedulers/force", "force", params).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!(-32602)));
        assert!(answer["error"]["message"][field].is_string(), "{answer}");
    }
}

#[actix_web::test]
async fn buttons_lead_back_to_where_they_were() {
    let (site, sample) = Site::filled().await;
    let stop = site.post(&format!("/builds/{}/stop", sample.finished.id), FORM, "").await;
    assert_eq!((stop.status.as_u16(), stop.header("location")), (303, "../../builders/linux%2Fx86/builds/1"));
    for path in ["/builds/9/stop", "/builds/9/rebuild", "/requests/9/cancel"] {
        assert_eq!(site.post(path, FORM, "").await.status, 404, "{path}");
    }
}

#[actix_web::test]
async fn a_form_of_a_scheduler_that_is_gone_is_404() {
    let (site, _) = Site::filled().await;
    assert_eq!(site.post("/builders/docs/force", FORM, "*scheduler=nosuch").await.status, 404);
    assert_eq!(site.post("/builders/nosuch/force", FORM, "*scheduler=force").await.status, 404);
}

#[test]
fn the_fields_of_a_form_are_read_as_they_were_sent() {
    let body = format!(
        "{SCHEDULER_FIELD}=force&reason=why+not&lib_branch=dev&clean=true&parts=a&parts=b&notes=x%0D%0Ay&secret=no&fixed=no&other=no"
    );
    let values = force_form::read(&force(), &query::parameters(&body));
    let pairs: Vec<(String, String)> = values.into_iter().map(|(name, value)| (name, value.to_string())).collect();
    let expected =
        [("clean", "True"), ("lib_branch", "dev"), ("notes", "x\ny"), ("parts", "['a', 'b']"), ("reason", "why not")];
    assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[actix_web::test]
async fn errors_of_a_form_stand_at_their_fields() {
    let (site, _) = Site::filled().await;
    let errors = [("reason", "too <short>"), ("nowhere", "general trouble")];
    let filled = Filled {
        scheduler: "force".to_owned(),
        values: force_form::read(&force(), &query::parameters("reason=kept&lib_revision=r1")),
        errors: errors.map(|(name, text)| (name.to_owned(), text.to_owned())).into(),
    };
    let request = actix_web::test::TestRequest::with_uri("/builders/1/force").to_http_request();
    let view = crate::web::pages::view::View::new(&request, site.state.clone());
    let response = crate::web::pages::builder::render(&view, "1", None, Some(&filled)).await.unwrap();
    assert_eq!(response.status(), 422);
    let body = actix_web::body::to_bytes(response.into_body()).await.unwrap();
    let page = String::from_utf8(body.to_vec()).unwrap();
    assert!(page.contains("<details class=\"force\" open>"), "{page}");
    assert!(page.contains("too &lt;short&gt;") && page.contains("general trouble"), "{page}");
    assert!(page.contains("value=\"kept\"") && page.contains("value=\"r1\""), "{page}");
    assert!(!page.contains("name=\"secret\"") && !page.contains("name=\"fixed\""), "{page}");
}

#[actix_web::test]
async fn a_hook_that_is_not_enabled_is_refused() {
    let (site, _) = Site::filled().await;
    let answer = site.post("/change_hook/github", FORM, "author=joe").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.body, "The dialect specified, 'github', wasn't whitelisted in change_hook");
}

#[actix_web::test]
async fn a_hook_reads_its_form_and_hands_the_change_on() {
    let (site, _) = Site::filled().await;
    let wrong = site.post("/change_hook/base", FORM, "author=joe&files=x").await;
    assert_eq!((wrong.status.as_u16(), wrong.body.as_str()), (400, "invalid fields: files: not a JSON list of texts"));
    for path in ["/change_hook", "/change_hook/base"] {
        // the master of these tests stores nothing
        let answer = site.post(path, FORM, "author=joe&comments=x").await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (500, "Error processing changes."), "{path}");
    }
}
