//! The master's end of the control socket.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use nix::unistd::geteuid;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use super::socket_path::SocketPath;
use super::{ControlHandler, MAX_LINE, Request, Response};
use crate::json;

/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(30);

/// A pause after a failed accept, which fails again at once while file descriptors are short.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The reason why nobody can control this master.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    #[error("another master answers on the control socket of this base directory")]
    InUse,
    #[error("cannot open the control socket")]
    Bind(#[source] io::Error),
}

/// A bound socket; its file is removed when this is dropped.
#[derive(Debug)]
pub struct ControlServer {
    listener: UnixListener,
    path: SocketPath,
}

impl ControlServer {
    /// Binds the socket of `base_dir`. One that a dead master left is replaced.
    pub async fn bind(base_dir: &Path) -> Result<Self, ControlError> {
        let path = SocketPath::new(base_dir).map_err(ControlError::Bind)?;
        if UnixStream::connect(path.path()).await.is_ok() {
            return Err(ControlError::InUse);
        }
        match fs::remove_file(path.path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(ControlError::Bind(error)),
            _ => (),
        }
        let listener = UnixListener::bind(path.path()).map_err(ControlError::Bind)?;
        fs::set_permissions(path.path(), Permissions::from_mode(0o600)).map_err(ControlError::Bind)?;
        Ok(Self { listener, path })
    }

    /// Answers requests for ever, each connection by itself.
    pub async fn run(self, handler: Arc<dyn ControlHandler>) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let handler = Arc::clone(&handler);
                    tokio::spawn(async move {
                        if let Err(error) = converse(stream, handler.as_ref()).await {
                            debug!("a control connection ended: {error}");
                        }
                    });
                }
                Err(error) => {
                    warn!("cannot accept a control connection: {error}");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        // If it is gone already, so much the better.
        let _ = fs::remove_file(self.path.path());
    }
}

async fn converse(mut stream: UnixStream, handler: &dyn ControlHandler) -> io::Result<()> {
    let peer = stream.peer_cred()?.uid();
    if peer != 0 && peer != geteuid().as_raw() {
        warn!("user {peer} tried to control this master");
        let reason = "only the user of the master may control it".to_owned();
        return send(&mut stream, &Response::Failed { reason }).await;
    }
    let (receiving, mut sending) = stream.into_split();
    let mut receiving = BufReader::new(receiving);
    loop {
        let mut line = Vec::new();
        let mut limited = (&mut receiving).take(MAX_LINE);
        if timeout(PATIENCE, limited.read_until(b'\n', &mut line)).await.map_err(|_| io::ErrorKind::TimedOut)?? == 0 {
            return Ok(());
        }
        let response = match json::from_slice(&line) {
            Ok(request) => answer(request, handler).await,
            Err(error) => Response::Failed { reason: format!("not a request: {error}") },
        };
        send(&mut sending, &response).await?;
    }
}

async fn answer(request: Request, handler: &dyn ControlHandler) -> Response {
    match request {
        Request::Status => Response::Status(handler.status().await),
        Request::Overview => Response::Overview(handler.overview().await),
        Request::Reconfig { dry_run } => match handler.reconfig(dry_run).await {
            Ok(reconfigured) => Response::Reconfigured(reconfigured),
            Err(errors) => Response::Rejected { errors },
        },
        Request::GoBack { version, dry_run } => match handler.go_back(version, dry_run).await {
            Ok(reconfigured) => Response::Reconfigured(reconfigured),
            Err(errors) => Response::Rejected { errors },
        },
        Request::Versions => match handler.versions().await {
            Ok(versions) => Response::Versions { versions },
            Err(reason) => Response::Failed { reason },
        },
        Request::CleanUp { dry_run } => match handler.clean_up(dry_run).await {
            Ok(done) => Response::CleanedUp(done),
            Err(reason) => Response::Failed { reason },
        },
        Request::Command { line, asker } => match handler.command(&line, asker).await {
            Ok(lines) => Response::Said { lines },
            Err(reason) => Response::Failed { reason },
        },
        Request::Stop { clean } => match handler.stop(clean).await {
            Ok(()) => Response::Stopping,
            Err(reason) => Response::Failed { reason },
        },
    }
}

async fn send(to: &mut (impl AsyncWriteExt + Unpin), response: &Response) -> io::Result<()> {
    let line = format!("{}\n", json::to_string(response));
    to.write_all(line.as_bytes()).await
}
