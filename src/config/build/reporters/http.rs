//! `reporters.HttpStatusPush`.

use super::{file, generators, old_http, trust};
use crate::config::build::fields::Fields;
use crate::config::build::values;
use crate::config::script::Raw;
use crate::reporters::config::{Formatter, FormatterSource, GeneratorConfig};
use crate::reporters::http::HttpConfig;
use crate::reporters::modes::Modes;
use crate::secrets::{Late, LateText};

pub fn http(fields: &Fields<'_>) -> HttpConfig {
    HttpConfig {
        url: url(fields),
        auth: auth(fields),
        headers: headers(fields),
        signing_key: fields.was_given("secret").then(|| fields.late_text("secret")),
        trust: trust(fields),
        identity: identity(fields),
        content: "application/json",
        debug: fields.flag("debug"),
    }
}

/// `serverUrl`.
pub fn url(fields: &Fields<'_>) -> LateText {
    let url = fields.late_text("serverUrl");
    let is_url = url.shown().starts_with("http://") || url.shown().starts_with("https://") || url.missing().is_some();
    if fields.was_given("serverUrl") && !is_url {
        fields.problem("serverUrl", "must be a URL that begins with https:// or http://");
    }
    url
}

fn auth(fields: &Fields<'_>) -> Option<(LateText, LateText)> {
    match fields.optional("auth")?.items() {
        [user, password] => {
            let text = |value: &Raw| values::late_text(fields.context, value, fields.span("auth"));
            Some((text(user), text(password)))
        }
        _ => {
            fields.problem("auth", "must be a pair: user and password");
            None
        }
    }
}

fn headers(fields: &Fields<'_>) -> Vec<(String, LateText)> {
    let is_token = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.!#$%&'*+^`|~".contains(&byte))
    };
    let mut headers = Vec::new();
    for (name, value) in values::named(&fields.value("headers")) {
        if is_token(&name) {
            headers.push((name, values::late_text(fields.context, &value, fields.span("headers"))));
        } else {
            fields.problem("headers", &format!("'{name}' is no name of a header"));
        }
    }
    headers
}

/// One file with certificate and key, or one for each.
fn identity(fields: &Fields<'_>) -> Option<(String, LateText)> {
    let paths = fields.texts("cert");
    let (chain, key) = match paths.as_slice() {
        [] => return None,
        [both] => (both, both),
        [chain, key] => (chain, key),
        _ => {
            fields.problem("cert", "must be a file, or a pair of files");
            return None;
        }
    };
    Some((file(fields, "cert", chain)?, LateText::from(file(fields, "cert", key)?)))
}

/// Those that are given, else the dictionary of each build that begins or ends.
pub fn generators(fields: &Fields<'_>) -> Vec<GeneratorConfig> {
    if old_http::is_used(fields) {
        return old_http::generators(fields);
    }
    match fields.was_given("generators") {
        true => generators::generators(fields, &fields.value("generators")),
        false => vec![generators::build(Modes::default(), true, Formatter::of(FormatterSource::Build), false)],
    }
}
