//! REST v2 in Buildbot's shape: `paths` finds what a URL names, one file per resource answers it, `control` carries out
//! what is posted.

mod build_data;
mod builders;
mod buildrequests;
mod builds;
mod buildsets;
mod changes;
mod changesources;
mod codebases;
mod control;
mod elements;
mod empty;
mod estimates;
mod explain;
mod forceschedulers;
mod log_text;
mod logs;
mod masters;
mod paths;
mod projects;
mod properties;
mod reply;
mod result_spec;
mod rootlinks;
mod schedulers;
mod sourcestamps;
mod steps;
mod workers;

/// Elements as `/ws` sends them: the JSON of REST.
pub mod messages {
    pub use super::builders::message as builder;
    pub use super::buildrequests::message as build_request;
    pub use super::builds::message as build;
    pub use super::buildsets::{message as buildset, message_of_new as new_buildset};
    pub use super::changes::message as change;
    pub use super::codebases::{message as codebase, message_of_branch as branch, message_of_commit as commit};
    pub use super::estimates::message as estimate;
    pub use super::logs::message as log;
    pub use super::projects::message as project;
    pub use super::properties::message as properties;
    pub use super::schedulers::message as scheduler;
    pub use super::steps::message as step;
    pub use super::workers::message as worker;
}

use actix_web::http::Method;
use actix_web::http::header::ContentType;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};

use super::error::WebError;
use super::{WebState, query};
use crate::db::DbError;
use crate::db::views::Connection;
use crate::json::{self, json};
use paths::Endpoint;
use reply::Reply;
use result_spec::{Field, ResultSpec, SpecError};

/// A read of an endpoint.
struct Call<'request> {
    state: &'request WebState,
    parameters: Vec<(String, String)>,
}

impl Call<'_> {
    /// The query, for a collection or for a single element.
    fn spec(&self, fields: &[Field], is_single: bool) -> Result<ResultSpec, WebError> {
        let parse = if is_single { ResultSpec::parse_single } else { ResultSpec::parse };
        parse(&self.parameters, fields).map_err(WebError::from)
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Connection) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, WebError> {
        Ok(self.state.db.read(read).await?)
    }
}

/// `/api`: which versions there are.
pub async fn versions(state: Data<WebState>) -> HttpResponse {
    let url = format!("{}api/v2", state.handle.config().buildbot_url);
    let body = json!({ "api_versions": { "v2": url } });
    HttpResponse::Ok().content_type(ContentType::json()).body(json::to_string(&body))
}

/// Everything below `/api/v2`, with every method.
pub async fn any(request: HttpRequest, state: Data<WebState>, body: Bytes) -> HttpResponse {
    let mut frame = reply::Frame::new(&request);
    if let Err(error) = frame.admit(&request, &state) {
        return frame.answer(Err(error));
    }
    match *request.method() {
        Method::GET | Method::HEAD => {
            let answer = read(&request, &state).await;
            frame.answer(answer)
        }
        Method::POST => frame.finish(control::post(&request, &state, &body).await),
        Method::OPTIONS => frame.preflight(),
        _ => frame.answer(Err(WebError::BadRequest("invalid HTTP method".to_owned()))),
    }
}

async fn read(request: &HttpRequest, state: &WebState) -> Result<Reply, WebError> {
    let endpoint = endpoint(request)?;
    let parameters = query::parameters(request.uri().query().unwrap_or_default());
    let call = Call { state, parameters };
    match endpoint {
        Endpoint::RootLinks => rootlinks::get(&call),
        Endpoint::Masters(scope) => masters::get(&call, scope).await,
        Endpoint::BuildData(scope) => build_data::get(&call, scope).await,
        Endpoint::Builders(scope) => builders::get(&call, scope).await,
        Endpoint::BuildRequests(scope) => buildrequests::get(&call, scope).await,
        Endpoint::Builds(scope) => builds::get(&call, scope).await,
        Endpoint::Buildsets(scope) => buildsets::get(&call, scope).await,
        Endpoint::Changes(scope) => changes::get(&call, scope).await,
        Endpoint::ChangeSources(scope) => changesources::get(&call, scope).await,
        Endpoint::Codebases(scope) => codebases::get(&call, scope).await,
        Endpoint::Estimate(build) => estimates::get(&call, build).await,
        Endpoint::ForceSchedulers(scope) => forceschedulers::get(&call, scope).await,
        Endpoint::Logs(scope) => logs::get(&call, scope).await,
        Endpoint::LogText(log, form) => log_text::get(&call, log, form).await,
        Endpoint::Projects(scope) => projects::get(&call, scope).await,
        Endpoint::Properties(scope) => properties::get(&call, scope).await,
        Endpoint::Schedulers(scope) => schedulers::get(&call, scope).await,
        Endpoint::SourceStamps(scope) => sourcestamps::get(&call, scope).await,
        Endpoint::Steps(scope) => steps::get(&call, scope).await,
        Endpoint::Workers(scope) => workers::get(&call, scope).await,
        Endpoint::Explain(scope) => explain::get(&call, scope).await,
        Endpoint::Empty(scope) => empty::get(&call, scope),
    }
}

/// What the URL of a request names.
fn endpoint(request: &HttpRequest) -> Result<Endpoint, WebError> {
    let path = request.uri().path();
    let below = ["/api/v2", "/api/latest"].iter().find_map(|prefix| path.strip_prefix(prefix)).unwrap_or(path);
    if below.is_empty() {
        return Ok(Endpoint::RootLinks);
    }
    let below = below.strip_prefix('/').unwrap_or(below);
    let segments = query::segments(below);
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    paths::parse(&segments).ok_or_else(|| WebError::NotFound(format!("Invalid path: {below}")))
}

impl From<SpecError> for WebError {
    fn from(error: SpecError) -> Self {
        Self::BadRequest(error.to_string())
    }
}
