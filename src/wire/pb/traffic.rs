//! The bytes of a session: in and out, side by side.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use buildbot_protocol::{Message, Request, Update};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{Notify, mpsc};

use super::speaker::Speaker;
use crate::wire::session::{Outgoing, Session, deliver};

/// Bytes that are read at once from a worker that has much to say.
const READ_BYTES: usize = 16 * 1024;

/// Bytes that are read at once from a worker that is idle: most of a fleet is.
const IDLE_BYTES: usize = 512;

/// So many small reads after each other, and a worker counts as idle again.
const SMALL_READS: usize = 64;

/// So many answers are put on the socket before their permits go back.
const BATCH: usize = 32;

/// A worker is not read while more than this waits to be sent to it, in bytes: it may call us as fast as it likes, but
/// not without listening to the answers.
const MAX_OUTPUT: usize = 1 << 20;

/// What reader and writer share.
struct Shared {
    session: Arc<Session>,
    speaker: Mutex<Speaker>,
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
    speaker: Mutex<Speaker>,
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
    let mut buffer = ReadBuffer::default();
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
        match reader.read(buffer.space()).await {
            Ok(0) => return "the connection was lost".to_owned(),
            Ok(n_read) => {
                shared.session.heard();
                shared.speaker().feed(buffer.take(n_read));
                buffer.fit(n_read);
            }
            Err(error) => return format!("the connection was lost: {error}"),
        }
    }
}

/// Room for what is read, as large as a worker needs it.
#[derive(Default)]
struct ReadBuffer {
    bytes: Vec<u8>,
    n_small: usize,
}

impl ReadBuffer {
    fn space(&mut self) -> &mut [u8] {
        if self.bytes.is_empty() {
            self.bytes = vec![0; IDLE_BYTES];
        }
        &mut self.bytes
    }

    fn take(&self, n_read: usize) -> &[u8] {
        self.bytes.get(..n_read).unwrap_or_default()
    }

    /// Grows at once when it was filled, and shrinks after many reads that needed little.
    fn fit(&mut self, n_read: usize) {
        self.n_small = if n_read < IDLE_BYTES { self.n_small + 1 } else { 0 };
        if n_read == self.bytes.len() && n_read < READ_BYTES {
            self.bytes = vec![0; READ_BYTES];
        } else if SMALL_READS <= self.n_small && IDLE_BYTES < self.bytes.len() {
            self.bytes = vec![0; IDLE_BYTES];
        }
    }
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
            next = queue.recv() => match next {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_worker_has_a_large_buffer_and_an_idle_one_a_small_one() {
        let mut buffer = ReadBuffer::default();
        assert_eq!(buffer.space().len(), IDLE_BYTES);
        buffer.fit(IDLE_BYTES - 1);
        assert_eq!(buffer.space().len(), IDLE_BYTES);
        buffer.fit(IDLE_BYTES);
        assert_eq!(buffer.space().len(), READ_BYTES);
        for n_read in [READ_BYTES, 40, IDLE_BYTES] {
            buffer.fit(n_read);
        }
        for _ in 1..SMALL_READS {
            buffer.fit(40);
        }
        assert_eq!(buffer.space().len(), READ_BYTES);
        buffer.fit(40);
        assert_eq!(buffer.space().len(), IDLE_BYTES);
    }
}
