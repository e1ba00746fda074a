//! Command desk: carries out the commands that people type in chats and terminals, and answers in words.
//!
//! No actor: whoever hears a person has a copy, asks who may, and brings the answer back. What is about a chat itself is
//! done by the chat.

mod facts;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::watch;
use tracing::info;

use super::applied::AppliedConfig;
use super::builders::StopBuild;
use super::stop_wish::StopWish;
use super::supervisor::{Ask, AskError};
use crate::clock::Clock;
use crate::commands::table::Place;
use crate::commands::{Command, ForceOrder, ShutdownOrder, Target, answers, help};
use crate::config::nearest;
use crate::db::transitions::AddBuildset;
use crate::db::{Db, DbError};
use crate::domain::buildset::NewStamp;
use crate::domain::{BuildRequestId, BuilderId, NewBuildset, Properties, Results, StampSpec};
use crate::schedulers::validation::Validation;

/// The name that buildsets of commands have in place of a scheduler's, as in Buildbot.
const SCHEDULER: &str = "status.words";
/// Where properties of commands come from, as in Buildbot.
const SOURCE: &str = "Force Build Chat";
const HOME: &str = "a continuous-integration master that speaks Buildbot's protocols; 'help' says what I understand";

#[derive(Clone)]
pub struct CommandDesk {
    pub db: Db,
    pub clock: Clock,
    pub config: AppliedConfig,
    pub stop: Ask<StopBuild>,
    pub stop_wish: Arc<watch::Sender<StopWish>>,
}

/// Who gives a command, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asker {
    /// As reasons and owners of builds show them: `alice on #ci`.
    pub name: String,
    pub place: Place,
}

/// What came of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub lines: Vec<String>,
    /// What waits or runs because of it.
    pub forced: Option<BuildRequestId>,
}

/// The reason a command was not carried out, as it is said to the person.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    #[error("there is no builder '{name}'{hint}")]
    NoBuilder { name: String, hint: String },
    #[error("no build of {0} runs")]
    NothingRuns(String),
    #[error("that is for chats")]
    ChatsOnly,
    #[error("{0}")]
    Cannot(&'static str),
    #[error("{0}")]
    NotValid(String),
    #[error("the database has trouble: {0}")]
    Db(#[from] DbError),
    #[error("the master is busy: {0}")]
    Ask(#[from] AskError),
}

impl From<Vec<String>> for Answer {
    fn from(lines: Vec<String>) -> Self {
        Self { lines, forced: None }
    }
}

fn one(line: impl Into<String>) -> Answer {
    Answer::from(vec![line.into()])
}

impl CommandDesk {
    pub async fn carry_out(&self, command: Command, asker: &Asker) -> Result<Answer, DeskError> {
        match command {
            Command::Help(name) => Ok(help::help(name.as_deref(), asker.place).into()),
            Command::Commands => Ok(help::commands(asker.place).into()),
            Command::Hello => Ok(one(format!("hello, {}", asker.name))),
            Command::Version => Ok(one(format!("this is version {}", env!("CARGO_PKG_VERSION")))),
            Command::Source => Ok(one(HOME)),
            Command::GetId => Ok(one(format!("you are {}", asker.name))),
            Command::Fun(fun) => Ok(answers::fun(fun).iter().map(|line| (*line).to_owned()).collect::<Vec<_>>().into()),
            Command::List { what, all, count } => Ok(self.list(what, all, count).await?.into()),
            Command::Status(target) => Ok(answers::status(&self.builders(&target).await?, &target).into()),
            Command::Last(target) => Ok(answers::last(&self.builders(&target).await?).into()),
            Command::Force(order) => self.force(order, asker).await,
            Command::Stop { builder, reason } => self.stop(&builder, &reason, asker).await,
            Command::Shutdown(order) => self.shutdown(order, asker),
            Command::Watch(_)
            | Command::Notify(_)
            | Command::Join { .. }
            | Command::Leave(_)
            | Command::Mute
            | Command::Unmute
            | Command::Missed => Err(DeskError::ChatsOnly),
        }
    }

    /// The id of a builder of the configuration.
    pub fn builder(&self, name: &str) -> Result<BuilderId, DeskError> {
        let applied = Arc::clone(&self.config.borrow());
        let known = applied.config.builders.iter().map(|builder| builder.name.as_str());
        applied.ids.builders.get(name).copied().filter(|_| known.clone().any(|known| known == name)).ok_or_else(|| {
            let hint = nearest(name, known).map(|near| format!(", perhaps '{near}'")).unwrap_or_default();
            DeskError::NoBuilder { name: name.to_owned(), hint }
        })
    }

    async fn builders(&self, target: &Target) -> Result<Vec<answers::BuilderFacts>, DeskError> {
        let only = match target {
            Target::One(name) => Some(self.builder(name)?),
            Target::Busy | Target::All => None,
        };
        self.builder_facts(only, false).await
    }

    async fn force(&self, order: ForceOrder, asker: &Asker) -> Result<Answer, DeskError> {
        let builder = self.builder(&order.builder)?;
        check(&order, &self.config.borrow().config.validation).map_err(DeskError::NotValid)?;
        let name = order.builder.clone();
        let fired = self.db.write(AddBuildset { buildset: buildset(order, builder, asker) }).await?;
        let Some((_, request)) = fired.requests.first().copied() else {
            return Err(DeskError::Cannot("nothing was stored"));
        };
        info!(builder.name = name, request.id = request.0, asker = asker.name, "a build was asked for");
        Ok(Answer { lines: vec![format!("build of {name} forced, request {request}")], forced: Some(request) })
    }

    async fn stop(&self, builder: &str, reason: &str, asker: &Asker) -> Result<Answer, DeskError> {
        let running = self.running(self.builder(builder)?).await?;
        let reason = match reason {
            "" => format!("by {}", asker.name),
            reason => format!("by {}: {reason}", asker.name),
        };
        let mut stopped = Vec::new();
        for build in running {
            let message = StopBuild { build: build.id, reason: reason.clone(), results: Results::Cancelled };
            if self.stop.ask(message).await? {
                stopped.push(format!("build #{} of {builder} is being stopped", build.number));
            }
        }
        if stopped.is_empty() {
            return Err(DeskError::NothingRuns(builder.to_owned()));
        }
        info!(builder.name = builder, n_builds = stopped.len(), reason, "builds are stopped by command");
        Ok(stopped.into())
    }

    fn shutdown(&self, order: ShutdownOrder, asker: &Asker) -> Result<Answer, DeskError> {
        let wish = *self.stop_wish.borrow();
        let (wanted, line) = match (order, wish) {
            (ShutdownOrder::Check, StopWish::None) => return Ok(one("the master runs, nobody has asked it to end")),
            (ShutdownOrder::Check, StopWish::Clean) => return Ok(one("the master ends once its builds have ended")),
            (ShutdownOrder::Stop, StopWish::None) => return Err(DeskError::Cannot("the master is not ending")),
            (ShutdownOrder::Stop, StopWish::Clean) => (StopWish::None, "the master goes on, and starts builds again"),
            (ShutdownOrder::Start, StopWish::None | StopWish::Clean) => {
                (StopWish::Clean, "the master starts no more builds, and ends after those that run")
            }
            (_, StopWish::Now) | (ShutdownOrder::Now, _) => (StopWish::Now, "the master ends now"),
        };
        info!(asker = asker.name, ?wanted, "somebody asks how the master is to end");
        self.stop_wish.send_replace(wanted);
        Ok(one(line))
    }
}

/// Whether it is made of what people may type.
fn check(order: &ForceOrder, validation: &Validation) -> Result<(), String> {
    order.branch.as_deref().map_or(Ok(()), |branch| validation.check_branch(branch))?;
    order.revision.as_deref().map_or(Ok(()), |revision| validation.check_revision(revision))?;
    order.properties.iter().try_for_each(|(name, value)| validation.check_property(name, value))
}

fn buildset(order: ForceOrder, builder: BuilderId, asker: &Asker) -> NewBuildset {
    let reason = match order.reason.as_str() {
        "" => format!("force: by {}", asker.name),
        reason => format!("force: by {}: {reason}", asker.name),
    };
    let mut properties = Properties::new();
    properties.set("reason", reason.as_str(), SOURCE);
    properties.set("owner", asker.name.as_str(), SOURCE);
    for (name, value) in order.properties {
        properties.set(name, value, SOURCE);
    }
    let spec = StampSpec {
        codebase: order.codebase,
        repository: String::new(),
        project: order.project,
        branch: order.branch,
        revision: order.revision,
        patch: None,
    };
    NewBuildset {
        scheduler: SCHEDULER.to_owned(),
        reason,
        external_id: None,
        properties,
        builders: vec![builder],
        stamps: vec![NewStamp::Spec(spec)],
        changes: Vec::new(),
        priority: 0,
        waited_for: false,
        parent_build: None,
        rebuilt_build: None,
    }
}
