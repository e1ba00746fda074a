//! Commands on the worker, from their start to their end, or until somebody stops them.

use std::sync::Arc;
use std::time::Duration;

use super::{ActorStepContext, database};
use crate::actors::build::stop_if_dropped::StopIfDropped;
use crate::domain::CommandOutcome;
use crate::steps::{Fault, RemoteCommand, StepContext};
use crate::transfers::MasterTransfer;
use crate::wire::{LinkError, StartCommand, Transfer};

/// A worker has this long to end an interrupted command.
const INTERRUPT_DEADLINE: Duration = Duration::from_secs(60);

/// Runs a command to its end, with somebody who takes its files.
pub async fn carry_out(
    context: &ActorStepContext<'_>,
    command: RemoteCommand,
    transfer: Option<Arc<MasterTransfer>>,
) -> Result<CommandOutcome, Fault> {
    let run = context.run;
    run.save_properties().await.map_err(database)?;
    context.board.tell().await?;
    let command_id = run.deps.command_ids.next().await.map_err(database)?;
    let start = start_command(context, &command_id, command, transfer.clone())?;
    let link = &run.plan.link;
    let mut stop_if_dropped = StopIfDropped { link, command_id: Some(&command_id) };
    let running = link.run(start);
    tokio::pin!(running);
    tokio::select! {
        outcome = &mut running => {
            stop_if_dropped.command_id = None;
            outcome.map_err(link_fault)
        }
        () = refused(transfer.as_deref()) => {
            stop_if_dropped.command_id = None;
            link.interrupt(&command_id, "the master refused the transfer");
            match tokio::time::timeout(INTERRUPT_DEADLINE, &mut running).await {
                Ok(outcome) => outcome.map_err(link_fault),
                Err(_) => Err(Fault::World("the worker went on after the master refused the transfer".to_owned())),
            }
        }
        reason = context.stopped() => {
            stop_if_dropped.command_id = None;
            link.interrupt(&command_id, &reason);
            match tokio::time::timeout(INTERRUPT_DEADLINE, &mut running).await {
                Ok(Err(LinkError::Lost(why))) => Err(Fault::WorkerLost(why)),
                Ok(_) | Err(_) => Err(Fault::Interrupted(reason)),
            }
        }
    }
}

fn start_command(
    context: &ActorStepContext<'_>,
    command_id: &str,
    command: RemoteCommand,
    transfer: Option<Arc<MasterTransfer>>,
) -> Result<StartCommand, Fault> {
    let writer = |log| context.logs.writer(log);
    let log_files = command.log_files.iter().map(|(name, log)| Ok((name.clone(), writer(*log)?)));
    Ok(StartCommand {
        command_id: command_id.to_owned(),
        name: command.name.to_owned(),
        builder_name: Some(context.run.plan.config.name.clone()),
        stdio: command.stdio.map(writer).transpose()?,
        log_files: log_files.collect::<Result<_, Fault>>()?,
        args: command.args,
        observer: command.observer,
        collect_stdout: command.collect_stdout,
        transfer: transfer.map(|transfer| transfer as Arc<dyn Transfer>),
    })
}

/// Returns once the master's end of a transfer takes no more; never without one.
async fn refused(transfer: Option<&MasterTransfer>) {
    match transfer {
        Some(transfer) => transfer.refused().await,
        None => std::future::pending().await,
    }
}

fn link_fault(error: LinkError) -> Fault {
    match error {
        LinkError::Lost(why) => Fault::WorkerLost(why),
        LinkError::Refused(why) => Fault::World(format!("the worker refused the command: {why}")),
        LinkError::CommandFailed(why) => Fault::World(format!("the worker could not carry out the command: {why}")),
    }
}
