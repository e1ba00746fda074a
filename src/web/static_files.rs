//! Style sheets, scripts and the icon, compiled into the program.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};

use super::error::WebError;

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

const FILES: &[(&str, &str, &str)] = &[
    ("style.css", "text/css; charset=utf-8", include_str!("static/style.css")),
    ("live.js", JAVASCRIPT, include_str!("static/live.js")),
    ("morph.js", JAVASCRIPT, include_str!("static/morph.js")),
    ("icon.svg", "image/svg+xml", include_str!("static/icon.svg")),
];

pub async fn get(file: web::Path<String>) -> Result<HttpResponse, WebError> {
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
