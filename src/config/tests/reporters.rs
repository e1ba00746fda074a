//! Reporters: what their arguments become, and what is wrong with them.

use super::{config, load};
use crate::config::{MasterConfig, diff};
use crate::reporters::config::{
    AttachLogs, FormatterSource, GeneratorKind, Names, ReporterConfig, TextKind, TransportConfig,
};
use crate::reporters::mail::{Encryption, Lookup, Trust};
use crate::reporters::modes::Modes;
use crate::reporters::push::PushEnd;
use crate::secrets::Late;

fn with(service: &str) -> MasterConfig {
    config(&format!("c['services'] = [{service}]\n"))
}

fn only(service: &str) -> ReporterConfig {
    with(service).reporters.remove(0)
}

/// What is wrong with a service.
fn problem(service: &str) -> String {
    let text = format!("{}c['services'] = [{service}]\n", super::BASE);
    load(&text).expect_err(service).iter().map(|error| error.message.clone()).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_notifier_without_generators_tells_of_builds_and_workers() {
    let reporter = only("reporters.MailNotifier('ci@example.org')");
    assert_eq!(reporter.name, "MailNotifier ci@example.org");
    let TransportConfig::Mail(mail) = &reporter.transport else { panic!("no mail") };
    assert_eq!((mail.relay.host.as_str(), mail.relay.port), ("localhost", 25));
    assert_eq!((mail.relay.encryption, &mail.relay.trust), (Encryption::Plain, &Trust::System));
    assert!(mail.to_interested_users && mail.lookup == Lookup::Users && mail.relay.login.is_none());
    let [builds, workers] = reporter.generators.as_slice() else { panic!("not two generators") };
    let GeneratorKind::Build { modes, report_new: false, formatter } = &builds.kind else { panic!("not of builds") };
    assert_eq!(*modes, Modes::default());
    assert!(matches!(formatter.source, FormatterSource::Template { kind: TextKind::Html, body: None, .. }));
    assert!(matches!(workers.kind, GeneratorKind::WorkerMissing { workers: Names::All, .. }));
}

#[test]
fn all_arguments_arrive() {
    let reporter = only(
        "reporters.MailNotifier(fromaddr='ci@example.org', relayhost='mx', smtpPort=465, useSmtps=True, \
         smtpUser='u', smtpPassword=util.Secret('p'), verify=False, lookup='example.org', name='m', \
         extraRecipients=['Ann <a@example.org>'], sendToInterestedUsers=False, dumpMailsToLog=True, \
         extraHeaders={'X-B': util.Property('branch')}, generators=[\
         reporters.BuildStatusGenerator(mode=['problem', 'change'], builders=['b1'], branches=['main', None], \
         add_logs=['stdio'], add_patch=True), reporters.BuildStartEndStatusGenerator(tags=['x']), \
         reporters.BuildRequestGenerator(), reporters.BuildSetStatusGenerator(mode='all', subject='%(result)s'), \
         reporters.BuildSetCombinedStatusGenerator(reporters.MessageFormatterEmpty()), \
         reporters.WorkerMissingGenerator(['w1'])])",
    );
    assert_eq!((reporter.name.as_str(), reporter.generators.len()), ("m", 6));
    let TransportConfig::Mail(mail) = &reporter.transport else { panic!("no mail") };
    assert_eq!((mail.relay.encryption, &mail.relay.trust), (Encryption::Tls, &Trust::Anybody));
    assert!(mail.relay.login.as_ref().unwrap().1.missing().is_some(), "the secret is fetched later");
    assert_eq!(mail.lookup, Lookup::Domain("example.org".to_owned()));
    let first = &reporter.generators[0];
    assert_eq!(first.filter.branches, Some(vec![Some("main".to_owned()), None]));
    assert_eq!(first.logs, AttachLogs::Named(vec!["stdio".to_owned()]));
    assert_eq!(first.mode_names(), ["problem", "change"]);
}

#[test]
fn the_old_way_becomes_the_generators_that_do_the_same() {
    let text = "from buildbot.status.mail import MailNotifier\n\
        def text(mode, name, build, results, master):\n    return {'body': name, 'type': 'plain'}\n\
        c['services'] = [MailNotifier(fromaddr='ci@example.org', mode='problem', categories=['x'], addLogs=True,\n\
        messageFormatter=text, subject='buildbot %(result)s', buildSetSummary=True)]\n";
    let config = config(text);
    assert!(config.warnings.iter().any(|warning| warning.contains("an old way")), "{:?}", config.warnings);
    let generator = &config.reporters[0].generators[0];
    let GeneratorKind::Buildset { modes, formatter } = &generator.kind else { panic!("not of buildsets") };
    assert_eq!(modes.names(), ["problem"]);
    assert!(matches!(formatter.source, FormatterSource::Old { .. }));
    assert_eq!((generator.filter.tags.as_deref(), &generator.logs), (Some(&["x".to_owned()][..]), &AttachLogs::All));
    assert!(generator.add_patch);
}

#[test]
fn mistakes_are_named() {
    let mail = |more: &str| problem(&format!("reporters.MailNotifier('ci@example.org', {more})"));
    let with = |generator: &str| mail(&format!("generators=[reporters.{generator}]"));
    assert!(problem("reporters.MailNotifier('ci')").contains("'ci' is no mail address"));
    assert!(mail("extraRecipients=['x']").contains("'x' is no mail address"));
    assert!(mail("smtpUser='x'").contains("needs 'smtpPassword' besides"));
    assert!(mail("verify='nowhere.pem'").contains("cannot be read"));
    assert!(mail("mode='failing', generators=[]").contains("cannot be given together"));
    assert!(with("BuildStatusGenerator(mode='sometimes')").contains("not 'sometimes'"));
    assert!(with("BuildStatusGenerator(builders=['b1'], tags=['x'])").contains("cannot be given together"));
    assert!(with("BuildStatusGenerator(subject='a\\nb')").contains("must be one line"));
    let formatter = |arguments: &str| {
        with(&format!("BuildStatusGenerator(message_formatter=reporters.MessageFormatter({arguments}))"))
    };
    assert!(formatter("template='{% if %}'").contains("cannot be read"));
    assert!(formatter("template_type='json'").contains("needs a template"));
    assert!(problem("reporters.HttpStatusPush('ftp://x')").contains("must be a URL"));
    assert!(problem("reporters.HttpStatusPush('http://x', headers={'a b': 'c'})").contains("no name of a header"));
}

#[test]
fn arguments_older_than_generators_become_one() {
    let config = with("reporters.HttpStatusPush('http://x', wantSteps=True, format_fn=lambda build: build['results'])");
    let [warning] = &config.warnings[..] else { panic!("{:?}", config.warnings) };
    assert!(warning.ends_with("HttpStatusPush(format_fn=, wantSteps=) is an old way to write generators=[...]"));
    let GeneratorKind::Build { formatter, report_new: true, .. } = &config.reporters[0].generators[0].kind else {
        panic!("{:?}", config.reporters)
    };
    assert!(matches!(formatter.source, FormatterSource::OfBuild { .. }) && formatter.wants.steps);
    let both = "reporters.HttpStatusPush('http://x', wantLogs=True, generators=[])";
    assert!(problem(both).contains("cannot be given together"));
}

#[test]
fn a_builder_that_is_not_there_yet_may_be_a_virtual_one() {
    let config =
        with("reporters.MailNotifier('ci@example.org', generators=[reporters.BuildStatusGenerator(builders=['b'])])");
    let [warning] = &config.warnings[..] else { panic!("{:?}", config.warnings) };
    assert!(warning.ends_with("does not exist: 'b' (did you mean 'b1'?)"), "{warning}");
}

#[test]
fn a_reporter_changes_with_its_functions_and_not_with_the_lines_around_it() {
    let service = |body: &str| {
        with(&format!(
            "reporters.HttpStatusPush('http://x', name='push', generators=[reporters.BuildStatusGenerator(\
             message_formatter=reporters.MessageFormatterFunction(lambda context: {body}, 'json'))])"
        ))
    };
    assert!(diff(&service("1"), &service("1")).is_empty());
    assert_eq!(diff(&service("1"), &service("2")).to_string(), "reporter push: changed");
    assert_eq!(diff(&config(""), &service("1")).to_string(), "reporter push: added");
}

#[test]
fn two_reporters_without_names_have_different_ones() {
    let config = with("reporters.MailNotifier('ci@example.org'), reporters.MailNotifier('ci@example.org')");
    let names: Vec<&str> = config.reporters.iter().map(|reporter| reporter.name.as_str()).collect();
    assert_eq!(names, ["MailNotifier ci@example.org", "MailNotifier ci@example.org (2)"]);
    let counts: Vec<usize> = config.reporters.iter().map(|reporter| reporter.generators.len()).collect();
    assert_eq!(counts, [2, 1], "one mail about a missing worker is enough");
}

#[test]
fn status_push_of_0_8_gathers_packets() {
    let text = "from buildbot.status.status_push import HttpStatusPush, StatusPush\n\
        def told(packets):\n    print(len(packets))\n\
        c['status'] = [HttpStatusPush('http://x/hook?token=1', maxDiskItems=1000, chunkSize=10, bufferDelay=3,\n\
        retryDelay=7, blackList=['stepStarted'], maxHttpRequestSize=None, extra_post_params={'key': 'k'}),\n\
        StatusPush(told, path='events', filter=False)]\n";
    let config = config(text);
    let [to_server, to_function] = &config.reporters[..] else { panic!("{:?}", config.reporters) };
    assert_eq!(to_server.name, "HttpStatusPush http://x/hook");
    let TransportConfig::Push(push) = &to_server.transport else { panic!("no push") };
    assert_eq!((push.chunk, push.most_bytes, push.most_waiting), (10, None, Some(1000)));
    assert_eq!((push.gather.as_secs(), push.retry.as_secs(), push.drops_empty), (3, 7, true));
    assert_eq!(push.unwanted, ["stepStarted"]);
    let PushEnd::Form { fields, pretty: false, .. } = &push.end else { panic!("no form") };
    assert_eq!(*fields, [("key".to_owned(), "k".to_owned())]);
    let TransportConfig::Push(push) = &to_function.transport else { panic!("no push") };
    assert!(matches!(push.end, PushEnd::Function(_)) && !push.drops_empty);
    assert!(config.inactive.is_empty(), "{:?}", config.inactive);
}

#[test]
fn tinderbox_is_told_of_the_beginning_and_the_end() {
    let text = "from buildbot.status import tinderbox\n\
        c['status'] = [tinderbox.TinderboxMailNotifier(fromaddr='ci@example.org', tree='main',\n\
        extraRecipients=['tinderbox@example.org'], logCompression='gzip', columnName='col', builders=['b1'])]\n";
    let reporter = config(text).reporters.remove(0);
    let TransportConfig::Mail(mail) = &reporter.transport else { panic!("no mail") };
    assert_eq!(
        (mail.extra_recipients.as_slice(), mail.to_interested_users),
        (&["tinderbox@example.org".to_owned()][..], false)
    );
    let GeneratorKind::StartEnd { end, .. } = &reporter.generators[0].kind else { panic!("not both") };
    assert!(matches!(&end.source, FormatterSource::Tinderbox { subject, .. } if subject.contains("%(result)s")));
    let wrong =
        "status.tinderbox.TinderboxMailNotifier('ci@example.org', 'main', ['t@example.org'], logCompression='zip')";
    let text = format!(
        "{}from buildbot import status\nfrom buildbot.status import tinderbox\nc['status'] = [{wrong}]\n",
        super::BASE
    );
    let errors = load(&text).expect_err("zip");
    assert!(errors.iter().any(|error| error.message.contains("not 'zip'")), "{errors}");
}

#[test]
fn modules_of_0_8_have_their_reporters() {
    let text = "from buildbot.status import mail\nimport buildbot.status.mail\n\
        c['status'] = [mail.MailNotifier(fromaddr='ci@example.org', mode='failing', lookup=mail.Domain('example.org')),\n\
        buildbot.status.mail.MailNotifier('other@example.org')]\n";
    let config = config(text);
    assert_eq!(config.reporters.len(), 2);
    let TransportConfig::Mail(mail) = &config.reporters[0].transport else { panic!("no mail") };
    assert_eq!(mail.lookup, Lookup::Domain("example.org".to_owned()));
}

#[test]
fn a_template_is_tried_out_before_it_is_in_force() {
    let with = |template: &str| {
        problem(&format!(
            "reporters.MailNotifier('ci@example.org', generators=[reporters.BuildStatusGenerator(\
             message_formatter=reporters.MessageFormatter({template}))])"
        ))
    };
    assert!(with("template='{{ build|nosuchfilter }}'").contains("nosuchfilter"));
    assert!(
        with("template='{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}'")
            .contains("fuel")
    );
    assert!(with("subject=\"{{ 'x' * 9000000 }}\"").contains("fails"));
}
