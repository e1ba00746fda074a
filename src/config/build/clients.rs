//! Accounts of clients: of change sources, try schedulers, user managers and listeners.

use std::collections::HashSet;
use std::error::Error;
use std::sync::Arc;

use super::context::Context;
use super::fields::Fields;
use super::settings::Settings;
use super::{Placed, table, values};
use crate::changes::config::{ChangeSourceConfig, ChangeSourceKind};
use crate::config::script::{Object, Raw};
use crate::config::{ClientAccount, ClientRole, ListenAddress};
use crate::schedulers::config::{SchedulerConfig, SchedulerKind, TryConfig};
use crate::secrets::LateText;

/// Classes that can stand in `c['user_managers']`.
const USER_MANAGERS: &[&str] = &["CommandlineUserManager"];

/// Every account that the file names, in the order of their logins.
pub fn accounts(
    settings: &Settings<'_>,
    sources: &[Placed<ChangeSourceConfig>],
    schedulers: &[Placed<SchedulerConfig>],
) -> Vec<ClientAccount> {
    let context = settings.context;
    let mut accounts = Vec::new();
    for source in sources {
        if let ChangeSourceKind::Pb(pb) = &source.item.kind {
            let role = ClientRole::Changes { source: source.item.name.clone(), prefix: pb.prefix.clone() };
            let listen = listen(context, &source.object);
            accounts.push(ClientAccount { listen, user: pb.user.clone(), password: pb.password.clone(), role });
        }
    }
    for scheduler in schedulers {
        if scheduler.item.kind == SchedulerKind::Try(TryConfig::Userpass) {
            accounts.extend(testers(context, &scheduler.object, &scheduler.item.name));
        }
    }
    let managers = settings.objects("user_managers", USER_MANAGERS, |context, object| {
        let fields = Fields::new(context, object);
        named(&fields, "username", ClientRole::Users)
    });
    accounts.extend(managers.into_iter().map(|placed| placed.item));
    let listeners = settings.services_of(table::LISTENER);
    accounts.extend(listeners.iter().map(|object| named(&Fields::new(context, object), "user", ClientRole::Status)));
    unique(settings, &accounts);
    accounts
}

fn named(fields: &Fields<'_>, user: &str, role: ClientRole) -> ClientAccount {
    for name in [user, "passwd"] {
        if fields.was_given(name) && fields.value(name).text().is_some_and(|text| text.is_empty()) {
            fields.problem(name, "must not be empty");
        }
    }
    let listen = listen(fields.context, fields.object);
    ClientAccount { listen, user: fields.text(user), password: fields.late_text("passwd"), role }
}

/// One account for each pair of `userpass`.
fn testers(context: &Context<'_>, object: &Arc<Object>, scheduler: &str) -> Vec<ClientAccount> {
    let listen = listen(context, object);
    let pairs = object.argument("userpass").map(Raw::items).unwrap_or_default();
    let pairs = pairs.iter().filter_map(|pair| match pair.items() {
        [user, password] => Some((user.text()?, values::late_text(context, password, object.span_of("userpass")))),
        _ => None,
    });
    let role = ClientRole::Try { scheduler: scheduler.to_owned() };
    let account = |(user, password): (String, LateText)| ClientAccount {
        listen: listen.clone(),
        user,
        password,
        role: role.clone(),
    };
    pairs.map(account).collect()
}

/// The `port` of an object; a value of the wrong type was reported with the object.
fn listen(context: &Context<'_>, object: &Object) -> Option<ListenAddress> {
    let text = match object.argument("port")? {
        Raw::Int(number) => number.to_string(),
        Raw::Text(text) => text.clone(),
        _ => return None,
    };
    let problem = |error: &dyn Error| {
        context.problem(object.span_of("port"), format!("{}(port=): {error}", object.class.full_name()));
    };
    let listen = ListenAddress::parse(&text).map_err(|error| problem(&error)).ok()?;
    if let Some(files) = &listen.tls
        && let Err(error) = context.read_certificate(files)
    {
        problem(&error);
    }
    Some(listen)
}

/// At one port a name leads to one place.
fn unique(settings: &Settings<'_>, accounts: &[ClientAccount]) {
    let mut seen = HashSet::new();
    for account in accounts {
        let port = account.listen.as_ref().map(|listen| listen.port);
        if !seen.insert((port, &account.user)) {
            let message = format!("the name '{}' is given to two kinds of clients of one port", account.user);
            settings.context.warning(settings.context.places.config, message);
        }
    }
}
