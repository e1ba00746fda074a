//! `forceschedulers`: they are in the configuration; whether one is enabled is in the database.

use serde::Serialize;

use super::Call;
use super::elements::{Element, element};
use super::reply::Reply;
use super::result_spec::{Field, FieldKind, field};
use crate::actors::handle::PastBuild;
use crate::db::views::keys::BuilderKey;
use crate::db::views::{builders, builds, schedulers};
use crate::domain::Build;
use crate::json::{self, Value};
use crate::schedulers::config::{SchedulerConfig, SchedulerKind};
use crate::schedulers::describe::{Choices, describe};
use crate::web::error::WebError;

/// Builds that a form offers to inherit from.
const N_INHERITABLE: i64 = 20;

const FIELDS: &[Field] = &[
    field("name", FieldKind::Text),
    field("button_name", FieldKind::Text),
    field("label", FieldKind::Text),
    field("builder_names", FieldKind::TextList),
    field("enabled", FieldKind::Bool),
    field("all_fields", FieldKind::Other),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    All,
    One(String),
    OfBuilder(BuilderKey),
}

#[derive(Serialize)]
struct ForceSchedulerJson<'scheduler> {
    all_fields: Vec<Value>,
    builder_names: &'scheduler [String],
    button_name: &'scheduler str,
    enabled: bool,
    label: &'scheduler str,
    name: &'scheduler str,
}

fn shown<'scheduler>(
    scheduler: &'scheduler SchedulerConfig,
    enabled: bool,
    choices: &Choices,
) -> Option<ForceSchedulerJson<'scheduler>> {
    let SchedulerKind::Force(force) = &scheduler.kind else { return None };
    Some(ForceSchedulerJson {
        all_fields: describe(force, choices).iter().map(|field| json::of_property(&field.to_value())).collect(),
        builder_names: &scheduler.builder_names,
        button_name: &force.button_name,
        enabled,
        label: &force.label,
        name: &scheduler.name,
    })
}

pub async fn get(call: &Call<'_>, scope: Scope) -> Result<Reply, WebError> {
    let is_single = matches!(scope, Scope::One(_));
    let spec = call.spec(FIELDS, is_single)?;
    let key = if let Scope::OfBuilder(key) = &scope { Some(key.clone()) } else { None };
    let (known, builder, recent) = call
        .read(move |conn| {
            let builder = key.map(|key| builders::find(conn, &key)).transpose()?.flatten();
            let recent =
                builder.as_ref().map(|builder| builds::recent(conn, &[builder.id], N_INHERITABLE)).transpose()?;
            Ok((schedulers::all(conn)?, builder, recent.unwrap_or_default()))
        })
        .await?;
    let is_enabled = |name: &str| known.iter().find(|line| line.name == name).is_none_or(|line| line.enabled);
    let is_asked_for = |scheduler: &SchedulerConfig| match &scope {
        Scope::All => true,
        Scope::One(name) => scheduler.name == *name,
        Scope::OfBuilder(_) => builder.as_ref().is_some_and(|it| scheduler.builder_names.contains(&it.name)),
    };
    let config = call.state.handle.config();
    let of_builder = |build: &Build| PastBuild {
        name: format!("{}/{}", builder.as_ref().map_or("", |builder| builder.name.as_str()), build.number),
        results: build.results,
    };
    let past: Vec<PastBuild> = recent.iter().map(of_builder).collect();
    let name = builder.as_ref().map(|builder| builder.name.as_str());
    let asking = config.schedulers.iter().filter(|scheduler| is_asked_for(scheduler));
    let choices = Choices {
        workers: name.map_or_else(|| config.worker_names(), |name| config.workers_of(name)),
        compatible: call.state.handle.compatible_builds(asking, name, &past).await,
        builds: past.into_iter().map(|build| build.name).collect(),
    };
    let asked_for = config.schedulers.iter().filter(|scheduler| is_asked_for(scheduler));
    let elements: Vec<Element> = asked_for
        .filter_map(|scheduler| shown(scheduler, is_enabled(&scheduler.name), &choices))
        .map(|scheduler| element(&scheduler))
        .collect();
    Reply::of("forceschedulers", spec.apply(elements), is_single)
}
