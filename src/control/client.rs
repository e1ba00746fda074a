//! The command line's end of the control socket.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::socket_path::SocketPath;
use super::{MAX_LINE, Request, Response};
use crate::json::{self, JsonError};

/// The reason why the master said nothing.
#[derive(Debug, thiserror::Error)]
pub enum ControlClientError {
    /// No socket, or one that a dead master left.
    #[error("no master is running there; 'buildbot start' starts one")]
    NotRunning,
    #[error("the master did not answer within {0:?}")]
    Silent(Duration),
    #[error("the master closed the control socket without an answer")]
    Closed,
    #[error("cannot speak to the master")]
    Io(#[from] io::Error),
    #[error("the master's answer is not understood")]
    Json(#[from] JsonError),
}

/// Asks the master of `base_dir`, and waits at most `patience` for its answer.
pub async fn ask(base_dir: &Path, request: Request, patience: Duration) -> Result<Response, ControlClientError> {
    timeout(patience, converse(base_dir, request)).await.unwrap_or(Err(ControlClientError::Silent(patience)))
}

async fn converse(base_dir: &Path, request: Request) -> Result<Response, ControlClientError> {
    let path = SocketPath::new(base_dir)?;
    let mut stream = UnixStream::connect(path.path()).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ControlClientError::NotRunning,
        _ => ControlClientError::Io(error),
    })?;
    stream.write_all(format!("{}\n", json::to_string(&request)).as_bytes()).await?;
    let mut line = Vec::new();
    BufReader::new(stream).take(MAX_LINE).read_until(b'\n', &mut line).await?;
    if line.is_empty() {
        return Err(ControlClientError::Closed);
    }
    Ok(json::from_slice(&line)?)
}
