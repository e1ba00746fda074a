//! `logs`

use serde::Serialize;

use super::Call;
use super::elements::{Element, element};
use super::reply::Reply;
use super::result_spec::{Field, FieldKind, field};
use crate::db::views::keys::{LogKey, StepKey};
use crate::db::views::{logs, steps};
use crate::domain::Log;
use crate::json;
use crate::web::error::WebError;
use crate::web::log_reader;

const FIELDS: &[Field] = &[
    field("logid", FieldKind::Int),
    field("name", FieldKind::Text),
    field("slug", FieldKind::Text),
    field("stepid", FieldKind::Int),
    field("complete", FieldKind::Bool),
    field("num_lines", FieldKind::Int),
    field("type", FieldKind::Text),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    One(LogKey),
    OfStep(StepKey),
}

#[derive(Serialize)]
struct LogJson<'log> {
    complete: bool,
    logid: i64,
    name: &'log str,
    num_lines: i64,
    slug: &'log str,
    stepid: i64,
    r#type: &'static str,
}

fn json(log: &Log) -> LogJson<'_> {
    LogJson {
        complete: log.complete,
        logid: log.id.0,
        name: &log.name,
        num_lines: log.n_lines,
        slug: &log.slug,
        stepid: log.step_id.0,
        r#type: log.kind.letter(),
    }
}

/// As `/ws` sends it.
pub fn message(log: &Log) -> String {
    json::to_string(&json(log))
}

pub async fn get(call: &Call<'_>, scope: Scope) -> Result<Reply, WebError> {
    let is_single = matches!(scope, Scope::One(_));
    let spec = call.spec(FIELDS, is_single)?;
    let mut found = call
        .read(move |conn| match scope {
            Scope::One(key) => Ok(logs::find(conn, &key)?.into_iter().collect()),
            Scope::OfStep(StepKey::Id(id)) => logs::of_steps(conn, &[id]),
            Scope::OfStep(key) => match steps::find(conn, &key)? {
                Some(step) => logs::of_steps(conn, &[step.id.0]),
                None => Ok(Vec::new()),
            },
        })
        .await?;
    log_reader::count_lines(&call.state.db, &mut found).await?;
    let elements: Vec<Element> = found.iter().map(|log| element(&json(log))).collect();
    Reply::of("logs", spec.apply(elements), is_single)
}
