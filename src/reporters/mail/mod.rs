//! Mail: who gets it, what it looks like on the wire, and how it gets to the relay.

mod address;
mod compose;
mod smtp;

pub use address::{Addressed, address_in, addressed, parse, through_domain};
pub use compose::{ComposeError, Draft, MessageNames, compose, is_own_header};
pub use smtp::SmtpTransport;

use crate::domain::{Callback, Renderable};
use crate::secrets::LateText;

/// `reporters.MailNotifier`.
#[derive(Clone, Debug, PartialEq)]
pub struct MailConfig {
    pub from: String,
    pub relay: Relay,
    /// How the name of a user becomes an address.
    pub lookup: Lookup,
    pub extra_recipients: Vec<String>,
    pub to_interested_users: bool,
    /// A dictionary.
    pub extra_headers: Option<Renderable>,
    /// Mails are written to the log of the master besides.
    pub dump_to_log: bool,
}

/// The server that takes mail.
#[derive(Clone, Debug, PartialEq)]
pub struct Relay {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    pub trust: Trust,
    /// User and password.
    pub login: Option<(LateText, LateText)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// None, except that a password is sent by STARTTLS if the server has it.
    Plain,
    StartTls,
    /// From the first byte on (SMTPS).
    Tls,
}

/// Whose certificates are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Those that the system trusts; `SSL_CERT_FILE` names others.
    System,
    /// Those that this PEM text holds.
    Pem(String),
    Anybody,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Lookup {
    /// What is stored of the user, else an address within the name.
    Users,
    /// `name@domain`, unless the name is an address.
    Domain(String),
    /// `function(name)`; `None` is nobody.
    Function(Callback),
}
