//! Chats among `c['services']`.

use super::fields::Fields;
use super::reporters::trust;
use super::settings::Settings;
use super::values;
use crate::commands::notices::Notices;
use crate::commands::rights::{Allowed, Rights};
use crate::commands::table::{self as commands};
use crate::config::nearest;
use crate::config::script::Raw;
use crate::config::table;
use crate::reporters::config::ReporterConfig;
use crate::reporters::irc::{Channel, IrcConfig, address};

const STANDARD_PORT: i64 = 6667;

/// The chats; their names differ from those of the reporters.
pub fn chats(settings: &Settings<'_>, reporters: &[ReporterConfig]) -> Vec<IrcConfig> {
    let mut found: Vec<IrcConfig> = Vec::new();
    for class in table::CHATS {
        for object in settings.services_of(class) {
            let fields = Fields::new(settings.context, object);
            let taken = |name: &str| {
                found.iter().any(|other| other.name == name) || reporters.iter().any(|other| other.name == name)
            };
            let name = name(&fields, taken);
            found.push(irc(&fields, name));
        }
    }
    found
}

fn name(fields: &Fields<'_>, is_taken: impl Fn(&str) -> bool) -> String {
    if let Some(name) = fields.optional_text("name") {
        if name.is_empty() || is_taken(&name) {
            fields.problem("name", &format!("'{name}' is empty or the name of another reporter"));
        }
        return name;
    }
    let first = format!("IRC {} {}", fields.text("host"), fields.text("nick"));
    let numbered = (2..).map(|number: u32| format!("{first} ({number})"));
    std::iter::once(first.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(first)
}

fn irc(fields: &Fields<'_>, name: String) -> IrcConfig {
    let nick = fields.text("nick");
    if fields.was_given("nick") && !is_nick(&nick) {
        fields.problem("nick", &format!("'{nick}' is no name on IRC"));
    }
    if fields.flag("useSASL") && !fields.was_given("password") {
        fields.problem("useSASL", "needs a 'password'");
    }
    let tags = fields.optional("tags").or_else(|| fields.optional("categories"));
    IrcConfig {
        name,
        host: fields.text("host"),
        port: port(fields),
        nick,
        channels: channels(fields),
        pm_to_nicks: people(fields),
        password: fields.was_given("password").then(|| fields.late_text("password")),
        use_sasl: fields.flag("useSASL"),
        use_tls: fields.flag("useSSL"),
        trust: trust(fields),
        notify: notices(fields),
        tags: tags.map(|tags| values::texts(&tags)).filter(|tags| !tags.is_empty()),
        notice_on_channel: fields.flag("noticeOnChannel"),
        use_revisions: fields.flag("useRevisions"),
        show_blame_list: fields.flag("showBlameList"),
        use_colors: fields.flag("useColors"),
        rights: rights(fields),
        lost_delay: fields.seconds("lostDelay"),
        failed_delay: fields.seconds("failedDelay"),
    }
}

fn port(fields: &Fields<'_>) -> u16 {
    let value = fields.value("port");
    let port = match &value {
        Raw::Text(text) => text.parse().unwrap_or(0),
        _ => u16::try_from(fields.int("port").unwrap_or(STANDARD_PORT)).unwrap_or(0),
    };
    if port == 0 {
        fields.problem("port", "must be a port from 1 to 65535");
    }
    port
}

fn is_nick(nick: &str) -> bool {
    !nick.is_empty()
        && !address::is_channel(nick)
        && !nick.contains([' ', ',', ':', '@', '!', '*', '?', '.'])
        && !nick.chars().any(char::is_control)
        && !nick.starts_with(|letter: char| letter.is_ascii_digit() || letter == '-')
}

fn channels(fields: &Fields<'_>) -> Vec<Channel> {
    let mut found = Vec::new();
    for item in fields.value("channels").items() {
        let (name, key) = match item {
            Raw::Map(_) => (item.get("channel").and_then(Raw::text), item.get("password").and_then(Raw::text)),
            other => (other.text(), None),
        };
        let is_word = |text: &str| !text.contains([' ', ',', '\u{7}']) && !text.chars().any(char::is_control);
        match name.filter(|name| address::is_channel(name) && is_word(name)) {
            Some(name) if key.as_deref().is_none_or(|key| is_word(key) && !key.is_empty()) => {
                found.push(Channel { name, key });
            }
            Some(name) => fields.problem("channels", &format!("has a password for {name} that no server takes")),
            None => {
                let message = format!(
                    "must have names such as '#ci' or {{'channel': '#ci', 'password': 'x'}}, not {}",
                    item.describe()
                );
                fields.problem("channels", &message);
            }
        }
    }
    found
}

fn people(fields: &Fields<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for item in fields.value("pm_to_nicks").items() {
        match item.text().filter(|nick| is_nick(nick)) {
            Some(nick) => found.push(nick),
            None => fields.problem("pm_to_nicks", &format!("must have names, not {}", item.describe())),
        }
    }
    found
}

/// A list of events, or a dictionary of those that are told.
fn notices(fields: &Fields<'_>) -> Notices {
    let words: Vec<String> = match fields.optional("notify_events") {
        None => return Notices::default(),
        Some(Raw::Map(entries)) => {
            entries.iter().filter(|(_, wanted)| wanted.is_truthy()).filter_map(|(word, _)| word.text()).collect()
        }
        Some(Raw::Text(word)) => vec![word],
        Some(list @ Raw::List(_)) => values::texts(&list),
        Some(other) => {
            fields.problem("notify_events", &format!("must be a list or a dictionary, not {}", other.describe()));
            Vec::new()
        }
    };
    Notices::from_words(words.iter().map(String::as_str)).unwrap_or_else(|unknown| {
        fields.problem("notify_events", &unknown);
        Notices::default()
    })
}

/// `authz`, and what was said before there was one.
fn rights(fields: &Fields<'_>) -> Rights {
    let mut rights = Rights::default();
    let mut give = |names: &[&str], allowed: &Allowed| {
        let named = names.iter().map(|name| ((*name).to_owned(), allowed.clone()));
        rights.by_command.extend(named);
    };
    if let Some(allowed) = allowed(fields, "allowForce", fields.optional("allowForce")) {
        give(&["force", "stop"], &allowed);
    }
    if let Some(allowed) = allowed(fields, "allowShutdown", fields.optional("allowShutdown")) {
        give(&["shutdown"], &allowed);
    }
    let authz = fields.value("authz");
    if !matches!(authz, Raw::None | Raw::Map(_)) {
        fields.problem("authz", &format!("must be a dictionary, not {}", authz.describe()));
    }
    for (key, value) in authz.entries() {
        let Some(allowed) = allowed(fields, "authz", Some(value.clone())) else { continue };
        let names: Vec<String> = match key {
            Raw::List(names) => names.iter().filter_map(Raw::text).collect(),
            name => name.text().into_iter().collect(),
        };
        for name in names {
            match name.as_str() {
                "" => rights.harmless = Some(allowed.clone()),
                "!" => rights.dangerous = Some(allowed.clone()),
                name if commands::find(name).is_some() => rights.by_command.push((name.to_owned(), allowed.clone())),
                name => {
                    let hint = nearest::hint(name, commands::names());
                    fields.problem("authz", &format!("names a command that does not exist: '{name}'{hint}"));
                }
            }
        }
    }
    rights
}

fn allowed(fields: &Fields<'_>, name: &str, value: Option<Raw>) -> Option<Allowed> {
    Some(match value? {
        Raw::None => return None,
        Raw::Bool(true) | Raw::Int(1) => Allowed::Everybody,
        Raw::Bool(false) | Raw::Int(0) => Allowed::Nobody,
        Raw::Text(name) => Allowed::These(vec![name]),
        list @ Raw::List(_) => Allowed::These(values::texts(&list)),
        other => {
            fields.problem(name, &format!("must be True, False or a list of names, not {}", other.describe()));
            return None;
        }
    })
}
