//! The beginning of a WebSocket: name and password in the header of an HTTP request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config, tungstenite};

use super::first_word::Noted;
use super::socket::Socket;
use crate::config::WorkerConfig;

/// Largest message from a master; file transfers come in blocks.
const MAX_MESSAGE: usize = 64 << 20;

/// The reason there is no WebSocket.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    #[error("the master refused the login: unknown name or wrong password")]
    Refused,
    /// It may speak Perspective Broker.
    #[error("the master does not speak HTTP: {0}")]
    NotHttp(String),
    #[error("the master's answer is not understood: {0}")]
    Answer(Box<tungstenite::Error>),
    #[error("the worker's name or password cannot be sent in a header")]
    Credentials,
}

pub(super) async fn handshake(
    socket: Box<dyn Socket>,
    config: &WorkerConfig,
) -> Result<WebSocketStream<Noted<Box<dyn Socket>>>, HandshakeError> {
    let broken = |error| HandshakeError::Answer(Box::new(error));
    let authority = config.endpoint().map(|endpoint| endpoint.authority()).unwrap_or_default();
    let mut request = format!("ws://{authority}/").into_client_request().map_err(broken)?;
    let credentials = STANDARD.encode(format!("{}:{}", config.name, config.password));
    let header = HeaderValue::try_from(format!("Basic {credentials}")).map_err(|_| HandshakeError::Credentials)?;
    request.headers_mut().insert(AUTHORIZATION, header);
    let limits = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
    let socket = Noted::new(socket);
    let first = socket.first();
    match client_async_with_config(request, socket, Some(limits)).await {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(response)) if response.status() == 401 => Err(HandshakeError::Refused),
        // Every answer in HTTP begins with the same letter.
        Err(error) if first.get() != Some(b'H') => Err(HandshakeError::NotHttp(error.to_string())),
        Err(error) => Err(broken(error)),
    }
}
