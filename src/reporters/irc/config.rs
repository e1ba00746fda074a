//! What a configuration says of the bot.

use std::time::Duration;

use crate::commands::notices::Notices;
use crate::commands::rights::Rights;
use crate::reporters::mail::Trust;
use crate::secrets::LateText;

/// `reporters.IRC`.
#[derive(Clone, Debug, PartialEq)]
pub struct IrcConfig {
    /// Unique; under it is stored what it has dealt with.
    pub name: String,
    pub host: String,
    pub port: u16,
    pub nick: String,
    pub channels: Vec<Channel>,
    /// Who is told what channels are told.
    pub pm_to_nicks: Vec<String>,
    /// For NickServ, or for SASL.
    pub password: Option<LateText>,
    pub use_sasl: bool,
    pub use_tls: bool,
    /// Whose certificate is believed.
    pub trust: Trust,
    pub notify: Notices,
    /// Only builds of builders with one of these tags are told; all if not given.
    pub tags: Option<Vec<String>>,
    pub notice_on_channel: bool,
    pub use_revisions: bool,
    pub show_blame_list: bool,
    pub use_colors: bool,
    pub rights: Rights,
    /// After the loss of a connection; between one and five seconds if not given.
    pub lost_delay: Option<Duration>,
    /// After a connection that could not be made; between 45 and 60 seconds if not given.
    pub failed_delay: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    pub name: String,
    pub key: Option<String>,
}
