//! A force form that was sent.

use actix_multipart::Multipart;
use actix_web::web::{Bytes, Path};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use futures_util::{TryStreamExt, stream};

use super::build_item::builder_href;
use super::builder::render;
use super::view::View;
use crate::actors::handle::{CommandError, ForceRequest};
use crate::db::views::builders;
use crate::db::views::keys::BuilderKey;
use crate::web::error::WebError;
use crate::web::force_form::{self, Filled, SCHEDULER_FIELD};
use crate::web::query;

pub async fn post(view: View, name: Path<String>, request: HttpRequest, body: Bytes) -> Result<HttpResponse, WebError> {
    let sent = read(&request, body).await?;
    let scheduler = sent.iter().find(|(field, _)| field == SCHEDULER_FIELD).map(|(_, scheduler)| scheduler);
    let config = view.handle.config();
    let scheduler = config
        .schedulers
        .iter()
        .find(|one| Some(&one.name) == scheduler)
        .ok_or_else(|| WebError::NotFound("There is no such force scheduler any more.".to_owned()))?;
    let key = BuilderKey::parse(&name);
    let builder = view.db.read(move |conn| builders::find(conn, &key)).await?;
    let builder = builder.ok_or_else(|| WebError::NotFound(format!("There is no builder “{name}”.")))?;
    let values = force_form::read(scheduler, &sent);
    let request = ForceRequest {
        scheduler: scheduler.name.clone(),
        builders: vec![builder.id],
        values: values.clone(),
        owner: None,
    };
    match view.handle.force(request).await {
        Ok(_) => Ok(view.redirect(&format!("{}#waiting", builder_href(&builder.name, builder.id.0)))),
        Err(CommandError::Invalid(errors)) => {
            let filled = Filled { scheduler: scheduler.name.clone(), values, errors };
            render(&view, &name, None, Some(&filled)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The fields as they were sent: a form with a file comes in parts.
async fn read(request: &HttpRequest, body: Bytes) -> Result<Vec<(String, String)>, WebError> {
    if !request.content_type().eq_ignore_ascii_case("multipart/form-data") {
        let body = std::str::from_utf8(&body).map_err(|_| not_text("the form"))?;
        return Ok(query::parameters(body));
    }
    let mut parts = Multipart::new(request.headers(), stream::iter([Ok(body)]));
    let mut sent = Vec::new();
    while let Some(part) = parts.try_next().await.map_err(not_a_form)? {
        let name = part.name().unwrap_or_default().to_owned();
        let pieces: Vec<Bytes> = part.try_collect().await.map_err(not_a_form)?;
        let text = String::from_utf8(pieces.concat()).map_err(|_| not_text(&name))?;
        sent.push((name, text));
    }
    Ok(sent)
}

fn not_a_form(error: actix_multipart::MultipartError) -> WebError {
    WebError::BadRequest(format!("the form cannot be read: {error}"))
}

fn not_text(what: &str) -> WebError {
    WebError::BadRequest(format!("{what} is no text in UTF-8"))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    async fn sent(kind: &str, body: &'static [u8]) -> Result<Vec<(String, String)>, String> {
        let request = TestRequest::post().insert_header(("content-type", kind)).to_http_request();
        read(&request, Bytes::from_static(body)).await.map_err(|error| error.to_string())
    }

    #[actix_web::test]
    async fn a_form_with_a_file_comes_in_parts() {
        let body = b"--xx\r\nContent-Disposition: form-data; name=\"reason\"\r\n\r\nwhy not\r\n\
            --xx\r\nContent-Disposition: form-data; name=\"patch_body\"; filename=\"a.diff\"\r\n\
            Content-Type: text/plain\r\n\r\n--- a\n+++ b\n\r\n--xx--\r\n";
        let sent = sent("multipart/form-data; boundary=xx", body).await.unwrap();
        let named = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(sent, [named("reason", "why not"), named("patch_body", "--- a\n+++ b\n")]);
    }

    #[actix_web::test]
    async fn a_form_without_a_file_comes_in_one_line() {
        let sent = sent("application/x-www-form-urlencoded", b"a=1&b=x+y").await.unwrap();
        assert_eq!(sent, [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "x y".to_owned())]);
    }

    #[actix_web::test]
    async fn what_is_no_form_is_refused() {
        let part = b"--xx\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n\xff\r\n--xx--\r\n";
        let error = sent("multipart/form-data; boundary=xx", part).await.unwrap_err();
        assert!(error.contains("f is no text in UTF-8"), "{error}");
        assert!(sent("multipart/form-data; boundary=xx", b"--xx\r\n").await.is_err());
        assert!(sent("multipart/form-data", b"").await.is_err());
    }
}
