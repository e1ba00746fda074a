//! Style sheets, scripts and icons of the program, and before them the files in the master's own `public_html/`: each is
//! served at its path below that directory.

use std::path::{Component, Path, PathBuf};

use actix_files::NamedFile;
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};

use super::WebState;
use super::error::WebError;
use super::query;

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

const FILES: &[(&str, &str, &str)] = &[
    ("style.css", "text/css; charset=utf-8", include_str!("static/style.css")),
    ("live.js", JAVASCRIPT, include_str!("static/live.js")),
    ("morph.js", JAVASCRIPT, include_str!("static/morph.js")),
    ("theme.js", JAVASCRIPT, include_str!("static/theme.js")),
    ("page.js", JAVASCRIPT, include_str!("static/page.js")),
    ("details.css", "text/css; charset=utf-8", include_str!("static/details.css")),
    ("icon.svg", "image/svg+xml", include_str!("static/icon.svg")),
    ("log.css", "text/css; charset=utf-8", include_str!("static/log.css")),
    ("log.js", "text/javascript; charset=utf-8", include_str!("static/log.js")),
    ("log_view.js", "text/javascript; charset=utf-8", include_str!("static/log_view.js")),
    ("log_store.js", "text/javascript; charset=utf-8", include_str!("static/log_store.js")),
    ("log_search.js", "text/javascript; charset=utf-8", include_str!("static/log_search.js")),
];

/// A file below `/static/`.
pub async fn get(
    state: Data<WebState>,
    file: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, WebError> {
    if let Some(response) = own(&state, &request).await {
        return Ok(response);
    }
    let found = FILES.iter().find(|(name, ..)| *name == file.as_str());
    let Some((_, kind, text)) = found else {
        return Err(WebError::NotFound(format!("There is no file “{file}”.")));
    };
    let response = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, *kind))
        .insert_header((CACHE_CONTROL, "public, max-age=600"))
        .body(*text);
    Ok(response)
}

/// For every URL that is in no route: a file of the master's own, or nothing.
pub async fn or_nothing(state: Data<WebState>, request: HttpRequest) -> Result<HttpResponse, WebError> {
    if matches!(*request.method(), Method::GET | Method::HEAD)
        && let Some(response) = own(&state, &request).await
    {
        return Ok(response);
    }
    Err(WebError::NotFound(format!("There is nothing at {}.", request.uri().path())))
}

/// The master's own file at the path of a request; in a directory it is `index.html`.
async fn own(state: &WebState, request: &HttpRequest) -> Option<HttpResponse> {
    let directory = state.public_html.as_ref()?;
    let path = below(directory, request.uri().path())?;
    let opened = tokio::task::spawn_blocking(move || {
        let path = if path.is_dir() { path.join("index.html") } else { path };
        NamedFile::open(path)
    });
    let file = opened.await.ok()?.ok()?;
    Some(file.use_last_modified(true).into_response(request))
}

/// Where a URL's path leads below a directory; hidden files and ways out of it do not exist.
fn below(directory: &Path, url_path: &str) -> Option<PathBuf> {
    let mut path = directory.to_owned();
    for segment in query::segments(url_path).into_iter().filter(|segment| !segment.is_empty()) {
        let is_one_name = Path::new(&segment).components().eq([Component::Normal(segment.as_ref())]);
        if !is_one_name || segment.starts_with('.') || segment.contains(['\\', '\0']) {
            return None;
        }
        path.push(segment);
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below_the_directory() {
        let directory = Path::new("/m/public_html");
        assert_eq!(below(directory, "/static/a%20b.css"), Some(directory.join("static/a b.css")));
        for path in ["/../x", "/%2e%2e/x", "/a/%2Fetc/passwd", "/a%2F..%2F..%2Fx", "/.git/config", "/..%5cx", "/a%00"] {
            assert_eq!(below(directory, path), None, "{path}");
        }
    }
}
