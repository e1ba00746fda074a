//! The socket to a server, as two queues of lines. It lives on another runtime, where encryption keeps nobody waiting.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{IrcConfig, trust};
use crate::reporters::mail::Trust;

/// For the connection and the handshake.
const CONNECT: Duration = Duration::from_secs(30);
/// For a line that the server does not take.
const WRITE: Duration = Duration::from_secs(60);
/// Longest line that a server may send, tags included.
const LONGEST_LINE: u64 = 16 << 10;
/// Lines under way in each direction.
const QUEUE: usize = 256;

/// A connection. Dropping `outgoing` says good-bye and ends it.
pub struct Line {
    /// Lines without their ends.
    pub outgoing: mpsc::Sender<String>,
    /// Lines without their ends; the last one may be the reason why there are no more.
    pub incoming: mpsc::Receiver<Result<String, String>>,
}

pub type Dialling = Pin<Box<dyn Future<Output = Result<Line, String>> + Send>>;

/// Makes connections.
pub trait Dialer: Send + Sync {
    /// A connection, or the reason why there is none. Ends within its own deadline.
    fn dial(&self) -> Dialling;
}

/// Connects to the server of a configuration.
pub struct ServerDialer {
    host: String,
    port: u16,
    tls: Option<Trust>,
    runtime: Handle,
}

impl ServerDialer {
    pub fn new(config: &IrcConfig, runtime: Handle) -> Self {
        let tls = config.use_tls.then(|| config.trust.clone());
        Self { host: config.host.clone(), port: config.port, tls, runtime }
    }
}

impl Dialer for ServerDialer {
    fn dial(&self) -> Dialling {
        let (host, port, tls) = (self.host.clone(), self.port, self.tls.clone());
        let dialling = self.runtime.spawn(async move {
            let late = || Err(io::Error::from(io::ErrorKind::TimedOut));
            timeout(CONNECT, connect(&host, port, tls)).await.unwrap_or_else(|_| late())
        });
        Box::pin(async move {
            let outcome = dialling.await.map_err(|died| died.to_string())?;
            outcome.map_err(|error| error.to_string())
        })
    }
}

async fn connect(host: &str, port: u16, tls: Option<Trust>) -> io::Result<Line> {
    let stream = TcpStream::connect((host, port)).await?;
    let Some(trust) = tls else { return Ok(serve(stream)) };
    let config = tokio::task::spawn_blocking(move || trust::client_config(&trust)).await.map_err(io::Error::other)?;
    let connector = TlsConnector::from(Arc::new(config.map_err(io::Error::other)?));
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    Ok(serve(connector.connect(name, stream).await?))
}

/// Moves lines between the stream and the queues until either ends.
fn serve(stream: impl AsyncRead + AsyncWrite + Send + 'static) -> Line {
    let (reading, writing) = tokio::io::split(stream);
    let (outgoing, to_send) = mpsc::channel(QUEUE);
    let (heard, incoming) = mpsc::channel(QUEUE);
    let reader = tokio::spawn(read(reading, heard));
    tokio::spawn(async move {
        write(writing, to_send).await;
        reader.abort();
    });
    Line { outgoing, incoming }
}

async fn read(reading: impl AsyncRead + Unpin, heard: mpsc::Sender<Result<String, String>>) {
    let mut reading = BufReader::new(reading);
    loop {
        let mut line = Vec::new();
        let outcome = (&mut reading).take(LONGEST_LINE).read_until(b'\n', &mut line).await;
        let is_whole = line.ends_with(b"\n");
        let item = match outcome {
            Ok(_) if is_whole => Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()),
            Ok(0) => Err("the server closed the connection".to_owned()),
            Ok(_) => Err("the server sent a line without an end".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let is_end = item.is_err();
        if heard.send(item).await.is_err() || is_end {
            return;
        }
    }
}

async fn write(mut writing: impl AsyncWrite + Unpin, mut lines: mpsc::Receiver<String>) {
    while let Some(line) = lines.recv().await {
        // Nothing in a line ends it early, whoever made it.
        let line: String = line.chars().filter(|letter| !matches!(letter, '\r' | '\n' | '\0')).collect();
        if !matches!(timeout(WRITE, send(&mut writing, &line)).await, Ok(Ok(()))) {
            return;
        }
    }
    // Whether the server hears it or not, we are gone.
    let _ = timeout(WRITE, send(&mut writing, "QUIT :good-bye")).await;
    let _ = timeout(WRITE, writing.shutdown()).await;
}

async fn send(writing: &mut (impl AsyncWrite + Unpin), line: &str) -> io::Result<()> {
    writing.write_all(format!("{line}\r\n").as_bytes()).await?;
    writing.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_travel_both_ways_and_bad_bytes_hurt_nobody() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let mut line = serve(ours);
        theirs.write_all(b"PING :a\r\n:x \xff\xfe\n").await.unwrap();
        assert_eq!(line.incoming.recv().await.unwrap().unwrap(), "PING :a");
        assert_eq!(line.incoming.recv().await.unwrap().unwrap(), ":x \u{fffd}\u{fffd}");
        line.outgoing.send("NICK a\r\nQUIT".to_owned()).await.unwrap();
        let mut theirs = BufReader::new(theirs);
        let mut text = String::new();
        theirs.read_line(&mut text).await.unwrap();
        assert_eq!(text, "NICK aQUIT\r\n");
        drop(line.outgoing);
        text.clear();
        theirs.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "QUIT :good-bye\r\n");
    }

    #[tokio::test]
    async fn a_line_without_end_ends_the_connection() {
        let (ours, mut theirs) = tokio::io::duplex(64 << 10);
        let mut line = serve(ours);
        theirs.write_all(&[b'x'; 20 << 10]).await.unwrap();
        let reason = line.incoming.recv().await.unwrap().unwrap_err();
        assert!(reason.contains("without an end"), "{reason}");
        assert!(line.incoming.recv().await.is_none());
    }
}
