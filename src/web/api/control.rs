//! What is posted: JSON-RPC 2.0 calls of methods of elements.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, ContentType};
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use super::paths::Endpoint;
use super::{buildrequests, builds, forceschedulers, schedulers, workers};
use crate::actors::handle::{CommandError, ForceRequest, Forced};
use crate::db::views::builders;
use crate::db::views::builds::find as find_build;
use crate::db::views::keys::{BuildKey, BuilderKey, WorkerKey};
use crate::db::views::workers::find as find_worker;
use crate::domain::{Build, BuildRequestId, BuilderId, SchedulerId, WorkerAction};
use crate::json::{self, Value, json};
use crate::schedulers::config::SchedulerKind;
use crate::web::WebState;
use crate::web::error::WebError;

const INVALID_REQUEST: i32 = -32600;
const UNKNOWN_METHOD: i32 = -32601;
const INVALID_PARAMETERS: i32 = -32602;
const INTERNAL: i32 = -32603;
const NO_JSON: i32 = -32700;

/// A call that was understood.
struct Rpc {
    id: Value,
    method: String,
    parameters: BTreeMap<String, Value>,
}

/// A call that came to nothing.
struct RpcError {
    status: StatusCode,
    code: i32,
    /// A text, or a map of field names to texts.
    message: Value,
}

impl RpcError {
    fn invalid(message: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: INVALID_REQUEST, message: json!(message) }
    }

    fn unsupported(method: &str) -> Self {
        let message = json!(format!("action: {method} is not supported"));
        Self { status: StatusCode::NOT_IMPLEMENTED, code: UNKNOWN_METHOD, message }
    }
}

impl From<CommandError> for RpcError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Invalid(fields) => {
                Self { status: StatusCode::BAD_REQUEST, code: INVALID_PARAMETERS, message: json!(fields) }
            }
            other => Self::from(WebError::from(other)),
        }
    }
}

impl From<WebError> for RpcError {
    fn from(error: WebError) -> Self {
        let status = error.status_code();
        match error {
            WebError::Internal(why) => {
                tracing::error!("a REST command failed: {why}");
                Self { status, code: INTERNAL, message: json!("internal error") }
            }
            WebError::Failed(why) => Self { status, code: INTERNAL, message: json!(why) },
            other => Self { status, code: INVALID_REQUEST, message: json!(other.to_string()) },
        }
    }
}

pub async fn post(request: &HttpRequest, state: &WebState, body: &[u8]) -> HttpResponse {
    let rpc = match parse(request, body) {
        Ok(rpc) => rpc,
        Err(error) => return answer(None, Err(error)),
    };
    let result = match super::endpoint(request) {
        Ok(endpoint) => call(state, endpoint, &rpc).await,
        Err(error) => Err(error.into()),
    };
    answer(Some(rpc.id), result)
}

fn parse(request: &HttpRequest, body: &[u8]) -> Result<Rpc, RpcError> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(RpcError::invalid("Invalid content-type (use application/json)"));
    }
    let body: Value = json::from_slice(body).map_err(|error| RpcError {
        status: StatusCode::BAD_REQUEST,
        code: NO_JSON,
        message: json!(format!("JSON parse error: {error}")),
    })?;
    let fields = match body {
        Value::Object(fields) => fields,
        Value::Array(_) => return Err(RpcError::invalid("JSONRPC batch requests are not supported")),
        _ => return Err(RpcError::invalid("JSONRPC root object must be an object")),
    };
    let field = |name: &str| fields.get(name).ok_or_else(|| RpcError::invalid(&format!("missing key '{name}'")));
    if field("jsonrpc")?.as_str() != Some("2.0") {
        return Err(RpcError::invalid("only JSONRPC 2.0 is supported"));
    }
    let method = field("method")?.as_str().ok_or_else(|| RpcError::invalid("'method' must be a text"))?;
    let id = field("id")?;
    if !(id.is_string() || id.is_number() || id.is_null()) {
        return Err(RpcError::invalid("'id' must be a text, a number or null"));
    }
    let parameters = field("params")?.as_object().ok_or_else(|| RpcError::invalid("'params' must be an object"))?;
    let parameters = parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(Rpc { id: id.clone(), method: method.to_owned(), parameters })
}

fn answer(id: Option<Value>, result: Result<Value, RpcError>) -> HttpResponse {
    let (status, mut body) = match result {
        Ok(result) => (StatusCode::OK, json!({ "jsonrpc": "2.0", "result": result })),
        Err(error) => {
            let body = json!({ "jsonrpc": "2.0", "error": { "code": error.code, "message": error.message } });
            (error.status, body)
        }
    };
    if let (Some(id), Value::Object(fields)) = (id, &mut body) {
        fields.insert("id".to_owned(), id);
    }
    HttpResponse::build(status).content_type(ContentType::json()).body(super::elements::text(&body, true))
}

async fn call(state: &WebState, endpoint: Endpoint, rpc: &Rpc) -> Result<Value, RpcError> {
    match endpoint {
        Endpoint::ForceSchedulers(forceschedulers::Scope::One(name)) => force(state, name, rpc).await,
        Endpoint::Builds(builds::Scope::One(key)) => build(state, key, rpc).await,
        Endpoint::BuildRequests(buildrequests::Scope::One(id)) => request(state, id, rpc).await,
        Endpoint::Workers(workers::Scope { one: Some(key), .. }) => worker(state, key, rpc).await,
        Endpoint::Schedulers(schedulers::Scope { one: Some(id), .. }) => scheduler(state, id, rpc).await,
        _ => Err(RpcError::unsupported(&rpc.method)),
    }
}

async fn worker(state: &WebState, key: WorkerKey, rpc: &Rpc) -> Result<Value, RpcError> {
    let why = rpc.parameters.get("reason").and_then(Value::as_str).map(str::to_owned);
    let action = match rpc.method.as_str() {
        "stop" => WorkerAction::Leave,
        "kill" => WorkerAction::Kill,
        "pause" => WorkerAction::Pause { reason: why },
        "unpause" => WorkerAction::Unpause,
        method => return Err(RpcError::unsupported(method)),
    };
    let worker = state.db.read(move |conn| find_worker(conn, &key)).await.map_err(WebError::from)?;
    let worker = worker.ok_or_else(|| RpcError::from(super::reply::missing("workers")))?;
    state.handle.control_worker(worker.id, action).await?;
    Ok(Value::Null)
}

async fn scheduler(state: &WebState, id: i64, rpc: &Rpc) -> Result<Value, RpcError> {
    if rpc.method != "enable" {
        return Err(RpcError::unsupported(&rpc.method));
    }
    let enabled = rpc.parameters.get("enabled").and_then(Value::as_bool);
    let enabled = enabled.ok_or_else(|| RpcError::invalid("'enabled' must be true or false"))?;
    state.handle.switch_scheduler(SchedulerId(id), enabled).await?;
    Ok(Value::Null)
}

async fn build(state: &WebState, key: BuildKey, rpc: &Rpc) -> Result<Value, RpcError> {
    let found = async {
        let build = state.db.read(move |conn| find_build(conn, &key)).await.map_err(WebError::from)?;
        build.ok_or_else(|| RpcError::from(super::reply::missing("builds")))
    };
    match rpc.method.as_str() {
        "stop" => {
            let build: Build = found.await?;
            if build.complete_at.is_none() {
                state.handle.stop_build(build.id, reason(rpc, "no reason")).await?;
            }
            Ok(Value::Null)
        }
        "rebuild" => {
            let build = found.await?;
            Ok(forced(&state.handle.rebuild(build.id).await?))
        }
        method => Err(RpcError::unsupported(method)),
    }
}

async fn request(state: &WebState, id: i64, rpc: &Rpc) -> Result<Value, RpcError> {
    match rpc.method.as_str() {
        "cancel" => {
            state.handle.cancel_request(BuildRequestId(id), reason(rpc, "no reason")).await?;
            Ok(Value::Null)
        }
        "set_priority" => {
            let priority = rpc.parameters.get("priority").and_then(Value::as_i64);
            let priority = priority.and_then(|number| i32::try_from(number).ok());
            let priority = priority.ok_or_else(|| RpcError::invalid("'priority' must be a whole number"))?;
            state.handle.set_priority(BuildRequestId(id), priority).await?;
            Ok(Value::Null)
        }
        method => Err(RpcError::unsupported(method)),
    }
}

async fn force(state: &WebState, scheduler: String, rpc: &Rpc) -> Result<Value, RpcError> {
    let config = state.handle.config();
    let is_known = |name: &str| {
        config.schedulers.iter().any(|one| one.name == name && matches!(one.kind, SchedulerKind::Force(_)))
    };
    if !is_known(&scheduler) {
        return Err(super::reply::missing("forceschedulers").into());
    }
    if rpc.method != "force" {
        // Buildbot answers an unknown method of a force scheduler so
        return Ok(Value::Null);
    }
    let builders = chosen_builders(state, &rpc.parameters).await?;
    let is_value = |name: &str| name != "builderid" && name != "builderNames";
    let values = rpc.parameters.iter().filter(|(name, _)| is_value(name));
    let values = values.map(|(name, value)| (name.clone(), json::to_property(value))).collect();
    let request = ForceRequest { scheduler, builders, values, owner: None };
    Ok(forced(&state.handle.force(request).await?))
}

/// The builders named by `builderid` or `builderNames`; none means all.
async fn chosen_builders(state: &WebState, parameters: &BTreeMap<String, Value>) -> Result<Vec<BuilderId>, RpcError> {
    let wrong =
        |field: &str, text: String| RpcError::from(CommandError::Invalid(BTreeMap::from([(field.to_owned(), text)])));
    let (field, keys) = match (parameters.get("builderid"), parameters.get("builderNames")) {
        (Some(Value::Null) | None, Some(Value::Array(names))) => {
            let names = names.iter().filter_map(Value::as_str);
            ("builderNames", names.map(|name| BuilderKey::Name(name.to_owned())).collect::<Vec<_>>())
        }
        (Some(id), _) if !id.is_null() => {
            let number = id.as_i64().or_else(|| id.as_str().and_then(|text| text.parse().ok()));
            let number = number.ok_or_else(|| wrong("builderid", "the builder's id must be a number".to_owned()))?;
            ("builderid", vec![BuilderKey::Id(number)])
        }
        _ => return Ok(Vec::new()),
    };
    let found = state
        .db
        .read(move |conn| {
            let find = |key: BuilderKey| Ok((builders::find(conn, &key)?, key));
            keys.into_iter().map(find).collect::<Result<Vec<_>, _>>()
        })
        .await
        .map_err(WebError::from)?;
    let id = |(builder, key): (Option<crate::domain::Builder>, BuilderKey)| match (builder, key) {
        (Some(builder), _) => Ok(builder.id),
        (None, BuilderKey::Id(id)) => Err(wrong(field, format!("there is no builder {id}"))),
        (None, BuilderKey::Name(name)) => Err(wrong(field, format!("there is no builder '{name}'"))),
    };
    found.into_iter().map(id).collect()
}

/// `[buildset id, {"builder id": request id}]`
fn forced(forced: &Forced) -> Value {
    let requests: BTreeMap<String, i64> =
        forced.requests.iter().map(|(builder, request)| (builder.to_string(), request.0)).collect();
    json!([forced.buildset.0, requests])
}

fn reason(rpc: &Rpc, otherwise: &str) -> String {
    rpc.parameters.get("reason").and_then(Value::as_str).unwrap_or(otherwise).to_owned()
}
