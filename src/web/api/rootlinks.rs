//! `/api/v2` itself: the collections there are.

use super::Call;
use super::elements::{Element, element};
use super::reply::Reply;
use super::result_spec::{Field, FieldKind, field};
use crate::json::json;
use crate::web::error::WebError;

const FIELDS: &[Field] = &[field("name", FieldKind::Text)];

const COLLECTIONS: &[&str] = &[
    "builders",
    "builds",
    "buildrequests",
    "buildsets",
    "changes",
    "changesources",
    "codebases",
    "forceschedulers",
    "masters",
    "projects",
    "schedulers",
    "sourcestamps",
    "test_result_sets",
    "workers",
];

pub fn get(call: &Call<'_>) -> Result<Reply, WebError> {
    let spec = call.spec(FIELDS, false)?;
    let links: Vec<Element> = COLLECTIONS.iter().map(|name| element(&json!({ "name": name }))).collect();
    Ok(Reply::Many("rootlinks", spec.apply(links)))
}
