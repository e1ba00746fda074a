//! Questions about the master as a whole, its workers and change sources; others go to who knows of their heading.

use std::fmt::Debug;

use buildbot::changes::config::{BranchChoice, ChangeSourceConfig, ChangeSourceKind, ChangeText, GitPollerConfig};
use buildbot::changes::revlink::Revlink;
use buildbot::config::{ListenAddress, MasterConfig, Protocol, WorkerConfig};
use buildbot::domain::{PropertyValue, ScriptValue};
use buildbot::secrets::LateText;

use crate::sheet::{Heading, Question};
use crate::values::{Answer, dictionary, find, list, lock, number, option, seconds, unknown};
use crate::{builders, calls, given, reporters, schedulers};

pub fn answer(config: &MasterConfig, headings: &[Heading], question: &Question) -> Answer {
    let Some(heading) = headings.first() else { return of_master(config, question) };
    let name = heading.name.as_str();
    match heading.kind.as_str() {
        "builder" => builders::answer(find(&config.builders, name, |it| it.name.clone())?, headings.get(1), question),
        "scheduler" => {
            schedulers::answer(find(&config.schedulers, name, |it| it.name.clone())?, headings.get(1), question)
        }
        "worker" => of_worker(find(&config.workers, name, |it| it.name.clone())?, question),
        "source" => of_source(find(&config.change_sources, name, |it| it.name.clone())?, question),
        "reporter" => {
            reporters::answer(find(&config.reporters, name, |it| it.name.clone())?, headings.get(1), question)
        }
        "canceller" => schedulers::of_canceller(find(&config.cancellers, name, |it| it.name.clone())?, question),
        other => Err(format!("there is no heading {other:?}")),
    }
}

pub fn text(late: &LateText) -> PropertyValue {
    late.shown().into()
}

fn port(address: &ListenAddress) -> String {
    let interface = address.interface.as_ref().map(|interface| format!(" {interface}"));
    let tls = if address.tls.is_some() { " tls" } else { "" };
    format!("{}{}{tls}", address.port, interface.unwrap_or_default())
}

fn of_master(config: &MasterConfig, question: &Question) -> Answer {
    Ok(match question.name.as_str() {
        "title" => config.title.as_str().into(),
        "titleURL" => config.title_url.as_str().into(),
        "buildbotURL" => config.buildbot_url.as_str().into(),
        "workers" => list(config.workers.iter().map(|it| it.name.as_str())),
        "builders" => list(config.builders.iter().map(|it| it.name.as_str())),
        "n_builders" => number(config.builders.len()),
        "n_schedulers" => number(config.schedulers.len()),
        "schedulers" => list(config.schedulers.iter().map(|it| it.name.as_str())),
        "sources" => list(config.change_sources.iter().map(|it| it.name.as_str())),
        "reporters" => list(config.reporters.iter().map(|it| it.name.as_str())),
        "cancellers" => list(config.cancellers.iter().map(|it| it.name.as_str())),
        "projects" => list(config.projects.iter().map(|it| it.name.as_str())),
        "codebases" => list(config.codebases.iter().map(|it| format!("{}/{}", it.project, it.name))),
        "clients" => list(config.clients.iter().map(|it| it.user.as_str())),
        "files" => list(config.files.iter().map(|it| it.name.as_str())),
        "ports" => list(config.protocols.iter().map(|it| {
            let protocol = if it.protocol == Protocol::Pb { "pb" } else { "msgpack" };
            format!("{protocol} {}", port(&it.listen))
        })),
        "db_url" => text(&config.db_url),
        "properties" => dictionary(&config.properties),
        "debug_secrets" => format!("{:?}", config.secrets).into(),
        "providers" => list(config.secrets.providers.iter().map(provider)),
        _ => return of_functions(config, question),
    })
}

/// `Files`, `Vault`.
fn provider(provider: &impl Debug) -> String {
    let shown = format!("{provider:?}");
    shown.split('(').next().unwrap_or_default().to_owned()
}

fn of_functions(config: &MasterConfig, question: &Question) -> Answer {
    let builders = || question.plain.iter().map(|name| given::builder(&name.to_string())).collect();
    let function = |function: &Option<buildbot::domain::Callback>| function.clone().ok_or("there is no function");
    match question.name.as_str() {
        "collapseRequests" => builders::collapse(Some(&config.collapse_requests), "any", question),
        "prioritizeBuilders" => {
            let ordered = function(&config.prioritize_builders)?;
            calls::call(&ordered, &[given::object(&[]), ScriptValue::List(builders())])
        }
        "codebaseGenerator" => {
            let facts = PropertyValue::Map(question.named.clone());
            calls::call(&function(&config.codebase_generator)?, &[ScriptValue::Data(facts)])
        }
        "revlink" => revlink(config, question),
        _ => of_limits(config, question),
    }
}

/// `revlink REVISION REPOSITORY`.
fn revlink(config: &MasterConfig, question: &Question) -> Answer {
    let [revision, repository] = question.plain.as_slice() else { return Err("revision and repository".to_owned()) };
    match &config.revlink {
        Revlink::Function(function) => calls::call_plain(function, question),
        Revlink::Rules(rules) => {
            let (revision, repository) = (revision.to_string(), repository.to_string());
            Ok(option(rules.iter().find_map(|rule| rule.link(&revision, &repository))))
        }
    }
}

fn of_limits(config: &MasterConfig, question: &Question) -> Answer {
    let lifetime = &config.lifetime;
    Ok(match question.name.as_str() {
        "logMaxSize" => config.logs.max_bytes.map_or(PropertyValue::Null, number),
        "logMaxTailSize" => config.logs.max_tail_bytes.map_or(PropertyValue::Null, number),
        "changeHorizon" => lifetime.changes.map_or(PropertyValue::Null, number),
        "buildHorizon" => lifetime.horizons.builds.map_or(PropertyValue::Null, number),
        "logHorizon" => lifetime.horizons.logs.map_or(PropertyValue::Null, number),
        "janitor" => match &lifetime.janitor {
            Some(janitor) => list([seconds(janitor.log_age), seconds(janitor.data_age)]),
            None => PropertyValue::Null,
        },
        "janitor_due" => match &lifetime.janitor {
            Some(janitor) => schedulers::due(&janitor.at, question)?,
            None => PropertyValue::Null,
        },
        _ => return of_www(config, question),
    })
}

fn of_www(config: &MasterConfig, question: &Question) -> Answer {
    let Some(www) = &config.www else { return Err("there are no pages".to_owned()) };
    Ok(match question.name.as_str() {
        "www" => option(www.listen.as_ref().map(port)),
        "plugins" => match &www.plugins {
            PropertyValue::Map(plugins) => list(plugins.keys().map(String::as_str)),
            other => other.clone(),
        },
        "hooks" => list(www.change_hook_dialects.iter().map(|(name, _)| name.as_str())),
        "hook" => {
            let name = question.plain.first().map(ToString::to_string).unwrap_or_default();
            let (_, options) = find(&www.change_hook_dialects, &name, |(name, _)| name.clone())?;
            options.expose().cloned().unwrap_or_default()
        }
        "origins" => list(www.allowed_origins.iter().map(String::as_str)),
        other => return Err(unknown("the master", other)),
    })
}

fn of_worker(worker: &WorkerConfig, question: &Question) -> Answer {
    Ok(match question.name.as_str() {
        "password" => text(&worker.password),
        "max_builds" => worker.max_builds.map_or(PropertyValue::Null, number),
        "properties" => dictionary(&worker.properties),
        "defaultProperties" => dictionary(&worker.default_properties),
        "locks" => list(worker.locks.iter().map(lock)),
        "keepalive_interval" => seconds(Some(worker.keepalive_interval)),
        "notify_on_missing" => list(worker.notify_on_missing.iter().map(String::as_str)),
        "missing_timeout" => seconds(worker.missing_timeout),
        other => return Err(unknown("a worker", other)),
    })
}

fn of_source(source: &ChangeSourceConfig, question: &Question) -> Answer {
    match &source.kind {
        ChangeSourceKind::Git(poller) => of_poller(poller, question),
        ChangeSourceKind::Pb(port) => Ok(match question.name.as_str() {
            "class" => "PBChangeSource".into(),
            "user" => port.user.as_str().into(),
            "password" => text(&port.password),
            "prefix" => option(port.prefix.clone()),
            other => return Err(unknown("a port for changes", other)),
        }),
    }
}

fn of_poller(poller: &GitPollerConfig, question: &Question) -> Answer {
    Ok(match question.name.as_str() {
        "class" => "GitPoller".into(),
        "repourl" => text(&poller.repourl),
        "branches" => match &poller.branches {
            BranchChoice::Default => "the default".into(),
            BranchChoice::All => "all".into(),
            BranchChoice::Named(names) => list(names.iter().map(String::as_str)),
            BranchChoice::Function(function) => return calls::call_plain(function, question),
        },
        "workdir" => option(poller.workdir.clone()),
        "pollInterval" => seconds(Some(poller.poll_interval)),
        "pollRandomDelay" => {
            list([seconds(Some(poller.poll_random_delay_min)), seconds(Some(poller.poll_random_delay_max))])
        }
        "pollAtLaunch" => poller.poll_at_launch.into(),
        "buildPushesWithNoCommits" => poller.build_pushes_with_no_commits.into(),
        "only_tags" => poller.only_tags.into(),
        "usetimestamps" => poller.use_timestamps.into(),
        "project" => return change_text(poller.project.as_ref(), question),
        "category" => return change_text(poller.category.as_ref(), question),
        "codebase" => option(poller.codebase.clone().map(|(project, name)| format!("{project}/{name}"))),
        other => return Err(unknown("a poller", other)),
    })
}

fn change_text(text: Option<&ChangeText>, question: &Question) -> Answer {
    match text {
        None => Ok(PropertyValue::Null),
        Some(ChangeText::Fixed(text)) => Ok(text.as_str().into()),
        Some(ChangeText::Function(function)) => {
            calls::call(function, &[ScriptValue::Data(PropertyValue::Map(question.named.clone()))])
        }
    }
}
