//! Reads messages as long as the pipeline has room, and hands them to whom they concern.

use std::future::poll_fn;
use std::sync::Arc;

use buildbot_protocol::msgpack::{self, DecodeError};
use buildbot_protocol::{Message, Request};
use futures_util::{Stream, StreamExt};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message as Frame};

use super::{Permit, Session};
use crate::wire::command::RunningCommand;
use crate::wire::transfer::TransferStep;

/// What a message costs besides its length, in bytes: a flood of tiny ones must not fill the memory, either.
const MESSAGE_OVERHEAD: usize = 512;

/// A block of a download is never larger, in bytes, whatever the worker asks for.
const MAX_READ_BYTES: i64 = 4 << 20;

/// Runs until the connection ends, and says why.
pub(in crate::wire) async fn read_all<S>(session: &Arc<Session>, mut stream: S) -> String
where
    S: Stream<Item = Result<Frame, Error>> + Unpin,
{
    let mut last = None;
    while let Some(frame) = next(&mut stream, &mut last).await {
        session.vitals.heard();
        match frame {
            Ok(Frame::Binary(bytes)) => {
                if let Err(error) = receive(session, &bytes).await {
                    return format!("it sent nonsense: {error}");
                }
                last = Some(bytes);
            }
            Ok(Frame::Close(_)) => return "it closed the connection".to_owned(),
            Ok(Frame::Text(_)) => tracing::warn!(worker.name = session.name(), "ignoring a text message"),
            Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_)) => {}
            Err(error) => return format!("the connection was lost: {error}"),
        }
    }
    "the connection was lost".to_owned()
}

/// The next frame. The last one is kept until the stream looks for it: then the stream makes a buffer of the size that a
/// header needs, where it would have taken the whole of the last one back and kept it, while a worker is idle.
async fn next<S>(stream: &mut S, last: &mut Option<Bytes>) -> Option<Result<Frame, Error>>
where
    S: Stream<Item = Result<Frame, Error>> + Unpin,
{
    poll_fn(|cx| {
        let frame = stream.poll_next_unpin(cx);
        *last = None;
        frame
    })
    .await
}

/// An error means that the peer cannot be talked to.
async fn receive(session: &Arc<Session>, bytes: &[u8]) -> Result<(), DecodeError> {
    match msgpack::decode(bytes) {
        Ok(message) => deliver(session, message, bytes.len()).await,
        Err(error @ DecodeError::Malformed(_)) => return Err(error),
        Err(error) => {
            tracing::warn!(worker.name = session.name(), "cannot act on a message: {error}");
            if let Some(answer) = error.answer() {
                let permit = admit(session, bytes.len()).await;
                session.answer(answer, permit);
            }
        }
    }
    Ok(())
}

/// Hands a message of so many bytes to whom it concerns, once the pipeline has room for it.
pub(in crate::wire) async fn deliver(session: &Arc<Session>, message: Message, n_bytes: usize) {
    match message {
        Message::Response(response) => {
            let seq = response.seq;
            if !session.requests().answered(response) {
                tracing::warn!(worker.name = session.name(), seq, "ignoring an answer to nothing");
            }
        }
        Message::Request { seq, request } => {
            let permit = admit(session, n_bytes).await;
            serve(session, Ticket { seq, permit }, request);
        }
    }
}

/// Waits until the pipeline has room: meanwhile the socket is not read.
async fn admit(session: &Session, len: usize) -> Permit {
    let cost = (len + MESSAGE_OVERHEAD).min(session.spec.pipeline_bytes);
    let cost = u32::try_from(cost).unwrap_or(u32::MAX);
    if let Ok(permit) = Arc::clone(&session.budget).try_acquire_many_owned(cost) {
        return permit;
    }
    session.vitals.pause();
    let permit = Arc::clone(&session.budget).acquire_many_owned(cost).await;
    session.vitals.resume();
    permit.expect("the budget of a session is never closed")
}

/// A request of the worker that wants an answer.
pub(in crate::wire) struct Ticket {
    seq: i64,
    permit: Permit,
}

impl Ticket {
    pub(in crate::wire) fn done(self, session: &Session) {
        session.answer(Message::done(self.seq), self.permit);
    }

    pub(in crate::wire) fn done_with(self, session: &Session, result: buildbot_protocol::Value) {
        let response = buildbot_protocol::Response { seq: self.seq, result: Ok(result) };
        session.answer(Message::Response(response), self.permit);
    }

    pub(in crate::wire) fn failed(self, session: &Session, why: &str) {
        session.answer(Message::failed(self.seq, why), self.permit);
    }
}

fn serve(session: &Arc<Session>, ticket: Ticket, request: Request) {
    if matches!(request, Request::Shutdown) {
        session.wish_to_leave();
        return ticket.done(session);
    }
    let Some(command_id) = from_worker(&request) else {
        return ticket.failed(session, &format!("Command {} does not exist.", request.operation()));
    };
    let Some(command) = session.command(command_id) else {
        return ticket.failed(session, "'unknown \"command_id\"'");
    };
    match request {
        Request::Update { updates, .. } => {
            let receipts = command.update(updates);
            if receipts.iter().all(|receipt| receipt.is_settled()) {
                return ticket.done(session);
            }
            let session = Arc::clone(session);
            session.runtime().clone().spawn(async move {
                for receipt in receipts {
                    // That a log cannot be stored is told by the command, not to the worker.
                    let _ = receipt.stored().await;
                }
                ticket.done(&session);
            });
        }
        Request::Complete { error, .. } => {
            command.complete(error);
            ticket.done(session);
        }
        other => serve_transfer(session, ticket, &command, other),
    }
}

fn serve_transfer(session: &Session, ticket: Ticket, command: &RunningCommand, request: Request) {
    let Some(step) = transfer_step(request) else { return ticket.done(session) };
    if let Err(ticket) = command.transfer(step, ticket) {
        ticket.failed(session, "this command transfers no files");
    }
}

fn transfer_step(request: Request) -> Option<TransferStep> {
    Some(match request {
        Request::UploadFileWrite { data, .. } => TransferStep::WriteFile(data),
        Request::UploadFileClose { .. } => TransferStep::CloseFile,
        Request::UploadFileUtime { access_time, modified_time, .. } => {
            // A file that is not there has no times, and the worker has complained of it.
            if access_time.is_nan() || modified_time.is_nan() {
                return None;
            }
            TransferStep::SetTimes { access: access_time, modified: modified_time }
        }
        Request::UploadDirectoryWrite { data, .. } => TransferStep::WriteDirectory(data),
        Request::UploadDirectoryUnpack { .. } => TransferStep::Unpack,
        Request::ReadFile { length, .. } => {
            TransferStep::Read { length: usize::try_from(length.clamp(0, MAX_READ_BYTES)).unwrap_or_default() }
        }
        Request::ReadFileClose { .. } => TransferStep::CloseRead,
        _ => return None,
    })
}

/// The command a request of a worker is about; nothing for requests that only masters make.
fn from_worker(request: &Request) -> Option<&str> {
    match request {
        Request::StartCommand { .. } | Request::InterruptCommand { .. } => None,
        other => other.command_id(),
    }
}
