//! Change intake: stores what sources deliver; the only way in for a change.
//!
//! - Hears: [`AcceptChanges`] from change sources and from the web's hooks.
//! - Tells: nothing itself; `Event::ChangeAdded` goes to the writer together with its rows.
//! - Writes: changes, users, commits of codebases, source stamps, the source's poll state (`ingest_changes`).
//! - Restart: permanent. Holds no state.

use std::error::Error;

use actix::Message;
use tracing::warn;

use super::applied::AppliedConfig;
use super::scripts::CallFunction;
use super::supervisor::{Ask, AskError, Child, Handle, Reply, ShellContext};
use crate::changes::revlink::Revlink;
use crate::db::transitions::IngestChanges;
use crate::db::{Db, DbError};
use crate::domain::{
    Callback, ChangeId, ChangeSourceId, CodebaseId, NewChange, NewHistory, PropertyValue, ScriptError, ScriptValue,
};

/// Stores changes together with the position of their source; answers the ids of those that were new.
#[derive(Message)]
#[rtype(result = "Result<Vec<ChangeId>, AcceptError>")]
pub struct AcceptChanges {
    /// Name of the source or hook; deliveries are idempotent within it.
    pub source: String,
    /// Set if the source has a stored position.
    pub source_id: Option<ChangeSourceId>,
    pub changes: Vec<NewChange>,
    pub poll_state: Option<String>,
    /// What is new of a codebase.
    pub history: Option<(CodebaseId, NewHistory)>,
}

/// The reason changes were not stored; whoever brought them may bring them again.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    #[error("cannot store the changes")]
    Database(#[source] DbError),
    #[error("codebaseGenerator failed")]
    Generator(#[source] ScriptError),
    #[error("codebaseGenerator returned {0}, which is no text")]
    NoCodebase(PropertyValue),
    #[error("the script pool did not answer")]
    Scripts(#[source] AskError),
}

#[derive(Clone)]
pub struct ChangeIntakeDeps {
    pub db: Db,
    pub config: AppliedConfig,
    pub scripts: Ask<CallFunction>,
}

pub struct ChangeIntake {
    deps: ChangeIntakeDeps,
}

impl ChangeIntake {
    pub fn new(deps: ChangeIntakeDeps) -> Self {
        Self { deps }
    }
}

impl Child for ChangeIntake {}

impl Handle<AcceptChanges> for ChangeIntake {
    fn handle(
        &mut self,
        message: AcceptChanges,
        _: &mut ShellContext<'_, Self>,
    ) -> Reply<Result<Vec<ChangeId>, AcceptError>> {
        let deps = self.deps.clone();
        Reply::Later(Box::pin(async move {
            let AcceptChanges { source, source_id, mut changes, poll_state, history } = message;
            let generator = deps.config.borrow().config.codebase_generator.clone();
            if let Some(generator) = generator {
                for change in &mut changes {
                    change.codebase = codebase_of(&deps.scripts, &generator, change).await?;
                }
            }
            let revlink = deps.config.borrow().config.revlink.clone();
            for change in &mut changes {
                add_link(&deps.scripts, &revlink, change).await;
            }
            let ingest = IngestChanges { source, source_id, changes, poll_state, history };
            deps.db.write(ingest).await.map_err(AcceptError::Database)
        }))
    }
}

/// Gives a change that brought no link one by the rules of the configuration. A function that fails costs the link, not
/// the change.
async fn add_link(scripts: &Ask<CallFunction>, revlink: &Revlink, change: &mut NewChange) {
    let Some(revision) = change.revision.clone().filter(|revision| !revision.is_empty()) else { return };
    if change.revlink.is_some() || change.repository.is_empty() {
        return;
    }
    match revlink {
        Revlink::Rules(rules) => {
            change.revlink = rules.iter().find_map(|rule| rule.link(&revision, &change.repository));
        }
        Revlink::Function(function) => {
            let arguments = [revision.into(), change.repository.as_str().into()].map(ScriptValue::Data).into();
            match scripts.ask(CallFunction { function: function.clone(), arguments }).await {
                Ok(Ok(PropertyValue::Str(link))) if !link.is_empty() => change.revlink = Some(link),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => warn!(error = &error as &dyn Error, "c['revlink'] failed; the change has no link"),
                Err(error) => warn!(error = &error as &dyn Error, "c['revlink'] was not asked; the change has no link"),
            }
        }
    }
}

/// Asks the operator's function which codebase a change belongs to; it gets a dictionary of the change's facts.
async fn codebase_of(
    scripts: &Ask<CallFunction>,
    generator: &Callback,
    change: &NewChange,
) -> Result<String, AcceptError> {
    let files = change.files.iter().map(|file| PropertyValue::from(file.as_str())).collect();
    let facts = [
        ("author", PropertyValue::from(change.author.as_str())),
        ("who", change.author.as_str().into()),
        ("comments", change.comments.as_str().into()),
        ("files", PropertyValue::List(files)),
        ("revision", change.revision.clone().into()),
        ("branch", change.branch.clone().into()),
        ("category", change.category.clone().into()),
        ("repository", change.repository.as_str().into()),
        ("project", change.project.as_str().into()),
    ];
    let facts = facts.map(|(name, value)| (name.to_owned(), value)).into();
    let arguments = vec![ScriptValue::Data(PropertyValue::Map(facts))];
    let answer = scripts.ask(CallFunction { function: generator.clone(), arguments }).await;
    match answer.map_err(AcceptError::Scripts)?.map_err(AcceptError::Generator)? {
        PropertyValue::Str(codebase) => Ok(codebase),
        other => Err(AcceptError::NoCodebase(other)),
    }
}
