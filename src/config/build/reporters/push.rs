//! `status.StatusPush` and `status.HttpStatusPush` of Buildbot 0.8.

use std::time::Duration;

use super::http;
use crate::config::build::fields::Fields;
use crate::config::build::values;
use crate::domain::Callback;
use crate::reporters::http::HttpConfig;
use crate::reporters::mail::Trust;
use crate::reporters::push::{PushConfig, PushEnd};

const FORM: &str = "application/x-www-form-urlencoded";
/// Packets that a function is called with at once.
const FOR_FUNCTIONS: usize = 200;

/// The one that posts.
pub fn to_server(fields: &Fields<'_>) -> PushConfig {
    let http = HttpConfig {
        url: http::url(fields),
        auth: None,
        headers: Vec::new(),
        signing_key: None,
        trust: Trust::System,
        identity: None,
        content: FORM,
        debug: fields.flag("debug"),
    };
    let given = fields.value("extra_post_params");
    let more = values::named(&given).filter_map(|(name, value)| Some((name, value.text()?))).collect();
    let count = |name: &str| fields.int(name).and_then(|count| usize::try_from(count).ok());
    if count("chunkSize") == Some(0) {
        fields.problem("chunkSize", "must be at least 1");
    }
    PushConfig {
        chunk: count("chunkSize").unwrap_or(FOR_FUNCTIONS),
        most_bytes: count("maxHttpRequestSize").filter(|most| *most != 0),
        most_waiting: fields.int("maxDiskItems").filter(|most| *most != 0),
        ..common(fields, PushEnd::Form { http, fields: more, pretty: fields.flag("debug") })
    }
}

/// The one that calls a function.
pub fn to_function(fields: &Fields<'_>, function: Callback) -> PushConfig {
    common(fields, PushEnd::Function(function))
}

fn common(fields: &Fields<'_>, end: PushEnd) -> PushConfig {
    PushConfig {
        end,
        chunk: FOR_FUNCTIONS,
        most_bytes: None,
        gather: fields.seconds("bufferDelay").unwrap_or(Duration::ZERO),
        // Without any pause a dead server would be asked all the time.
        retry: fields.seconds("retryDelay").unwrap_or_default().max(Duration::from_millis(100)),
        most_waiting: None,
        drops_empty: fields.flag("filter"),
        unwanted: fields.texts("blackList"),
    }
}
