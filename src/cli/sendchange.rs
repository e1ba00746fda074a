//! `buildbot sendchange`: tells a master of a change, as hooks of version control systems do.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;

use super::block_on;
use super::output::say;
use super::remote::encoding::Encoding;
use super::remote::options_file::OptionsFile;
use super::remote::{master, pair, prompt};
use crate::domain::{NewChange, Properties, Timestamp};
use crate::wire::client::{Account, send_change};

/// Where properties of a change say they came from; the master writes it itself.
const SOURCE: &str = "Change";

/// Tells a master of a change
///
/// The master needs a PBChangeSource. Options that are not given are looked for in .buildbot/options, in this directory,
/// in those above it and at home: master, who, branch, category and vc.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot sendchange --master=build.example.org:9989 --who='Ann <ann@example.org>' --branch=main src/a.c
  buildbot sendchange -m localhost:9989 -a change:secret -W ann -r 056f2f2c -p release:yes -F message.txt a.c b.c

Exit codes: 0 the master has stored the change, 1 it has not, 2 wrong usage")]
pub(super) struct Sendchange {
    /// The port of a PBChangeSource
    #[arg(short, long, value_name = "HOST:PORT")]
    master: Option<String>,
    /// Name and password; the password is asked for if it is missing
    #[arg(short, long, value_name = "NAME:PASSWORD", default_value = "change:changepw")]
    auth: String,
    /// The author of the change
    #[arg(short = 'W', long, value_name = "AUTHOR")]
    who: Option<OsString>,
    /// An old name of --who
    #[arg(short, long, value_name = "AUTHOR", hide = true)]
    username: Option<OsString>,
    /// Where the change was made
    #[arg(short = 'R', long, value_name = "URL", default_value = "")]
    repository: OsString,
    /// The version control system
    #[arg(short = 's', long, value_parser = ["bzr", "cvs", "darcs", "git", "hg", "mtn", "p4", "svn"])]
    vc: Option<String>,
    /// What the change belongs to
    #[arg(short = 'P', long, default_value = "")]
    project: OsString,
    /// The branch of the change
    #[arg(short, long)]
    branch: Option<OsString>,
    /// A word for schedulers to filter by
    #[arg(short = 'C', long)]
    category: Option<OsString>,
    /// The codebase of the change
    #[arg(long)]
    codebase: Option<OsString>,
    /// The name of the change in its repository
    #[arg(short, long)]
    revision: Option<OsString>,
    /// A file with the revision in it
    #[arg(long = "revision_file", alias = "revision-file", value_name = "FILE")]
    revision_file: Option<OsString>,
    /// A property of the change; may be repeated
    #[arg(short, long, value_name = "NAME:VALUE")]
    property: Vec<OsString>,
    /// What the author says of the change
    #[arg(short, long)]
    comments: Option<OsString>,
    /// A file with the comments in it; - is standard input
    #[arg(short = 'F', long, value_name = "FILE")]
    logfile: Option<OsString>,
    /// When the change was made, in seconds since 1970
    #[arg(short, long, value_name = "SECONDS")]
    when: Option<f64>,
    /// A page about the change
    #[arg(short = 'l', long, value_name = "URL", default_value = "")]
    revlink: OsString,
    /// Encoding of the other arguments: utf8, latin1 or ascii
    #[arg(short, long, default_value = "utf8")]
    encoding: Encoding,
    /// The files that were changed
    #[arg(value_name = "FILE")]
    files: Vec<OsString>,
}

impl Sendchange {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let options = OptionsFile::find()?;
        let master = master(self.master.clone().or_else(|| options.text(&["master"])))?;
        let vc = self.vc.clone().or_else(|| options.text(&["vc"]));
        let change = self.change(&options)?;
        let (user, password) = match self.auth.split_once(':') {
            Some((user, password)) => (user.to_owned(), password.to_owned()),
            None => (self.auth.clone(), prompt::password(&format!("Password of '{}': ", self.auth))?),
        };
        let account = Account::new(master, user, password);
        block_on(async { Ok(send_change(&account, &change, vc.as_deref()).await?) }).context("change not sent")?;
        say("change sent successfully");
        Ok(ExitCode::SUCCESS)
    }

    fn change(&self, options: &OptionsFile) -> anyhow::Result<NewChange> {
        let text = |text: &OsString| self.encoding.decode(text.as_bytes());
        let given = |value: &Option<OsString>, name: &str| value.as_ref().map(text).or_else(|| options.text(&[name]));
        let who = self.who.clone().or_else(|| self.username.clone());
        let Some(author) = given(&who, "who").or_else(|| options.text(&["username"])) else {
            bail!("who made the change? Say --who=AUTHOR");
        };
        let mut properties = Properties::new();
        for property in &self.property {
            let (name, value) = pair(&text(property), ':')?;
            properties.set(name, value, SOURCE);
        }
        Ok(NewChange {
            author,
            committer: None,
            comments: self.comments()?,
            files: self.files.iter().map(text).collect(),
            revision: self.revision()?,
            branch: given(&self.branch, "branch"),
            category: given(&self.category, "category"),
            revlink: Some(text(&self.revlink)),
            repository: text(&self.repository),
            project: text(&self.project),
            codebase: self.codebase.as_ref().map(text).unwrap_or_default(),
            properties,
            when: self.when.map(moment).transpose()?,
            delivery_key: None,
        })
    }

    /// What is said at once counts more than a file.
    fn comments(&self) -> anyhow::Result<String> {
        match (&self.comments, &self.logfile) {
            (Some(comments), _) if !comments.is_empty() => Ok(self.encoding.decode(comments.as_bytes())),
            (_, Some(file)) if file == "-" => {
                let mut bytes = Vec::new();
                io::stdin().read_to_end(&mut bytes).context("cannot read the comments")?;
                Ok(self.encoding.decode(&bytes))
            }
            (_, Some(file)) => self.file(file),
            _ => Ok(String::new()),
        }
    }

    fn revision(&self) -> anyhow::Result<Option<String>> {
        match &self.revision_file {
            // A newline at the end of the file is no part of the revision.
            Some(file) => Ok(Some(self.file(file)?.trim_end().to_owned())),
            None => Ok(self.revision.as_ref().map(|revision| self.encoding.decode(revision.as_bytes()))),
        }
    }

    fn file(&self, path: &OsString) -> anyhow::Result<String> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", Path::new(path).display()))?;
        Ok(self.encoding.decode(&bytes))
    }
}

fn moment(seconds: f64) -> anyhow::Result<Timestamp> {
    let micros = (seconds * 1e6).round();
    // Whole numbers up to here are exact; it is the year 2255.
    if !micros.is_finite() || 9_007_199_254_740_992.0 < micros.abs() {
        bail!("--when={seconds} is no time that can be sent");
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked just above")]
    Ok(Timestamp::from_micros(micros as i64))
}
