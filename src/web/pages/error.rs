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
    /// What a program said, as it said it.
    source: Option<String>,
    /// What may help.
    advice: &'static [&'static str],
    offers_search: bool,
}

/// The middleware that puts a page around the errors of handlers.
pub async fn as_page(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?;
    let error = response.response().error().and_then(|error| error.as_error::<WebError>()).cloned();
    if let Some(WebError::Internal(why) | WebError::BrokenTemplate(why)) = &error {
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
    let page = page(error);
    let code = error.status_code();
    let mut response = View::new(request, state).error_page(code, &page).ok()?;
    if let Some(after) = error.error_response().headers().get(RETRY_AFTER) {
        response.headers_mut().insert(RETRY_AFTER, after.clone());
    }
    Some(response)
}

fn page(error: &WebError) -> ErrorPage {
    let text = || error.to_string();
    let (title, text, source, advice): (_, _, _, &[&str]) = match error {
        WebError::NotFound(_) => (
            "Not found",
            text(),
            None,
            &[
                "Builders, builds and changes keep their address for as long as the master keeps them.",
                "A name in an address is written as in the configuration, with capitals and small letters.",
            ],
        ),
        WebError::Forbidden(_) => (
            "Refused",
            text(),
            None,
            &["Buttons and forms work from the pages of this master only. Open the page here and try again."],
        ),
        WebError::Overloaded => {
            ("Overloaded", text(), None, &["Nothing was started or stopped. The same address works again in a moment."])
        }
        WebError::BrokenTemplate(_) => (
            "A template of this master is broken",
            "A file in the master's templates directory cannot be used for this page:".to_owned(),
            Some(text()),
            &["Mend the file or take it away: the next request reads it again, without a restart."],
        ),
        WebError::Internal(_) => (
            "Something went wrong",
            "The master could not make this page.".to_owned(),
            None,
            &["The reason is in twistd.log in the master's directory.", "Builds are not affected by it."],
        ),
        _ => ("This did not work", text(), None, &[]),
    };
    let offers_search = matches!(error, WebError::NotFound(_));
    ErrorPage { code: error.status_code().as_u16(), title, text, source, advice, offers_search }
}
