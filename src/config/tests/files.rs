//! The configurations that operators copy.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::changes::config::{BranchChoice, ChangeSourceKind};
use crate::config::{ListenAddress, Loader, Protocol, sample};
use crate::schedulers::config::SchedulerKind;

#[test]
fn every_file_in_config_loads_without_a_warning() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let mut n_files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let config = Loader::new("/srv/master").file(&path).unwrap_or_else(|errors| panic!("{errors}"));
        assert_eq!(config.warnings, Vec::<String>::new(), "{}", path.display());
        n_files += 1;
    }
    assert!(3 <= n_files, "only {n_files} files");
}

#[test]
fn the_sample_describes_a_whole_master() {
    let config = Loader::new("/srv/master").text("master.cfg", sample()).unwrap();
    assert_eq!(config.title, "Hello World CI");
    assert_eq!(config.buildbot_url, "http://localhost:8010/");
    assert_eq!(config.db_url.expose(), Some("sqlite:///state.sqlite"));
    assert_eq!(
        (config.workers[0].name.as_str(), config.workers[0].password.expose()),
        ("example-worker", Some("pass"))
    );
    assert_eq!(config.protocols[0].protocol, Protocol::Pb);
    let local = |port| ListenAddress { port, interface: Some("127.0.0.1".into()), tls: None };
    assert_eq!(config.protocols[0].listen, local(9989));
    let www = config.www.unwrap();
    assert_eq!(www.listen, Some(local(8010)));
    assert_eq!(www.change_hook_dialects, [("base".to_owned(), crate::domain::PropertyValue::Bool(true).into())]);
    let ChangeSourceKind::Git(poller) = &config.change_sources[0].kind else { panic!("no poller") };
    assert_eq!(poller.branches, BranchChoice::Named(vec!["master".into()]));
    assert_eq!(poller.poll_interval, Duration::from_secs(300));
    let SchedulerKind::SingleBranch(single) = &config.schedulers[0].kind else { panic!("not a single branch") };
    assert_eq!(single.tree_stable_timer, Some(Duration::from_secs(60)));
    assert_eq!(config.builders[0].factory.steps.len(), 2);
    assert_eq!(config.inactive, Vec::<String>::new());
}
