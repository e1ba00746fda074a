//! `/config` and `/api`: what a user interface needs to start.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::Data;

use super::WebState;
use crate::json::{self, json};

/// The keys that Buildbot's own interface reads without asking; nothing secret is among them.
pub async fn get(state: Data<WebState>) -> HttpResponse {
    let config = state.handle.config();
    let plugins = config.www.as_ref().map_or_else(|| json!({}), |www| json::of_property(&www.plugins));
    let body = json!({
        "auth": { "name": "NoAuth" },
        "authz": {},
        "avatar_methods": [],
        "buildbotURL": config.buildbot_url,
        "multiMaster": false,
        "plugins": if plugins.is_object() { plugins } else { json!({}) },
        "title": config.title,
        "titleURL": config.title_url,
        "user": { "anonymous": true },
        "versions": [["Buildbot", env!("CARGO_PKG_VERSION")]],
    });
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CACHE_CONTROL, "public,max-age=0"))
        .body(json::to_string(&body))
}
