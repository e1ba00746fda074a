//! What a call of a function of a configuration costs: `scripts/configuration-figures functions`.

use std::process::ExitCode;
use std::sync::Arc;

use buildbot::config::Loader;
use buildbot::domain::script::{ScriptLimits, ScriptValue};
use buildbot::domain::{Callback, Properties, PropertyValue};
use buildbot::schedulers::config::SchedulerKind;
use tokio::time::Instant;

const CONFIGURATION: &str = "\
from buildbot.plugins import *
import re
c = BuildmasterConfig = {}
c['workers'] = [worker.Worker('w', 'pw')]
c['protocols'] = {'pb': {'port': 9989}}
c['builders'] = [util.BuilderConfig(name='b', workername='w', factory=util.BuildFactory())]
version = re.compile(r'release/(\\d+)\\.(\\d+)')
def nothing(change):
    return True
def has_sources(change):
    for name in change.files:
        if name.endswith('.c'):
            return True
    return False
def is_release(change):
    found = version.match(change.branch)
    return bool(found) and int(found.group(1)) >= 7
def flags(change):
    words = ['make']
    for n in range(100):
        words.append('-D%d=%s' % (n, change.branch))
    return len(words) == 101
c['schedulers'] = [schedulers.SingleBranchScheduler(name=f.__name__, branch='main', builderNames=['b'], fileIsImportant=f)
                   for f in [nothing, has_sources, is_release, flags]]
";

const N_CALLS: u32 = 20_000;

fn main() -> ExitCode {
    let config = match Loader::new("/").text("master.cfg", CONFIGURATION) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return ExitCode::FAILURE;
        }
    };
    let files = (0..50).map(|n| ScriptValue::Data(format!("docs/chapter{n}.txt").into())).collect();
    let change = ScriptValue::Object(vec![
        ("branch".to_owned(), ScriptValue::Data("release/7.2".into())),
        ("files".to_owned(), ScriptValue::List(files)),
        ("properties".to_owned(), ScriptValue::Properties(Arc::new(Properties::new()))),
    ]);
    for scheduler in &config.schedulers {
        let SchedulerKind::SingleBranch(basic) = &scheduler.kind else { continue };
        if let Some(function) = &basic.watch.file_is_important {
            measure(function, &change);
        }
    }
    ExitCode::SUCCESS
}

fn measure(Callback(function): &Callback, change: &ScriptValue) {
    let begin = Instant::now();
    let mut n_true = 0;
    for _ in 0..N_CALLS {
        match function.call(std::slice::from_ref(change), ScriptLimits::default()) {
            Ok(PropertyValue::Bool(true)) => n_true += 1,
            Ok(_) => {}
            Err(error) => eprintln!("{error}"),
        }
    }
    let each = begin.elapsed() / N_CALLS;
    println!("{}: {each:?} a call, with 50 files ({n_true} of {N_CALLS} say True)", function.name());
}
