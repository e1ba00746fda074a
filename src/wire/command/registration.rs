//! The master's side of a remote command, from before it is sent until its outcome is known.

use std::sync::Arc;
use std::time::Duration;

use buildbot_protocol::Value;
use tokio::sync::{mpsc, watch};

use super::{End, Progress, RunningCommand, TransferRequest};
use crate::domain::CommandOutcome;
use crate::wire::link::{LinkError, StartCommand};
use crate::wire::session::{Answer, Session};
use crate::wire::transfer::{Transfer, TransferStep};

/// Some workers tell the exit code after they tell the end.
const LATE_RC: Duration = Duration::from_secs(1);

/// Keeps a command known to its session.
pub(in crate::wire) struct CommandRegistration {
    session: Arc<Session>,
    id: String,
    command: Arc<RunningCommand>,
    progress: watch::Receiver<Progress>,
}

impl CommandRegistration {
    pub(in crate::wire) fn new(session: Arc<Session>, mut start: StartCommand) -> Result<Self, LinkError> {
        let id = std::mem::take(&mut start.command_id);
        let transfers = start.transfer.take().map(|transfer| spawn_transfer(&session, transfer));
        let command = Arc::new(RunningCommand::new(start, transfers));
        if !session.add_command(&id, Arc::clone(&command)) {
            return Err(LinkError::Refused(format!("a command with the id {id} runs already")));
        }
        let progress = command.progress.subscribe();
        Ok(Self { session, id, command, progress })
    }

    /// Waits for the end and for the log.
    pub(in crate::wire) async fn outcome(mut self, answer: Answer) -> Result<CommandOutcome, LinkError> {
        let error = self.end(answer).await?;
        for receipt in self.command.flush() {
            receipt.stored().await.map_err(|error| LinkError::CommandFailed(error.to_string()))?;
        }
        match error {
            Some(text) => Err(LinkError::CommandFailed(text)),
            None => Ok(self.command.outcome()),
        }
    }

    /// The error text of `complete`. A worker may answer the start before or after it tells the end.
    async fn end(&mut self, answer: Answer) -> Result<Option<String>, LinkError> {
        let mut progress = self.progress.clone();
        tokio::select! {
            biased;
            _ = progress.wait_for(|progress| progress.end.is_some()) => {}
            refusal = refused(answer) => return Err(LinkError::Refused(refusal)),
        }
        let end = self.progress.borrow().end.clone();
        match end {
            Some(End::Completed(None)) => {
                let has_rc = self.progress.wait_for(|progress| progress.has_rc);
                if tokio::time::timeout(LATE_RC, has_rc).await.is_err() {
                    tracing::warn!(command.id = self.id, "the worker did not tell an exit code");
                }
                Ok(None)
            }
            Some(End::Completed(error)) => Ok(error),
            Some(End::Lost(why)) => Err(LinkError::Lost(why)),
            None => Err(LinkError::Lost("the session was dropped".to_owned())),
        }
    }
}

impl Drop for CommandRegistration {
    fn drop(&mut self) {
        self.session.remove_command(&self.id);
    }
}

/// Returns only if the worker refuses: an acceptance tells nothing, and a loss is told to the command.
async fn refused(answer: Answer) -> String {
    match answer.await {
        Ok(Err(text)) => text,
        Ok(Ok(_)) | Err(_) => std::future::pending().await,
    }
}

/// Carries out the steps of one command one after the other; ends with the command.
fn spawn_transfer(session: &Arc<Session>, transfer: Arc<dyn Transfer>) -> mpsc::UnboundedSender<TransferRequest> {
    let (requests, mut queue) = mpsc::unbounded_channel::<TransferRequest>();
    let runtime = session.runtime().clone();
    let session = Arc::clone(session);
    runtime.spawn(async move {
        while let Some((step, ticket)) = queue.recv().await {
            let reads = matches!(step, TransferStep::Read { .. });
            match transfer.step(step).await {
                Ok(bytes) if reads => ticket.done_with(&session, Value::Bin(bytes)),
                Ok(_) => ticket.done(&session),
                Err(why) => ticket.failed(&session, &why),
            }
        }
    });
    requests
}
