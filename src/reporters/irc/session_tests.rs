//! Sessions against lines of servers.

use super::super::tell::tests::config;
use super::*;
use crate::secrets::LateText;

fn channel(name: &str) -> Channel {
    Channel { name: name.to_owned(), key: None }
}

fn with_password(use_sasl: bool) -> IrcConfig {
    IrcConfig { password: Some(LateText::from("pass word".to_owned())), use_sasl, ..config() }
}

fn sent(reactions: Vec<Reaction>) -> Vec<String> {
    let line = |reaction: Reaction| match reaction {
        Reaction::Send(line) => Some(line),
        _ => None,
    };
    reactions.into_iter().filter_map(line).collect()
}

/// A session that is logged in and in its channel.
fn ready() -> Session {
    let (mut session, _) = Session::begin(&config(), &[channel("#ci")]);
    session.hear(":irc.example.org 001 bot :Welcome");
    session.hear(":bot!b@host JOIN #ci");
    session
}

#[test]
fn a_login_joins_the_channels() {
    let keyed = Channel { name: "#secret".to_owned(), key: Some("key".to_owned()) };
    let (mut session, first) = Session::begin(&config(), &[channel("#ci"), keyed]);
    assert_eq!(first, ["NICK bot", "USER buildbot 0 * Buildbot"]);
    assert!(session.hear(":irc.example.org NOTICE * :*** looking up your host").is_empty());
    let reactions = session.hear(":irc.example.org 001 bot :Welcome");
    assert_eq!(reactions[0], Reaction::Ready);
    assert_eq!(sent(reactions), ["JOIN #ci", "JOIN #secret key"]);
    assert!(!session.reaches("#ci") && session.reaches("alice"));
    assert_eq!(session.hear(":bot!b@host JOIN :#CI"), [Reaction::Joined("#CI".to_owned())]);
    assert!(session.reaches("#ci"));
    let out = session.hear(":irc.example.org 475 bot #secret :Cannot join (+k)");
    assert_eq!(out, [Reaction::Out("#secret".to_owned(), "Cannot join (+k)".to_owned())]);
    assert_eq!(session.retry(), ["JOIN #secret key"]);
}

#[test]
fn nickserv_gets_the_password_before_channels_are_joined() {
    let (mut session, _) = Session::begin(&with_password(false), &[channel("#ci")]);
    let lines = sent(session.hear(":irc.example.org 001 bot :Welcome"));
    assert_eq!(lines, ["PRIVMSG NickServ :IDENTIFY pass word", "JOIN #ci"]);
    session.hear(":irc.example.org 477 bot #ci :You need a registered nick");
    let welcome = ":NickServ!services@services. NOTICE bot :You are now identified";
    assert_eq!(sent(session.hear(welcome)), ["JOIN #ci"]);
    session.hear(":bot!b@host JOIN #ci");
    assert!(session.hear(welcome).is_empty());
    assert!(session.hear(":eve!e@host NOTICE bot :You are now identified").is_empty());
}

#[test]
fn sasl_comes_before_the_welcome() {
    let (mut session, first) = Session::begin(&with_password(true), &[channel("#ci")]);
    assert_eq!(first[0], "CAP REQ :sasl");
    assert_eq!(sent(session.hear(":irc.example.org CAP * ACK :sasl")), ["AUTHENTICATE PLAIN"]);
    let answer = format!("AUTHENTICATE {}", STANDARD.encode("\0bot\0pass word"));
    assert_eq!(sent(session.hear("AUTHENTICATE +")), [answer]);
    assert_eq!(sent(session.hear(":irc.example.org 903 bot :SASL authentication successful")), ["CAP END"]);
    assert_eq!(sent(session.hear(":irc.example.org 001 bot :Welcome")), ["JOIN #ci"], "the password went before");
}

#[test]
fn a_login_that_is_wanted_and_refused_goes_no_further() {
    for line in [
        ":irc.example.org CAP * NAK :sasl",
        ":irc.example.org 421 bot CAP :Unknown command",
        ":irc.example.org 904 bot :SASL authentication failed",
        "ERROR :Closing link",
        ":irc.example.org 465 bot :You are banned",
        ":irc.example.org 432 bot bot :Erroneous nickname",
    ] {
        let (mut session, _) = Session::begin(&with_password(true), &[]);
        assert!(matches!(session.hear(line).as_slice(), [Reaction::Failed(_)]), "{line}");
    }
}

#[test]
fn a_long_password_is_sent_in_pieces() {
    let config = IrcConfig { password: Some(LateText::from("x".repeat(295))), use_sasl: true, ..config() };
    let (mut session, _) = Session::begin(&config, &[]);
    let lines = sent(session.hear("AUTHENTICATE +"));
    assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [413, 14], "{lines:?}");
    assert_eq!(lines[1], "AUTHENTICATE +");
}

#[test]
fn a_name_that_is_taken_gets_an_underscore_until_it_is_free() {
    let (mut session, _) = Session::begin(&config(), &[]);
    assert_eq!(sent(session.hear(":irc.example.org 433 * bot :Nickname is in use")), ["NICK bot_"]);
    session.hear(":irc.example.org 001 bot_ :Welcome");
    assert_eq!((session.nick(), session.retry()), ("bot_", vec!["NICK bot".to_owned()]));
    assert!(session.hear(":irc.example.org 433 bot_ bot :Nickname is in use").is_empty());
    session.hear(":bot_!b@host NICK :bot");
    assert_eq!((session.nick(), session.retry()), ("bot", Vec::new()));
}

#[test]
fn who_is_thrown_out_comes_again() {
    let mut session = ready();
    let out = session.hear(":op!o@host KICK #ci bot :enough");
    assert_eq!(out, [Reaction::Out("#ci".to_owned(), "kicked out: enough".to_owned())]);
    assert!(!session.reaches("#ci"));
    assert_eq!(session.retry(), ["JOIN #ci"]);
    assert!(session.hear(":op!o@host KICK #ci somebody :enough").is_empty());
}

#[test]
fn people_are_heard_and_servers_are_answered() {
    let mut session = ready();
    let heard = session.hear(":Alice!al@host.example.org PRIVMSG #ci :bot: status");
    let who = Person { name: "Alice".to_owned(), mask: "Alice!al@host.example.org".to_owned() };
    let channel = Some("#ci".to_owned());
    let text = "bot: status".to_owned();
    assert_eq!(heard, [Reaction::Heard(Heard { who: who.clone(), channel, text, is_action: false })]);
    let private = session.hear(":Alice!al@host.example.org PRIVMSG bot :\u{1}ACTION pokes bot\u{1}");
    let text = "pokes bot".to_owned();
    assert_eq!(private, [Reaction::Heard(Heard { who, channel: None, text, is_action: true })]);
    assert!(session.hear(":Alice!al@host PRIVMSG bot :\u{1}VERSION\u{1}").is_empty());
    assert_eq!(sent(session.hear("PING :abc")), ["PONG abc"]);
    assert_eq!(session.hear(":irc.example.org PONG irc.example.org :7"), [Reaction::Confirmed("7".to_owned())]);
    assert_eq!(session.hear(":irc.example.org 401 bot bob :No such nick"), [Reaction::NobodyThere("bob".to_owned())]);
}

#[test]
fn nonsense_leads_to_nothing() {
    let mut session = ready();
    let long = format!(":{} PRIVMSG", "x".repeat(10_000));
    for line in
        ["", ":", " ", ":x", "@", "@a=b", ":x!y@z PRIVMSG", ":x!y@z PRIVMSG #ci", "001", "\u{1}", ":é 001 é :é", &long]
    {
        let reactions = session.hear(line);
        assert!(!reactions.iter().any(|reaction| matches!(reaction, Reaction::Heard(_))), "{line}: {reactions:?}");
    }
}

#[test]
fn channels_come_and_go_by_command() {
    let mut session = ready();
    assert_eq!(session.join(channel("#new")).as_deref(), Some("JOIN #new"));
    assert_eq!(session.join(channel("#ci")), None);
    assert_eq!(session.leave("#NEW").as_deref(), Some("PART #NEW"));
    assert_eq!(session.leave("#other"), None);
    assert!(session.retry().is_empty());
}
