//! A stream that is read in large pieces without a buffer for them.
//!
//! A buffer in each of a thousand idle connections is memory for nothing, and small reads are many calls of the system.
//! So a large piece is read on the stack, and only what the caller has no room for is kept until it is asked for.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is read at once if the caller has less room, in bytes.
const PIECE_BYTES: usize = 16 * 1024;

/// Gives what was read before, then what comes.
pub(super) struct ReadAhead<S> {
    ahead: Vec<u8>,
    n_given: usize,
    /// No more is given of what has just come.
    n_first: usize,
    stream: S,
}

impl<S> ReadAhead<S> {
    /// `ahead` has been read from the stream already.
    pub(super) fn new(ahead: Vec<u8>, stream: S) -> Self {
        Self { ahead, n_given: 0, n_first: usize::MAX, stream }
    }

    /// For a caller that reads a header and then makes room for what follows: it is given only so many bytes at first,
    /// and its room is no larger than what follows.
    pub(super) fn header_first(self, n_bytes: usize) -> Self {
        Self { n_first: n_bytes, ..self }
    }
}

impl<S: AsyncRead + Unpin> ReadAhead<S> {
    fn poll_piece(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut room = [const { MaybeUninit::uninit() }; PIECE_BYTES];
        let mut piece = ReadBuf::uninit(&mut room);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut piece))?;
        let (fits, rest) = piece.filled().split_at(piece.filled().len().min(buffer.remaining()).min(self.n_first));
        buffer.put_slice(fits);
        self.ahead = rest.to_vec();
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadAhead<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let rest = this.ahead.get(this.n_given..).unwrap_or_default();
        if rest.is_empty() {
            return match buffer.remaining() {
                0..PIECE_BYTES => this.poll_piece(cx, buffer),
                _ => Pin::new(&mut this.stream).poll_read(cx, buffer),
            };
        }
        let n_given = rest.len().min(buffer.remaining());
        buffer.put_slice(rest.get(..n_given).unwrap_or_default());
        this.n_given += n_given;
        if this.n_given == this.ahead.len() {
            this.ahead = Vec::new();
            this.n_given = 0;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReadAhead<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn what_was_read_comes_first_in_pieces_of_any_size() {
        let (near, mut far) = tokio::io::duplex(64);
        far.write_all(b"second").await.unwrap();
        drop(far);
        let mut stream = ReadAhead::new(b"first, ".to_vec(), near);
        let mut start = [0; 3];
        stream.read_exact(&mut start).await.unwrap();
        let mut rest = String::new();
        stream.read_to_string(&mut rest).await.unwrap();
        assert_eq!((&start, rest.as_str()), (b"fir", "st, second"));
    }

    #[tokio::test]
    async fn a_header_can_be_read_alone() {
        let (near, mut far) = tokio::io::duplex(64);
        far.write_all(b"headerbody").await.unwrap();
        let mut stream = ReadAhead::new(Vec::new(), near).header_first(6);
        let mut some = [0; 64];
        let mut reads = Vec::new();
        for _ in 0..2 {
            let n_read = stream.read(&mut some).await.unwrap();
            reads.push(some[..n_read].to_vec());
        }
        assert_eq!(reads, [&b"header"[..], b"body"]);
    }

    #[tokio::test]
    async fn small_reads_are_served_from_a_large_one_and_nothing_is_kept_afterwards() {
        let (near, mut far) = tokio::io::duplex(64 * 1024);
        let text: Vec<u8> = (0..40_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        far.write_all(&text).await.unwrap();
        drop(far);
        let mut stream = ReadAhead::new(Vec::new(), near);
        let mut some = [0; 100];
        stream.read_exact(&mut some).await.unwrap();
        assert_eq!(stream.ahead.len(), PIECE_BYTES - 100);
        let mut rest = some.to_vec();
        stream.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, text);
        assert_eq!(stream.ahead.capacity(), 0);
    }
}
