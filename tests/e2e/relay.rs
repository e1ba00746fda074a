//! What may stand between a worker and its master: something that asks for certificates, a socket in the file system, a
//! proxy.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::TlsAcceptor;

/// Passes bytes on until it is dropped.
pub struct Relay {
    /// Where it listens, unless that is a socket in the file system.
    pub port: u16,
    noted: Noted,
    _runtime: Runtime,
}

/// What a relay has to tell.
#[derive(Clone, Default)]
struct Noted(Arc<Mutex<Vec<String>>>);

impl Noted {
    fn note(&self, line: impl ToString) {
        self.0.lock().unwrap().push(line.to_string());
    }
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

impl Relay {
    /// What was asked for, and what went wrong.
    pub fn noted(&self) -> Vec<String> {
        self.noted.0.lock().unwrap().clone()
    }

    /// Encrypts, and leads to a port of the master.
    pub fn encrypting(config: rustls::ServerConfig, master: u16) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Self::listening(move |stream| {
            let acceptor = acceptor.clone();
            async move { pass_on(acceptor.accept(stream).await?, master).await }
        })
    }

    /// A proxy of HTTP, which leads to where it is asked to.
    pub fn proxy() -> Self {
        let noted = Noted::default();
        let asked = noted.clone();
        let relay = Self::listening(move |stream| {
            let asked = asked.clone();
            async move { lead_on(stream, &asked).await }
        });
        Self { noted, ..relay }
    }

    /// A port, and what is done with who comes there.
    fn listening<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> Self
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let (runtime, noted) = (runtime(), Noted::default());
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let problems = noted.clone();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (served, problems) = (serve(stream), problems.clone());
                tokio::spawn(async move { served.await.unwrap_or_else(|error| problems.note(error)) });
            }
        });
        Self { port, noted, _runtime: runtime }
    }

    /// A socket in the file system, which leads to a port of the master.
    pub fn socket(path: &Path, master: u16) -> Self {
        let runtime = runtime();
        let listener = {
            let _guard = runtime.enter();
            UnixListener::bind(path).unwrap()
        };
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // How it ends does not matter.
                tokio::spawn(async move { drop(pass_on(stream, master).await) });
            }
        });
        Self { port: 0, noted: Noted::default(), _runtime: runtime }
    }
}

async fn pass_on(mut stream: impl AsyncRead + AsyncWrite + Unpin, master: u16) -> io::Result<()> {
    let mut onwards = TcpStream::connect(("127.0.0.1", master)).await?;
    copy_bidirectional(&mut stream, &mut onwards).await.map(drop)
}

/// `CONNECT HOST:PORT HTTP/1.1`, an empty line, and then whatever is said there.
async fn lead_on(stream: TcpStream, asked: &Noted) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        if stream.read_line(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let first = request.lines().next().unwrap_or_default();
    asked.note(first);
    let place = first.strip_prefix("CONNECT ").and_then(|rest| rest.strip_suffix(" HTTP/1.1")).unwrap_or_default();
    let mut onwards = TcpStream::connect(place).await?;
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    copy_bidirectional(&mut stream, &mut onwards).await.map(drop)
}
