//! Configurations as people write them: modules beside them, blocks, classes, data files; and what they mean.

use std::fs;
use std::path::Path;

use crate::config::{ConfigErrors, Loader, MasterConfig};
use crate::domain::Timestamp;

/// What every one of these begins with.
const HEAD: &str = "\
from buildbot.plugins import *
c = BuildmasterConfig = {}
c['workers'] = [worker.Worker('w1', 'pw')]
c['protocols'] = {'pb': {'port': 9989}}
c['schedulers'] = []
c['builders'] = []
";

/// Loads a configuration with files beside it; `master.cfg` has the head in front.
fn load_with(files: &[(&str, &str)]) -> Result<MasterConfig, ConfigErrors> {
    let base_dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = base_dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let head = if *name == "master.cfg" { HEAD } else { "" };
        fs::write(path, format!("{head}{text}")).unwrap();
    }
    loader(base_dir.path()).master_cfg()
}

fn loader(base_dir: &Path) -> Loader {
    let environ = [("HOME".to_owned(), "/home/ci".to_owned())].into();
    Loader::new(base_dir).with_environ(environ).with_now(|| Timestamp::from_secs(1_767_225_600))
}

fn config(files: &[(&str, &str)]) -> MasterConfig {
    load_with(files).unwrap_or_else(|errors| panic!("{errors}"))
}

fn error(files: &[(&str, &str)]) -> String {
    load_with(files).unwrap_err().to_string()
}

fn builders(config: &MasterConfig) -> Vec<&str> {
    config.builders.iter().map(|builder| builder.name.as_str()).collect()
}

const ADD: &str = "\
def add(name, *made):
    factory = util.BuildFactory(list(made) or [steps.ShellCommand(command=['make', name])])
    c['builders'].append(util.BuilderConfig(name=name, workernames=['w1'], factory=factory))
    return factory
";

#[test]
fn modules_packages_and_included_files_are_one_configuration() {
    let config = config(&[
        (
            "master.cfg",
            "import sys\nimport os\nsys.path.append(os.path.join(os.path.dirname(__file__), 'lib'))\n\
             import common\nfrom common import make as m, PLATFORMS\nfrom build.linux import *\nimport build.mac as mac\n\
             import deep\nreload(common)\n\
             for name in PLATFORMS:\n    c['builders'].append(m(name))\n\
             common.extra.append(mac.NAME)\n\
             c['builders'] += [m(name) for name in common.extra]\n\
             c['title'] = TITLE + deep.VALUE\nexecfile('more.cfg')\nexec(open('last.cfg').read())\n",
        ),
        (
            "common.py",
            "from buildbot.plugins import util, steps\nPLATFORMS = ['a', 'b']\nextra = []\n\
             def make(name):\n    factory = util.BuildFactory([steps.ShellCommand(command=['make', name])])\n    \
             return util.BuilderConfig(name=name, workernames=['w1'], factory=factory)\n",
        ),
        ("build/__init__.py", "NAMES = []\n"),
        ("build/linux.py", "from . import NAMES\nfrom .names import TITLE, _hidden\nNAMES.append(TITLE)\n"),
        ("build/names.py", "TITLE = 'of a package'\n_hidden = 1\n"),
        ("build/mac.py", "from ..build import names\nNAME = 'mac'\n"),
        ("lib/deep.py", "VALUE = ' and deep'\n"),
        ("more.cfg", "c['builders'].append(m('more'))\nadded = 'last'\n"),
        ("last.cfg", "c['builders'].append(m(added))\n"),
    ]);
    assert_eq!(builders(&config), ["a", "b", "mac", "more", "last"]);
    assert_eq!(config.title, "of a package and deep");
    let names: Vec<&str> = config.files.iter().map(|file| file.name.as_str()).collect();
    assert!(names.contains(&"common.py") && names.contains(&"build/linux.py") && names[0] == "master.cfg", "{names:?}");
}

#[test]
fn errors_in_modules_point_into_the_modules() {
    let main = "import helper\nhelper.make()\n";
    let helper = "from buildbot.plugins import *\n\ndef make():\n    return steps.ShellCommand(comand='x')\n";
    let said = error(&[("master.cfg", main), ("helper.py", helper)]);
    assert!(said.contains("helper.py:4:31: steps.ShellCommand() has no argument 'comand'"), "{said}");
    let said = error(&[("master.cfg", "import helper\n"), ("helper.py", "x = (\n")]);
    assert!(said.starts_with("helper.py:2:1: syntax error"), "{said}");
    let said = error(&[("master.cfg", "import helper\nx = helper.nothing\n"), ("helper.py", "y = 1\n")]);
    assert!(said.contains("master.cfg:8:5: "), "{said}");
    let said = error(&[("master.cfg", "from helper import nothin\n"), ("helper.py", "nothing = 1\n")]);
    assert!(said.contains("'helper' (helper.py) has no 'nothin' (did you mean 'nothing'?)"), "{said}");
    let said = error(&[("master.cfg", "import helper\n"), ("helper.py", "def f():\n    return 1 // 0\nf()\n")]);
    assert!(said.starts_with("helper.py:2:12: "), "{said}");
}

#[test]
fn modules_that_need_each_other_are_told() {
    let main = "import a\nc['title'] = a.X\n";
    let said = error(&[("master.cfg", main), ("a.py", "import b\nX = b.Y\n"), ("b.py", "import a\nY = a.X\n")]);
    assert!(said.contains("'a.X' cannot be used: 'a.py' is not read yet: files import each other"), "{said}");
    let said =
        error(&[("master.cfg", "import a\n"), ("a.py", "from b import Y\nX = 1\n"), ("b.py", "from a import X\n")]);
    assert!(said.contains("b.py:1:15: 'a.py' and 'b.py' import each other"), "{said}");
    let said = error(&[("master.cfg", "import a\n"), ("a.py", "from a import X\n")]);
    assert!(said.contains("a.py:1:15: 'a.py' imports itself"), "{said}");
    let said = error(&[("master.cfg", "execfile('a.cfg')\n"), ("a.cfg", "execfile('a.cfg')\n")]);
    assert!(said.contains("'a.cfg' includes itself"), "{said}");
}

#[test]
fn modules_may_need_each_other_once_they_are_made() {
    let config = config(&[
        ("master.cfg", &format!("{ADD}import kit\nimport a\nc['title'] = a.both() + kit.low.NAME\nadd('a')\n")),
        ("a.py", "import b\nX = 'x'\ndef both():\n    return X + b.twice()\n"),
        ("b.py", "import a\nimport b\ndef twice():\n    return a.X + a.X\n"),
        ("kit/__init__.py", "import kit.low\nfrom . import high\n"),
        ("kit/low.py", "from . import high\nNAME = high.NAME\n"),
        ("kit/high.py", "NAME = 'high'\n"),
    ]);
    assert_eq!(config.title, "xxxhigh");
}

#[test]
fn what_is_not_here_is_an_error_only_where_it_is_used() {
    let unused = "import requests\nimport subprocess\nfrom twisted.internet import defer, reactor\n\
                  from twisted.python import log\nfrom zope.interface import implementer\nimport passwords\n\
                  from buildbot.process.buildstep import LogLineObserver, BuildStep\nlog.msg('loading')\n\
                  @implementer(BuildStep)\nclass Observer(LogLineObserver):\n    def outLineReceived(self, line):\n        \
                  self.step.x = line\n\
                  class Custom(BuildStep):\n    @defer.inlineCallbacks\n    def run(self):\n        x = yield 1\n        \
                  defer.returnValue(x)\n";
    let whole = format!("{unused}{ADD}add('a')\n");
    assert_eq!(builders(&config(&[("master.cfg", &whole)])), ["a"]);
    let cases = [
        ("requests.get('http://x')", "'requests.get' is not available in configurations; a configuration asks nobody"),
        ("x = subprocess.check_output(['ls'])", "a configuration runs nothing: write the answer to a file"),
        ("c['title'] = passwords.admin", "'passwords.admin' is not available"),
        (
            "f = Custom()",
            "'Custom' overrides 'run' of steps.BuildStep, which cannot run here; give the factory a function",
        ),
    ];
    for (line, expected) in cases {
        let said = error(&[("master.cfg", &format!("{unused}{line}\n"))]);
        assert!(said.contains(expected), "{line}: {said}");
    }
}

#[test]
fn imports_may_be_tried() {
    let text = "try:\n    import private\nexcept ImportError:\n    import example as private\n\
                try:\n    from json import nothing\nexcept ImportError:\n    nothing = 'none'\n\
                c['title'] = private.TITLE + nothing\n";
    let whole = format!("{text}{ADD}add('a')\n");
    assert_eq!(config(&[("master.cfg", &whole), ("example.py", "TITLE = 'example'\n")]).title, "examplenone");
    let both =
        [("master.cfg", whole.as_str()), ("example.py", "TITLE = 'example'\n"), ("private.py", "TITLE = 'mine'\n")];
    assert_eq!(config(&both).title, "minenone");
}

#[test]
fn data_files_are_read_below_the_base_directory_only() {
    let text = "import json, yaml\n\
                with open('workers.json') as f:\n    names = json.load(f)\n\
                c['workers'] = [worker.Worker(n, p) for n, p in sorted(names.items())]\n\
                settings = yaml.safe_load(open(os.path.join(basedir, 'settings.yaml')))\n\
                c['title'] = settings['title']\n\
                for entry in settings['builders']:\n    add(entry['name'], *[steps.ShellCommand(command=x) for x in entry['run']])\n\
                def read(name):\n    try:\n        return open(name).read().strip()\n    except IOError as e:\n        return 'missing'\n\
                c['titleURL'] = 'http://' + read('host') + '/' + read('nothing')\n";
    let whole = format!("import os\n{ADD}{text}");
    let config = config(&[
        ("master.cfg", &whole),
        ("workers.json", "{\"w1\": \"a\", \"w2\": \"b\"}"),
        (
            "settings.yaml",
            "title: From YAML\nbuilders:\n  - &one\n    name: one\n    run: [[make, all], [make, check]]\n  - <<: *one\n    name: two\n",
        ),
        ("host", "ci\n"),
    ]);
    assert_eq!(config.worker_names(), ["w1", "w2"]);
    assert_eq!((config.title.as_str(), config.title_url.as_str()), ("From YAML", "http://ci/missing"));
    assert_eq!(builders(&config), ["one", "two"]);
    assert_eq!(config.builders[1].factory.steps.len(), 2);
    let said = error(&[("master.cfg", "open('/etc/passwd')\n")]);
    assert!(said.contains("master.cfg:7:1: '/etc/passwd' lies outside of the master's directory"), "{said}");
    let said = error(&[("master.cfg", "open('x', 'w')\n")]);
    assert!(said.contains("cannot be opened for writing"), "{said}");
}

#[test]
fn classes_fill_in_arguments_and_factories() {
    let text = "from buildbot.steps.shell import ShellCommand\n\
                from buildbot.process.factory import BuildFactory\n\
                class Make(ShellCommand):\n    name = 'make'\n    haltOnFailure = True\n    command = ['make']\n\
                class Run(ShellCommand):\n    def __init__(self, what, **kwargs):\n        \
                kwargs.setdefault('timeout', 60)\n        ShellCommand.__init__(self, command=['run', what], **kwargs)\n        \
                self.haltOnFailure = False\n        self.what = what\n\
                class Standard(BuildFactory):\n    def __init__(self, *more):\n        super().__init__([Make()])\n        \
                for step in more:\n            self.addStep(step)\n        self.addSteps(self.end())\n    \
                def end(self):\n        return [Run('end', name='the end')]\n\
                f = Standard(Run('x', name='x'))\nf.addStep(Make(name='again'))\n\
                c['builders'].append(util.BuilderConfig(name='b', workernames=['w1'], factory=f))\n";
    let config = config(&[("master.cfg", text)]);
    let names: Vec<String> =
        config.builders[0].factory.steps.iter().map(|step| format!("{:?}", step.common.name)).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert!(
        names[0].contains("make") && names[1].contains('x') && names[2].contains("end") && names[3].contains("again")
    );
}

#[test]
fn overrides_that_would_run_inside_of_buildbot_are_refused_where_they_are_used() {
    let class = "from buildbot.steps.shell import ShellCommand\n\
                 class Summary(ShellCommand):\n    def createSummary(self, log):\n        pass\n";
    config(&[("master.cfg", &format!("{class}{ADD}add('a')\n"))]);
    let said = error(&[("master.cfg", &format!("{class}{ADD}add('a', Summary(command='x'))\n"))]);
    assert!(said.contains("master.cfg:15:10: 'Summary' overrides 'createSummary' of steps.ShellCommand"), "{said}");
    assert!(said.contains("use decodeRC="), "{said}");
}

#[test]
fn the_clock_the_environment_and_random_numbers_are_given() {
    let text = "import os, time, datetime, random, sys, socket, logging\n\
                logging.getLogger('x').info('loading')\n\
                c['title'] = time.strftime('%Y', time.gmtime()) + os.environ['HOME'] + os.getenv('NONE', '!')\n\
                assert datetime.datetime.utcnow().year == 2026\n\
                assert len([random.choice('ab') for n in range(3)]) == 3 and sys.argv\n\
                env = dict(os.environ, X='1')\nenv.update(**os.environ)\n";
    assert_eq!(config(&[("master.cfg", &format!("{text}{ADD}add('a')\n"))]).title, "2026/home/ci!");
}

#[test]
fn all_errors_of_all_files_come_at_once_and_sorted() {
    let errors = load_with(&[
        ("master.cfg", "import a\nimport buildbot.stepz\nx = (1).y.z\n"),
        ("a.py", "del b.c\nimport buildbot.foo\n"),
    ]);
    let places: Vec<(String, u32)> = errors.unwrap_err().iter().map(|error| (error.file.clone(), error.line)).collect();
    assert_eq!(places, [("a.py".to_owned(), 1), ("a.py".to_owned(), 2), ("master.cfg".to_owned(), 8)]);
}

#[test]
fn old_files_load_with_warnings_that_name_the_modern_spelling() {
    let text = "from buildbot.config import BuilderConfig\nfrom buildbot.process import factory\n\
                from buildbot.steps import shell, source\nfrom buildbot.status.results import SUCCESS, FAILURE\n\
                from buildbot.schedulers.basic import SingleBranchScheduler\nfrom buildbot.changes.filter import ChangeFilter\n\
                f = factory.BuildFactory()\nf.addStep(shell.ShellCommand(command=['make']))\n\
                c['builders'] = [BuilderConfig(name='b', slavenames=['w1'], factory=f)]\n\
                c['schedulers'] = [SingleBranchScheduler(name='s', builderNames=['b'], change_filter=ChangeFilter(branch='x'))]\n\
                if d_has(c): pass\n";
    let text = text.replace("if d_has(c): pass", "if c.has_key('builders') and SUCCESS == 0: print('old')");
    let config = config(&[("master.cfg", &text)]);
    assert!(
        config.warnings.iter().any(|warning| warning.contains("is an old name of 'workernames'")),
        "{:?}",
        config.warnings
    );
}

#[test]
fn what_a_block_includes_or_imports_is_there_behind_it() {
    let text = "\
try:
    from local_settings import *
except ImportError:
    PORT, HOSTS = 1, []
try:
    from nothing_here import *
except ImportError:
    OTHER = 'other'
if HOSTS:
    execfile('hosts.cfg')
else: exec(open('none.cfg').read())
if not HOSTS: execfile('none.cfg')
try:
    execfile('more.cfg')
except IOError:
    pass
c['title'] = '%s %s %s %s' % (PORT, OTHER, SEEN, MORE)
add('a')
";
    let hosts = "\
# hosts
SEEN = []
for host in HOSTS:
    try:
        SEEN.append('''-
  %s''' % host)
    finally:
        pass

def nobody(x=(1,
  2)):
    return x
if SEEN: execfile('inner.cfg')
";
    let config = config(&[
        ("master.cfg", &format!("{ADD}{text}")),
        ("local_settings.py", "PORT = 9989\nHOSTS = ['a', 'b']\n"),
        ("hosts.cfg", hosts),
        ("inner.cfg", "SEEN = ','.join(SEEN)\n"),
        ("none.cfg", "# nothing\n"),
        ("more.cfg", "MORE = 'more'\n"),
    ]);
    assert_eq!(config.title, "9989 other -\n  a,-\n  b more");
    let said = error(&[("master.cfg", "if c:\n    execfile('bad.cfg')\n"), ("bad.cfg", "\nx = 1\ny = nothing\n")]);
    assert!(said.contains("bad.cfg:3:5: variable 'nothing' not found\n    y = nothing\n        ^^^^^^^"), "{said}");
}
