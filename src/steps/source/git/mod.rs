//! `Git`: brings a working tree on the worker to the wanted revision with the worker's own git.

mod checkout;
mod describe;
mod gerrit;
mod order;
mod patch;
mod session;
mod version;

use async_trait::async_trait;

use self::checkout::check_out;
use self::describe::describe;
use self::order::Order;
use self::session::{Halt, Session};
use self::version::GitVersion;
use super::wanted::{set_source_property, wanted};
use crate::domain::{LogKind, Results, Stream};
use crate::steps::command::{Ended, Place};
use crate::steps::config::{GitConfig, GitHost};
use crate::steps::context::{Fault, StepContext, WorkerPlace};
use crate::steps::registry::Work;

/// Source of the properties the step sets.
const SOURCE: &str = "Git";

pub struct Git {
    pub place: Place,
    pub config: GitConfig,
}

#[async_trait(?Send)]
impl Work for Git {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        let codebase = self.config.codebase.as_str();
        let Some(mut wanted) = wanted(codebase, self.config.always_use_latest, context) else {
            return without_stamp(codebase, context).await;
        };
        if let Some(revision) = &wanted.revision {
            set_source_property(context, codebase, "revision", revision, SOURCE);
        }
        if let Some(reference) = self.change_ref(context) {
            set_source_property(context, codebase, "gerrit_branch", &reference, SOURCE);
            wanted.branch = Some(reference);
        }
        let order = Order::new(&self.config, wanted, context).await?;
        let stdio = context.add_log("stdio", LogKind::Stream).await?;
        let workdir = self.place.workdir(context).await?;
        let session = Session {
            context,
            config: &self.config,
            env: self.place.environment(&self.config.env, context).await?,
            stdio,
            tree: context.worker_path(WorkerPlace::InBuilder(&workdir)),
            options: order.options.clone(),
        };
        match carry_out(session, order).await {
            Ok(()) => Ok(Ended::with(Results::Success)),
            Err(Halt::Failed(failure)) => Ok(Ended { failure_reason: failure.reason, ..Ended::with(Results::Failure) }),
            Err(Halt::Fault(fault)) => Err(fault),
        }
    }
}

impl Git {
    /// Where the change of Gerrit is that the build is about, if it is about one.
    fn change_ref(&self, context: &dyn StepContext) -> Option<String> {
        if self.config.host != GitHost::Gerrit {
            return None;
        }
        let stamps = context.source_stamps();
        let stamp = stamps.iter().find(|stamp| stamp.spec.codebase == self.config.codebase)?;
        gerrit::change_ref(&context.properties(), &stamp.spec.project)
    }
}

async fn carry_out(session: Session<'_>, mut order: Order) -> Result<(), Halt> {
    let answer = session.ask(&["--version"]).await?;
    if answer.rc != 0 {
        return Err(Fault::World("git is not installed on the worker".to_owned()).into());
    }
    let version = GitVersion::parse(&answer.stdout);
    if !order.filters.is_empty() && version.is_some_and(|version| version < GitVersion::WITH_FILTERS) {
        session.note("this git is too old for filters; it clones everything\n").await?;
        order.filters.clear();
    }
    if let Some(patch) = &order.patch {
        patch::show(patch, &session).await?;
    }
    let tree = check_out(session, &order).await?;
    if let Some(patch) = &order.patch {
        patch::apply(patch, &tree).await?;
    }
    let head = tree.ask(&["rev-parse", "HEAD"]).await?;
    let revision = head.stdout.trim();
    if head.rc != 0 || revision.len() < 40 || !revision.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Fault::World("git rev-parse gave no revision".to_owned()).into());
    }
    let codebase = tree.config.codebase.as_str();
    set_source_property(tree.context, codebase, "got_revision", revision, SOURCE);
    if let Some(description) = describe(&tree, &order).await? {
        set_source_property(tree.context, codebase, "commit-description", &description, SOURCE);
    }
    Ok(())
}

async fn without_stamp(codebase: &str, context: &dyn StepContext) -> Result<Ended, Fault> {
    let log = context.add_log("log", LogKind::Text).await?;
    let text = format!("No source stamp of the build has the codebase {codebase:?}.\n");
    context.write_log(log, Stream::Stdout, &text).await?;
    let description = Some(format!("Codebase {codebase} not in build"));
    Ok(Ended { description, ..Ended::with(Results::Failure) })
}

#[cfg(test)]
mod tests;
