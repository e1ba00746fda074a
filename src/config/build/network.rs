//! Keys about the outside: ports of workers and of the web pages, the database.

use super::context::Context;
use super::fields::Fields;
use super::settings::{self, Settings};
use super::{unbuilt, values};
use crate::config::nearest;
use crate::config::script::Raw;
use crate::config::source::Span;
use crate::config::table::keys::{ACTIVE_DIALECTS, BUILT_IN_PLUGINS, INACTIVE_DIALECTS, INACTIVE_PLUGINS, WWW_KEYS};
use crate::config::table::{Kind, WEB_STATUS};
use crate::config::{ListenAddress, Protocol, ProtocolPort, WwwConfig};
use crate::db::url::{UrlError, sqlite_path};
use crate::domain::PropertyValue;
use crate::secrets::{LateOptions, LateText};

const PROTOCOLS: [(&str, Protocol); 2] = [("pb", Protocol::Pb), ("msgpack_experimental_v7", Protocol::Msgpack)];
const DEFAULT_DB: &str = "sqlite:///state.sqlite";

/// `c['protocols']`, or the old `c['slavePortnum']`.
pub fn protocols(settings: &Settings<'_>) -> Vec<ProtocolPort> {
    if settings.is_old("protocols") {
        let Some(value) = settings.value("protocols") else { return Vec::new() };
        let listen = port(settings, ("protocols", ""), "c['slavePortnum']", value);
        return listen.map(|listen| ProtocolPort { protocol: Protocol::Pb, listen }).into_iter().collect();
    }
    let mut ports = Vec::new();
    for (name, options) in settings.map("protocols").into_iter().flat_map(values::named) {
        let Some((_, protocol)) = PROTOCOLS.iter().find(|(known, _)| *known == name) else {
            let hint = nearest::hint(&name, PROTOCOLS.iter().map(|(known, _)| *known));
            settings.problem("protocols", &name, format!("there is no protocol '{name}'{hint}"));
            continue;
        };
        if !matches!(options, Raw::Map(_)) {
            let what = options.describe();
            settings.problem("protocols", &name, format!("c['protocols']['{name}'] must be a dictionary, not {what}"));
            continue;
        }
        for (key, _) in values::named(&options).filter(|(key, _)| key != "port") {
            let path = format!("{name}/{key}");
            settings.problem("protocols", &path, format!("c['protocols']['{name}'] has no option '{key}'"));
        }
        let path = format!("{name}/port");
        let what = format!("c['protocols']['{name}']['port']");
        let given = match options.get("port") {
            Some(Raw::List(several)) => several.clone(),
            Some(one) => vec![one.clone()],
            None => {
                settings.problem("protocols", &name, format!("c['protocols']['{name}'] needs a 'port'"));
                Vec::new()
            }
        };
        let listen = given.iter().filter_map(|value| port(settings, ("protocols", &path), &what, value));
        ports.extend(listen.map(|listen| ProtocolPort { protocol: *protocol, listen }));
    }
    ports
}

fn port(settings: &Settings<'_>, (key, path): (&str, &str), what: &str, value: &Raw) -> Option<ListenAddress> {
    let text = match value {
        Raw::Int(number) => number.to_string(),
        Raw::Text(text) => text.clone(),
        other => {
            let message = format!("{what} must be a number or an endpoint string, not {}", other.describe());
            settings.problem(key, path, message);
            return None;
        }
    };
    let address = match ListenAddress::parse(&text) {
        Ok(address) => address,
        Err(error) => {
            settings.problem(key, path, format!("{what}: {error}"));
            return None;
        }
    };
    if let Some(files) = &address.tls
        && let Err(error) = settings.context.read_certificate(files)
    {
        settings.problem(key, path, format!("{what}: {error}"));
    }
    Some(address)
}

/// `c['www']`.
pub fn www(settings: &Settings<'_>) -> Option<WwwConfig> {
    let mut www = WwwConfig {
        listen: None,
        plugins: PropertyValue::Map(Default::default()),
        change_hook_dialects: Vec::new(),
        allowed_origins: Vec::new(),
    };
    let Some(value) = settings.map("www") else {
        let old = settings.services_of(WEB_STATUS);
        return old.first().map(|object| web_status(&Fields::new(settings.context, object), www));
    };
    for (name, item) in values::named(value) {
        let span = settings.span("www", &name);
        let supported = settings::supported(settings.context, WWW_KEYS, ("c['www']", &name), (span, &item));
        match supported {
            Some("port") if !matches!(item, Raw::None) => {
                www.listen = port(settings, ("www", "port"), "c['www']['port']", &item);
            }
            Some("plugins") => www.plugins = plugins(settings, &item),
            Some("change_hook_dialects") => www.change_hook_dialects = dialects(settings, &item),
            Some("allowed_origins") => www.allowed_origins = values::texts(&item),
            _ => {}
        }
    }
    Some(www)
}

/// The web pages as Buildbot 0.8 had them in `c['status']`.
fn web_status(fields: &Fields<'_>, mut www: WwwConfig) -> WwwConfig {
    let port = fields.optional("http_port").and_then(|port| port.to_plain());
    www.listen = port.and_then(|port| match ListenAddress::parse(&port.to_string()) {
        Ok(address) => {
            let read = address.tls.as_ref().map_or(Ok(()), |files| fields.context.read_certificate(files));
            read.map_err(|error| fields.problem("http_port", &error.to_string())).ok().map(|()| address)
        }
        Err(error) => {
            fields.problem("http_port", &error.to_string());
            None
        }
    });
    www.change_hook_dialects =
        active_dialects(fields.context, &fields.value("change_hook_dialects"), |_| fields.span("change_hook_dialects"));
    www
}

fn plugins(settings: &Settings<'_>, value: &Raw) -> PropertyValue {
    for (name, _) in values::named(value).filter(|(name, _)| INACTIVE_PLUGINS.contains(&name.as_str())) {
        settings.context.no_effect_yet(format!("c['www']['plugins']['{name}']"));
    }
    let known = || INACTIVE_PLUGINS.iter().chain(BUILT_IN_PLUGINS).copied();
    for (name, _) in values::named(value).filter(|(name, _)| known().all(|known| known != name)) {
        let message = format!("there are no pages '{name}'{}", nearest::hint(&name, known()));
        settings.context.warning(settings.span("www", &format!("plugins/{name}")), message);
    }
    match (value, value.to_plain()) {
        (Raw::Map(_), Some(plain)) => plain,
        _ => {
            let message = "c['www']['plugins'] must be a dictionary of names to plain options";
            settings.problem("www", "plugins", message);
            PropertyValue::Null
        }
    }
}

/// Hooks that exist; the others are noted as without effect.
fn dialects(settings: &Settings<'_>, value: &Raw) -> Vec<(String, LateOptions)> {
    if !matches!(value, Raw::Map(_)) {
        let message = format!("c['www']['change_hook_dialects'] must be a dictionary, not {}", value.describe());
        settings.problem("www", "change_hook_dialects", message);
    }
    let span_of = |name: &str| settings.span("www", &format!("change_hook_dialects/{name}"));
    active_dialects(settings.context, value, span_of)
}

fn active_dialects(context: &Context<'_>, value: &Raw, span_of: impl Fn(&str) -> Span) -> Vec<(String, LateOptions)> {
    let mut active = Vec::new();
    for (name, options) in
        values::named(value).filter(|(_, options)| options.is_truthy() || matches!(options, Raw::Map(_)))
    {
        if options.get("custom_class").is_some() {
            let message = format!(
                "c['www']['change_hook_dialects']['{name}'] has a class of its own, which cannot run here; let a program \
                 of yours send what it makes of the request to /change_hook/base"
            );
            context.problem(span_of(&name), message);
        } else if ACTIVE_DIALECTS.contains(&name.as_str()) {
            let place = context.place(span_of(&name));
            let options = match Kind::Renderable.problem(&options) {
                None => LateOptions::new(values::renderable(context, &options), place),
                Some(_) => LateOptions::from(PropertyValue::Bool(true)),
            };
            active.push((name, options));
        } else if INACTIVE_DIALECTS.contains(&name.as_str()) {
            context.no_effect_yet(format!("c['www']['change_hook_dialects']['{name}']"));
        } else {
            let hint = nearest::hint(&name, ACTIVE_DIALECTS.iter().chain(INACTIVE_DIALECTS).copied());
            context.warning(span_of(&name), format!("there is no hook '{name}'{hint}, and requests to it are refused"));
        }
    }
    active
}

/// `c['db']['db_url']`, or the old `c['db_url']`.
pub fn db_url(settings: &Settings<'_>) -> LateText {
    let (key, path, what) = match settings.value("db") {
        Some(_) => ("db", "db_url", "c['db']['db_url']"),
        None => ("db_url", "", "c['db_url']"),
    };
    let given = match key {
        "db" => settings.map("db").and_then(|db| db.get("db_url")),
        _ => settings.value("db_url"),
    };
    let Some(given) = given else { return LateText::from(DEFAULT_DB) };
    if let Some(problem) = Kind::RenderableText.problem(given) {
        settings.problem(key, path, format!("{what} {problem}"));
        return LateText::from(DEFAULT_DB);
    }
    if let Raw::Text(url) = given {
        match sqlite_path(url, settings.context.base_dir()) {
            Ok(_) => {}
            Err(UrlError::NotAvailable(dialect)) => {
                let what = format!("a {dialect} database in {what}");
                let message = unbuilt::message(&what, "use 'sqlite:///state.sqlite'");
                settings.context.not_available(settings.span(key, path), message);
            }
            Err(error) => settings.problem(key, path, format!("{what}: {error}")),
        }
    }
    values::late_text(settings.context, given, settings.span(key, path))
}
