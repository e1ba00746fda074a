//! Addresses: reading them as people write them, and deciding who is in which line.

use lettre::Address;
use lettre::message::Mailbox;

use super::MailConfig;

/// Reads an address as people and version control systems write it: `x@y`, `Name <x@y>`, `"Name, Dr." <x@y>`.
/// `None` if no mail can be sent there.
pub fn parse(text: &str) -> Option<Mailbox> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return None;
    }
    if let Ok(mailbox) = text.parse::<Mailbox>() {
        return Some(mailbox);
    }
    let (name, rest) = text.rsplit_once('<')?;
    let address: Address = rest.split('>').next()?.trim().parse().ok()?;
    let name = name.trim().trim_matches('"').trim();
    Some(Mailbox::new(Some(name.to_owned()).filter(|name| !name.is_empty()), address))
}

/// The address within the name of an author, such as git has it; a second `@` with what follows is what some version
/// control systems add.
pub fn address_in(name: &str) -> Option<String> {
    let found = parse(name).or_else(|| match name.matches('@').count() {
        0 | 1 => None,
        _ => parse(name.rsplit_once('@')?.0),
    });
    found.map(|mailbox| mailbox.email.to_string())
}

/// `name@domain`, unless the name has a domain.
pub fn through_domain(name: &str, domain: &str) -> Option<String> {
    if name.contains('@') {
        return address_in(name);
    }
    address_in(&format!("{}@{domain}", name.trim()))
}

/// Who a mail is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addressed {
    pub to: Vec<Mailbox>,
    pub cc: Vec<Mailbox>,
}

/// The lines of a mail to these users, by their addresses. If there are any, the extra recipients see by `Cc` that they
/// are not meant in the first place.
pub fn addressed(config: &MailConfig, users: &[String]) -> Addressed {
    let users = if config.to_interested_users { users } else { &[] };
    let mailboxes = |texts: &[String]| -> Vec<Mailbox> { texts.iter().filter_map(|text| parse(text)).collect() };
    let (to, cc) = match users {
        [] => (mailboxes(&config.extra_recipients), Vec::new()),
        users => (mailboxes(users), mailboxes(&config.extra_recipients)),
    };
    let mut lines = Addressed { to, cc };
    lines.remove_repeated();
    lines
}

impl Addressed {
    /// To these and nobody else.
    pub fn directly(recipients: &[String]) -> Self {
        let mut lines = Self { to: recipients.iter().filter_map(|text| parse(text)).collect(), cc: Vec::new() };
        lines.remove_repeated();
        lines
    }

    /// Every address once, for the envelope.
    pub fn envelope(&self) -> Vec<String> {
        self.to.iter().chain(&self.cc).map(|mailbox| mailbox.email.to_string()).collect()
    }

    fn remove_repeated(&mut self) {
        let mut seen = std::collections::HashSet::new();
        let mut is_new = |mailbox: &Mailbox| seen.insert(mailbox.email.to_string().to_lowercase());
        self.to.retain(&mut is_new);
        self.cc.retain(&mut is_new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporters::mail::{Encryption, Lookup, Relay, Trust};

    pub fn config() -> MailConfig {
        MailConfig {
            from: "ci@example.org".to_owned(),
            relay: Relay {
                host: "localhost".to_owned(),
                port: 25,
                encryption: Encryption::Plain,
                trust: Trust::System,
                login: None,
            },
            lookup: Lookup::Users,
            extra_recipients: vec!["team@example.org".to_owned()],
            to_interested_users: true,
            extra_headers: None,
            dump_to_log: false,
        }
    }

    #[test]
    fn addresses_are_found_in_names_of_authors() {
        assert_eq!(address_in("Ada Lovelace <ada@example.org>").as_deref(), Some("ada@example.org"));
        assert_eq!(address_in("Jörg, Dr. (x) <j@example.org>").as_deref(), Some("j@example.org"));
        assert_eq!(address_in("ada@example.org").as_deref(), Some("ada@example.org"));
        assert_eq!(address_in("Ada <ada@example.org>@host").as_deref(), Some("ada@example.org"));
        for nobody in ["ada", "", "Ada <ada>", "@", "a@b\r\nBcc: c@d", "x <a@b\n>"] {
            assert_eq!(address_in(nobody), None, "{nobody:?}");
        }
    }

    #[test]
    fn a_domain_is_added_to_names_without_one() {
        assert_eq!(through_domain("ada", "example.org").as_deref(), Some("ada@example.org"));
        assert_eq!(through_domain("Ada <ada@x.org>", "example.org").as_deref(), Some("ada@x.org"));
        assert_eq!(through_domain("Ada Lovelace", "example.org"), None);
    }

    #[test]
    fn extra_recipients_are_in_cc_if_somebody_else_is_meant() {
        let users = ["ada@example.org".to_owned(), "TEAM@example.org".to_owned(), "Ada@example.org".to_owned()];
        let lines = addressed(&config(), &users);
        assert_eq!((lines.to.len(), lines.cc.len()), (2, 0), "an address is there once");
        assert_eq!(addressed(&config(), &users[..1]).envelope(), ["ada@example.org", "team@example.org"]);
        assert_eq!(addressed(&config(), &[]).to.len(), 1);
        let silent = MailConfig { to_interested_users: false, ..config() };
        assert_eq!(addressed(&silent, &users).envelope(), ["team@example.org"]);
    }
}
