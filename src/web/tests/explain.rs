//! Explanations over REST; what they say is tested where they are made.

use actix_web::http::StatusCode;

use super::site::Site;

#[actix::test]
async fn requests_and_changes_are_explained_and_what_is_not_there_is_not_found() {
    let (site, _) = Site::filled().await;
    let request = site.api("/api/v2/buildrequests/1/explain").await.json();
    let explained = &request["explanations"][0];
    assert_eq!(explained["buildrequestid"], 1);
    assert!(explained["state"].is_string() && explained["reasons"][0].is_string(), "{request}");
    let change = site.api("/api/v2/changes/1/explain").await.json();
    assert!(change["explanations"].is_array(), "{change}");
    for path in ["/api/v2/buildrequests/9999/explain", "/api/v2/changes/9999/explain"] {
        assert_eq!(site.api(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(site.api("/api/v2/buildrequests/1/explain?limit=1").await.status, StatusCode::BAD_REQUEST);
}
