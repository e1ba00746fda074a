//! The connection of a client that has logged in: calls in, answers and calls out.

use std::time::Duration;

use buildbot_protocol::pb::{Broker, BrokerError, Incoming, SendError};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// Bytes that are read at once.
const READ_BYTES: usize = 4096;

/// The reason a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("it closed the connection")]
    Closed,
    #[error("it was silent for too long")]
    Silent,
    #[error("it sent nonsense: {0}")]
    Broker(#[from] BrokerError),
    #[error("it cannot be answered: {0}")]
    Unanswerable(#[from] SendError),
    #[error("the connection was lost: {0}")]
    Io(#[from] std::io::Error),
}

pub(super) struct Line<'s, S> {
    stream: &'s mut S,
    pub(super) broker: Broker,
    buffer: Vec<u8>,
}

impl<'s, S: AsyncRead + AsyncWrite + Unpin> Line<'s, S> {
    pub(super) fn new(stream: &'s mut S, broker: Broker) -> Self {
        Self { stream, broker, buffer: Vec::with_capacity(READ_BYTES) }
    }

    /// What has been said already.
    pub(super) fn heard(&mut self) -> Result<Option<Incoming>, Ended> {
        Ok(self.broker.next_incoming()?)
    }

    /// Sends what was answered and called. Not to be cancelled.
    pub(super) async fn flush(&mut self) -> Result<(), Ended> {
        let output = self.broker.take_output();
        if !output.is_empty() {
            self.stream.write_all(&output).await?;
            self.stream.flush().await?;
        }
        Ok(())
    }

    /// Reads once; `patience` is how long the client may say nothing. May be cancelled.
    pub(super) async fn listen(&mut self, patience: Option<Duration>) -> Result<(), Ended> {
        let reading = self.stream.read_buf(&mut self.buffer);
        let n_read = match patience {
            Some(patience) => timeout(patience, reading).await.map_err(|_| Ended::Silent)??,
            None => reading.await?,
        };
        if n_read == 0 {
            return Err(Ended::Closed);
        }
        self.broker.feed(&self.buffer);
        self.buffer.clear();
        Ok(())
    }
}
