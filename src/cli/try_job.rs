//! `buildbot try`: has something built before it is committed.

mod arguments;
mod deliver;
mod follow;
mod job_file;
mod ssh;
mod vcs;
mod watch;

use std::fs;
use std::io::{self, Read};
use std::process::ExitCode;

use anyhow::{Context, bail};
use getrandom::fill;

pub(super) use self::arguments::Try;
use self::arguments::{Connect, Wishes};
use self::vcs::Source;
use super::output::{complain, remark, say};
use super::{block_on, remote};
use crate::clock::Clock;
use crate::domain::TryJob;
use crate::wire::client::{Account, Tester};

impl Try {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let wishes = self.with_options()?;
        remark(wishes.quiet, format_args!("using '{}' connect method", wishes.connect.word()));
        if wishes.get_builder_names {
            return builder_names(&wishes);
        }
        let job = job(&wishes)?;
        if job.patch_body.is_empty() {
            complain("warning: there is no patch to try: the difference is empty");
        }
        remark(wishes.quiet, "job created");
        if wishes.dry_run {
            show(&job);
            return Ok(ExitCode::SUCCESS);
        }
        match wishes.connect {
            Connect::Pb => send(&wishes, &job),
            Connect::Ssh => send_over_ssh(&wishes, &job),
        }
    }
}

/// Delivers the job; if it is wished, waits for its builds with what a `PBListener` of the master tells.
fn send_over_ssh(wishes: &Wishes, job: &TryJob) -> anyhow::Result<ExitCode> {
    let deliver = || {
        deliver::over_ssh(wishes, &job_file::write(job))?;
        remark(wishes.quiet, "job has been delivered");
        anyhow::Ok(())
    };
    if !wishes.wait {
        deliver()?;
        remark(wishes.quiet, "not waiting for builds to finish");
        return Ok(ExitCode::SUCCESS);
    }
    block_on(async {
        // What happens before somebody listens would be missed.
        let watcher = watch::begin(wishes).await;
        deliver()?;
        match watcher {
            Ok(watcher) => watch::job(watcher, &job.id, wishes.quiet).await,
            Err(error) => {
                complain(format_args!("the builds cannot be waited for; they are on the master's pages: {error:#}"));
                Ok(ExitCode::SUCCESS)
            }
        }
    })
}

fn account(wishes: &Wishes) -> anyhow::Result<Account> {
    let master = remote::master(wishes.master.clone())?;
    let (Some(user), Some(password)) = (wishes.username.clone(), wishes.passwd.clone()) else {
        bail!("a name and a password are needed to connect by pb: --username and --passwd");
    };
    Ok(Account::new(master, user, password))
}

fn builder_names(wishes: &Wishes) -> anyhow::Result<ExitCode> {
    if wishes.connect == Connect::Ssh {
        bail!("over ssh, nobody can be asked for the names of builders");
    }
    let account = account(wishes)?;
    let names = block_on(async {
        let mut tester = Tester::connect(&account).await?;
        let names = tester.builder_names().await?;
        tester.close().await;
        Ok(names)
    })?;
    say("The following builders are available for the try scheduler:");
    names.into_iter().for_each(say);
    Ok(ExitCode::SUCCESS)
}

/// Sends the job and waits for its builds, if that is wished.
fn send(wishes: &Wishes, job: &TryJob) -> anyhow::Result<ExitCode> {
    let account = account(wishes)?;
    block_on(async {
        let mut tester = Tester::connect(&account).await.context("job not delivered")?;
        let builders = tester.submit(job).await.context("job not delivered")?;
        let Some(builders) = builders else {
            bail!("the try scheduler of the master does not have these builders: {}", job.builder_names.join(", "));
        };
        remark(wishes.quiet, "job has been delivered");
        if !wishes.wait {
            remark(wishes.quiet, "not waiting for builds to finish");
            tester.close().await;
            return Ok(ExitCode::SUCCESS);
        }
        let outcome = follow::builds(&mut tester, builders, wishes.quiet).await?;
        tester.close().await;
        Ok(outcome)
    })
}

/// What is to be built: the tree around us, or a patch that somebody gives.
fn job(wishes: &Wishes) -> anyhow::Result<TryJob> {
    let source = match &wishes.diff {
        Some(file) => Source {
            branch: wishes.branch.clone(),
            revision: wishes.baserev.clone(),
            repository: wishes.repository.clone().unwrap_or_default(),
            patch_level: wishes.patchlevel,
            patch: read(file)?,
        },
        None => {
            let mut source = vcs::examine(wishes)?;
            source.revision = wishes.baserev.clone().or(source.revision);
            source
        }
    };
    Ok(TryJob {
        id: new_id()?,
        branch: source.branch,
        revision: source.revision,
        patch_level: source.patch_level,
        patch_body: source.patch,
        repository: source.repository,
        project: String::new(),
        who: wishes.who.clone().unwrap_or_default(),
        comment: wishes.comment.clone().unwrap_or_default(),
        builder_names: wishes.builders.clone(),
        properties: wishes.properties.clone(),
    })
}

fn read(file: &str) -> anyhow::Result<Vec<u8>> {
    if file != "-" {
        return fs::read(file).with_context(|| format!("cannot read {file}"));
    }
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes).context("cannot read the patch")?;
    Ok(bytes)
}

/// No other job is called this.
fn new_id() -> anyhow::Result<String> {
    let mut random = [0; 4];
    fill(&mut random).context("there are no random numbers")?;
    Ok(format!("{}-{}", Clock::system().now().micros(), u32::from_ne_bytes(random)))
}

fn show(job: &TryJob) {
    say("Job:");
    say(format_args!("  Repository: {}", job.repository));
    say(format_args!("  Branch:     {}", job.branch.as_deref().unwrap_or("(the usual one)")));
    say(format_args!("  Revision:   {}", job.revision.as_deref().unwrap_or("(the newest)")));
    let builders = if job.builder_names.is_empty() { "(all)".to_owned() } else { job.builder_names.join(", ") };
    say(format_args!("  Builders:   {builders}"));
    say(String::from_utf8_lossy(&job.patch_body));
}
