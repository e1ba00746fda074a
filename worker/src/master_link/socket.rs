//! A connection of bytes to the master: directly or through a proxy, and secured if that is wanted.

use std::io;
use std::net::{IpAddr, SocketAddr};

use nix::sys::socket::{setsockopt, sockopt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UnixStream, lookup_host};

use super::{ConnectError, tls};
use crate::config::{Endpoint, Place, WorkerConfig};

/// What both dialects run over.
pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket for S {}

/// The longest answer of a proxy that is read, in bytes.
const MAX_PROXY_ANSWER: usize = 16 * 1024;

pub(super) async fn dial(config: &WorkerConfig) -> Result<Box<dyn Socket>, ConnectError> {
    let master = config.endpoint()?;
    let stream = match config.proxy()? {
        Some(proxy) => {
            let mut stream = secure(open(&proxy).await?, &proxy).await?;
            tunnel(&mut stream, &master, &proxy).await?;
            stream
        }
        None => open(&master).await?,
    };
    secure(stream, &master).await
}

/// Encrypts, if that is wanted there.
async fn secure(stream: Box<dyn Socket>, endpoint: &Endpoint) -> Result<Box<dyn Socket>, ConnectError> {
    let Some(tls) = &endpoint.tls else { return Ok(stream) };
    let insecure = |error| ConnectError::Insecure { place: endpoint.address(), error: Box::new(error) };
    Ok(Box::new(tls::secure(stream, endpoint.certified_name(), tls).await.map_err(insecure)?))
}

async fn open(endpoint: &Endpoint) -> Result<Box<dyn Socket>, ConnectError> {
    let unreachable = |error| ConnectError::Unreachable { place: endpoint.address(), error };
    match &endpoint.place {
        Place::Host { host, port } => {
            let stream = connect(host, *port, endpoint.from).await.map_err(unreachable)?;
            stream.set_nodelay(true).map_err(unreachable)?;
            setsockopt(&stream, sockopt::KeepAlive, &true).map_err(|error| unreachable(error.into()))?;
            Ok(Box::new(stream))
        }
        Place::Socket(path) => Ok(Box::new(UnixStream::connect(path).await.map_err(unreachable)?)),
    }
}

/// Connects to the first address of a host that answers, from one of our own if that is wanted.
async fn connect(host: &str, port: u16, from: Option<IpAddr>) -> io::Result<TcpStream> {
    let Some(from) = from else { return TcpStream::connect((host, port)).await };
    let mut problem = io::Error::other(format!("it has no address that can be connected to from {from}"));
    for address in lookup_host((host, port)).await?.filter(|address| address.is_ipv4() == from.is_ipv4()) {
        let socket = if from.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.bind(SocketAddr::new(from, 0))?;
        match socket.connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => problem = error,
        }
    }
    Err(problem)
}

/// Asks a proxy to pass on everything from now on.
async fn tunnel(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    master: &Endpoint,
    proxy: &Endpoint,
) -> Result<(), ConnectError> {
    let unreachable = |error| ConnectError::Unreachable { place: proxy.address(), error };
    let refused = |answer: &str| ConnectError::Proxy { proxy: proxy.address(), answer: answer.to_owned() };
    let address = master.address();
    let request = format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(unreachable)?;
    let mut answer = Vec::new();
    // Byte by byte: what follows belongs to the master.
    while !answer.ends_with(b"\r\n\r\n") {
        if MAX_PROXY_ANSWER < answer.len() {
            return Err(refused("its answer has no end"));
        }
        answer.push(stream.read_u8().await.map_err(unreachable)?);
    }
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.lines().next().unwrap_or_default();
    match status.split(' ').nth(1) {
        Some("200") if status.starts_with("HTTP/1.") => Ok(()),
        _ => Err(refused(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the worker makes of a proxy's answer, and what it reads after it.
    async fn ask_proxy(answer: &str) -> (Result<(), ConnectError>, String) {
        let (mut ours, mut theirs) = tokio::io::duplex(1000);
        let master = Endpoint::of_address("master:9989").unwrap();
        theirs.write_all(answer.as_bytes()).await.unwrap();
        let outcome = tunnel(&mut ours, &master, &Endpoint::of_address("proxy:3128").unwrap()).await;
        theirs.shutdown().await.unwrap();
        let mut asked = vec![0; 1000];
        let n = theirs.read(&mut asked).await.unwrap();
        assert_eq!(&asked[..n], b"CONNECT master:9989 HTTP/1.1\r\nHost: master:9989\r\n\r\n");
        let mut rest = String::new();
        ours.read_to_string(&mut rest).await.unwrap();
        (outcome, rest)
    }

    #[tokio::test]
    async fn a_proxy_that_lets_through_leaves_the_masters_words_to_be_read() {
        let (outcome, rest) = ask_proxy("HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\nhello").await;
        assert!(outcome.is_ok());
        assert_eq!(rest, "hello");
    }

    #[tokio::test]
    async fn a_connection_is_made_from_the_address_that_is_wanted() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let from = "127.0.0.2".parse().unwrap();
        let stream = connect("127.0.0.1", port, Some(from)).await.unwrap();
        assert_eq!(stream.local_addr().unwrap().ip(), from);
        let error = connect("127.0.0.1", port, "::1".parse().ok()).await.unwrap_err();
        assert!(error.to_string().contains("from ::1"), "{error}");
    }

    #[tokio::test]
    async fn a_proxy_that_refuses_is_quoted() {
        let (outcome, _) = ask_proxy("HTTP/1.1 403 Forbidden\r\n\r\n").await;
        assert!(matches!(outcome, Err(ConnectError::Proxy { answer, .. }) if answer == "HTTP/1.1 403 Forbidden"));
    }
}
