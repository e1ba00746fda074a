//! `properties` of builds and buildsets: one map, or a list.

use serde::Serialize;

use super::Call;
use super::elements::{Element, Elements, element};
use super::reply::{Reply, missing};
use super::result_spec::{Field, FieldKind, field};
use crate::db::views::keys::BuildKey;
use crate::db::views::{builds, buildsets, changes, properties};
use crate::domain::{BuildsetId, ChangeId, Properties, Property};
use crate::json;
use crate::web::error::WebError;

const LIST_FIELDS: &[Field] =
    &[field("name", FieldKind::Text), field("source", FieldKind::Text), field("value", FieldKind::Text)];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    OfBuild(BuildKey),
    OfBuildset(i64),
    ListOfBuild(BuildKey),
    ListOfBuildset(i64),
    ListOfChange(i64),
}

#[derive(Serialize)]
struct PropertyJson<'property> {
    name: &'property str,
    source: &'property str,
    /// The value as JSON text.
    value: String,
}

/// As `/ws` sends them: all of a build.
pub fn message(found: &Properties) -> String {
    json::to_string(&map(found))
}

pub async fn get(call: &Call<'_>, scope: Scope) -> Result<Reply, WebError> {
    let is_single = matches!(scope, Scope::OfBuild(_) | Scope::OfBuildset(_));
    let spec = call.spec(if is_single { &[] } else { LIST_FIELDS }, is_single)?;
    let found = call
        .read(move |conn| match scope {
            Scope::OfBuild(key) | Scope::ListOfBuild(key) => {
                let build = builds::find(conn, &key)?;
                build.map(|build| properties::of_build(conn, build.id)).transpose()
            }
            Scope::OfBuildset(id) | Scope::ListOfBuildset(id) => {
                let buildset = buildsets::find(conn, BuildsetId(id))?;
                buildset.map(|buildset| properties::of_buildset(conn, buildset.id)).transpose()
            }
            Scope::ListOfChange(id) => Ok(changes::find(conn, ChangeId(id))?.map(|change| change.properties)),
        })
        .await?;
    let found = found.ok_or_else(|| missing("properties"))?;
    if is_single {
        return Reply::of("properties", Elements { elements: vec![map(&found)], total: 1 }, true);
    }
    Ok(Reply::Many("_properties", spec.apply(list(&found))))
}

fn map(found: &Properties) -> Element {
    let pair = |(name, property): (&str, &Property)| {
        (name.to_owned(), json::json!([json::of_property(&property.value), property.source]))
    };
    found.iter().map(pair).collect()
}

fn list(found: &Properties) -> Vec<Element> {
    let one = |(name, property): (&str, &Property)| {
        let value = json::to_string(&json::of_property(&property.value));
        element(&PropertyJson { name, source: &property.source, value })
    };
    found.iter().map(one).collect()
}
