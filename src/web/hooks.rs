//! `/change_hook/<dialect>`: forges tell of new commits.

use actix_web::http::Method;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::{WebState, query};
use crate::actors::handle::CommandError;
use crate::changes::hooks;
use crate::domain::NewChange;

/// `/change_hook`: the dialect without a name.
pub async fn base(request: HttpRequest, state: Data<WebState>, body: Bytes) -> HttpResponse {
    receive(&request, &state, "base", &body).await
}

pub async fn dialect(request: HttpRequest, state: Data<WebState>, name: Path<String>, body: Bytes) -> HttpResponse {
    let name = if name.is_empty() { "base" } else { name.as_str() };
    receive(&request, &state, name, &body).await
}

async fn receive(request: &HttpRequest, state: &WebState, dialect: &str, body: &[u8]) -> HttpResponse {
    if !matches!(*request.method(), Method::POST | Method::GET) {
        return HttpResponse::MethodNotAllowed().finish();
    }
    let config = state.handle.config();
    let mut dialects = config.www.iter().flat_map(|www| &www.change_hook_dialects);
    if !dialects.any(|(name, _)| name == dialect) {
        return refused(format!("The dialect specified, '{dialect}', wasn't whitelisted in change_hook"));
    }
    let Ok(body) = std::str::from_utf8(body) else { return refused("the form is no text".to_owned()) };
    // in the body, or in the URL as some scripts do
    let mut form = query::parameters(body);
    form.extend(query::parameters(request.uri().query().unwrap_or_default()));
    match hooks::find(dialect).and_then(|dialect| hooks::read_form(dialect, &form)) {
        Ok(changes) => store(state, dialect, changes).await,
        Err(error) => refused(error.to_string()),
    }
}

async fn store(state: &WebState, dialect: &str, changes: Vec<NewChange>) -> HttpResponse {
    let text = match changes.len() {
        0 => return answered("no change found".to_owned()),
        n_changes => format!("{n_changes} change found"),
    };
    match state.handle.add_changes(&format!("hook:{dialect}"), changes).await {
        Ok(_) => answered(text),
        Err(CommandError::Overloaded) => HttpResponse::ServiceUnavailable().finish(),
        Err(error) => {
            tracing::error!(hook.dialect = dialect, "changes of a hook were not stored: {error}");
            HttpResponse::InternalServerError().body("Error processing changes.")
        }
    }
}

fn answered(text: String) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text)
}

fn refused(text: String) -> HttpResponse {
    HttpResponse::BadRequest().content_type("text/plain; charset=utf-8").body(text)
}
