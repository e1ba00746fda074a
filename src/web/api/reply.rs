//! The frame of answers: envelope, errors, content types and cross-origin headers.

use actix_web::http::header::{ACCEPT, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use super::elements::{self, Element, Elements};
use crate::json::{Value, json};
use crate::web::WebState;
use crate::web::error::WebError;
use crate::web::origin;

/// What an endpoint answers.
pub enum Reply {
    Many(&'static str, Elements),
    One(&'static str, Element),
    /// A file.
    Raw(HttpResponse),
}

impl Reply {
    /// The collection, or its only element, which must be there.
    pub fn of(plural: &'static str, found: Elements, is_single: bool) -> Result<Self, WebError> {
        if !is_single {
            return Ok(Self::Many(plural, found));
        }
        let element = found.elements.into_iter().next();
        element.map(|element| Self::One(plural, element)).ok_or_else(|| missing(plural))
    }
}

/// The error for an element that is not there.
pub fn missing(plural: &str) -> WebError {
    WebError::NotFound(format!("not found while getting from an endpoint for {plural}"))
}

/// What the request says of how it wants its answer.
pub struct Frame {
    compact: bool,
    /// The origin that may read the answer.
    origin: Option<HeaderValue>,
}

impl Frame {
    pub fn new(request: &HttpRequest) -> Self {
        let compact = header(request, &ACCEPT).is_some_and(|accept| accept.contains("application/json"));
        Self { compact, origin: None }
    }

    /// Fails if a page of a foreign site asks.
    pub fn admit(&mut self, request: &HttpRequest, state: &WebState) -> Result<(), WebError> {
        let Some(origin) = header(request, &ORIGIN) else { return Ok(()) };
        if !origin::is_ours(origin, header(request, &HOST), &state.handle.config()) {
            return Err(WebError::BadRequest("invalid origin".to_owned()));
        }
        self.origin = HeaderValue::from_str(&origin.to_ascii_lowercase()).ok();
        Ok(())
    }

    pub fn answer(&self, answer: Result<Reply, WebError>) -> HttpResponse {
        let response = match answer {
            Ok(Reply::Many(plural, found)) => {
                self.json(&json!({ plural: found.elements, "meta": { "total": found.total } }))
            }
            Ok(Reply::One(plural, element)) => self.json(&json!({ plural: [element], "meta": {} })),
            Ok(Reply::Raw(response)) => response,
            Err(error) => failure(&error),
        };
        self.finish(response)
    }

    /// Adds what lets pages of allowed sites read the answer.
    pub fn finish(&self, mut response: HttpResponse) -> HttpResponse {
        if let Some(origin) = &self.origin {
            let headers = response.headers_mut();
            headers.insert(name("access-control-allow-origin"), origin.clone());
            insert(headers, "access-control-allow-headers", "Content-Type");
            insert(headers, "access-control-max-age", "3600");
            insert(headers, "vary", "Origin");
        }
        response
    }

    /// The answer to a browser's question before a cross-origin request.
    pub fn preflight(&self) -> HttpResponse {
        self.finish(HttpResponse::Ok().content_type("text/html").finish())
    }

    fn json(&self, body: &Value) -> HttpResponse {
        let kind = if self.compact { "application/json; charset=utf-8" } else { "text/plain; charset=utf-8" };
        HttpResponse::Ok().content_type(kind).body(elements::text(body, self.compact))
    }
}

fn header<'request>(request: &'request HttpRequest, name: &HeaderName) -> Option<&'request str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

fn failure(error: &WebError) -> HttpResponse {
    let text = if error.is_internal() {
        tracing::error!("a REST request failed: {error}");
        "internal error".to_owned()
    } else {
        error.to_string()
    };
    HttpResponse::build(error.status_code())
        .content_type("text/plain; charset=utf-8")
        .body(elements::text(&json!({ "error": text }), true))
}

fn name(name: &'static str) -> HeaderName {
    HeaderName::from_static(name)
}

fn insert(headers: &mut HeaderMap, key: &'static str, value: &'static str) {
    headers.insert(name(key), HeaderValue::from_static(value));
}
