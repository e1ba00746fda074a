//! The HTTP request with which a WebSocket begins, and its answers.
//!
//! A refusal is a bare status line and the end of the connection: that is what workers understand.

use std::time::Duration;

use buildbot_protocol::upgrade::{self, BadUpgrade, MAX_HEADER_BYTES};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::basic_auth::{self, Credentials};
use super::read_ahead::ReadAhead;

/// No message of a worker is larger. In bytes.
const MAX_MESSAGE_BYTES: usize = 64 << 20;

/// Idle connections keep this much for reading, in bytes; there may be thousands. [`ReadAhead`] makes up for it.
const READ_BUFFER_BYTES: usize = 512;

/// The header of a WebSocket frame is no longer, in bytes.
const MAX_FRAME_HEADER_BYTES: usize = 14;

/// So much is collected before it is written, in bytes.
const WRITE_BUFFER_BYTES: usize = 4 * 1024;

/// The reason a handshake did not lead to a WebSocket.
#[derive(Debug, thiserror::Error)]
pub(super) enum UpgradeError {
    #[error("the connection was closed during the handshake")]
    Closed,
    #[error("the handshake cannot be read")]
    Io(#[from] std::io::Error),
    #[error("the handshake was silent for too long")]
    Silent,
    /// Answered with 400.
    #[error("the handshake is invalid: {0}")]
    Invalid(&'static str),
    /// Answered with 401.
    #[error("the handshake has no credentials")]
    NoCredentials,
}

/// A well-formed request to become a WebSocket.
#[derive(Debug)]
pub(super) struct UpgradeRequest {
    pub(super) credentials: Credentials,
    accept: String,
    /// What arrived behind the header.
    rest: Vec<u8>,
}

/// How a request is refused.
#[derive(Clone, Copy, Debug)]
pub(super) enum Status {
    BadRequest,
    Unauthorized,
}

impl UpgradeError {
    /// How to answer, if anybody is there to be answered.
    pub(super) fn status(&self) -> Option<Status> {
        match self {
            Self::Invalid(_) => Some(Status::BadRequest),
            Self::NoCredentials => Some(Status::Unauthorized),
            Self::Closed | Self::Io(_) | Self::Silent => None,
        }
    }
}

/// Reads a request of which `head` has been read already; it may arrive byte by byte, if not slower than `patience`.
pub(super) async fn read_request<S: AsyncRead + Unpin>(
    stream: &mut S,
    mut head: Vec<u8>,
    patience: Duration,
) -> Result<UpgradeRequest, UpgradeError> {
    loop {
        if let Some(end) = memchr::memmem::find(&head, b"\r\n\r\n") {
            let rest = head.split_off(end + 4);
            return parse(&head, rest);
        }
        if MAX_HEADER_BYTES < head.len() {
            return Err(UpgradeError::Invalid("it is too long"));
        }
        match timeout(patience, stream.read_buf(&mut head)).await {
            Ok(Ok(0)) => return Err(UpgradeError::Closed),
            Ok(read) => read?,
            Err(_) => return Err(UpgradeError::Silent),
        };
    }
}

fn parse(header: &[u8], rest: Vec<u8>) -> Result<UpgradeRequest, UpgradeError> {
    let request = upgrade::parse(header).map_err(|bad| match bad {
        BadUpgrade::Invalid(why) => UpgradeError::Invalid(why),
        BadUpgrade::NoCredentials => UpgradeError::NoCredentials,
    })?;
    let credentials =
        basic_auth::parse(request.authorization).ok_or(UpgradeError::Invalid("its credentials cannot be decoded"))?;
    Ok(UpgradeRequest { credentials, accept: derive_accept_key(request.key.as_bytes()), rest })
}

/// Refuses and closes.
pub(super) async fn refuse<S: AsyncWrite + Unpin>(mut stream: S, status: Status) -> std::io::Result<()> {
    let answer = match status {
        Status::BadRequest => "HTTP/1.1 400 Bad request\r\n\r\n",
        Status::Unauthorized => "HTTP/1.1 401 Unauthorized\r\n\r\n",
    };
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

impl UpgradeRequest {
    /// Answers 101 and goes on as a WebSocket.
    pub(super) async fn accept<S>(self, mut stream: S) -> std::io::Result<WebSocketStream<ReadAhead<S>>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nServer: buildbot\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n\r\n",
            self.accept
        );
        stream.write_all(answer.as_bytes()).await?;
        stream.flush().await?;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(WRITE_BUFFER_BYTES)
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        let stream = ReadAhead::new(self.rest, stream).header_first(MAX_FRAME_HEADER_BYTES);
        Ok(WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    const REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost:9989\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
        Authorization: Basic dy1tcDptcHBhc3M=\r\nSec-WebSocket-Key: 8OFILm8jZ/FBs+RnVaYsvw==\r\n\
        Sec-WebSocket-Version: 13\r\n\r\n";

    #[test]
    fn the_request_of_a_worker_is_understood() {
        let request = parse(REQUEST.as_bytes(), Vec::new()).unwrap();
        assert_eq!(request.credentials.name, "w-mp");
        assert_eq!(request.credentials.password.expose(), "mppass");
        assert_eq!(request.accept, "YP+uSVPfjf0dxdpz+PkIHO27mLk=");
    }

    #[test]
    fn a_request_without_credentials_is_unauthorized() {
        let text = REQUEST.replace("Authorization", "X-Authorization");
        assert!(matches!(parse(text.as_bytes(), Vec::new()), Err(UpgradeError::NoCredentials)));
    }

    #[test]
    fn a_request_that_is_no_upgrade_is_invalid() {
        for (from, to) in [
            ("GET", "POST"),
            ("Upgrade: WebSocket", "Upgrade: h2c"),
            ("Version: 13", "Version: 8"),
            ("-Key:", "-Ke:"),
            ("Basic dy", "Basic ?"),
            ("Basic dy", "Bearer dy"),
        ] {
            let text = REQUEST.replace(from, to);
            assert!(matches!(parse(text.as_bytes(), Vec::new()), Err(UpgradeError::Invalid(_))), "{text}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_may_arrive_byte_by_byte_and_what_follows_it_is_kept() {
        let (mut near, mut far) = tokio::io::duplex(1);
        let write = async move {
            far.write_all(REQUEST.as_bytes()).await.unwrap();
            drop(far);
        };
        let (request, ()) = tokio::join!(read_request(&mut near, Vec::new(), PATIENCE), write);
        assert_eq!(request.unwrap().rest, b"");
        let whole = format!("{REQUEST}more");
        let request = read_request(&mut tokio::io::empty(), whole.into_bytes(), PATIENCE).await.unwrap();
        assert_eq!(request.rest, b"more");
    }

    #[tokio::test(start_paused = true)]
    async fn a_header_without_end_is_refused() {
        let endless = tokio::io::repeat(b'x');
        let error = read_request(&mut { endless }, b"G".to_vec(), PATIENCE).await.unwrap_err();
        assert!(matches!(error.status(), Some(Status::BadRequest)));
    }
}
