//! What `buildbot try` is told, on the command line and by the options file.

use std::collections::BTreeMap;

use anyhow::bail;
use clap::{Args, ValueEnum};

use crate::cli::remote::options_file::OptionsFile;
use crate::cli::remote::pair;
use crate::domain::PropertyValue;

/// How the master is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Connect {
    Ssh,
    Pb,
}

impl Connect {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ssh => "ssh",
            Self::Pb => "pb",
        }
    }
}

/// Version control systems whose trees can be examined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Vc {
    Bzr,
    Cvs,
    Darcs,
    Git,
    Hg,
    Mtn,
    P4,
    Svn,
    /// No tree: the newest revision without a patch.
    #[value(hide = true)]
    None,
}

/// Has your changes built before you commit them
///
/// Finds out what the working copy differs by from what is known to everybody, and sends the difference to a try
/// scheduler: with --connect=pb to a Try_Userpass, with --connect=ssh into the directory of a Try_Jobdir. Options that are
/// not given are looked for in .buildbot/options, in this directory, in those above it and at home: try_connect, try_vc,
/// try_master, try_builders and so on.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot try --connect=pb -m build.example.org:8031 -u ann --passwd=secret --vc=git --wait
  buildbot try -c ssh --host=build.example.org --jobdir=/srv/buildbot/master/try --vc=hg -b linux -b windows
  buildbot try -c pb -m localhost:8031 -u ann --passwd=secret --get-builder-names
  git diff HEAD~1 | buildbot try -c pb -m localhost:8031 -u ann --passwd=secret --diff=- -p 1 --branch=main

Exit codes: 0 the job was delivered, with --wait every build succeeded; 1 otherwise, 2 wrong usage")]
pub(in crate::cli) struct Try {
    /// How to reach the master
    #[arg(short, long)]
    connect: Option<Connect>,
    /// Where the master runs, for ssh: HOST or USER@HOST
    #[arg(long)]
    host: Option<String>,
    /// The port of ssh
    #[arg(long)]
    port: Option<u16>,
    /// The directory of jobs on the master's host, for ssh
    #[arg(long, value_name = "DIR")]
    jobdir: Option<String>,
    /// A program to connect with instead of our own ssh, with its first arguments: --ssh=ssh, --ssh='plink -batch'
    #[arg(long, value_name = "COMMAND")]
    ssh: Option<String>,
    /// The name with which to log in
    #[arg(short, long)]
    username: Option<String>,
    /// The port of a Try_Userpass scheduler, for pb; of a PBListener, to wait for builds over ssh
    #[arg(short, long, value_name = "HOST:PORT")]
    master: Option<String>,
    /// The password with which to log in, for pb
    #[arg(long)]
    passwd: Option<String>,
    /// Whose changes these are
    #[arg(short, long)]
    who: Option<String>,
    /// A remark about the job
    #[arg(short = 'C', long)]
    comment: Option<String>,
    /// What 'buildbot' is called on the master's host, for ssh
    #[arg(long, value_name = "PROGRAM")]
    buildbotbin: Option<String>,
    /// A patch to send instead of examining a tree; - is standard input
    #[arg(long, value_name = "FILE")]
    diff: Option<String>,
    /// Directories to take off the names in the patch of --diff
    #[arg(short, long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i32).range(0..=100))]
    patchlevel: i32,
    /// The revision that the patch applies to
    #[arg(long, value_name = "REVISION")]
    baserev: Option<String>,
    /// The version control system of this tree
    #[arg(long)]
    vc: Option<Vc>,
    /// The branch that the patch applies to
    #[arg(long)]
    branch: Option<String>,
    /// Where the source is, if not here
    #[arg(long, value_name = "URL")]
    repository: Option<String>,
    /// A builder to build it; may be repeated
    #[arg(short, long, value_name = "NAME")]
    builder: Vec<String>,
    /// Properties of the builds; may be repeated
    #[arg(long, value_name = "NAME=VALUE,...", value_delimiter = ',')]
    properties: Vec<String>,
    /// A property of the builds, whose value may have commas in it; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    property: Vec<String>,
    /// A file at the top of the tree, for cvs and svn
    #[arg(long, value_name = "FILE")]
    topfile: Option<String>,
    /// The top of the tree, for cvs and svn
    #[arg(long, value_name = "DIR")]
    topdir: Option<String>,
    /// Wait until the builds have finished
    #[arg(long)]
    wait: bool,
    /// Show the job instead of sending it
    #[arg(short = 'n', long)]
    dryrun: bool,
    /// Only print the names of the builders that there are
    #[arg(long)]
    get_builder_names: bool,
    /// Say only how it ended
    #[arg(short, long)]
    quiet: bool,
}

/// What is wished, wherever it was said.
#[derive(Clone, Debug)]
pub(super) struct Wishes {
    pub(super) connect: Connect,
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) jobdir: Option<String>,
    pub(super) ssh: Option<String>,
    pub(super) username: Option<String>,
    pub(super) master: Option<String>,
    pub(super) passwd: Option<String>,
    pub(super) who: Option<String>,
    pub(super) comment: Option<String>,
    pub(super) buildbotbin: String,
    pub(super) diff: Option<String>,
    pub(super) patchlevel: i32,
    pub(super) baserev: Option<String>,
    pub(super) vc: Option<Vc>,
    pub(super) branch: Option<String>,
    pub(super) repository: Option<String>,
    /// Empty means all that the scheduler has.
    pub(super) builders: Vec<String>,
    pub(super) properties: BTreeMap<String, PropertyValue>,
    pub(super) topfile: Option<String>,
    pub(super) topdir: Option<String>,
    pub(super) wait: bool,
    pub(super) dry_run: bool,
    pub(super) get_builder_names: bool,
    pub(super) quiet: bool,
}

impl Try {
    /// Takes from the options file what was not given.
    pub(super) fn with_options(self) -> anyhow::Result<Wishes> {
        self.merged(&OptionsFile::find()?)
    }

    fn merged(self, options: &OptionsFile) -> anyhow::Result<Wishes> {
        let or = |given: Option<String>, names: &[&str]| given.or_else(|| options.text(names));
        let Some(connect) = self.connect.or(word(options, "try_connect")?) else {
            bail!("how is the master reached? Say --connect=pb or --connect=ssh");
        };
        let builders = if self.builder.is_empty() { options.texts("try_builders") } else { self.builder };
        let pairs = self.properties.iter().chain(&self.property).map(|property| pair(property, '='));
        let properties = pairs.map(|pair| pair.map(|(name, value)| (name, value.into())));
        Ok(Wishes {
            connect,
            host: or(self.host, &["try_host"]),
            port: self.port,
            jobdir: or(self.jobdir, &["try_jobdir", "try_dir"]),
            ssh: or(self.ssh, &["try_ssh"]),
            username: or(self.username, &["try_username"]),
            master: or(self.master, &["try_master", "try_masterstatus", "masterstatus"]),
            passwd: or(self.passwd, &["try_passwd", "try_password"]),
            who: or(self.who, &["try_who"]),
            comment: or(self.comment, &["try_comment"]),
            buildbotbin: or(self.buildbotbin, &["try_buildbotbin"]).unwrap_or_else(|| "buildbot".to_owned()),
            diff: self.diff,
            patchlevel: self.patchlevel,
            baserev: self.baserev,
            vc: self.vc.or(word(options, "try_vc")?),
            branch: or(self.branch, &["try_branch"]),
            repository: or(self.repository, &["try_repository"]),
            builders,
            properties: properties.collect::<anyhow::Result<_>>()?,
            topfile: or(self.topfile, &["try_topfile"]),
            topdir: or(self.topdir, &["try_topdir"]),
            wait: self.wait || options.flag("try_wait"),
            dry_run: self.dryrun,
            get_builder_names: self.get_builder_names,
            quiet: self.quiet || options.flag("try_quiet"),
        })
    }
}

/// One of several words in the options file.
fn word<T: ValueEnum>(options: &OptionsFile, name: &str) -> anyhow::Result<Option<T>> {
    let Some(text) = options.text(&[name]) else { return Ok(None) };
    match T::from_str(&text, false) {
        Ok(word) => Ok(Some(word)),
        Err(_) => bail!("{name} = '{text}' in .buildbot/options means nothing"),
    }
}
