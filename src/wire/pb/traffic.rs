//! The bytes of a session: in and out, side by side.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use buildbot_protocol::{Message, Request, Update};
use futures_channel::mpsc;
use futures_util::StreamExt;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf, ReadHalf, WriteHalf};
use tokio::sync::Notify;

use super::speaker::Speaker;
use crate::wire::session::{Outgoing, Session, deliver};

/// Bytes that are read at once.
const READ_BYTES: usize = 16 * 1024;

/// So many answers are put on the socket before their permits go back.
const BATCH: usize = 32;

/// A worker is not read while more than this waits to be sent to it, in bytes: it may call us as fast as it likes, but
/// not without listening to the answers.
const MAX_OUTPUT: usize = 1 << 20;

thread_local! {
    /// All sessions of a thread read through one buffer: nobody needs it between two reads, and most workers of a
    /// fleet are idle.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// What reader and writer share.
struct Shared {
    session: Arc<Session>,
    speaker: Box<Mutex<Speaker>>,
    /// The speaker has something to say that nobody asked for.
    has_output: Notify,
    /// What waited was sent.
    was_sent: Notify,
}

impl Shared {
    fn speaker(&self) -> MutexGuard<'_, Speaker> {
        self.speaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads and writes until the connection ends, and says why.
pub(super) async fn carry<S>(
    session: Arc<Session>,
    queue: mpsc::UnboundedReceiver<Outgoing>,
    stream: S,
    speaker: Box<Mutex<Speaker>>,
) -> String
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let shared = Shared { session, speaker, has_output: Notify::new(), was_sent: Notify::new() };
    let (reader, writer) = tokio::io::split(stream);
    tokio::select! {
        why = read_all(&shared, reader) => why,
        why = write_all(&shared, writer, queue) => why,
    }
}

async fn read_all<S: AsyncRead>(shared: &Shared, mut reader: ReadHalf<S>) -> String {
    loop {
        // What came with the login is understood before anything is read.
        loop {
            let heard = shared.speaker().hear();
            shared.has_output.notify_one();
            until_sent(shared).await;
            match heard {
                Ok(Some(messages)) => {
                    for message in messages {
                        let weight = weight(&message);
                        deliver(&shared.session, message, weight).await;
                    }
                }
                Ok(None) => break,
                Err(error) => return format!("it sent nonsense: {error}"),
            }
        }
        match feed(shared, &mut reader).await {
            Ok(0) => return "the connection was lost".to_owned(),
            Ok(_) => shared.session.heard(),
            Err(error) => return format!("the connection was lost: {error}"),
        }
    }
}

/// Waits until something is there, and hands it to the speaker; tells how many bytes it was.
async fn feed<S: AsyncRead>(shared: &Shared, reader: &mut ReadHalf<S>) -> io::Result<usize> {
    poll_fn(|context| {
        let mut scratch = SCRATCH.take();
        scratch.resize(READ_BYTES, 0);
        let mut bytes = ReadBuf::new(&mut scratch);
        let n_read = Pin::new(&mut *reader).poll_read(context, &mut bytes).map_ok(|()| {
            shared.speaker().feed(bytes.filled());
            bytes.filled().len()
        });
        SCRATCH.set(scratch);
        n_read
    })
    .await
}

/// Waits until there is room for more answers: meanwhile the socket is not read.
async fn until_sent(shared: &Shared) {
    while MAX_OUTPUT < shared.speaker().output_len() {
        shared.session.pause();
        shared.was_sent.notified().await;
        shared.session.resume();
    }
}

/// Bytes that a message keeps in the pipeline.
fn weight(message: &Message) -> usize {
    match message {
        Message::Request { request: Request::Update { updates, .. }, .. } => updates.iter().map(text_bytes).sum(),
        Message::Request {
            request: Request::UploadFileWrite { data, .. } | Request::UploadDirectoryWrite { data, .. },
            ..
        } => data.len(),
        _ => 0,
    }
}

fn text_bytes(update: &Update) -> usize {
    match update {
        Update::Stdout(lines) | Update::Stderr(lines) | Update::Header(lines) => lines.text.len(),
        Update::Log { lines, .. } => lines.text.len(),
        Update::Files(files) => files.iter().map(String::len).sum(),
        _ => 0,
    }
}

async fn write_all<S: AsyncWrite>(
    shared: &Shared,
    mut writer: WriteHalf<S>,
    mut queue: mpsc::UnboundedReceiver<Outgoing>,
) -> String {
    loop {
        let mut next = tokio::select! {
            next = queue.next() => match next {
                Some(outgoing) => Some(outgoing),
                None => return "the session was dropped".to_owned(),
            },
            () = shared.has_output.notified() => None,
        };
        let mut permits = Vec::new();
        while let Some(outgoing) = next {
            let heard = say(&mut shared.speaker(), outgoing, &mut permits);
            if let Some(message) = heard {
                deliver(&shared.session, message, 0).await;
            }
            next = if BATCH <= permits.len() { None } else { queue.try_recv().ok() };
        }
        let bytes = shared.speaker().take_output();
        shared.was_sent.notify_one();
        if bytes.is_empty() {
            continue;
        }
        shared.session.begin_writing();
        let written = async {
            writer.write_all(&bytes).await?;
            writer.flush().await
        };
        if let Err(error) = written.await {
            return format!("cannot send: {error}");
        }
        shared.session.end_writing();
    }
}

/// Returns what the session hears at once.
fn say(speaker: &mut Speaker, outgoing: Outgoing, permits: &mut Vec<crate::wire::session::Permit>) -> Option<Message> {
    match outgoing {
        Outgoing::Message { message, permit } => {
            permits.extend(permit);
            speaker.say(*message)
        }
        Outgoing::Builders { seq, builders } => speaker.set_builders(seq, builders),
        Outgoing::Welcome => {
            speaker.welcome();
            None
        }
        // There is no such thing here; a sign of life is asked for in words, too.
        Outgoing::Ping => None,
    }
}
