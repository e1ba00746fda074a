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

use nix::sys::socket::{setsockopt, sockopt};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::hub::{Hub, Life, Stranger, refuse};
use super::pb;
use super::read_ahead::ReadAhead;
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

/// A connection that is silent for so long is probed, so often, and given up after so many probes without an answer:
/// three minutes in all. In seconds.
#[cfg(target_os = "linux")]
const PROBE_AFTER_S: u32 = 120;
#[cfg(target_os = "linux")]
const PROBE_EVERY_S: u32 = 15;
#[cfg(target_os = "linux")]
const N_PROBES: u32 = 4;

/// The first byte of TLS.
const HANDSHAKE: u8 = 0x16;

/// Who is expected at a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialects {
    Any,
    /// Never greets.
    Msgpack,
    /// Greets at once.
    PerspectiveBroker,
}

/// Whether those who come to a port encrypt.
#[derive(Clone, Debug, Default)]
pub enum Encryption {
    /// There is no certificate.
    #[default]
    None,
    /// Both are welcome.
    Offered(Arc<ServerConfig>),
    /// Nobody else is heard.
    Required(Arc<ServerConfig>),
}

/// How connections to a port are received.
#[derive(Clone, Debug)]
pub struct Entrance {
    pub dialects: Dialects,
    pub encryption: Encryption,
}

/// A port that is open.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
}

impl Listener {
    /// Opens a port; connections wait until [`Self::run`]. Port 0 lets the system choose.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(Self { socket: socket.listen(BACKLOG)? })
    }

    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Accepts connections for ever, each with a task of its own on this runtime. Drop it to close the port;
    /// connections stay until [`Hub::close_all`].
    pub async fn run(self, hub: Arc<Hub>, entrance: Entrance) {
        let entrance = Arc::new(entrance);
        loop {
            match self.socket.accept().await {
                Ok((stream, peer)) => {
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%peer, "cannot switch off delays: {error}");
                    }
                    if let Err(error) = probe_when_silent(&stream) {
                        tracing::debug!(%peer, "the system will not look after a connection: {error}");
                    }
                    let (hub, entrance) = (Arc::clone(&hub), Arc::clone(&entrance));
                    tokio::spawn(async move { serve_connection(&hub, stream, &entrance).await });
                }
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Has the system find out that the machine of a worker is gone, even if the configuration looks for signs of life only
/// once an hour. A worker that is there but busy, or a connection that we do not read, is not taken for one.
fn probe_when_silent(stream: &TcpStream) -> nix::Result<()> {
    setsockopt(stream, sockopt::KeepAlive, &true)?;
    #[cfg(target_os = "linux")]
    {
        setsockopt(stream, sockopt::TcpKeepIdle, &PROBE_AFTER_S)?;
        setsockopt(stream, sockopt::TcpKeepInterval, &PROBE_EVERY_S)?;
        setsockopt(stream, sockopt::TcpKeepCount, &N_PROBES)?;
    }
    Ok(())
}

/// Serves one connection to its end, whatever it speaks.
pub async fn serve_connection<S>(hub: &Hub, stream: S, entrance: &Entrance)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let Some(stranger) = hub.stranger() else {
        return tracing::warn!("closing a connection: too many others have not logged in yet");
    };
    // What is over takes no memory any more.
    if let Some(life) = Box::pin(receive(hub, stream, entrance, stranger)).await {
        life.await;
    }
}

async fn receive<'a, S>(hub: &'a Hub, stream: S, entrance: &Entrance, stranger: Stranger) -> Option<Life<'a>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'a,
{
    let first = Box::pin(Greeted::by(stream, entrance)).await?;
    // What is not reached takes no memory: most of those who never log in are not worth it.
    match (first, &entrance.encryption) {
        (Greeted::Encrypted(stream), Encryption::Offered(config) | Encryption::Required(config)) => {
            Box::pin(decrypt(hub, stream, (Arc::clone(config), entrance.dialects), stranger)).await
        }
        (Greeted::Encrypted(_), Encryption::None) => {
            tracing::warn!("closing a TLS connection: no certificate is configured for this port");
            None
        }
        (_, Encryption::Required(_)) => {
            tracing::warn!("closing a connection that is not encrypted: this port is for TLS alone");
            None
        }
        (Greeted::Upgrade(stream, head), _) => Box::pin(log_in(hub, stream, head, stranger)).await,
        (Greeted::Waits(stream), _) => Box::pin(pb::receive(hub, stream, stranger)).await,
    }
}

/// What a connection begins with.
enum Greeted<S> {
    /// An HTTP request of which this has been read.
    Upgrade(S, Vec<u8>),
    Encrypted(ReadAhead<S>),
    /// Nothing: we are to speak first.
    Waits(S),
}

impl<S: AsyncRead + Unpin> Greeted<S> {
    /// Nothing if the connection can be forgotten.
    async fn by(mut stream: S, entrance: &Entrance) -> Option<Self> {
        let only_tls = matches!(entrance.encryption, Encryption::Required(_));
        let patience = match entrance.dialects {
            _ if only_tls => LOGIN_SILENCE,
            // Who encrypts speaks first, whatever comes then.
            Dialects::PerspectiveBroker if matches!(entrance.encryption, Encryption::None) => {
                return Some(Self::Waits(stream));
            }
            Dialects::Any | Dialects::PerspectiveBroker => SNIFF,
            Dialects::Msgpack => LOGIN_SILENCE,
        };
        let mut head = Vec::with_capacity(1024);
        match timeout(patience, stream.read_buf(&mut head)).await {
            Err(_) if patience == SNIFF => return Some(Self::Waits(stream)),
            Err(_) => tracing::info!("closing a connection that said nothing for {} s", LOGIN_SILENCE.as_secs()),
            Ok(Err(error)) => tracing::debug!("a connection was lost before it said anything: {error}"),
            Ok(Ok(_)) => match head.first() {
                Some(b'G') => return Some(Self::Upgrade(stream, head)),
                Some(&HANDSHAKE) => return Some(Self::Encrypted(ReadAhead::new(head, stream))),
                Some(byte) => tracing::warn!("closing a connection of an unknown protocol (first byte {byte:#04x})"),
                None => tracing::debug!("a connection was closed before it said anything"),
            },
        }
        None
    }
}

/// The same rule inside of TLS, which is not encrypted twice.
async fn decrypt<'a, S>(
    hub: &'a Hub,
    stream: ReadAhead<S>,
    (config, dialects): (Arc<ServerConfig>, Dialects),
    stranger: Stranger,
) -> Option<Life<'a>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'a,
{
    let handshake = Box::pin(TlsAcceptor::from(config).accept(stream));
    let stream = match timeout(LOGIN_WITHIN, handshake).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::warn!("closing a connection whose TLS failed: {error}");
            return None;
        }
        Err(_) => {
            tracing::warn!("closing a connection whose TLS took {} s", LOGIN_WITHIN.as_secs());
            return None;
        }
    };
    let inside = Entrance { dialects, encryption: Encryption::None };
    match Box::pin(Greeted::by(stream, &inside)).await? {
        Greeted::Upgrade(stream, head) => Box::pin(log_in(hub, stream, head, stranger)).await,
        Greeted::Waits(stream) => Box::pin(pb::receive(hub, stream, stranger)).await,
        Greeted::Encrypted(_) => {
            tracing::warn!("closing a connection that wants TLS inside of TLS");
            None
        }
    }
}

async fn log_in<'a, S>(hub: &'a Hub, mut stream: S, head: Vec<u8>, stranger: Stranger) -> Option<Life<'a>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'a,
{
    let request = Box::pin(read_request(&mut stream, head, LOGIN_SILENCE));
    let request = timeout(LOGIN_WITHIN, request).await;
    match request {
        Ok(Ok(request)) => return Box::pin(hub.receive(stream, request, stranger)).await,
        Ok(Err(error)) => {
            tracing::warn!("refused a handshake: {error}");
            if let Some(status) = error.status() {
                refuse(stream, status).await;
            }
        }
        Err(_) => tracing::warn!("closing a connection whose handshake took {} s", LOGIN_WITHIN.as_secs()),
    }
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use nix::sys::socket::getsockopt;

    use super::*;

    #[tokio::test]
    async fn the_system_gives_up_a_machine_that_has_vanished_after_three_minutes() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        probe_when_silent(&stream).unwrap();
        assert!(getsockopt(&stream, sockopt::KeepAlive).unwrap());
        let idle = getsockopt(&stream, sockopt::TcpKeepIdle).unwrap();
        let every = getsockopt(&stream, sockopt::TcpKeepInterval).unwrap();
        assert_eq!(idle + every * getsockopt(&stream, sockopt::TcpKeepCount).unwrap(), 180);
    }
}
