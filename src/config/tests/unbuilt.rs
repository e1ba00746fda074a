//! What is known and not built yet: files that use it can be checked, and no master starts with them.

use super::{config, load};

/// The notes of the base with more lines: place and text.
fn notes(more: &str) -> Vec<String> {
    let config = config(more);
    let text = |note: &crate::config::ConfigError| format!("{}:{}: {}", note.line, note.column, note.message);
    config.not_available.iter().map(text).collect()
}

#[test]
fn a_class_that_is_not_built_yet_is_noted_where_it_stands_and_keeps_a_master_from_starting() {
    let more = "f.addStep(steps.Monotone(repourl='e', branch='b',\n    haltOnFailure=False))\n";
    let note =
        "8:11: steps.Monotone is known, not available yet; steps.Git is, and steps.ShellCommand can run other tools";
    assert_eq!(notes(more), [note]);
    let refused = config(more).reveal().unwrap_err().to_string();
    assert!(refused.contains("known, not available yet") && refused.contains("^^^"), "{refused}");
    assert!(config("").reveal().is_ok());
}

#[test]
fn its_arguments_are_tested_all_the_same() {
    let lines = "f.addStep(steps.Monotone(repourl='e', branch='b', progres=True, timeout='x'))\n";
    let errors = load(&format!("{}{lines}", super::BASE)).unwrap_err().to_string();
    assert!(errors.contains("steps.Monotone() has no argument 'progres' (did you mean 'progress'?)"), "{errors}");
    assert!(errors.contains("steps.Monotone(timeout=) must be a number of seconds"), "{errors}");
}

#[test]
fn what_is_made_and_not_used_keeps_nobody_from_starting() {
    assert_eq!(notes("unused = steps.Monotone(repourl='e', branch='b')\n"), Vec::<String>::new());
}

#[test]
fn an_argument_that_is_not_built_yet_is_noted_unless_it_says_nothing() {
    let with = |arguments: &str| format!("f.addStep(steps.Git(repourl='git://e/r', {arguments}))\n");
    assert_eq!(notes(&with("sshPrivateKey='k'")), ["8:42: steps.Git(sshPrivateKey=) is known, not available yet"]);
    assert_eq!(notes(&with("sshPrivateKey=None")), Vec::<String>::new());
    let credentials = "git_credentials=util.GitCredentialOptions(credentials=['a'])";
    assert_eq!(notes(&with(credentials)), ["8:42: steps.Git(git_credentials=) is known, not available yet"]);
}

#[test]
fn builders_can_name_workers_that_are_not_built_yet() {
    let more = "c['workers'].append(worker.DockerLatentWorker('d1', 'pw', docker_host='tcp://h', image='i'))\n\
        c['builders'].append(util.BuilderConfig('b2', workernames=['d1'], factory=f))\n";
    let note = "8:21: worker.DockerLatentWorker is known, not available yet; start such workers yourself and list them as worker.Worker";
    assert_eq!(notes(more), [note]);
    assert_eq!(config(more).worker_names(), ["w1", "d1"]);
}

#[test]
fn what_guards_access_is_noted_once_with_what_it_holds() {
    let more = "c['www'] = {'port': 8010, 'auth': util.GitHubAuth('id', 'secret', apiVersion=4),\n\
        'authz': util.Authz(allowRules=[util.AnyControlEndpointMatcher(role='admins')],\n\
        roleMatchers=[util.RolesFromEmails(admins=['ada@example.org']), util.RolesFromGroups(groupPrefix='g/')])}\n";
    let instead = "put a proxy that asks for a password in front of the web port";
    let expected = [
        format!("8:35: c['www']['auth'] is known, not available yet; {instead}"),
        format!("9:10: c['www']['authz'] is known, not available yet; {instead}"),
    ];
    assert_eq!(notes(more), expected);
    assert_eq!(notes("c['www'] = {'port': 8010, 'auth': util.NoAuth()}\n"), Vec::<String>::new());
}

#[test]
fn keys_and_their_modes_are_noted_too() {
    assert_eq!(notes("c['multiMaster'] = True\n"), ["8:20: c['multiMaster'] is known, not available yet"]);
    assert_eq!(
        notes("c['logEncoding'] = 'latin-1'\n"),
        ["8:20: c['logEncoding'] 'latin-1' is known, not available yet; use 'utf-8'"]
    );
    assert_eq!(notes("c['multiMaster'] = False\n"), Vec::<String>::new());
}

#[test]
fn what_only_tells_does_nothing_and_is_named_in_the_banner() {
    let more = "c['services'] = [util.StatsService([util.InfluxStorageService('u', 1, 'a', 'b', 'c', [])])]\n\
        c['manhole'] = util.PasswordManhole(1234, 'a', 'b', ssh_hostkey_dir='d')\n\
        c['www'] = {'port': 8010, 'plugins': {'badges': {}}, 'avatar_methods': [util.AvatarGitHub(token='t')]}\n";
    let config = config(more);
    assert_eq!(config.not_available, []);
    let named = ["util.StatsService", "c['manhole']", "c['www']['plugins']['badges']", "c['www']['avatar_methods']"];
    for name in named {
        assert!(config.inactive.iter().any(|inactive| inactive == name), "{name}: {:?}", config.inactive);
    }
    assert_eq!(config.inactive.len(), named.len(), "{:?}", config.inactive);
}

#[test]
fn a_list_takes_only_what_belongs_there_built_or_not() {
    let errors = load(&format!("{}c['workers'].append(steps.Monotone(repourl='e', branch='b'))\n", super::BASE));
    let errors = errors.unwrap_err().to_string();
    assert!(errors.contains("c['workers'] takes objects of worker.Worker, not a steps.Monotone"), "{errors}");
}
