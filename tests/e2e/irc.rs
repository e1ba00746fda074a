//! The bot on a real server, and somebody who talks to it.

use buildbot::json::json;

use crate::irc_server::{IrcServer, Person, ServicesStandIn};
use crate::site::{Site, WORKER, wait_for};

fn configuration(site: &Site, bot: &str) -> String {
    format!(
        r#"
from buildbot.plugins import *
c = BuildmasterConfig = {{}}
c['title'] = "Chat"
c['buildbotURL'] = "http://127.0.0.1:{http}/"
c['workers'] = [worker.Worker("{WORKER}", "pass")]
c['protocols'] = {{'pb': {{'port': 'tcp:{worker}:interface=127.0.0.1'}}}}
slow = util.BuildFactory([steps.ShellCommand(name="wait", command=["sleep", "600"])])
quick = util.BuildFactory([steps.ShellCommand(name="pass", command=["true"])])
c['builders'] = [
    util.BuilderConfig(name="slow", workernames=["{WORKER}"], factory=slow, tags=['told']),
    util.BuilderConfig(name="quick", workernames=["{WORKER}"], factory=quick, tags=['told'], collapseRequests=False),
    util.BuilderConfig(name="secret", workernames=["{WORKER}"], factory=quick),
]
c['schedulers'] = [schedulers.ForceScheduler(name="force", builderNames=["slow", "quick", "secret"])]
c['www'] = dict(port='tcp:{http}:interface=127.0.0.1')
c['services'] = [reporters.IRC(nick='bot', name='chat', lostDelay=1, failedDelay=1, {bot})]
"#,
        http = site.http_port,
        worker = site.worker_port,
    )
}

fn started(bot: &str) -> Site {
    let mut site = Site::new(|site| configuration(site, bot));
    site.start_master();
    site.start_worker();
    site.wait_for_worker();
    site
}

fn force(site: &Site, builder: &str) {
    site.control("forceschedulers/force", "force", json!({"builderNames": [builder]}));
}

#[test]
fn a_build_is_forced_and_stopped_from_a_channel() {
    let mut server = IrcServer::new();
    server.start();
    let mut alice = Person::come(&server, "alice", "#ci");
    let bot = format!(
        "host='127.0.0.1', port={}, channels=['#ci'], useColors=False, notify_events=['started', 'finished'], \
         tags=['told'], authz={{('force', 'stop'): ['alice']}}",
        server.port
    );
    let site = started(&bot);
    alice.wait_for_bot("bot", "#ci");
    alice.say("#ci", "hello everybody, the bot is quiet");
    alice.say("#ci", "bot: list builders");
    assert_eq!(alice.hears(&["builders"]), "bot #ci alice: 3 builders: quick, secret, slow");
    alice.say("#ci", "bot, froce build slow");
    alice.hears(&["no command 'froce'"]);
    alice.say("#ci", "bot: force build --branch=main --props=why=not slow just to see");
    alice.hears(&["alice: build of slow forced, request 1"]);
    alice.hears(&["build #1 of slow started: http://127.0.0.1:", "/builders/", "/builds/1"]);
    let build = &site.get("builds/1?property=*")["builds"][0];
    assert_eq!(build["properties"]["why"], json!(["not", "Force Build Chat"]));
    assert_eq!(build["properties"]["owner"][0], json!("alice on #ci"));
    // In private, by somebody who may look only.
    let mut eve = Person::come(&server, "eve", "#other");
    eve.say("bot", "stop build slow");
    assert_eq!(eve.hears(&["may not"]), "bot eve you may not 'stop' here");
    eve.say("bot", "status slow");
    eve.hears(&["slow: build #1 runs for "]);
    eve.say("bot", "watch slow");
    eve.hears(&["when build #1 of slow ends"]);
    eve.say("bot", "\u{1}ACTION pokes bot\u{1}");
    eve.hears(&["ACTION pokes eve back"]);
    alice.say("#ci", "bot: stop build slow enough");
    alice.hears(&["build #1 of slow is being stopped"]);
    alice.hears(&["build #1 of slow was cancelled", "alice on #ci: enough", "/builds/1"]);
    eve.hears(&["build #1 of slow was cancelled"]);
    alice.say("#ci", "bot: last slow");
    alice.hears(&["slow: #1 was cancelled"]);
    // What has another tag is not told, nor what nobody wants to hear any more.
    force(&site, "secret");
    site.finished_build("secret", 1);
    alice.say("#ci", "bot: notify off started");
    alice.hears(&["told here: finished"]);
    alice.say("#ci", "bot: mute");
    alice.hears(&["I say nothing of builds here"]);
    force(&site, "quick");
    site.finished_build("quick", 1);
    alice.say("#ci", "bot: unmute");
    alice.hears(&["again"]);
    force(&site, "quick");
    alice.hears(&["build #2 of quick succeeded"]);
    let heard = alice.heard().join("\n");
    assert!(!heard.contains("secret succeeded") && !heard.contains("build #1 of quick"), "{heard}");
    assert!(!heard.contains("build #2 of quick started"), "{heard}");
}

#[test]
fn a_bot_comes_over_tls_if_it_believes_the_server() {
    let mut server = IrcServer::new();
    server.start();
    let mut alice = Person::come(&server, "alice", "#ci");
    let bot =
        |verify: &str| format!("host='localhost', port={}, useSSL=True, channels=['#ci'], {verify}", server.tls_port);
    let site = started(&bot("useColors=True"));
    let refused = || site.output("master").contains("the bot has no server").then_some(());
    wait_for("the refusal of a certificate that nobody knows", refused);
    let believed = bot(&format!("notify_events=['success'], verify='{}'", server.certificate().display()));
    site.reconfigure(&configuration(&site, &believed));
    alice.wait_for_bot("bot", "#ci");
    force(&site, "quick");
    alice.hears(&["build #1 of quick \u{3}03succeeded\u{f}: http"]);
}

#[test]
fn what_happens_while_the_server_is_away_is_told_to_who_asks() {
    const N_BUILDS: i64 = 12;
    let mut server = IrcServer::new();
    server.start();
    let mut site = started(&format!(
        "host='127.0.0.1', port={}, channels=['#ci'], useColors=False, notify_events=['finished']",
        server.port
    ));
    let mut alice = Person::come(&server, "alice", "#ci");
    alice.wait_for_bot("bot", "#ci");
    server.stop();
    wait_for("the bot to see it", || site.output("master").contains("the bot has no server").then_some(()));
    for number in 1..=N_BUILDS {
        force(&site, "quick");
        site.finished_build("quick", number);
        if number == N_BUILDS / 2 {
            site.kill_master();
            site.start_master();
            site.wait_for_worker();
        }
    }
    let told =
        || (site.query("state.sqlite", "SELECT CAST(id AS TEXT) AS value FROM chat_notices").len() == 12).then_some(());
    wait_for("all that is to be told", told);
    server.start();
    let mut alice = Person::come(&server, "alice", "#ci");
    alice.wait_for_bot("bot", "#ci");
    if !alice.heard().iter().any(|said| said.contains("12 things happened")) {
        alice.say("#ci", "bot: hello");
        alice.hears(&["hello"]);
    }
    alice.say("#ci", "bot: missed");
    alice.hears(&["build #12 of quick succeeded"]);
    let told: Vec<&String> = alice.heard().iter().filter(|said| said.contains("of quick succeeded")).collect();
    assert_eq!(told.len(), 12, "{told:#?}");
    for (number, said) in (1..).zip(told) {
        assert!(said.starts_with(&format!("bot #ci build #{number} of quick")), "{said}");
    }
    let none =
        || site.query("state.sqlite", "SELECT CAST(id AS TEXT) AS value FROM chat_notices").is_empty().then_some(());
    wait_for("the server to confirm them", none);
    alice.say("#ci", "bot: missed");
    alice.hears(&["nothing was missed here"]);
}

#[test]
fn a_bot_identifies_to_services() {
    let services = ServicesStandIn::start();
    let nickserv = format!("host='127.0.0.1', port={}, channels=['#members'], password='s3cret'", services.port);
    let site = started(&nickserv);
    services.wait_for("PRIVMSG NickServ :IDENTIFY s3cret");
    wait_for("the bot to be let in", || site.output("master").contains("the bot is in a channel").then_some(()));
    assert!(!site.output("master").contains("s3cret"), "a password is in the log");

    let sasl = ServicesStandIn::start();
    let sasl_bot = |password: &str| {
        format!("host='127.0.0.1', port={}, channels=['#members'], useSASL=True, password='{password}'", sasl.port)
    };
    site.reconfigure(&configuration(&site, &sasl_bot("s3cret")));
    sasl.wait_for("CAP END");
    sasl.wait_for("JOIN #members");
    assert!(!sasl.lines().iter().any(|line| line.contains("IDENTIFY")));
    site.reconfigure(&configuration(&site, &sasl_bot("wrong")));
    wait_for("the refusal", || site.output("master").contains("SASL authentication failed").then_some(()));
}
