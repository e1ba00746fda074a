//! Connections whose other end is gone, or takes nothing any more, without saying so.
//!
//! A live session is only run when its client can take more, so it cannot notice this itself: the kernel does, and
//! ends the connection.

use std::any::Any;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;

/// What was sent must arrive within this time, in milliseconds.
#[cfg(target_os = "linux")]
const PATIENCE_MS: u32 = 60_000;

/// For [`HttpServer::on_connect`](actix_web::HttpServer::on_connect).
pub fn watch(connection: &dyn Any, _: &mut Extensions) {
    let encrypted = || connection.downcast_ref::<TlsStream<TcpStream>>().map(|stream| stream.get_ref().0);
    if let Some(stream) = connection.downcast_ref::<TcpStream>().or_else(encrypted)
        && let Err(error) = set_patience(stream)
    {
        tracing::debug!(error = &error as &dyn std::error::Error, "a connection keeps its patience");
    }
}

#[cfg(target_os = "linux")]
fn set_patience(stream: &TcpStream) -> nix::Result<()> {
    nix::sys::socket::setsockopt(stream, nix::sys::socket::sockopt::TcpUserTimeout, &PATIENCE_MS)
}

/// Other systems give up by themselves, later.
#[cfg(not(target_os = "linux"))]
fn set_patience(_: &TcpStream) -> nix::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use nix::sys::socket::{getsockopt, sockopt::TcpUserTimeout};
    use tokio::net::TcpListener;

    use super::*;

    #[actix_web::test]
    async fn a_connection_is_given_up_when_nothing_arrives_for_a_minute() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (far, _) = listener.accept().await.unwrap();
        watch(&far, &mut Extensions::new());
        assert_eq!(getsockopt(&far, TcpUserTimeout).unwrap(), PATIENCE_MS);
    }
}
