//! Configurations as Buildbot 0.8 had them: they load, and say what to write today.

use super::load;
use crate::config::MasterConfig;
use crate::schedulers::config::{ForceFieldKind, SchedulerKind};
use crate::steps::config::{GitMode, StepKind};

const OLD: &str = "\
from buildbot.buildslave import BuildSlave
from buildbot.process.factory import BuildFactory, s
from buildbot.steps.shell import ShellCommand, Compile
from buildbot.schedulers.basic import Scheduler
from buildbot.locks import SlaveLock
from buildbot.status.html import WebStatus
c = BuildmasterConfig = {}
c['slaves'] = [BuildSlave('w1', 'pw')]
c['slavePortnum'] = 9989
lock = SlaveLock('disk', maxCountForSlave={'w1': 2})
f = BuildFactory([s(ShellCommand, command=['make'])])
f.addStep(Compile, command=['make', 'all'])
c['builders'] = [{'name': 'b1', 'slavename': 'w1', 'builddir': 'b', 'factory': f, 'locks': [lock.access('counting')]}]
c['schedulers'] = [Scheduler('all', None, 60, ['b1'])]
c['status'] = [WebStatus(http_port='tcp:8010:interface=127.0.0.1', change_hook_dialects={'base': True})]
c['projectName'] = 'Old'
";

fn old(text: &str) -> MasterConfig {
    load(text).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn a_file_of_an_old_master_loads() {
    let config = old(OLD);
    assert_eq!((config.title.as_str(), config.worker_names()), ("Old", vec!["w1".to_owned()]));
    let steps = &config.builders[0].factory.steps;
    assert!(matches!(steps[0].kind, StepKind::Shell(_)) && matches!(steps[1].kind, StepKind::Compile(_)));
    assert_eq!((config.builders[0].locks.len(), config.builders[0].builddir.as_str()), (1, "b"));
    assert_eq!((config.schedulers.len(), config.protocols[0].listen.port), (1, 9989));
    let www = config.www.unwrap();
    let listen = www.listen.unwrap();
    assert_eq!((listen.port, listen.interface.as_deref()), (8010, Some("127.0.0.1")));
    assert_eq!(www.change_hook_dialects[0].0, "base");
}

#[test]
fn old_spellings_are_warned_about_with_the_new_ones() {
    let warnings = old(OLD).warnings;
    for expected in [
        "master.cfg:8: c['slaves'] is an old name of c['workers']",
        "master.cfg:8: worker.BuildSlave is an old name of worker.Worker",
        "master.cfg:9: c['slavePortnum'] is an old name of c['protocols']",
        "master.cfg:10: util.SlaveLock is an old name of util.WorkerLock",
        "master.cfg:10: util.SlaveLock(maxCountForSlave=) is an old name of 'maxCountForWorker'",
        "master.cfg:11: a class and its arguments are an old way to write steps.ShellCommand(...)",
        "master.cfg:12: a class and its arguments are an old way to write steps.Compile(...)",
        "master.cfg:13: a dictionary is an old way to write a util.BuilderConfig()",
        "master.cfg:13: util.BuilderConfig(slavename=) is an old name of 'workername'",
        "master.cfg:14: schedulers.Scheduler is an old name of schedulers.SingleBranchScheduler",
        "master.cfg:15: c['status'] is an old name of c['services']",
        "master.cfg:15: status.WebStatus is an old name of c['www']",
        "master.cfg:16: c['projectName'] is an old name of c['title']",
    ] {
        assert!(warnings.iter().any(|warning| warning == expected), "{expected}: {warnings:#?}");
    }
}

#[test]
fn an_old_guard_of_the_pages_is_not_left_out() {
    let guarded = OLD.replace("WebStatus(http_port=", "WebStatus(authz=Authz(forceBuild='auth'), http_port=");
    let config = old(&format!("from buildbot.status.web.authz import Authz\n{guarded}"));
    let notes: Vec<_> = config.not_available.iter().map(|note| note.message.as_str()).collect();
    assert_eq!(notes, ["status.WebStatus(authz=) is known, not available yet"]);
}

#[test]
fn old_arguments_of_steps_mean_what_they_meant() {
    let more = "f.addStep(steps.Git(repourl='git://e/r', mode='copy'))\n\
        f.addStep(steps.SetProperty(command='uname -m', property='arch'))\n";
    let config = super::config(more);
    let steps = &config.builders[0].factory.steps;
    assert!(matches!(&steps[1].kind, StepKind::Git(git) if git.mode == GitMode::Copy));
    assert!(matches!(steps[2].kind, StepKind::SetPropertyFromCommand(_)));
    let expected = [
        "master.cfg:8: steps.Git(mode='copy') is an old way to write mode='full', method='copy'",
        "master.cfg:9: steps.SetProperty(command=) is an old way to write steps.SetPropertyFromCommand()",
    ];
    assert!(
        expected.iter().all(|expected| config.warnings.iter().any(|warning| warning == expected)),
        "{:?}",
        config.warnings
    );
    let errors = load(&format!("{}f.addStep(steps.SetProperty(property='x'))\n", super::BASE)).unwrap_err().to_string();
    assert!(errors.contains("steps.SetProperty() needs 'property' and 'value'"), "{errors}");
}

#[test]
fn fields_of_the_only_codebase_were_arguments_of_the_form() {
    let more = "c['schedulers'].append(schedulers.ForceScheduler(name='old', builderNames=['b1'],\n\
        branch=util.FixedParameter(name='branch', default='stable'), repository=''))\n";
    let config = super::config(more);
    let SchedulerKind::Force(force) = &config.schedulers[1].kind else { panic!("no form") };
    assert_eq!(force.codebases.len(), 1);
    assert_eq!(force.codebases[0].branch.default, "stable".into());
    assert_eq!(force.codebases[0].repository.kind, ForceFieldKind::Fixed);
    assert_ne!(force.codebases[0].revision.kind, ForceFieldKind::Fixed);
    let warnings: Vec<_> = config.warnings.iter().filter(|warning| warning.contains("ForceScheduler(")).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("codebases=[util.CodebaseParameter(codebase='', branch=...)]"), "{warnings:?}");
}

#[test]
fn a_file_of_python_2_loads_and_says_where() {
    let text = OLD.replace(
        "c['projectName']",
        "import sys\ntry:\n    print >>sys.stderr, 'reading', `c`\n    raise KeyError, 'x'\nexcept (KeyError, ValueError), e:\n    \
         print 'no %s' % e,\nif 1 <> 2:\n\tmode = 0644 + 0L\nc['projectName']",
    );
    let config = old(&text.replace("'Old'", "ur'Old%d' % mode"));
    assert_eq!(config.title, "Old420");
    for expected in [
        "master.cfg:18: the statement 'print' is Python 2; write print(...) (1 more)",
        "master.cfg:18: backticks are Python 2; write repr(...)",
        "master.cfg:19: 'raise A, text' is Python 2; write 'raise A(text)'",
        "master.cfg:20: 'except A, e' is Python 2; write 'except A as e'",
        "master.cfg:22: '<>' is written '!=' since Python 3",
        "master.cfg:23: the octal number 0644 is Python 2; write 0o644",
        "master.cfg:23: numbers with an 'L' are Python 2; leave it out",
        "master.cfg:24: ur'' is Python 2; write r''",
    ] {
        assert!(config.warnings.iter().any(|it| it == expected), "{expected}: {:#?}", config.warnings);
    }
    assert_eq!(config.files[0].text, text.replace("'Old'", "ur'Old%d' % mode"));
    let said = load(&OLD.replace("c['projectName']", "print 'a', nothing\nc['projectName']")).unwrap_err().to_string();
    assert!(
        said.contains("master.cfg:16:12: variable 'nothing' not found\n    print 'a', nothing\n               ^^^^^^^"),
        "{said}"
    );
}

#[test]
fn a_class_and_its_arguments_are_a_step() {
    let text = OLD.replace(
        "f.addStep(Compile, command=['make', 'all'])",
        "class Make(Compile):\n    command = ['make', 'mine']\nf.addStep(Make, workdir='x')\n\
         f.addStep((Compile, {'command': ['make', 'all']}))\nf.addSteps([(Make, {})])",
    );
    let config = old(&text);
    assert_eq!(config.builders[0].factory.steps.len(), 4);
    let expected = "master.cfg:14: a class and its arguments are an old way to write Make(...)";
    assert!(config.warnings.iter().any(|it| it == expected), "{:?}", config.warnings);
}
