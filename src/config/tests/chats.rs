//! Chats: what their arguments become, and what is wrong with them.

use super::{BASE, load};
use crate::commands::rights::{Allowed, Person};
use crate::config::{MasterConfig, diff};
use crate::reporters::irc::{Channel, IrcConfig};
use crate::reporters::mail::Trust;
use crate::secrets::Late;

fn with(service: &str) -> MasterConfig {
    super::config(&format!("c['services'] = [{service}]\n"))
}

fn only(service: &str) -> IrcConfig {
    with(service).chats.remove(0)
}

fn problem(more: &str) -> String {
    let text = format!("{BASE}c['services'] = [reporters.IRC('h', 'bot', ['#c'], {more})]\n");
    load(&text).expect_err(more).iter().map(|error| error.message.clone()).collect::<Vec<_>>().join("; ")
}

fn person(name: &str) -> Person {
    Person { name: name.to_owned(), mask: format!("{name}!u@h") }
}

#[test]
fn a_bot_needs_a_server_a_name_and_channels() {
    let config = with("reporters.IRC('irc.example.org', 'bot', ['#ci'])");
    assert!(config.inactive.is_empty() && config.reporters.is_empty());
    let irc = &config.chats[0];
    assert_eq!((irc.name.as_str(), irc.port), ("IRC irc.example.org bot", 6667));
    assert_eq!(irc.channels, [Channel { name: "#ci".to_owned(), key: None }]);
    assert!(!irc.use_tls && irc.use_colors && irc.show_blame_list && irc.notify.is_empty() && irc.tags.is_none());
    assert!(irc.rights.allow("status", &person("eve")) && !irc.rights.allow("force", &person("eve")));
    assert_eq!((irc.lost_delay, irc.failed_delay, &irc.trust), (None, None, &Trust::System));
}

#[test]
fn all_arguments_arrive() {
    let irc = only(
        "reporters.IRC(host='h', nick='bot', channels=['#a', {'channel': '#b', 'password': 'key'}], name='chat', \
         pm_to_nicks=['alice'], port=6697, password=util.Secret('p'), useSASL=True, useSSL=True, verify=False, \
         lostDelay=2, failedDelay=30, useColors=False, noticeOnChannel=True, notify_events=['exception', 'successToFailure'], \
         tags=['main'], showBlameList=False, useRevisions=True, \
         authz={('force', 'stop'): ['alice'], 'shutdown': False, '': True, '!': ['*!*@ops']})",
    );
    assert_eq!((irc.name.as_str(), irc.port, irc.use_sasl, irc.use_tls), ("chat", 6697, true, true));
    assert_eq!(irc.channels[1], Channel { name: "#b".to_owned(), key: Some("key".to_owned()) });
    assert!(irc.password.unwrap().missing().is_some(), "the secret is fetched later");
    assert_eq!(irc.trust, Trust::Anybody);
    assert_eq!(irc.notify.to_string(), "exception, successToFailure");
    assert_eq!((irc.pm_to_nicks, irc.tags), (vec!["alice".to_owned()], Some(vec!["main".to_owned()])));
    assert_eq!((irc.lost_delay.unwrap().as_secs(), irc.failed_delay.unwrap().as_secs()), (2, 30));
    assert!(irc.notice_on_channel && irc.use_revisions && !irc.use_colors && !irc.show_blame_list);
    let may = |command: &str, name: &str| irc.rights.allow(command, &person(name));
    assert!(may("force", "alice") && !may("stop", "bob") && !may("shutdown", "alice") && may("last", "bob"));
    assert_eq!(irc.rights.dangerous, Some(Allowed::These(vec!["*!*@ops".to_owned()])));
}

#[test]
fn a_file_of_0_8_has_a_bot_too() {
    let text = "from buildbot.status import words\n\
        c['status'] = [words.IRC(host='h', nick='bot', channels=['#ci'], allowForce=True, categories=['x'],\n\
        notify_events={'exception': 1, 'successToFailure': 1, 'failureToSuccess': 0}, useSSL=False)]\n";
    let config = super::config(text);
    assert!(config.inactive.is_empty(), "{:?}", config.inactive);
    let irc = &config.chats[0];
    assert_eq!(irc.notify.to_string(), "exception, successToFailure");
    assert_eq!(irc.tags, Some(vec!["x".to_owned()]));
    assert!(irc.rights.allow("force", &person("eve")) && !irc.rights.allow("shutdown", &person("eve")));
}

#[test]
fn mistakes_are_told() {
    assert!(problem("notify_events=['broken']").contains("there is no event 'broken'"));
    assert!(problem("authz={'froce': True}").contains("does not exist: 'froce' (did you mean 'force'?)"));
    assert!(problem("authz=['force']").contains("must be a dictionary"));
    assert!(problem("authz={'force': 2}").contains("must be True, False or a list of names"));
    assert!(problem("useSASL=True").contains("needs a 'password'"));
    assert!(problem("port=70000").contains("must be a port"));
    assert!(problem("pm_to_nicks=['#c']").contains("must have names"));
    assert!(problem("verify=2").contains("must be True, False or the name of a file"));
    let text = |nick: &str, channel: &str| {
        let text = format!("{BASE}c['services'] = [reporters.IRC('h', {nick}, [{channel}])]\n");
        load(&text).expect_err(nick).iter().map(|error| error.message.clone()).collect::<String>()
    };
    assert!(text("'a b'", "'#c'").contains("is no name on IRC"));
    assert!(text("'bot'", "'ci'").contains("must have names such as '#ci'"));
    assert!(text("'bot'", "{'channel': '#c', 'password': 'a b'}").contains("no server takes"));
}

#[test]
fn a_reload_sees_what_changed() {
    let old = with("reporters.IRC('h', 'bot', ['#a'])");
    let new = with("reporters.IRC('h', 'bot', ['#b'])");
    assert_eq!(diff(&old, &new).to_string(), "chat IRC h bot: changed");
}
