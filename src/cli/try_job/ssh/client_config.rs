//! What `~/.ssh/config` says of a host: of the options of OpenSSH those that matter for one connection.
//!
//! What leads through another host or program (`ProxyJump`, `ProxyCommand`) is an error that names the way out, since a
//! connection without it would end somewhere else.

use anyhow::bail;

use super::pattern;

/// Said of one host. The first value of an option counts, as in OpenSSH.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HostConfig {
    pub(super) host_name: Option<String>,
    pub(super) user: Option<String>,
    pub(super) port: Option<u16>,
    /// Files of keys; the usual ones if there is none.
    pub(super) identity_files: Vec<String>,
    /// Of the keys of the agent, only those of the files.
    pub(super) identities_only: bool,
    pub(super) known_hosts: Option<Vec<String>>,
    /// The name by which the host is looked for there.
    pub(super) host_key_alias: Option<String>,
    /// A host of which nothing is known is taken as it is.
    pub(super) takes_unknown: bool,
}

/// Finds what a file says of a host, as it was called on the command line.
pub(super) fn of_host(host: &str, text: &str) -> anyhow::Result<HostConfig> {
    let mut config = HostConfig::default();
    let (mut identities_only, mut checking) = (None, None);
    let mut is_meant = true;
    for (n, line) in text.lines().enumerate() {
        let Some((option, values)) = split(line) else { continue };
        let first = values.first().cloned();
        match option.as_str() {
            "host" => is_meant = pattern::any(values.iter().map(String::as_str), host),
            // Other conditions than the host are not examined: what depends on them does not hold.
            "match" => is_meant = values == ["all"],
            _ if !is_meant => {}
            "hostname" => config.host_name = config.host_name.or(first),
            "user" => config.user = config.user.or(first),
            "port" => config.port = config.port.or(first.and_then(|port| port.parse().ok())),
            "identityfile" => config.identity_files.extend(first),
            "identitiesonly" => identities_only = identities_only.or(first),
            "userknownhostsfile" => config.known_hosts = config.known_hosts.or(Some(values)),
            "hostkeyalias" => config.host_key_alias = config.host_key_alias.or(first),
            "stricthostkeychecking" => checking = checking.or(first),
            "proxyjump" | "proxycommand" if first.as_deref() != Some("none") => bail!(
                "line {} of ~/.ssh/config leads to {host} through something else, which only the program ssh can do: \
                 say --ssh=ssh",
                n + 1
            ),
            _ => {}
        }
    }
    config.identities_only = identities_only.is_some_and(|word| word.eq_ignore_ascii_case("yes"));
    let taking = ["no", "off", "accept-new"];
    config.takes_unknown = checking.is_some_and(|word| taking.contains(&word.to_lowercase().as_str()));
    Ok(config)
}

/// The option of a line in lower case, and its values.
fn split(line: &str) -> Option<(String, Vec<String>)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find(|letter: char| letter.is_whitespace() || letter == '=').unwrap_or(line.len());
    let (option, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest);
    Some((option.to_lowercase(), words(rest)))
}

/// Words, which double quotes keep together.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# ours\nUser everybody\nHost build* !build2\n  HostName = 10.0.0.1\n  Port 2222\n\
                        \tIdentityFile \"~/.ssh/my key\"\n  IdentityFile ~/.ssh/other\nIdentitiesOnly yes\n\
                        Match exec true\n  HostKeyAlias wrong\nHost *\nPort 22\nUser nobody\n\
                        StrictHostKeyChecking accept-new\nUserKnownHostsFile /a /b\nForwardAgent yes\n";

    #[test]
    fn the_first_value_of_an_option_counts() {
        let expected = HostConfig {
            host_name: Some("10.0.0.1".to_owned()),
            user: Some("everybody".to_owned()),
            port: Some(2222),
            identity_files: vec!["~/.ssh/my key".to_owned(), "~/.ssh/other".to_owned()],
            identities_only: true,
            known_hosts: Some(vec!["/a".to_owned(), "/b".to_owned()]),
            host_key_alias: None,
            takes_unknown: true,
        };
        assert_eq!(of_host("build1", TEXT).unwrap(), expected);
    }

    #[test]
    fn what_is_said_of_other_hosts_does_not_count() {
        let other = of_host("build2", TEXT).unwrap();
        assert_eq!((other.host_name, other.port, other.identity_files.len()), (None, Some(22), 0));
        assert!(!other.identities_only);
        assert_eq!(of_host("h", "").unwrap(), HostConfig::default());
    }

    #[test]
    fn a_way_through_another_host_is_not_gone_without_it() {
        let text = "Host a\nProxyJump bastion\nHost b\nProxyJump none\n";
        let error = of_host("a", text).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("--ssh=ssh"), "{error}");
        assert!(of_host("b", text).is_ok() && of_host("c", text).is_ok());
    }

    #[test]
    fn values_of_checking_that_ask_take_nobody_unknown() {
        for word in ["ask", "yes", "YES"] {
            assert!(!of_host("h", &format!("StrictHostKeyChecking={word}")).unwrap().takes_unknown);
        }
    }
}
