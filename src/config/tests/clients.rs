//! Who may log in besides workers, and where.

use super::{BASE, config, load};
use crate::config::{ClientRole, ListenAddress, MasterConfig};
use crate::schedulers::config::{SchedulerKind, TryConfig};

const CLIENTS: &str = "\
c['change_source'] = [changes.PBChangeSource(), changes.PBChangeSource(port=9000, user='hook', passwd='p', prefix='a/')]
c['schedulers'] += [
    schedulers.Try_Userpass('try', ['b1'], port='tcp:9001:interface=127.0.0.1', userpass=[('ann', 'x'), ('joe', 'y')]),
    schedulers.Try_Userpass('here', ['b1'], port=9989, userpass=[['eve', 'z']], properties={'a': 'b'}),
    schedulers.Try_Jobdir('jobs', ['b1'], 'jobs'),
]
c['user_managers'] = [util.CommandlineUserManager(username='admin', passwd='pw', port=9001)]
c['services'] = [reporters.PBListener(9002)]
";

fn at(port: u16, interface: Option<&str>) -> ListenAddress {
    ListenAddress { port, interface: interface.map(str::to_owned), tls: None }
}

fn users(config: &MasterConfig, port: Option<&ListenAddress>) -> Vec<String> {
    config.clients_at(port).map(|account| account.user.clone()).collect()
}

#[test]
fn every_client_is_known_at_its_port() {
    let config = config(CLIENTS);
    let own = at(9001, Some("127.0.0.1"));
    assert_eq!(config.client_ports(), [at(9000, None), own.clone(), at(9001, None), at(9002, None)]);
    assert_eq!(users(&config, None), ["change", "eve"], "a port of workers is named or not");
    assert_eq!(users(&config, Some(&own)), ["ann", "joe"]);
    assert_eq!(users(&config, Some(&at(9002, None))), ["statusClient"]);
    let role = |user: &str| config.clients.iter().find(|account| account.user == user).unwrap().role.clone();
    assert_eq!(role("joe"), ClientRole::Try { scheduler: "try".to_owned() });
    let source = "PBChangeSource:a/:9000".to_owned();
    assert_eq!(role("hook"), ClientRole::Changes { source, prefix: Some("a/".to_owned()) });
    assert_eq!((role("admin"), role("statusClient")), (ClientRole::Users, ClientRole::Status));
    let kinds: Vec<_> = config.schedulers[1..].iter().map(|scheduler| scheduler.kind.clone()).collect();
    let userpass = SchedulerKind::Try(TryConfig::Userpass);
    assert_eq!(kinds, [userpass.clone(), userpass, SchedulerKind::Try(TryConfig::Jobdir("jobs".to_owned()))]);
    assert!(!format!("{config:?}").contains("Secret(x)"));
}

#[test]
fn accounts_that_make_no_sense_are_refused() {
    for (line, complaint) in [
        ("c['schedulers'] += [schedulers.Try_Userpass('t', ['b1'], port='http', userpass=[])]", "not a port number"),
        (
            "c['schedulers'] += [schedulers.Try_Userpass('t', ['b1'], port=1, userpass=['ann'])]",
            "a list of pairs of texts",
        ),
        ("c['schedulers'] += [schedulers.Try_Jobdir('t', ['b1'])]", "needs 'jobdir'"),
        ("c['user_managers'] = [worker.Worker('w2', 'pw')]", "takes objects of util.CommandlineUserManager"),
        ("c['user_managers'] = [util.CommandlineUserManager('', 'pw', 1)]", "must not be empty"),
        ("c['services'] = [reporters.PBListener(port=True)]", "a port number or an endpoint string"),
    ] {
        let errors = load(&format!("{BASE}{line}\n")).unwrap_err().to_string();
        assert!(errors.contains(complaint), "{line}: {errors}");
    }
}
