//! Errors as pages: what happened, and where to go from here.

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ACCEPT, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError};
use serde::Serialize;

use super::view::View;
use crate::web::WebState;
use crate::web::error::WebError;

#[derive(Serialize)]
struct ErrorPage {
    code: u16,
    title: &'static str,
    text: String,
}

/// For every URL that is in no route.
pub async fn not_found(request: HttpRequest) -> Result<HttpResponse, WebError> {
    Err(WebError::NotFound(format!("There is nothing at {}.", request.uri().path())))
}

/// The middleware that puts a page around the errors of handlers.
pub async fn as_page(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?;
    let error = response.response().error().and_then(|error| error.as_error::<WebError>()).cloned();
    if let Some(WebError::Internal(why)) = &error {
        tracing::error!(url.path = response.request().path(), "a page failed: {why}");
    }
    let Some(error) = error.filter(|_| wants_page(response.request())) else { return Ok(response) };
    let request = response.request().clone();
    let page = request.app_data::<Data<WebState>>().cloned().and_then(|state| render(&request, state, &error));
    Ok(match page {
        Some(page) => ServiceResponse::new(request, page),
        None => response,
    })
}

/// Browsers get a page, programs a line of text.
fn wants_page(request: &HttpRequest) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn render(request: &HttpRequest, state: Data<WebState>, error: &WebError) -> Option<HttpResponse> {
    let (title, text) = match error {
        WebError::NotFound(_) => ("Not found", error.to_string()),
        WebError::Forbidden(_) => ("Refused", error.to_string()),
        WebError::Internal(_) => ("Something went wrong", "The master could not do this. Its log says why.".to_owned()),
        WebError::Overloaded => ("Overloaded", error.to_string()),
        _ => ("This did not work", error.to_string()),
    };
    let code = error.status_code();
    let page = ErrorPage { code: code.as_u16(), title, text };
    let mut response = View::new(request, state).page_with_status(code, "error.html", "", &page).ok()?;
    if let Some(after) = error.error_response().headers().get(RETRY_AFTER) {
        response.headers_mut().insert(RETRY_AFTER, after.clone());
    }
    Some(response)
}
