//! `buildbot user`: administrates users of a master, through its CommandlineUserManager.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use sha1::{Digest, Sha1};

use super::block_on;
use super::output::say;
use super::remote::master;
use super::remote::options_file::OptionsFile;
use crate::wire::client::{Account, UserCommand, administrate_users};

/// What can be said of a user.
const ATTRIBUTES: [&str; 10] = ["identifier", "email", "git", "svn", "hg", "cvs", "darcs", "bzr", "mtn", "p4"];

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Operation {
    Add,
    Remove,
    Update,
    #[value(alias = "show")]
    Get,
}

/// Administrates the users of a master
///
/// The master needs a util.CommandlineUserManager in c['user_managers']. Options that are not given are looked for in
/// .buildbot/options: user_master, user_username and user_passwd.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot user -m localhost:9990 -u admin -p secret --op=add --info='git=Joe <joe@example.org>,svn=joe'
  buildbot user -m localhost:9990 -u admin -p secret --op=update --info=joe:email=joe@example.org
  buildbot user -m localhost:9990 -u admin -p secret --op=update --info=joe --bb_username=joe --bb_password=pw
  buildbot user -m localhost:9990 -u admin -p secret --op=get --ids=joe,ann

What is said of a user with --info: email, git, svn, hg, cvs, darcs, bzr, mtn, p4.
Exit codes: 0 done, 1 not done, 2 wrong usage")]
pub(super) struct User {
    /// The port of the user manager
    #[arg(short, long, value_name = "HOST:PORT")]
    master: Option<String>,
    /// The name with which to log in
    #[arg(short, long)]
    username: Option<String>,
    /// The password with which to log in
    #[arg(short, long)]
    passwd: Option<String>,
    /// What to do
    #[arg(long)]
    op: Operation,
    /// The user's name for the web pages; only with update
    #[arg(long = "bb_username", alias = "bb-username")]
    bb_username: Option<String>,
    /// The user's password for the web pages; only with update
    #[arg(long = "bb_password", alias = "bb-password")]
    bb_password: Option<String>,
    /// Whom to remove or get; may be repeated
    #[arg(long, value_name = "ID,ID", value_delimiter = ',')]
    ids: Vec<String>,
    /// Whom to add or update: update needs the identifier first; may be repeated
    #[arg(long, value_name = "[ID:]TYPE=VALUE,...")]
    info: Vec<String>,
}

impl User {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let options = OptionsFile::find()?;
        let given = |value: &Option<String>, names: &[&str]| value.clone().or_else(|| options.text(names));
        let master = master(given(&self.master, &["user_master", "master"]))?;
        let user = given(&self.username, &["user_username"]);
        let (Some(user), Some(password)) = (user, given(&self.passwd, &["user_passwd"])) else {
            bail!("a name and a password are needed: --username and --passwd");
        };
        let command = self.command()?;
        let account = Account::new(master, user, password);
        let done = block_on(async { Ok(administrate_users(&account, command).await?) }).context("nothing was done")?;
        say(done.trim_end());
        Ok(ExitCode::SUCCESS)
    }

    fn command(&self) -> anyhow::Result<UserCommand> {
        let info: Vec<_> = self.info.iter().map(|info| facts(info)).collect::<anyhow::Result<_>>()?;
        self.check(&info)?;
        let info = if self.op == Operation::Add { info.into_iter().map(with_identifier).collect() } else { info };
        let operation = match self.op {
            Operation::Add => "add",
            Operation::Remove => "remove",
            Operation::Update => "update",
            Operation::Get => "get",
        };
        Ok(UserCommand {
            operation: operation.to_owned(),
            bb_username: self.bb_username.clone(),
            bb_password: self.bb_password.as_deref().map(hashed).transpose()?,
            ids: self.ids.clone(),
            info,
        })
    }

    fn check(&self, info: &[Vec<(String, String)>]) -> anyhow::Result<()> {
        if self.bb_username.is_some() != self.bb_password.is_some() {
            bail!("--bb_username and --bb_password are given together");
        }
        if self.bb_username.is_some() && self.op != Operation::Update {
            bail!("--bb_username and --bb_password are for --op=update only");
        }
        if let Some((name, _)) = info.iter().flatten().find(|(name, _)| !ATTRIBUTES.contains(&name.as_str())) {
            bail!("'{name}' cannot be said of a user: {} can", ATTRIBUTES.join(", "));
        }
        let has_identifier = |user: &Vec<(String, String)>| user.iter().any(|(name, _)| name == "identifier");
        match self.op {
            Operation::Remove | Operation::Get if !info.is_empty() => bail!("use --ids to say whom, not --info"),
            Operation::Remove | Operation::Get if self.ids.is_empty() => bail!("say whom with --ids"),
            Operation::Add | Operation::Update if !self.ids.is_empty() => bail!("use --info to say whom, not --ids"),
            Operation::Add | Operation::Update if info.is_empty() => bail!("say whom with --info"),
            Operation::Add if info.iter().any(has_identifier) => {
                bail!("a user who is added has no identifier yet: --info=TYPE=VALUE,TYPE=VALUE")
            }
            Operation::Update if !info.iter().all(has_identifier) => {
                bail!("say which user to update: --info=ID:TYPE=VALUE,TYPE=VALUE")
            }
            _ => Ok(()),
        }
    }
}

/// Reads `TYPE=VALUE,TYPE=VALUE`, whose first type may be `ID:TYPE`; or `ID` alone.
fn facts(info: &str) -> anyhow::Result<Vec<(String, String)>> {
    if !info.contains([',', '=']) {
        return Ok(vec![("identifier".to_owned(), info.to_owned())]);
    }
    let mut facts = Vec::new();
    for part in info.split(',') {
        let Some((name, value)) = part.split_once('=') else { bail!("'{part}' is not TYPE=VALUE") };
        let name = match name.split_once(':') {
            Some((identifier, name)) => {
                facts.push(("identifier".to_owned(), identifier.to_owned()));
                name
            }
            None => name,
        };
        facts.push((name.to_owned(), value.to_owned()));
    }
    Ok(facts)
}

/// A new user is called what comes first in the alphabet.
fn with_identifier(mut user: Vec<(String, String)>) -> Vec<(String, String)> {
    if let Some(first) = user.iter().map(|(_, value)| value.clone()).min() {
        user.insert(0, ("identifier".to_owned(), first));
    }
    user
}

/// Salt and SHA-1 of the password, as the table of users has always held it.
fn hashed(password: &str) -> anyhow::Result<String> {
    let mut salt = [0; 8];
    getrandom::fill(&mut salt).context("there are no random numbers")?;
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let salt = hex(&salt);
    let digest = Sha1::new().chain_update(password).chain_update(&salt).finalize();
    Ok(salt + &hex(&digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(op: Operation, ids: &[&str], info: &[&str]) -> User {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let (master, username, passwd) = (None, None, None);
        User { master, username, passwd, op, bb_username: None, bb_password: None, ids: owned(ids), info: owned(info) }
    }

    #[test]
    fn a_new_user_is_called_by_the_first_of_its_names() {
        let command = user(Operation::Add, &[], &["svn=joe,git=Joe <joe@x>"]).command().unwrap();
        assert_eq!(command.info[0][0], ("identifier".to_owned(), "Joe <joe@x>".to_owned()));
        assert_eq!((command.operation.as_str(), command.info[0].len()), ("add", 3));
    }

    #[test]
    fn a_user_to_update_is_named_before_the_colon_or_alone() {
        let command = user(Operation::Update, &[], &["joe:email=joe@x,git=J"]).command().unwrap();
        assert_eq!(command.info[0][0], ("identifier".to_owned(), "joe".to_owned()));
        let mut with_login = user(Operation::Update, &[], &["joe"]);
        (with_login.bb_username, with_login.bb_password) = (Some("j".to_owned()), Some("secret".to_owned()));
        let password = with_login.command().unwrap().bb_password.unwrap();
        assert_eq!(password.len(), 16 + 40);
        assert!(!password.contains("secret"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for wrong in [
            user(Operation::Add, &["joe"], &[]),
            user(Operation::Add, &[], &[]),
            user(Operation::Add, &[], &["joe"]),
            user(Operation::Add, &[], &["shoe=44"]),
            user(Operation::Update, &[], &["email=joe@x"]),
            user(Operation::Get, &[], &["git=joe"]),
            user(Operation::Remove, &[], &[]),
            User { bb_username: Some("j".to_owned()), ..user(Operation::Update, &[], &["joe"]) },
            User {
                bb_username: Some("j".to_owned()),
                bb_password: Some("p".to_owned()),
                ..user(Operation::Get, &["joe"], &[])
            },
        ] {
            assert!(wrong.command().is_err(), "{wrong:?}");
        }
    }
}
