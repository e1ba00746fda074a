//! What a configuration may say, and this program cannot do yet, although ignoring it would do harm.

use super::MasterConfig;

/// One line for each part that must not be ignored; a master with such a configuration does not start.
pub fn unbuilt(config: &MasterConfig) -> Vec<String> {
    let workers = config.workers.iter().filter(|worker| !worker.locks.is_empty());
    let workers =
        workers.map(|worker| format!("worker '{}' has locks, which are known but not available yet", worker.name));
    let builders = config.builders.iter().filter(|builder| !builder.locks.is_empty());
    let builders = builders.map(|builder| {
        format!("{}: builder '{}' takes locks, which are known but not available yet", builder.location, builder.name)
    });
    workers.chain(builders).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Loader;

    #[test]
    fn a_builder_with_locks_is_named_with_its_place() {
        let text = "from buildbot.plugins import *\n\
            c = BuildmasterConfig = {'workers': [worker.Worker('w', 'x')], 'protocols': {'pb': {'port': 9989}}}\n\
            lock = util.MasterLock('l')\n\
            c['builders'] = [util.BuilderConfig(name='b', workernames=['w'], factory=util.BuildFactory(),\n\
                                                locks=[lock.access('exclusive')])]\n\
            c['schedulers'] = [schedulers.ForceScheduler(name='f', builderNames=['b'])]\n";
        let config = Loader::new(Path::new("/m")).text("master.cfg", text).unwrap();
        assert_eq!(unbuilt(&config), ["master.cfg:4: builder 'b' takes locks, which are known but not available yet"]);
    }
}
