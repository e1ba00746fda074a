//! A conversation with a server: login, channels, and what the server's lines mean. It sends nothing by itself: what is to
//! be done is answered as [`Reaction`]s.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use irc::proto::{CapSubCommand, Command, Message, Prefix, Response};

use super::address::{action, fold, is_channel};
use super::{Channel, IrcConfig};
use crate::commands::rights::Person;

/// Longest piece of a SASL answer.
const SASL_PIECE: usize = 400;
/// Names that are tried while ours is taken.
const MOST_NICKS: usize = 5;
/// Notices of NickServ upon which channels are tried again.
const MOST_NICKSERV: u32 = 3;

/// What a line of the server leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Is to be sent, without its end, before anything else.
    Send(String),
    /// We are logged in.
    Ready,
    Joined(String),
    /// We are in a channel no more, or not let in; the text is the reason.
    Out(String, String),
    Heard(Heard),
    /// The server has taken everything that was sent before this mark.
    Confirmed(String),
    /// Nobody of this name is there.
    NobodyThere(String),
    /// This connection leads to nothing.
    Failed(String),
}

/// Something that somebody said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    pub who: Person,
    /// The channel, or nothing if it was said to us alone.
    pub channel: Option<String>,
    pub text: String,
    /// Whether it was `/me`.
    pub is_action: bool,
}

pub struct Session {
    /// The name that we want.
    wanted_nick: String,
    nick: String,
    password: Option<String>,
    use_sasl: bool,
    /// By folded name.
    wanted: BTreeMap<String, Channel>,
    joined: BTreeSet<String>,
    is_ready: bool,
    n_nicks: usize,
    n_nickserv: u32,
}

impl Session {
    /// A session for these channels, and what is to be sent first.
    pub fn begin(config: &IrcConfig, channels: &[Channel]) -> (Self, Vec<String>) {
        let password = config.password.as_ref().and_then(|password| password.expose()).map(str::to_owned);
        let session = Self {
            wanted_nick: config.nick.clone(),
            nick: config.nick.clone(),
            use_sasl: config.use_sasl && password.is_some(),
            password,
            wanted: channels.iter().map(|channel| (fold(&channel.name), channel.clone())).collect(),
            joined: BTreeSet::new(),
            is_ready: false,
            n_nicks: 0,
            n_nickserv: 0,
        };
        let mut lines = Vec::new();
        if session.use_sasl {
            lines.push("CAP REQ :sasl".to_owned());
        }
        lines.push(line(&Command::NICK(config.nick.clone())));
        lines.push(line(&Command::USER("buildbot".to_owned(), "0".to_owned(), "Buildbot".to_owned())));
        (session, lines)
    }

    /// The name that we have now.
    pub fn nick(&self) -> &str {
        &self.nick
    }

    pub fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// Whether something can be said there: in a channel that we are in, or to a person.
    pub fn reaches(&self, place: &str) -> bool {
        self.is_ready && (!is_channel(place) || self.joined.contains(&fold(place)))
    }

    /// Wants a channel; what is to be sent for it.
    pub fn join(&mut self, channel: Channel) -> Option<String> {
        let line = (self.is_ready && !self.joined.contains(&fold(&channel.name))).then(|| join(&channel));
        self.wanted.insert(fold(&channel.name), channel);
        line
    }

    /// Wants a channel no more; what is to be sent for it.
    pub fn leave(&mut self, channel: &str) -> Option<String> {
        let wanted = self.wanted.remove(&fold(channel)).is_some();
        let joined = self.joined.contains(&fold(channel));
        (self.is_ready && (wanted || joined)).then(|| line(&Command::PART(channel.to_owned(), None)))
    }

    /// What is to be sent now and then: for channels that did not let us in, and for our own name.
    pub fn retry(&self) -> Vec<String> {
        if !self.is_ready {
            return Vec::new();
        }
        let name =
            (fold(&self.nick) != fold(&self.wanted_nick)).then(|| line(&Command::NICK(self.wanted_nick.clone())));
        name.into_iter().chain(self.missing()).collect()
    }

    fn missing(&self) -> impl Iterator<Item = String> {
        self.wanted.iter().filter(|(name, _)| !self.joined.contains(*name)).map(|(_, channel)| join(channel))
    }

    /// What a line of the server leads to. Lines that nobody understands lead to nothing.
    pub fn hear(&mut self, text: &str) -> Vec<Reaction> {
        let Ok(message) = text.parse::<Message>() else { return Vec::new() };
        let from = person(message.prefix.as_ref());
        match message.command {
            Command::PING(token, _) => vec![Reaction::Send(line(&Command::PONG(token, None)))],
            Command::PONG(server, token) => vec![Reaction::Confirmed(token.unwrap_or(server))],
            Command::ERROR(reason) => vec![Reaction::Failed(reason)],
            Command::CAP(_, order, first, second) => self.capability(order, first.or(second)),
            Command::AUTHENTICATE(challenge) if challenge == "+" => self.authenticate(),
            Command::PRIVMSG(target, text) => heard(from, target, &text),
            Command::NOTICE(..) => self.notice(from),
            Command::JOIN(channel, ..) if self.is_us(from.as_ref()) => {
                self.joined.insert(fold(&channel));
                vec![Reaction::Joined(channel)]
            }
            Command::PART(channel, reason) if self.is_us(from.as_ref()) => {
                self.out(channel, reason.unwrap_or("left".to_owned()))
            }
            Command::KICK(channel, who, reason) if fold(&who) == fold(&self.nick) => {
                self.out(channel, format!("kicked out: {}", reason.unwrap_or_default()))
            }
            Command::NICK(name) if self.is_us(from.as_ref()) => {
                self.nick = name;
                Vec::new()
            }
            Command::Response(response, arguments) => self.response(response, arguments),
            Command::Raw(number, arguments) => self.raw(&number, &arguments),
            _ => Vec::new(),
        }
    }

    fn is_us(&self, from: Option<&Person>) -> bool {
        from.is_some_and(|from| fold(&from.name) == fold(&self.nick))
    }

    fn out(&mut self, channel: String, reason: String) -> Vec<Reaction> {
        self.joined.remove(&fold(&channel));
        vec![Reaction::Out(channel, reason)]
    }

    fn capability(&self, order: CapSubCommand, of: Option<String>) -> Vec<Reaction> {
        let is_sasl = of.is_some_and(|names| names.split_whitespace().any(|name| name == "sasl"));
        match order {
            CapSubCommand::ACK if is_sasl => vec![Reaction::Send("AUTHENTICATE PLAIN".to_owned())],
            CapSubCommand::NAK => vec![Reaction::Failed("the server does not offer SASL".to_owned())],
            _ => Vec::new(),
        }
    }

    fn authenticate(&self) -> Vec<Reaction> {
        let Some(password) = self.password.as_ref().filter(|_| self.use_sasl) else { return Vec::new() };
        let answer = STANDARD.encode(format!("\0{}\0{password}", self.wanted_nick));
        let pieces = answer.as_bytes().chunks(SASL_PIECE);
        let ends_even = answer.len().is_multiple_of(SASL_PIECE);
        let pieces = pieces.map(|piece| String::from_utf8_lossy(piece).into_owned());
        let pieces = pieces.chain(ends_even.then(|| "+".to_owned()));
        pieces.map(|piece| Reaction::Send(format!("AUTHENTICATE {piece}"))).collect()
    }

    /// NickServ says something: perhaps that doors are open now.
    fn notice(&mut self, from: Option<Person>) -> Vec<Reaction> {
        let is_nickserv = from.is_some_and(|from| from.name.eq_ignore_ascii_case("NickServ"));
        if !is_nickserv || !self.is_ready || MOST_NICKSERV <= self.n_nickserv {
            return Vec::new();
        }
        self.n_nickserv = self.n_nickserv.saturating_add(1);
        self.missing().map(Reaction::Send).collect()
    }

    fn response(&mut self, response: Response, arguments: Vec<String>) -> Vec<Reaction> {
        let reason = arguments.last().cloned().unwrap_or_default();
        let second = arguments.get(1).cloned().unwrap_or_default();
        match response {
            Response::RPL_WELCOME => self.welcome(arguments.first()),
            Response::ERR_NICKNAMEINUSE | Response::ERR_UNAVAILRESOURCE | Response::ERR_NICKCOLLISION => {
                self.next_nick(&reason)
            }
            Response::ERR_ERRONEOUSNICKNAME if !self.is_ready => {
                vec![Reaction::Failed(format!("the server does not take the nick {}: {reason}", self.wanted_nick))]
            }
            Response::RPL_SASLSUCCESS => vec![Reaction::Send("CAP END".to_owned())],
            Response::ERR_NICKLOCKED
            | Response::ERR_SASLFAIL
            | Response::ERR_SASLTOOLONG
            | Response::ERR_SASLABORT
            | Response::ERR_SASLALREADY => vec![Reaction::Failed(format!("SASL: {reason}"))],
            Response::ERR_UNKNOWNCOMMAND if second == "CAP" && self.use_sasl => {
                vec![Reaction::Failed("the server knows no SASL".to_owned())]
            }
            Response::ERR_PASSWDMISMATCH | Response::ERR_YOUREBANNEDCREEP => {
                vec![Reaction::Failed(format!("the server does not let us in: {reason}"))]
            }
            Response::ERR_NOSUCHNICK => vec![Reaction::NobodyThere(second)],
            Response::ERR_CHANNELISFULL
            | Response::ERR_INVITEONLYCHAN
            | Response::ERR_BANNEDFROMCHAN
            | Response::ERR_BADCHANNELKEY
            | Response::ERR_NOSUCHCHANNEL
            | Response::ERR_TOOMANYCHANNELS
            | Response::ERR_BADCHANMASK => self.out(second, reason),
            _ => Vec::new(),
        }
    }

    /// Numbers that the `irc` crate has no names for.
    fn raw(&mut self, number: &str, arguments: &[String]) -> Vec<Reaction> {
        match (number, arguments) {
            // Only for those who are registered.
            ("477", [_, channel, .., reason]) => self.out(channel.clone(), reason.clone()),
            _ => Vec::new(),
        }
    }

    fn welcome(&mut self, nick: Option<&String>) -> Vec<Reaction> {
        if let Some(nick) = nick.filter(|nick| nick.as_str() != "*") {
            self.nick.clone_from(nick);
        }
        self.is_ready = true;
        let password = self.password.as_ref().filter(|_| !self.use_sasl);
        let identify = password.map(|password| {
            let text = format!("IDENTIFY {password}");
            Reaction::Send(line(&Command::PRIVMSG("NickServ".to_owned(), text)))
        });
        let joins: Vec<Reaction> = self.missing().map(Reaction::Send).collect();
        identify.into_iter().chain([Reaction::Ready]).chain(joins).collect()
    }

    fn next_nick(&mut self, reason: &str) -> Vec<Reaction> {
        if self.is_ready {
            return Vec::new();
        }
        self.n_nicks += 1;
        if MOST_NICKS < self.n_nicks {
            return vec![Reaction::Failed(format!("all our nicks are taken: {reason}"))];
        }
        self.nick = format!("{}{}", self.wanted_nick, "_".repeat(self.n_nicks));
        vec![Reaction::Send(line(&Command::NICK(self.nick.clone())))]
    }
}

/// A command without what ends its line.
pub fn line(command: &Command) -> String {
    String::from(command).chars().filter(|letter| !matches!(letter, '\r' | '\n' | '\0')).collect()
}

fn join(channel: &Channel) -> String {
    line(&Command::JOIN(channel.name.clone(), channel.key.clone(), None))
}

fn person(prefix: Option<&Prefix>) -> Option<Person> {
    match prefix? {
        Prefix::Nickname(name, user, host) => {
            Some(Person { name: name.clone(), mask: format!("{name}!{user}@{host}") })
        }
        Prefix::ServerName(_) => None,
    }
}

fn heard(from: Option<Person>, target: String, text: &str) -> Vec<Reaction> {
    let Some(who) = from else { return Vec::new() };
    let (text, is_action) = match action(text) {
        Some(text) => (text, true),
        // Other questions of client to client.
        None if text.starts_with('\u{1}') => return Vec::new(),
        None => (text, false),
    };
    let channel = is_channel(&target).then_some(target);
    vec![Reaction::Heard(Heard { who, channel, text: text.to_owned(), is_action })]
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
