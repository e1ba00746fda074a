//! `/health`: whether the master can do its work, for load balancers and watchdogs.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::web::Data;

use super::WebState;
use crate::json::{self, json};

pub async fn get(state: Data<WebState>) -> HttpResponse {
    let health = state.handle.health().await;
    let (mut response, body) = match health.degraded {
        None => (HttpResponse::Ok(), json!({ "status": "ok" })),
        Some(why) => (HttpResponse::ServiceUnavailable(), json!({ "status": "degraded", "reason": why })),
    };
    response.insert_header((CACHE_CONTROL, "no-store")).content_type(ContentType::json()).body(json::to_string(&body))
}
