//! `buildrequests/N/explain` and `changes/N/explain`: why something did not happen. Buildbot has no such thing.

use super::Call;
use super::elements::{Element, element};
use super::reply::Reply;
use super::result_spec::{Field, FieldKind, field};
use crate::domain::{BuildRequestId, ChangeId};
use crate::json::json;
use crate::web::error::WebError;

const OF_REQUEST: &[Field] =
    &[field("buildrequestid", FieldKind::Int), field("state", FieldKind::Text), field("reasons", FieldKind::TextList)];

const OF_CHANGE: &[Field] = &[
    field("changeid", FieldKind::Int),
    field("scheduler", FieldKind::Text),
    field("state", FieldKind::Text),
    field("reason", FieldKind::Text),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    Request(i64),
    Change(i64),
}

pub async fn get(call: &Call<'_>, scope: Scope) -> Result<Reply, WebError> {
    match scope {
        Scope::Request(id) => {
            let spec = call.spec(OF_REQUEST, true)?;
            let standing = call.state.handle.explain_request(BuildRequestId(id)).await?;
            let found = json!({ "buildrequestid": id, "state": standing.state, "reasons": standing.reasons });
            Reply::of("explanations", spec.apply(vec![element(&found)]), true)
        }
        Scope::Change(id) => {
            let spec = call.spec(OF_CHANGE, false)?;
            let stances = call.state.handle.explain_change(ChangeId(id)).await?;
            let found = stances.into_iter().map(|stance| {
                element(&json!({
                    "changeid": id,
                    "scheduler": stance.scheduler,
                    "state": stance.state,
                    "reason": stance.text,
                }))
            });
            let found: Vec<Element> = found.collect();
            Ok(Reply::Many("explanations", spec.apply(found)))
        }
    }
}
