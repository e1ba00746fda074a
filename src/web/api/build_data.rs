//! `build_data`: what steps have left with a build.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, ContentType};
use serde::Serialize;

use super::Call;
use super::elements::element;
use super::reply::{Reply, missing};
use super::result_spec::{Field, FieldKind, field};
use crate::db::views::keys::BuildKey;
use crate::db::views::{build_data, builds};
use crate::domain::BuildId;
use crate::web::error::WebError;

const PLURAL: &str = "build_data";
const FIELDS: &[Field] = &[
    field("buildid", FieldKind::Int),
    field("name", FieldKind::Text),
    field("length", FieldKind::Int),
    field("source", FieldKind::Text),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    OfBuild(BuildKey),
    One(BuildKey, String),
    Value(BuildKey, String),
}

#[derive(Serialize)]
struct DatumJson {
    buildid: i64,
    name: String,
    length: i64,
    source: String,
}

pub async fn get(call: &Call<'_>, scope: Scope) -> Result<Reply, WebError> {
    match scope {
        Scope::OfBuild(build) => list(call, build, None).await,
        Scope::One(build, name) => list(call, build, Some(name)).await,
        Scope::Value(build, name) => value(call, build, name).await,
    }
}

async fn list(call: &Call<'_>, key: BuildKey, name: Option<String>) -> Result<Reply, WebError> {
    let is_single = name.is_some();
    let spec = call.spec(FIELDS, is_single)?;
    let found = call
        .read(move |conn| {
            let Some(build) = builds::find(conn, &key)? else { return Ok(Vec::new()) };
            let data = build_data::of_build(conn, build.id)?.into_iter();
            let data = data.filter(|datum| name.as_ref().is_none_or(|name| *name == datum.name));
            Ok(data.map(|datum| (build.id, datum)).collect())
        })
        .await?;
    let json = |(build, datum): (BuildId, build_data::BuildDatum)| {
        let build_data::BuildDatum { name, length, source } = datum;
        element(&DatumJson { buildid: build.0, name, length, source })
    };
    Reply::of(PLURAL, spec.apply(found.into_iter().map(json).collect()), is_single)
}

/// The value is of any form, so a browser is not to show it.
async fn value(call: &Call<'_>, key: BuildKey, name: String) -> Result<Reply, WebError> {
    let safe = |letter: char| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '_' };
    let file_name: String = name.chars().map(safe).collect();
    let found = call
        .read(move |conn| match builds::find(conn, &key)? {
            Some(build) => build_data::value(conn, build.id, &name),
            None => Ok(None),
        })
        .await?;
    let value = found.ok_or_else(|| missing(PLURAL))?;
    let mut response = HttpResponse::Ok();
    response.content_type(ContentType::octet_stream());
    response.insert_header((CONTENT_DISPOSITION, format!("attachment; filename={file_name}")));
    Ok(Reply::Raw(response.body(value)))
}
