//! Whole configurations: what they become, what is wrong with them, what their functions do.

mod callback_rows;
mod callbacks;
mod chats;
mod clients;
mod db_config;
mod dialect;
mod diff;
mod errors;
mod files;
mod limits;
mod links;
mod old_style;
mod python;
mod renderables;
mod reporters;
mod secrets;
mod step_functions;
mod steps;
mod tls;
mod typed;
mod unbuilt;

use super::{ConfigErrors, Loader, MasterConfig};

/// A configuration without mistakes, to which tests add lines.
const BASE: &str = "\
from buildbot.plugins import *
c = BuildmasterConfig = {}
c['workers'] = [worker.Worker('w1', 'pw')]
c['protocols'] = {'pb': {'port': 9989}}
f = util.BuildFactory([steps.ShellCommand(command=['make'])])
c['builders'] = [util.BuilderConfig(name='b1', workername='w1', factory=f)]
c['schedulers'] = [schedulers.ForceScheduler(name='force', builderNames=['b1'])]
";

/// The number of lines of [`BASE`].
const LINES: u32 = 7;

fn load(text: &str) -> Result<MasterConfig, ConfigErrors> {
    Loader::new("/srv/master").text("master.cfg", text)
}

/// The base with more lines; it must load.
fn config(more: &str) -> MasterConfig {
    load(&format!("{BASE}{more}")).unwrap_or_else(|errors| panic!("{errors}"))
}
