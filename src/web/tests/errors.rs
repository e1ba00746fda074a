//! What goes wrong, and in which words.

use actix_web::http::Method;
use actix_web::test::TestRequest;

use crate::json::json;

use super::site::Site;

#[actix_web::test]
async fn errors_of_rest_have_buildbots_words() {
    let (site, _) = Site::filled().await;
    for (path, status, text) in [
        ("/nosuch", 404, "Invalid path: nosuch"),
        ("/builds/", 404, "Invalid path: builds/"),
        ("/", 404, "Invalid path: "),
        ("/builds/x", 404, "Invalid path: builds/x"),
        ("/builds/1/nosuch", 404, "Invalid path: builds/1/nosuch"),
        ("/builds?nosuch=1", 400, "unrecognized query parameter 'nosuch'"),
        ("/builds?buildid=abc", 400, "invalid filter value for buildid"),
        ("/builds?results=null&limit=1", 400, "invalid filter value for results"),
        ("/builds?limit=x", 400, "invalid limit"),
        ("/builds?offset=-1", 400, "invalid offset"),
        ("/builds?field=zzz", 400, "no such field 'zzz'"),
        ("/builds?order=zz", 400, "no such field 'zz'"),
        ("/builds?field=buildid&order=number", 400, "cannot order on un-selected fields"),
        ("/builds?field=buildid&number=1", 400, "cannot filter on un-selected fields"),
        ("/builds/1?number=1", 400, "this is not a collection"),
        ("/builds/1/properties?order=name", 400, "no such field 'name'"),
    ] {
        let answer = site.api(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.json(), json!({ "error": text }), "{path}");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    }
}

#[actix_web::test]
async fn elements_that_are_not_there_are_404() {
    let (site, _) = Site::filled().await;
    for path in [
        "/masters/9",
        "/builders/9",
        "/builders/nosuch",
        "/builds/9",
        "/builders/1/builds/9",
        "/builders/nosuch/builds/1",
        "/buildrequests/9",
        "/buildsets/9",
        "/buildsets/9/properties",
        "/builds/9/properties",
        "/changes/9",
        "/changesources/9",
        "/schedulers/9",
        "/forceschedulers/nosuch",
        "/sourcestamps/9",
        "/steps/9",
        "/builds/1/steps/nosuch",
        "/builds/1/steps/99999999999",
        "/steps/2/logs/nosuch",
        "/logs/9",
        "/logs/9/raw",
        "/workers/9",
        "/builders/1/workers/2",
        "/projects/9",
        "/builds/1/data/x",
    ] {
        let answer = site.api(path).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.body);
        assert!(answer.json()["error"].as_str().unwrap().starts_with("not found"), "{path}");
    }
}

#[actix_web::test]
async fn other_methods_are_refused_and_head_has_no_body() {
    let (site, _) = Site::filled().await;
    let put = site.send(TestRequest::put().uri("/api/v2/masters")).await;
    assert_eq!((put.status.as_u16(), put.json()), (400, json!({"error": "invalid HTTP method"})));
    let head = site.send(TestRequest::with_uri("/api/v2/masters").method(Method::HEAD)).await;
    assert_eq!(head.status, 200);
    assert_eq!(site.send(TestRequest::with_uri("/").method(Method::HEAD)).await.status, 200);
}

#[actix_web::test]
async fn browsers_get_a_page_for_an_error_and_programs_a_line() {
    let (site, _) = Site::filled().await;
    for path in [
        "/nosuch",
        "/builders/nosuch",
        "/builders/docs/builds/7",
        "/builders/docs/builds/x",
        "/changes/x",
        "/users/9",
        "/users/x",
    ] {
        let page = site.page(path).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(page.body.contains("<h1>Not found</h1>") && page.body.contains("A &lt;Site&gt;"), "{path}");
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    }
    let line = site.send(TestRequest::get().uri("/builders/nosuch")).await;
    assert_eq!(line.body, "There is no builder “nosuch”.\n");
}

#[actix_web::test]
async fn a_large_body_is_refused() {
    let (site, _) = Site::filled().await;
    let answer = site.post("/api/v2/builds/1", "application/json", &"x".repeat((1 << 20) + 1)).await;
    assert_eq!(answer.status, 413);
}

#[actix_web::test]
async fn more_requests_than_can_be_answered_at_once_get_503() {
    let (site, _) = Site::filled().await;
    site.state.in_flight.store(usize::MAX / 2, std::sync::atomic::Ordering::Relaxed);
    let answer = site.page("/").await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "5"));
}

#[actix_web::test]
async fn a_write_from_a_page_of_another_site_is_refused() {
    let (site, _) = Site::filled().await;
    let post = |name: &'static str, value: &'static str| {
        let request = TestRequest::post().uri("/builds/2/stop").insert_header(("host", "127.0.0.1:8010"));
        site.send(request.insert_header((name, value)))
    };
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("origin", "http://ci.example"),
        ("origin", "http://ci.example:8010.evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        assert_eq!(post(name, value).await.status, 403, "{name}: {value}");
    }
    for (name, value) in [
        ("origin", "http://ci.example:8010"),
        ("origin", "https://www.friend.example"),
        ("origin", "http://127.0.0.1:8010"),
        ("sec-fetch-site", "same-origin"),
        ("user-agent", "curl"),
    ] {
        assert_ne!(post(name, value).await.status, 403, "{name}: {value}");
    }
    for path in ["/ws", "/change_hook/base?author=joe"] {
        let get = TestRequest::get().uri(path).insert_header(("sec-fetch-site", "cross-site"));
        assert_eq!(site.send(get).await.status, 403, "{path}");
    }
}

#[actix_web::test]
async fn a_friendly_origin_may_read_and_another_may_not() {
    let (site, _) = Site::filled().await;
    let get = |origin: &'static str, method: Method| {
        site.send(TestRequest::with_uri("/api/v2/masters").method(method).insert_header(("origin", origin)))
    };
    let friend = get("https://A.friend.example", Method::GET).await;
    assert_eq!(friend.header("access-control-allow-origin"), "https://a.friend.example");
    assert_eq!(get("https://a.friend.example", Method::OPTIONS).await.header("access-control-max-age"), "3600");
    let other = get("https://evil.example", Method::GET).await;
    assert_eq!((other.status.as_u16(), other.json()), (400, json!({"error": "invalid origin"})));
}
