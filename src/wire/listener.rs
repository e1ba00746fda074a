//! One port for all who connect.
//!
//! | first byte | what it means |
//! |---|---|
//! | `G` | an HTTP upgrade: a worker that speaks msgpack |
//! | 0x16 | TLS, which needs a certificate |
//! | none for a while | Perspective Broker, whose server speaks first |

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::{sleep, timeout};

use super::hub::{Hub, refuse};
use super::pb;
use super::upgrade::read_request;

/// Who speaks first at a port is decided within this time.
const SNIFF: Duration = Duration::from_millis(100);

/// A login may be silent for this long.
const LOGIN_SILENCE: Duration = Duration::from_secs(10);

/// A login takes no longer than this, even if it trickles in.
const LOGIN_WITHIN: Duration = Duration::from_secs(30);

/// Connections that wait to be accepted: a whole fleet reconnects at once.
const BACKLOG: u32 = 4096;

/// How long to wait when no connection can be accepted, for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Who is expected at a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialects {
    Any,
    /// Never greets.
    Msgpack,
    /// Greets at once.
    PerspectiveBroker,
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    /// Port 0 lets the system choose.
    pub address: SocketAddr,
    pub dialects: Dialects,
}

/// A port that is open.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    dialects: Dialects,
}

impl Listener {
    /// Opens a port; connections wait until [`Self::run`].
    pub fn bind(at: &ListenAddress) -> io::Result<Self> {
        let socket = if at.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.bind(at.address)?;
        Ok(Self { socket: socket.listen(BACKLOG)?, dialects: at.dialects })
    }

    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Accepts connections for ever, each with a task of its own on this runtime. Drop it to close the port;
    /// connections stay until [`Hub::close_all`].
    pub async fn run(self, hub: Arc<Hub>) {
        loop {
            match self.socket.accept().await {
                Ok((stream, peer)) => {
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%peer, "cannot switch off delays: {error}");
                    }
                    let hub = Arc::clone(&hub);
                    tokio::spawn(async move { serve_connection(&hub, stream, self.dialects).await });
                }
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Serves one connection to its end, whatever it speaks.
pub async fn serve_connection<S>(hub: &Hub, mut stream: S, dialects: Dialects)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if dialects == Dialects::PerspectiveBroker {
        return pb::serve(hub, stream).await;
    }
    let mut head = Vec::with_capacity(1024);
    let patience = if dialects == Dialects::Any { SNIFF } else { LOGIN_SILENCE };
    match timeout(patience, stream.read_buf(&mut head)).await {
        Err(_) if dialects == Dialects::Any => pb::serve(hub, stream).await,
        Err(_) => tracing::info!("closing a connection that said nothing for {} s", LOGIN_SILENCE.as_secs()),
        Ok(Err(error)) => tracing::debug!("a connection was lost before it said anything: {error}"),
        Ok(Ok(_)) => match head.first() {
            Some(b'G') => log_in(hub, stream, head).await,
            Some(0x16) => tracing::warn!("closing a TLS connection: no certificate is configured for this port"),
            Some(byte) => tracing::warn!("closing a connection of an unknown protocol (first byte {byte:#04x})"),
            None => tracing::debug!("a connection was closed before it said anything"),
        },
    }
}

async fn log_in<S>(hub: &Hub, mut stream: S, head: Vec<u8>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match timeout(LOGIN_WITHIN, read_request(&mut stream, head, LOGIN_SILENCE)).await {
        Ok(Ok(request)) => hub.serve(stream, request).await,
        Ok(Err(error)) => {
            tracing::warn!("refused a handshake: {error}");
            if let Some(status) = error.status() {
                refuse(stream, status).await;
            }
        }
        Err(_) => tracing::warn!("closing a connection whose handshake took {} s", LOGIN_WITHIN.as_secs()),
    }
}
