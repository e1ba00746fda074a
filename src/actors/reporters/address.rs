//! Mails: who gets one, and its bytes.

use std::error::Error;

use tracing::{info, warn};

use super::produce::Task;
use crate::actors::scripts::CallFunction;
use crate::db::DbError;
use crate::db::transitions::NewDelivery;
use crate::db::views::reporters;
use crate::domain::{Properties, PropertyValue, Renderable, ScriptValue};
use crate::reporters::mail::{
    Addressed, Draft, Lookup, MailConfig, MessageNames, address_in, addressed, compose, through_domain,
};
use crate::reporters::message::Report;
use crate::steps::render::{render_afterwards, text_of};

/// The mail of a report; none if nobody is to get it.
pub async fn mail(task: &Task<'_>, config: &MailConfig, report: &Report) -> Result<Vec<NewDelivery>, DbError> {
    let lines = match &report.recipients {
        Some(recipients) => Addressed::directly(recipients),
        None => addressed(config, &addresses(task, config, &report.users).await?),
    };
    let recipients = lines.envelope();
    if recipients.is_empty() {
        return Ok(Vec::new());
    }
    let extra_headers = extra_headers(config.extra_headers.clone(), report.properties.clone()).await;
    let subject = task.subject(report);
    let draft = Draft {
        from: &config.from,
        addressed: &lines,
        subject: &subject,
        report,
        extra_headers: &extra_headers,
        names: &names(task, report),
        now: task.event.at,
    };
    let body = match compose(&draft) {
        Ok(body) => body,
        Err(error) => {
            warn!(error = &error as &dyn Error, reporter = task.config.name, "a mail could not be made");
            return Ok(Vec::new());
        }
    };
    if config.dump_to_log {
        info!(reporter = task.config.name, ?recipients, mail = %String::from_utf8_lossy(&body), "a mail to be sent");
    }
    Ok(vec![task.delivery(subject, recipients, body)])
}

/// The addresses of users whom the configuration or what is stored of them leads to.
async fn addresses(task: &Task<'_>, config: &MailConfig, users: &[String]) -> Result<Vec<String>, DbError> {
    if !config.to_interested_users {
        return Ok(Vec::new());
    }
    let mut found = Vec::with_capacity(users.len());
    for user in users {
        let address = match &config.lookup {
            Lookup::Domain(domain) => through_domain(user, domain),
            Lookup::Function(function) => {
                let arguments = vec![ScriptValue::Data(user.as_str().into())];
                let answer = task.deps.scripts.ask(CallFunction { function: function.clone(), arguments }).await;
                match answer
                    .map_err(|error| error.to_string())
                    .and_then(|value| value.map_err(|error| error.to_string()))
                {
                    Ok(value) => value.as_str().and_then(address_in),
                    Err(error) => {
                        warn!(error, user, "the lookup of a user failed");
                        None
                    }
                }
            }
            Lookup::Users => {
                let name = user.clone();
                let stored = task.deps.db.read(move |conn| reporters::address_of(conn, &name)).await?;
                stored.and_then(|stored| address_in(&stored)).or_else(|| address_in(user))
            }
        };
        match address {
            Some(address) if !found.contains(&address) => found.push(address),
            Some(_) => {}
            None => info!(user, "no mail address is known of a user"),
        }
    }
    Ok(found)
}

/// Further headers, rendered where functions keep nobody waiting. Those that fail are left out.
async fn extra_headers(headers: Option<Renderable>, properties: Option<Properties>) -> Vec<(String, String)> {
    let Some(headers) = headers else { return Vec::new() };
    let rendering = tokio::task::spawn_blocking(move || render_afterwards(&headers, properties.unwrap_or_default()));
    match rendering.await {
        Ok(Ok(PropertyValue::Map(entries))) => {
            entries.into_iter().map(|(name, value)| (name, text_of(value))).collect()
        }
        Ok(Ok(_)) => Vec::new(),
        Ok(Err(error)) => {
            warn!(%error, "extraHeaders could not be rendered");
            Vec::new()
        }
        Err(error) => {
            warn!(error = &error as &dyn Error, "extraHeaders could not be rendered");
            Vec::new()
        }
    }
}

/// The event names the mail, so that it has the same name whenever it is made.
fn names(task: &Task<'_>, report: &Report) -> MessageNames {
    let host = task.site.url.split("://").nth(1).unwrap_or_default().split(['/', ':']).next().unwrap_or_default();
    let is_host = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    let host = if is_host { host } else { "localhost" };
    let event = &task.event;
    let key = event.key.replace('/', ".");
    let digest = |text: &str| {
        let digest = <sha2::Sha256 as sha2::Digest>::digest(text.as_bytes());
        digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let of_reporter = digest(&task.config.name);
    let of_thread = digest(&format!("{}\n{}", task.site.url, report.thread));
    MessageNames {
        id: format!("<{key}.{}.{}.{of_reporter}@{host}>", event.seq, event.at.micros()),
        thread: format!("<thread.{of_thread}@{host}>"),
    }
}
