//! Who is reached, and by which keys: the options of the command, `~/.ssh/config`, and what is usual.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use nix::unistd::{User, getuid};

use super::client_config::{self, HostConfig};
use super::known_hosts::USUAL_PORT;

/// Names of keys below `~/.ssh`, in the order in which OpenSSH tries them.
const USUAL_KEYS: [&str; 3] = ["id_rsa", "id_ecdsa", "id_ed25519"];

/// Files of known hosts below `~/.ssh`, and those of the machine.
const OWN_KNOWN_HOSTS: [&str; 2] = ["known_hosts", "known_hosts2"];
const KNOWN_HOSTS_OF_ALL: [&str; 2] = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"];

/// A host, and how somebody gets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli::try_job) struct Destination {
    /// To connect to.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    /// The name by which its key is known.
    pub(super) known_as: String,
    pub(super) known_hosts: Vec<PathBuf>,
    pub(super) takes_unknown: bool,
    /// Private keys, whether or not they are there.
    pub(super) keys: Vec<PathBuf>,
    /// Of the keys of the agent, only those are tried.
    pub(super) only_these_keys: bool,
}

/// As far as somebody said so.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli::try_job) struct Wanted<'a> {
    /// A name, or `USER@HOST`.
    pub(in crate::cli::try_job) host: &'a str,
    pub(in crate::cli::try_job) port: Option<u16>,
    pub(in crate::cli::try_job) user: Option<&'a str>,
}

impl Destination {
    /// Looks into `~/.ssh/config` of whoever runs this.
    pub(in crate::cli::try_job) fn find(wanted: Wanted<'_>) -> anyhow::Result<Self> {
        let me = User::from_uid(getuid()).ok().flatten();
        let home = env::var_os("HOME").map(PathBuf::from).or_else(|| me.as_ref().map(|me| me.dir.clone()));
        let home = home.context("there is no home directory with keys")?;
        let me = me.map_or_else(|| env::var("USER").unwrap_or_default(), |me| me.name);
        let text = fs::read(home.join(".ssh/config")).unwrap_or_default();
        Self::new(wanted, &me, &home, &String::from_utf8_lossy(&text))
    }

    fn new(wanted: Wanted<'_>, me: &str, home: &Path, config: &str) -> anyhow::Result<Self> {
        let (user_of_host, host) = match wanted.host.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, wanted.host),
        };
        let config = client_config::of_host(host, config)?;
        let user = wanted.user.or(user_of_host).or(config.user.as_deref()).unwrap_or(me).to_owned();
        let address = config.host_name.as_deref().unwrap_or(host).replace("%h", host);
        let own = |names: &[&str]| names.iter().map(|name| home.join(".ssh").join(name)).collect::<Vec<_>>();
        let expanded = |path: &String| {
            expand(path, &[("%d", &home.display().to_string()), ("%h", &address), ("%r", &user), ("%u", me)], home)
        };
        let keys = config.identity_files.iter().map(expanded).collect::<Vec<_>>();
        let HostConfig { known_hosts, .. } = &config;
        let known_hosts =
            known_hosts.as_ref().map_or_else(|| own(&OWN_KNOWN_HOSTS), |files| files.iter().map(expanded).collect());
        Ok(Self {
            known_as: config.host_key_alias.unwrap_or_else(|| address.clone()),
            known_hosts: known_hosts.into_iter().chain(KNOWN_HOSTS_OF_ALL.map(PathBuf::from)).collect(),
            takes_unknown: config.takes_unknown,
            keys: if keys.is_empty() { own(&USUAL_KEYS) } else { keys },
            only_these_keys: config.identities_only,
            port: wanted.port.or(config.port).unwrap_or(USUAL_PORT),
            host: address,
            user,
        })
    }
}

/// A path with `~/` and the signs of OpenSSH.
fn expand(path: &str, signs: &[(&str, &str)], home: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for (sign, meaning) in signs {
        path = path.replace(sign, meaning);
    }
    match path.strip_prefix("~/") {
        Some(below) => home.join(below),
        None => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(host: &str, port: Option<u16>, user: Option<&str>, config: &str) -> Destination {
        Destination::new(Wanted { host, port, user }, "me", Path::new("/home/me"), config).unwrap()
    }

    #[test]
    fn what_nobody_said_is_as_usual() {
        let found = destination("h", None, None, "");
        assert_eq!(
            (found.host.as_str(), found.port, found.user.as_str(), found.known_as.as_str()),
            ("h", 22, "me", "h")
        );
        assert_eq!(found.keys.last().unwrap(), Path::new("/home/me/.ssh/id_ed25519"));
        assert_eq!(found.known_hosts[0], Path::new("/home/me/.ssh/known_hosts"));
        assert_eq!(found.known_hosts.len(), 4);
    }

    #[test]
    fn options_come_before_the_configuration() {
        let config = "Host h\nHostName %h.example.org\nUser you\nPort 2222\nIdentityFile ~/keys/%r\n\
                      IdentityFile %d/.ssh/id\nUserKnownHostsFile ~/known\nHostKeyAlias alias\n";
        let found = destination("h", None, None, config);
        assert_eq!((found.host.as_str(), found.port, found.user.as_str()), ("h.example.org", 2222, "you"));
        assert_eq!(found.keys, [Path::new("/home/me/keys/you"), Path::new("/home/me/.ssh/id")]);
        assert_eq!((found.known_as.as_str(), found.known_hosts[0].as_path()), ("alias", Path::new("/home/me/known")));
        let found = destination("ann@h", Some(22), None, config);
        assert_eq!((found.port, found.user.as_str()), (22, "ann"));
        assert_eq!(destination("ann@h", None, Some("joe"), config).user, "joe");
    }
}
