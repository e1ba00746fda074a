//! `reporters.MailNotifier`.

use super::{generators, old_mail, trust};
use crate::config::build::fields::Fields;
use crate::config::build::values;
use crate::config::script::Raw;
use crate::reporters::config::{Formatter, GeneratorConfig, TextKind};
use crate::reporters::mail::{self, Encryption, Lookup, MailConfig, Relay};

pub fn mail(fields: &Fields<'_>) -> MailConfig {
    for (header, _) in values::named(&fields.value("extraHeaders")).filter(|(name, _)| mail::is_own_header(name)) {
        let message =
            format!("MailNotifier(extraHeaders=) has no effect on '{header}', which every mail has by itself");
        fields.context.warning(fields.span("extraHeaders"), message);
    }
    MailConfig {
        from: from(fields),
        relay: relay(fields),
        lookup: lookup(fields),
        extra_recipients: extra_recipients(fields),
        to_interested_users: fields.flag("sendToInterestedUsers"),
        extra_headers: fields.renderable("extraHeaders"),
        dump_to_log: fields.flag("dumpMailsToLog"),
    }
}

/// `fromaddr`.
pub fn from(fields: &Fields<'_>) -> String {
    let from = fields.text("fromaddr");
    if fields.was_given("fromaddr") && mail::parse(&from).is_none() {
        fields.problem("fromaddr", &format!("'{from}' is no mail address"));
    }
    from
}

/// `extraRecipients`.
pub fn extra_recipients(fields: &Fields<'_>) -> Vec<String> {
    let extra_recipients = fields.texts("extraRecipients");
    for recipient in extra_recipients.iter().filter(|recipient| mail::parse(recipient).is_none()) {
        fields.problem("extraRecipients", &format!("'{recipient}' is no mail address"));
    }
    extra_recipients
}

fn relay(fields: &Fields<'_>) -> Relay {
    let port = u16::try_from(fields.int("smtpPort").unwrap_or(0)).unwrap_or(0);
    if port == 0 {
        fields.problem("smtpPort", "must be a port from 1 to 65535");
    }
    let encryption = match (fields.flag("useSmtps"), fields.flag("useTls")) {
        (true, _) => Encryption::Tls,
        (false, true) => Encryption::StartTls,
        (false, false) => Encryption::Plain,
    };
    let login = match (fields.was_given("smtpUser"), fields.was_given("smtpPassword")) {
        (true, true) => Some((fields.late_text("smtpUser"), fields.late_text("smtpPassword"))),
        (false, false) => None,
        (true, false) => {
            fields.problem("smtpUser", "needs 'smtpPassword' besides");
            None
        }
        (false, true) => {
            fields.problem("smtpPassword", "needs 'smtpUser' besides");
            None
        }
    };
    Relay { host: fields.text("relayhost"), port, encryption, trust: trust(fields), login }
}

fn lookup(fields: &Fields<'_>) -> Lookup {
    match fields.optional("lookup") {
        None => Lookup::Users,
        Some(Raw::Text(domain)) => Lookup::Domain(domain),
        Some(Raw::Function(function)) => Lookup::Function(function),
        Some(Raw::Object(object)) if object.class.name == "Domain" => {
            Lookup::Domain(Fields::new(fields.context, &object).text("domain"))
        }
        Some(other) => {
            fields.problem("lookup", &format!("must be a domain, a Domain() or a function, not {}", other.describe()));
            Lookup::Users
        }
    }
}

/// The generators that are given, else those of the old arguments, else our own.
pub fn generators(fields: &Fields<'_>) -> Vec<GeneratorConfig> {
    if old_mail::is_used(fields) {
        return old_mail::generators(fields);
    }
    let given = fields.value("generators");
    match fields.was_given("generators") {
        true => generators::generators(fields, &given),
        false => {
            vec![generators::standard(TextKind::Html), generators::all_workers(Formatter::standard(TextKind::Html))]
        }
    }
}
