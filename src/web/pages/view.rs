//! What every page handler gets: the state, the time, and the frame around the page.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, LOCATION};
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse};
use serde::Serialize;

use crate::domain::Timestamp;
use crate::web::WebState;
use crate::web::error::WebError;

/// The request of a page.
pub struct View {
    state: Data<WebState>,
    /// When the request came; all relative dates of a page count from it.
    pub now: Timestamp,
    /// From this page's URL to the root, e.g. `../../`; so the pages work below any prefix.
    root: String,
}

/// What the base layout prints.
#[derive(Serialize)]
struct Site {
    title: String,
    title_url: String,
    root: String,
    section: &'static str,
    /// Whether the navigation leads to projects.
    has_projects: bool,
    inactive: Vec<String>,
    rendered: String,
    /// The same for programs.
    now: String,
    version: &'static str,
}

#[derive(Serialize)]
struct Context<'page, P> {
    site: Site,
    page: &'page P,
}

impl View {
    pub fn new(request: &HttpRequest, state: Data<WebState>) -> Self {
        let depth = request.uri().path().matches('/').count().saturating_sub(1);
        let root = if depth == 0 { "./".to_owned() } else { "../".repeat(depth) };
        Self { now: state.clock.now(), state, root }
    }

    /// A page; `section` is the entry of the navigation that it belongs to.
    pub fn page<P: Serialize>(
        &self,
        template: &str,
        section: &'static str,
        page: &P,
    ) -> Result<HttpResponse, WebError> {
        self.page_with_status(StatusCode::OK, template, section, page)
    }

    pub fn page_with_status<P: Serialize>(
        &self,
        status: StatusCode,
        template: &str,
        section: &'static str,
        page: &P,
    ) -> Result<HttpResponse, WebError> {
        let site = self.site(section);
        let body = self.state.templates.render(template, Context { site, page })?;
        Ok(HttpResponse::build(status).content_type(ContentType::html()).body(body))
    }

    /// The page of an error, which also comes when the master's own templates are what is wrong.
    pub fn error_page<P: Serialize>(&self, status: StatusCode, page: &P) -> Result<HttpResponse, WebError> {
        let templates = &self.state.templates;
        let own = templates.render("error.html", Context { site: self.site(""), page });
        let body = own.or_else(|_| templates.render_ours("error.html", Context { site: self.site(""), page }))?;
        Ok(HttpResponse::build(status).content_type(ContentType::html()).body(body))
    }

    fn site(&self, section: &'static str) -> Site {
        let config = self.state.handle.config();
        Site {
            title: config.title.clone(),
            title_url: web_address(&config.title_url),
            root: self.root.clone(),
            section,
            has_projects: !config.projects.is_empty() || section == "projects",
            inactive: config.inactive.clone(),
            rendered: crate::web::format::exact(self.now),
            now: crate::web::format::iso(self.now),
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    /// Sends the browser to another page after a form was accepted; `to` is relative to the root.
    pub fn redirect(&self, to: &str) -> HttpResponse {
        HttpResponse::SeeOther().insert_header((LOCATION, format!("{}{to}", self.root))).finish()
    }
}

impl Deref for View {
    type Target = WebState;

    fn deref(&self) -> &WebState {
        &self.state
    }
}

impl FromRequest for View {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let state = request.app_data::<Data<WebState>>().cloned();
        let view = state.map(|state| Self::new(request, state));
        ready(view.ok_or_else(|| WebError::Internal("the application has no state".to_owned()).into()))
    }
}

/// An address that a browser may be sent to; nothing for others.
fn web_address(url: &str) -> String {
    let is_web = ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme));
    if is_web { url.to_owned() } else { String::new() }
}
