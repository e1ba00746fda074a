//! `c['revlink']`: how a link to a revision is made.

use std::sync::Arc;

use super::fields::Fields;
use super::settings::Settings;
use crate::changes::revlink::{KnownHost, Revlink, RevlinkRule};
use crate::config::script::{Object, Raw};
use crate::config::table::{REVLINKS, pattern};

/// The names of ready-made rules.
const HOSTS: [(&str, KnownHost); 4] = [
    ("GithubRevlink", KnownHost::GitHub),
    ("BitbucketRevlink", KnownHost::Bitbucket),
    ("SourceforgeGitRevlink", KnownHost::SourceForge),
    ("SourceforgeGitRevlink_AlluraPlatform", KnownHost::SourceForgeAllura),
];

pub fn revlink(settings: &Settings<'_>) -> Revlink {
    match settings.value("revlink") {
        None => Revlink::default(),
        Some(Raw::Function(callback)) => Revlink::Function(callback.clone()),
        Some(Raw::Object(object)) if REVLINKS.contains(&object.class.name) => Revlink::Rules(rules(settings, object)),
        Some(other) => {
            let message = format!("c['revlink'] must be a util.RevlinkMatch or a function, not {}", other.describe());
            settings.problem("revlink", "", message);
            Revlink::default()
        }
    }
}

fn rules(settings: &Settings<'_>, object: &Arc<Object>) -> Vec<RevlinkRule> {
    let fields = Fields::new(settings.context, object);
    if let Some((_, host)) = HOSTS.iter().find(|(name, _)| *name == object.class.name) {
        return vec![host.rule()];
    }
    match object.class.name {
        "RevlinkMultiplexer" => {
            let several = object.rest.iter().flat_map(|inner| match inner {
                Raw::Object(inner) if REVLINKS.contains(&inner.class.name) => rules(settings, inner),
                other => {
                    let message = format!("util.RevlinkMultiplexer() takes rules, not {}", other.describe());
                    settings.context.problem(object.span, message);
                    Vec::new()
                }
            });
            several.collect()
        }
        "RevlinkMatch" => rule(&fields, fields.text("revlink")).into_iter().collect(),
        "GitwebMatch" => {
            let link = format!(r"{}?p=\g<repo>;a=commit;h=%s", fields.text("revlink"));
            rule(&fields, link).into_iter().collect()
        }
        _ => KnownHost::ALL.iter().map(|host| host.rule()).collect(),
    }
}

/// The rule of an object; nothing if its patterns are wrong, which is told.
fn rule(fields: &Fields<'_>, link: String) -> Option<RevlinkRule> {
    let patterns = match fields.value("repo_urls") {
        Raw::List(items) => items.iter().filter_map(pattern).collect(),
        one => pattern(&one).into_iter().collect::<Vec<_>>(),
    };
    RevlinkRule::new(&patterns, &link).map_err(|error| fields.problem("repo_urls", &error.to_string())).ok()
}
