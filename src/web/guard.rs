//! What every request passes: the limit on requests at the same time, the check where a write comes from, and the
//! headers that keep browsers careful.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::Error;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, UPGRADE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::web::Data;
use tokio::time::Instant;

use super::WebState;
use super::error::WebError;
use super::origin;

/// Requests answered at the same time; beyond it 503.
const MAX_IN_FLIGHT: usize = 512;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Nothing but our own sheets, images and scripts, none of them within a page; connections and forms only to ourselves,
/// no frames.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The middleware that lets a request pass or refuses it.
pub async fn requests(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(state) = request.app_data::<Data<WebState>>().cloned() else { return next.call(request).await };
    let _ticket = match Ticket::take(&state.in_flight) {
        Some(ticket) => ticket,
        None => return Ok(request.error_response(WebError::Overloaded)),
    };
    if is_write(&request)
        && let Err(error) = origin::check(request.request(), &state.handle.config())
    {
        return Ok(request.error_response(error));
    }
    next.call(request).await
}

/// The middleware that adds our headers to every answer.
pub async fn headers(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    let begin = Instant::now();
    let mut response = next.call(request).await?;
    add_headers(&mut response);
    add_timing(&mut response, begin.elapsed());
    Ok(response)
}

/// A WebSocket counts as a write, for the browser's same-origin rule does not cover it; so does a hook, which accepts
/// changes by GET too.
fn is_write(request: &ServiceRequest) -> bool {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let is_websocket = request.path() == "/ws" || request.headers().contains_key(UPGRADE);
    !is_read || is_websocket || request.path().starts_with("/change_hook")
}

fn add_headers(response: &mut ServiceResponse<BoxBody>) {
    let headers = response.headers_mut();
    let pairs: [(HeaderName, &'static str); 4] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in pairs {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

/// Says how long the answer took to make, for the developer tools of browsers and `scripts/page-times`; what is streamed
/// comes on top.
fn add_timing(response: &mut ServiceResponse<BoxBody>, took: Duration) {
    let value = format!("total;dur={:.1}", took.as_secs_f64() * 1_000.0);
    if let Ok(value) = HeaderValue::from_str(&value) {
        response.headers_mut().insert(SERVER_TIMING, value);
    }
}

/// Counts a request for as long as it is being answered.
struct Ticket<'count>(&'count AtomicUsize);

impl<'count> Ticket<'count> {
    fn take(count: &'count AtomicUsize) -> Option<Self> {
        let before = count.fetch_add(1, Ordering::Relaxed);
        let ticket = Self(count);
        if before < MAX_IN_FLIGHT { Some(ticket) } else { None }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ticket_comes_back_when_its_request_is_answered() {
        let count = AtomicUsize::new(MAX_IN_FLIGHT - 1);
        let last = Ticket::take(&count);
        assert!(last.is_some());
        assert!(Ticket::take(&count).is_none());
        drop(last);
        assert!(Ticket::take(&count).is_some());
        assert_eq!(count.load(Ordering::Relaxed), MAX_IN_FLIGHT - 1);
    }
}
