//! A force form that was sent.

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Path};

use super::build_item::builder_href;
use super::builder::render;
use super::view::View;
use crate::actors::handle::{CommandError, ForceRequest};
use crate::db::views::builders;
use crate::db::views::keys::BuilderKey;
use crate::web::error::WebError;
use crate::web::force_form::{self, Filled, SCHEDULER_FIELD};
use crate::web::query;

pub async fn post(view: View, name: Path<String>, body: Bytes) -> Result<HttpResponse, WebError> {
    let body = std::str::from_utf8(&body).map_err(|_| WebError::BadRequest("the form is no text".to_owned()))?;
    let sent = query::parameters(body);
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
