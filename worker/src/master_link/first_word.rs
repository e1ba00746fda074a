//! Who speaks first tells what is spoken: a master of Perspective Broker greets, one of WebSocket waits to be asked.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::socket::Socket;

/// A greeting comes at once. Our own masters wait twice as long for a word of ours before they greet.
const PATIENCE: Duration = Duration::from_millis(50);

/// A connection whose peer has spoken, or has not.
pub(super) enum FirstWord {
    Theirs(Box<dyn Socket>),
    /// Perhaps they are only slow.
    Ours(Box<dyn Socket>),
}

impl FirstWord {
    pub(super) async fn wait_for(mut socket: Box<dyn Socket>) -> Self {
        let mut byte = [0];
        match tokio::time::timeout(PATIENCE, socket.read(&mut byte)).await {
            Ok(Ok(1)) => {
                let noted = Noted::new(socket);
                noted.held.set(Some(byte[0]));
                Self::Theirs(Box::new(noted))
            }
            // A connection that has ended says so again.
            _ => Self::Ours(socket),
        }
    }
}

/// A connection that remembers the first byte that was read from it.
pub(super) struct Noted<S> {
    inner: S,
    first: Rc<Cell<Option<u8>>>,
    /// A byte that was read and is to be read again.
    held: Cell<Option<u8>>,
}

impl<S> Noted<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner, first: Rc::default(), held: Cell::new(None) }
    }

    /// Where the byte is found, as soon as there is one.
    pub(super) fn first(&self) -> Rc<Cell<Option<u8>>> {
        Rc::clone(&self.first)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Noted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(byte) = self.held.take() {
            buffer.put_slice(&[byte]);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        if self.first.get().is_none() {
            self.first.set(buffer.filled().get(before).copied());
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Noted<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_greets_is_heard_from_the_first_byte() {
        let (ours, mut theirs) = tokio::io::duplex(100);
        theirs.write_all(b"\x02\x80rest").await.unwrap();
        let FirstWord::Theirs(mut socket) = FirstWord::wait_for(Box::new(ours)).await else { panic!("it was heard") };
        drop(theirs);
        let mut heard = Vec::new();
        socket.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, b"\x02\x80rest");
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_silent_is_to_be_asked() {
        let (ours, _theirs) = tokio::io::duplex(100);
        assert!(matches!(FirstWord::wait_for(Box::new(ours)).await, FirstWord::Ours(_)));
    }
}
