//! Mails about builds, taken by a mail server that is not ours.

use std::collections::BTreeSet;

use buildbot::json::json;

use crate::mail_server::MailServer;
use crate::site::{Site, WORKER};

fn configuration(site: &Site, services: &str) -> String {
    format!(
        r#"
from buildbot.plugins import *
c = BuildmasterConfig = {{}}
c['title'] = "Mail"
c['buildbotURL'] = "http://127.0.0.1:{http}/"
c['workers'] = [worker.Worker("{WORKER}", "pass")]
c['protocols'] = {{'pb': {{'port': 'tcp:{worker}:interface=127.0.0.1'}}}}
factory = util.BuildFactory([
    steps.ShellCommand(name="compile", command="printf 'bytes \\377\\376 end\\n'"),
    steps.ShellCommand(name="test", command="echo 'FAIL: addition'; echo 'expected 2, got <3>'; exit 1"),
])
c['builders'] = [util.BuilderConfig(name="b", workernames=["{WORKER}"], factory=factory, collapseRequests=False)]
c['schedulers'] = [
    schedulers.ForceScheduler(name="force", builderNames=["b"]),
    schedulers.AnyBranchScheduler(name="all", builderNames=["b"], treeStableTimer=None),
]
c['www'] = dict(port='tcp:{http}:interface=127.0.0.1', plugins={{}}, change_hook_dialects={{'base': True}})
c['services'] = [{services}]
"#,
        http = site.http_port,
        worker = site.worker_port,
    )
}

fn notifier(server: &MailServer, more: &str) -> String {
    format!(
        "reporters.MailNotifier(name='mail', fromaddr='Build Bot <ci@example.org>', relayhost='localhost', \
         smtpPort={}, extraRecipients=['team@example.org'], {more})",
        server.port
    )
}

fn started(services: &str) -> Site {
    let mut site = Site::new(|site| configuration(site, services));
    site.start_master();
    site.start_worker();
    site.wait_for_worker();
    site
}

fn force(site: &Site) {
    site.control("forceschedulers/force", "force", json!({"builderNames": ["b"]}));
}

/// Sends a change by the hook.
fn push(site: &Site, author: &str, branch: &str, comments: &str) {
    let url = format!("http://127.0.0.1:{}/change_hook/base", site.http_port);
    let form = [("author", author), ("branch", branch), ("comments", comments), ("revision", "abc123")];
    ureq::post(url).send_form(form).unwrap();
}

#[test]
fn a_failing_build_is_told_by_mail_over_starttls() {
    let mut server = MailServer::new("starttls");
    server.start();
    let more = format!(
        "useTls=True, smtpUser='bob', smtpPassword='s3cret', verify='{}', generators=[reporters.BuildStatusGenerator(\
         add_logs=['stdio'], message_formatter=reporters.MessageFormatter(template_type='html'))]",
        server.certificate().display()
    );
    let site = started(&notifier(&server, &more));
    push(&site, "Jörg Müller <joerg@example.org>", "main", "Teach the parser to add\n\nIt could not.");
    site.finished_build("b", 1);
    let mail = server.wait_for_mails(1).remove(0);
    assert!(mail.encrypted && mail.logged_in);
    assert_eq!(mail.to, ["joerg@example.org", "team@example.org"]);
    assert_eq!(mail.header("Subject"), "[Mail] b failed on main");
    assert!(mail.header("To").contains("joerg@example.org") && mail.header("Cc").contains("team@example.org"));
    let (plain, html) = (mail.text.find("text/plain").unwrap(), mail.text.find("text/html").unwrap());
    assert!(plain < html && mail.text.contains("  | expected 2, got <3>") && mail.text.contains("Teach the parser"));
    assert!(mail.text.contains("filename=\"test.stdio\"") && mail.text.contains("filename=\"compile.stdio\""));
    let link = format!("http://127.0.0.1:{}/builders/", site.http_port);
    assert!(mail.text.contains(&link), "{}", mail.text);
}

#[test]
fn a_relay_may_speak_tls_from_the_first_byte_and_one_bad_address_does_not_keep_the_mail_from_others() {
    let mut server = MailServer::new("smtps");
    server.start();
    let more = format!(
        "useSmtps=True, smtpUser='bob', smtpPassword='s3cret', verify='{}', sendToInterestedUsers=True",
        server.certificate().display()
    );
    let site = started(&notifier(&server, &more));
    push(&site, "nobody@example.org", "main", "break it");
    site.finished_build("b", 1);
    let mail = server.wait_for_mails(1).remove(0);
    assert!(mail.encrypted && mail.logged_in);
    assert_eq!(mail.to, ["team@example.org"]);
    let page = crate::site::wait_for("the page that tells so", || {
        Some(site.get_text("reporters")).filter(|page| page.contains("nobody of this name"))
    });
    assert!(page.contains("Send again"), "{page}");
}

#[test]
fn a_wrong_password_and_a_wrong_certificate_keep_mails_waiting() {
    let mut server = MailServer::new("starttls");
    server.start();
    let wrong = notifier(&server, "useTls=True, smtpUser='bob', smtpPassword='wrong', verify=False");
    let stranger = notifier(&server, "useTls=True, smtpUser='bob', smtpPassword='s3cret'").replace("'mail'", "'other'");
    let site = started(&format!("{wrong}, {stranger}"));
    force(&site);
    site.finished_build("b", 1);
    let sql = "SELECT detail AS value FROM deliveries WHERE attempts > 0 ORDER BY reporter";
    let details = crate::site::wait_for("both attempts", || {
        Some(site.query("state.sqlite", sql)).filter(|details| details.len() == 2)
    });
    assert!(details[0].contains("login") && details[1].contains("certificate"), "{details:?}");
    assert!(server.mails().is_empty());
    // The configuration is mended, and what waited is sent.
    let right = notifier(&server, "useTls=True, smtpUser='bob', smtpPassword='s3cret', verify=False");
    site.reconfigure(&configuration(&site, &right));
    let mail = server.wait_for_mails(1).remove(0);
    assert_eq!(mail.header("Subject"), "[Mail] b failed");
}

#[test]
fn nothing_is_missing_after_an_outage_in_which_the_master_is_killed() {
    let mut server = MailServer::new("plain");
    let mut site = started(&notifier(&server, "generators=[reporters.BuildStatusGenerator(mode='all')]"));
    for number in 1..=5 {
        force(&site);
        site.finished_build("b", number);
    }
    site.kill_master();
    site.start_master();
    site.wait_for_worker();
    for number in 6..=10 {
        force(&site);
        site.finished_build("b", number);
    }
    site.kill_master();
    server.start();
    site.start_master();
    let told = |mails: Vec<crate::mail_server::Taken>| -> BTreeSet<String> {
        mails.iter().map(|mail| mail.header("Message-ID").split('.').nth(1).unwrap_or_default().to_owned()).collect()
    };
    let wanted: BTreeSet<String> = (1..=10).map(|build| build.to_string()).collect();
    crate::site::wait_for("mails about all builds", || (told(server.mails()) == wanted).then_some(()));
    let threads: BTreeSet<String> = server.mails().iter().map(|mail| mail.header("References")).collect();
    assert_eq!(threads.len(), 1, "mails of one builder are one thread");
}

#[test]
fn texts_of_strangers_stay_texts() {
    let mut server = MailServer::new("plain");
    server.start();
    let headers = "extraHeaders={'X-Branch': util.Property('branch'), 'Bcc': 'evil@example.org'}, ";
    let site = started(&notifier(&server, headers));
    let evil = "main\r\nBcc: evil@example.org\r\n\r\n<script>alert(1)</script>";
    push(&site, "Eve\r\nBcc: evil@example.org <eve@example.org>", evil, &"x".repeat(1 << 20));
    site.finished_build("b", 1);
    let mail = server.wait_for_mails(1).remove(0);
    assert_eq!(mail.to, ["team@example.org"]);
    let head = mail.text.split("\r\n\r\n").next().unwrap();
    assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    assert_eq!(mail.header("X-Branch"), "main");
    let html = mail.text.split("text/html").nth(1).unwrap();
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script>alert"), "{html}");
    assert!(mail.text.len() < 100_000, "{}", mail.text.len());
}

#[test]
fn bytes_that_are_no_text_leave_a_mail_that_is_one() {
    let mut server = MailServer::new("plain");
    server.start();
    let site = started(&notifier(&server, "generators=[reporters.BuildStatusGenerator(add_logs=['stdio'])]"));
    let url = format!("http://127.0.0.1:{}/change_hook/base", site.http_port);
    let form = "author=%FF%FE+%3Ceve@example.org%3E&branch=m%C3&comments=%F0%28+broken&revision=abc%ED%A0%80";
    ureq::post(url).header("content-type", "application/x-www-form-urlencoded").send(form).unwrap();
    site.finished_build("b", 1);
    let mail = server.wait_for_mails(1).remove(0);
    assert_eq!(mail.to, ["eve@example.org", "team@example.org"]);
    assert!(mail.text.is_ascii(), "{}", mail.text);
    assert!(mail.header("Subject").contains("=?utf-8?"), "{}", mail.text);
}
