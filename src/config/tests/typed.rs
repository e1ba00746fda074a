//! What the arguments of a file become.

use std::sync::Arc;
use std::time::Duration;

use super::{config, load};
use crate::changes::config::ChangeSourceKind;
use crate::config::{Collapse, Protocol};
use crate::domain::lock::{LockMode, LockScope, known_accesses, lock_functions};
use crate::domain::script::ScriptLimits;
use crate::domain::{Compression, Description, Properties, PropertyValue, Renderable, ScriptValue};
use crate::locks::returned;
use crate::schedulers::config::{
    AttributeTest, ChangeAttribute, ForceFieldKind, ForceParameter, Layout, SchedulerKind,
};
use crate::schedulers::fields;
use crate::steps::StepCondition;
use crate::steps::config::{DownloadSource, FilesystemConfig, GitMode, StepKind, TransferSize};

#[test]
fn steps_have_buildbots_defaults() {
    let config = config("f.addSteps([steps.Configure(), steps.Compile(), steps.Test()])\n");
    let steps = &config.builders[0].factory.steps;
    let StepKind::Shell(shell) = &steps[0].kind else { panic!("not a shell step") };
    assert_eq!(shell.timeout, Some(Duration::from_secs(1200)));
    assert_eq!(shell.interrupt_signal, "KILL");
    assert!(shell.want_stdout && shell.want_stderr && shell.log_environ && !shell.use_pty);
    let common = |position: usize| &steps[position].common;
    assert_eq!(common(0).name, Renderable::from("shell"));
    assert!(!common(0).halt_on_failure && common(0).flunk_on_failure);
    assert_eq!((common(1).name.clone(), common(1).halt_on_failure), (Renderable::from("configure"), true));
    assert_eq!((common(2).name.clone(), common(2).halt_on_failure), (Renderable::from("compile"), true));
    assert!(common(3).warn_on_failure && !common(3).halt_on_failure);
    let StepKind::Test(test) = &steps[3].kind else { panic!("not a test step") };
    let words = PropertyValue::List(vec!["make".into(), "test".into()]);
    assert_eq!(test.shell.command, Renderable::Value(words));
    assert_eq!(common(0).do_step_if, StepCondition::Always);
    assert_eq!(common(0).hide_step_if, StepCondition::Never);
}

#[test]
fn renderables_and_git_arguments_arrive() {
    let config = config(
        "f.addStep(steps.Git(repourl=util.Interpolate('%(kw:a)s', a=util.Property('x', default='y')), mode='full',\n\
         method='clobber', shallow=True, retry=(5, 2), getDescription={'tags': True}, timeout=None, doStepIf=lambda s: True))\n\
         f.addStep(steps.ShellCommand(command=['a', util.Secret('s')], env={'A': util.Property('b')}, decodeRC={0: util.SUCCESS, 1: util.WARNINGS},\n\
         logfiles={'t': 'a.log', 'u': {'filename': 'b.log', 'follow': True}}, description=['doing', 'it']))\n",
    );
    let steps = &config.builders[0].factory.steps;
    let StepKind::Git(git) = &steps[1].kind else { panic!("not a git step") };
    assert_eq!(git.mode, GitMode::Clobber);
    assert_eq!((git.shallow, git.retry, git.timeout), (Some(1), Some((Duration::from_secs(5), 2)), None));
    assert!(git.get_description.as_ref().is_some_and(|options| options.contains_key("tags")));
    let Renderable::Interpolate { format, kwargs, .. } = &git.repourl else { panic!("not interpolated") };
    assert_eq!(format, "%(kw:a)s");
    assert!(
        matches!(&kwargs["a"], Renderable::Property { name, default: Some(_), default_when_false: true } if name == "x")
    );
    assert!(matches!(steps[1].common.do_step_if, StepCondition::Function(_)));
    let StepKind::Shell(shell) = &steps[2].kind else { panic!("not a shell step") };
    assert_eq!(shell.command, Renderable::List(vec!["a".into(), Renderable::Secret("s".into())]));
    assert_eq!(shell.decode_rc, Some([(0, 0), (1, 1)].into()));
    assert_eq!(shell.log_files.len(), 2);
    assert!(shell.log_files[1].follow);
    assert_eq!(steps[2].common.description, Some("doing it".into()));
}

#[test]
fn transfers_have_buildbots_defaults_and_old_names() {
    let config = config(
        "f.addSteps([steps.FileUpload(slavesrc='a', masterdest='b', mode=0o644, url='http://x', maxsize=10),\n\
         steps.DirectoryUpload('a', 'b', compress='bz2'), steps.MultipleFileUpload(workersrcs=['a', 'b'], masterdest='c', glob=True),\n\
         steps.FileDownload(mastersrc='a', slavedest='b'), steps.StringDownload('text', workerdest='b', workdir='w'),\n\
         steps.JSONStringDownload({'a': [1]}, workerdest='b'), steps.JSONPropertiesDownload(workerdest='b'),\n\
         steps.FileExists(file='a'), steps.MakeDirectory(dir='a'), steps.RemoveDirectory('a'), steps.CopyDirectory('a', 'b')])\n",
    );
    let steps = &config.builders[0].factory.steps;
    let names: Vec<_> = steps.iter().skip(1).map(crate::steps::default_name).collect();
    assert_eq!(names[..4], ["upload", "upload", "upload", "download"]);
    assert_eq!(names[4..7], ["string_download", "json_download", "json_properties_download"]);
    assert_eq!(names[7..], ["FileExists", "MakeDirectory", "RemoveDirectory", "CopyDirectory"]);
    assert!(steps.iter().skip(1).all(|step| step.common.halt_on_failure && step.common.flunk_on_failure));
    let StepKind::FileUpload(upload) = &steps[1].kind else { panic!("not an upload") };
    assert_eq!((upload.workersrc.clone(), upload.mode, upload.keepstamp), ("a".into(), Some(0o644), false));
    assert_eq!(upload.size, TransferSize { max: Some(10), block: 256 * 1024 });
    assert_eq!(upload.link.url, Some("http://x".into()));
    let StepKind::DirectoryUpload(directory) = &steps[2].kind else { panic!("not an upload") };
    assert_eq!(directory.compression, Compression::Bzip2);
    assert_eq!(directory.size, TransferSize { max: None, block: 16 * 1024 });
    let StepKind::MultipleFileUpload(multiple) = &steps[3].kind else { panic!("not an upload") };
    assert!(multiple.glob && multiple.compression == Compression::None);
    let StepKind::Download(download) = &steps[6].kind else { panic!("not a download") };
    assert!(matches!(download.source, DownloadSource::Json(_)));
    let StepKind::Filesystem(FilesystemConfig::CopyDirectory { timeout, max_time, .. }) = &steps[11].kind else {
        panic!("not a copy")
    };
    assert_eq!((*timeout, *max_time), (Some(Duration::from_secs(120)), None));
    let warnings = ["steps.FileUpload(slavesrc=) is an old name", "steps.FileDownload(slavedest=) is an old name"];
    for (warning, expected) in config.warnings.iter().zip(warnings) {
        assert!(warning.contains(expected), "{warning}");
    }
    assert_eq!(config.warnings.len(), 2);
}

#[test]
fn filters_and_old_names_arrive() {
    let config = config(
        "c['schedulers'].append(schedulers.SingleBranchScheduler(name='s', builderNames=['b1'], branch=None))\n\
         c['schedulers'].append(schedulers.SingleBranchScheduler('t', builderNames=('b1',), change_filter=\n\
         util.ChangeFilter(branch=['a', None], project_re='^p', category_fn=lambda c: True), treeStableTimer=2.5))\n\
         c['change_source'] = [changes.GitPoller(url='git://e/r', branches=True, pollinterval=5)]\n",
    );
    let filter = |position: usize| match &config.schedulers[position].kind {
        SchedulerKind::SingleBranch(single) => single.clone(),
        _ => panic!("not a single branch"),
    };
    let branch = |values: Vec<Option<String>>| (ChangeAttribute::Branch, AttributeTest::OneOf(values));
    assert_eq!(filter(1).watch.filter.tests, [branch(vec![None])]);
    let second = filter(2);
    assert_eq!(second.tree_stable_timer, Some(Duration::from_millis(2500)));
    assert_eq!(second.watch.filter.tests[1], branch(vec![Some("a".into()), None]));
    assert_eq!(second.watch.filter.tests[0], (ChangeAttribute::Project, AttributeTest::Matches(vec!["^p".into()])));
    assert!(matches!(second.watch.filter.tests[2], (ChangeAttribute::Category, AttributeTest::Function(_))));
    assert_eq!(
        config.warnings,
        [
            "master.cfg:11: changes.GitPoller(url=) is an old name of 'repourl'",
            "master.cfg:11: changes.GitPoller(pollinterval=) is an old name of 'pollInterval'"
        ]
    );
}

#[test]
fn a_builder_can_be_a_dictionary() {
    let config = config("c['builders'].append({'name': 'b2', 'slavename': 'w1', 'factory': f})\n");
    assert_eq!(config.builders[1].worker_names, ["w1"]);
    assert_eq!(config.builders[1].factory, config.builders[0].factory);
    let error = load("c = BuildmasterConfig = {'builders': [{'name': 'b2', 'factry': 1}]}").unwrap_err().to_string();
    assert!(error.contains("1:39: util.BuilderConfig() has no argument 'factry' (did you mean 'factory'?)"), "{error}");
}

#[test]
fn force_forms_arrive() {
    let config = config(
        "c['schedulers'] = [schedulers.ForceScheduler('force', ['b1'], label='Build', codebases=['', util.CodebaseParameter('lib', branch='main', revision=None,\n\
         project=util.ChoiceStringParameter('project', choices=['x', 'y'], default='x'))], properties=[util.BooleanParameter('clean', default=True),\n\
         util.TextParameter(name='notes', rows=3, required=True), util.IntParameter(name='jobs', default=4)])]\n",
    );
    let SchedulerKind::Force(force) = &config.schedulers[0].kind else { panic!("not a force scheduler") };
    assert_eq!((force.label.as_str(), force.button_name.as_str()), ("Build", "force"));
    assert_eq!(force.reason.default, "force build".into());
    assert_eq!(force.username.kind, ForceFieldKind::UserName { need_email: true, size: 30 });
    assert_eq!(force.codebases.len(), 2);
    let lib = &force.codebases[1];
    assert_eq!((lib.branch.kind.clone(), lib.branch.default.clone()), (ForceFieldKind::Fixed, "main".into()));
    assert_eq!(lib.revision.kind, ForceFieldKind::Fixed);
    assert!(matches!(&lib.project.kind, ForceFieldKind::Choice { choices, strict: true } if choices.len() == 2));
    let [_, ForceParameter::Field(notes), ForceParameter::Field(jobs)] = force.properties.as_slice() else {
        panic!("no fields: {:?}", force.properties)
    };
    assert_eq!(notes.kind, ForceFieldKind::Text { rows: 3, cols: 80 });
    assert!(notes.required);
    assert_eq!(jobs.default, 4.into());
}

#[test]
fn groups_of_a_force_form_arrive() {
    let config = config(
        "c['schedulers'] = [schedulers.ForceScheduler('force', ['b1'],\n\
         codebases=[util.CodebaseParameter('', patch=util.PatchParameter(level=util.FixedParameter('level', default='0')))],\n\
         properties=[util.NestedParameter('opt', layout='tabs', columns=2, fields=[util.ParameterGroup(label='g',\n\
         fields=[util.WorkerChoiceParameter(), util.FileParameter('f')])]), util.AnyPropertyParameter('any'),\n\
         util.InheritBuildParameter(), util.ChoiceStringParameter('c', choices=['a'], autopopulate={'a': {'f': 'x'}})])]\n",
    );
    let SchedulerKind::Force(force) = &config.schedulers[0].kind else { panic!("not a force scheduler") };
    let patch = force.codebases[0].patch.as_ref().unwrap();
    assert_eq!((&patch.level.kind, &patch.level.default), (&ForceFieldKind::Fixed, &"0".into()));
    assert_eq!((&patch.body.kind, patch.body.max_size), (&ForceFieldKind::File, Some(10 * 1024 * 1024)));
    let names: Vec<String> = fields::all(force).into_iter().skip(3).map(|(name, _)| name).collect();
    let codebase = ["branch", "project", "repository", "revision"];
    let patch = ["patch_body", "patch_level", "patch_author", "patch_comment", "patch_subdir"];
    let own = ["opt_workername", "opt_f", "any_name", "any_value", "inherit", "c"];
    assert_eq!(names, [codebase.as_slice(), &patch, &own].concat());
    let Some(ForceParameter::Group(tabs)) = force.properties.first() else { panic!("no group") };
    assert_eq!((tabs.layout, tabs.columns), (Layout::Tabs, Some(2)));
    let Some(ForceParameter::Field(choice)) = force.properties.last() else { panic!("no field") };
    assert_eq!(choice.autopopulate.to_string(), "{'a': {'f': 'x'}}");
}

#[test]
fn locks_keys_and_inactive_parts_arrive() {
    let config = config(
        "lock = util.MasterLock('db', maxCount=2)\n\
         slow = util.WorkerLock('cpu', maxCountForWorker={'w1': 3})\n\
         c['builders'].append(util.BuilderConfig('b 2', workernames='w1', factory=f, tags=['x'], collapseRequests=False,\n\
         locks=[lock.access('counting'), slow.access('exclusive')], env={'A': '1'}, properties={'p': [1, None]}))\n\
         c['services'] = [reporters.TelegramBot('token')]\n\
         c['protocols']['msgpack_experimental_v7'] = {'port': 'tcp:9990'}\n\
         c['www'] = {'port': 8010, 'plugins': {'badges': {}}, 'change_hook_dialects': {'github': {}}}\n\
         c['collapseRequests'] = False\n\
         c['logMaxSize'] = 1000\n\
         c['buildbotNetUsageData'] = None\n\
         c['buildbotURL'] = 'http://ci'\n",
    );
    let builder = &config.builders[1];
    assert_eq!((builder.builddir.as_str(), builder.workerbuilddir.as_str()), ("b_2", "b_2"));
    assert_eq!(builder.collapse_requests, Some(Collapse::Never));
    let locks: Vec<_> = known_accesses(&builder.locks).collect();
    assert_eq!((locks[0].mode, locks[0].lock.max_count), (LockMode::Counting, 2));
    assert_eq!(locks[1].lock.scope, LockScope::Worker);
    assert_eq!(locks[1].lock.max_count_for_worker, [("w1".to_owned(), 3)]);
    assert_eq!(config.protocols[1].protocol, Protocol::Msgpack);
    assert_eq!(config.collapse_requests, Collapse::Never);
    assert_eq!(config.logs.max_bytes, Some(1000));
    assert_eq!(config.buildbot_url, "http://ci/");
    assert_eq!(
        config.inactive,
        ["reporters.TelegramBot", "c['www']['plugins']['badges']", "c['www']['change_hook_dialects']['github']"]
    );
}

#[test]
fn locks_stand_on_steps_too_and_may_be_named_by_functions() {
    let config = config(
        "db = util.MasterLock('db')\n\
         @util.renderer\n\
         def by_branch(props):\n\
         \treturn [util.MasterLock('x-' + props['branch']).access('exclusive'), db]\n\
         c['builders'].append(util.BuilderConfig('b 2', workernames='w1', locks=[db.access('exclusive'), by_branch],\n\
         factory=util.BuildFactory([steps.ShellCommand(command='ls', locks=by_branch),\n\
         steps.ShellCommand(command='ls', locks=[db.access('counting')])])))\n",
    );
    let builder = &config.builders[1];
    let functions: Vec<_> = lock_functions(&builder.locks).collect();
    assert_eq!((builder.locks.len(), functions.len()), (2, 1));
    let steps = &builder.factory.steps;
    assert_eq!((steps[0].common.locks.len(), known_accesses(&steps[1].common.locks).count()), (1, 1));
    let mut properties = Properties::new();
    properties.set("branch", "main", "test");
    let properties = ScriptValue::Properties(Arc::new(properties));
    let returned = functions[0].0.call(&[properties], ScriptLimits::default()).unwrap();
    let named = returned::from_value(&returned).unwrap();
    let told: Vec<_> = named.iter().map(|access| (access.lock.name.as_str(), access.mode)).collect();
    assert_eq!(told, [("x-main", LockMode::Exclusive), ("db", LockMode::Counting)]);
}

#[test]
fn configurations_of_the_old_kind_load_with_warnings() {
    let config = load(
        "from buildbot.buildslave import BuildSlave\n\
         from buildbot.config import BuilderConfig\n\
         from buildbot.process.factory import BuildFactory\n\
         from buildbot.schedulers.basic import SingleBranchScheduler\n\
         from buildbot.steps.shell import ShellCommand\n\
         import os\n\
         c = BuildmasterConfig = {}\n\
         c['slaves'] = [BuildSlave('s1', 'pw')]\n\
         c['slavePortnum'] = 'tcp:9989'\n\
         f = BuildFactory()\n\
         f.addStep(ShellCommand(command=['ls', os.path.join(basedir, 'x')]))\n\
         c['builders'] = []\n\
         for arch in ('i386', 'amd64'):\n\
         \tc['builders'].append(BuilderConfig(name='b-%s' % arch, slavenames=['s1'], factory=f, category='cat'))\n\
         c['schedulers'] = [SingleBranchScheduler(name='all', branch='master', treeStableTimer=None,\n\
         \tbuilderNames=[b.name for b in c['builders']])]\n\
         c['projectName'] = 'Old'\n",
    )
    .unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(config.title, "Old");
    assert_eq!(config.protocols[0].listen.port, 9989);
    assert_eq!(config.builders[1].name, "b-amd64");
    assert_eq!(config.builders[1].tags, ["cat"]);
    assert_eq!(config.schedulers[0].builder_names, ["b-i386", "b-amd64"]);
    let StepKind::Shell(shell) = &config.builders[0].factory.steps[0].kind else { panic!("not a shell step") };
    assert_eq!(shell.command.constant().map(ToString::to_string), Some("['ls', '/srv/master/x']".into()));
    assert!(config.warnings.contains(&"master.cfg:8: c['slaves'] is an old name of c['workers']".to_owned()));
}

#[test]
fn projects_codebases_and_descriptions() {
    let config = config(
        "c['projects'] = [util.Project('shop', slug='s', description='All *of* it', description_format='markdown')]\n\
         app = util.Codebase('app', project='shop')\n\
         c['codebases'] = [app]\n\
         c['change_source'] = changes.GitPoller('git://e/r', codebase=app)\n\
         c['builders'].append(util.BuilderConfig(name='b2', workername='w1', factory=f, project='shop',\n\
             description='plain *text*'))\n",
    );
    let project = &config.projects[0];
    assert_eq!((project.name.as_str(), project.slug.as_str()), ("shop", "s"));
    assert_eq!(project.description.html.as_deref(), Some("<p>All <em>of</em> it</p>\n"));
    let codebase = &config.codebases[0];
    assert_eq!((codebase.name.as_str(), codebase.slug.as_str(), codebase.project.as_str()), ("app", "app", "shop"));
    let builder = &config.builders[1];
    assert_eq!(builder.project.as_deref(), Some("shop"));
    assert_eq!(builder.description, Description::plain(Some("plain *text*".to_owned())));
    let ChangeSourceKind::Git(git) = &config.change_sources[0].kind else { panic!("no poller") };
    assert_eq!(git.codebase, Some(("shop".to_owned(), "app".to_owned())));
}
