//! The way to the master: connect, log in, and again for ever.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config, tungstenite};
use tracing::{info, warn};

use crate::base_dir::BaseDir;
use crate::config::WorkerConfig;
use crate::process::leftovers;
use crate::session::{self, End, KeepAlive};

/// A connection that is not made within this time is given up.
const CONNECT_DEADLINE: Duration = Duration::from_secs(30);
/// Largest message from a master; file transfers come in blocks.
const MAX_MESSAGE: usize = 64 << 20;

/// The reason there is no session.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("cannot reach {master}: {error}")]
    Unreachable { master: String, error: std::io::Error },
    #[error("{0} does not answer")]
    Silent(String),
    #[error("the master refused the login of worker {0:?}: unknown name or wrong password")]
    Refused(String),
    #[error("the master's answer is not understood: {0}")]
    Handshake(Box<tungstenite::Error>),
    #[error("the worker's name or password cannot be sent in a header")]
    Credentials,
}

/// Works for one master until it says that the worker is to end.
pub async fn run_forever(config: &WorkerConfig, base_dir: &BaseDir, attached: impl Fn()) {
    let n_killed = leftovers::kill_leftovers(&base_dir.running());
    if 0 < n_killed {
        info!(n_killed, "processes that a killed worker left running were ended");
    }
    let mut failures = 0;
    loop {
        match connect(config).await {
            Ok(socket) => {
                failures = 0;
                info!(master = config.master, "attached");
                attached();
                let interval = (config.keepalive != 0).then(|| Duration::from_secs(config.keepalive));
                match session::run(socket, base_dir.clone(), KeepAlive { interval }).await {
                    End::Shutdown => {
                        info!("the master ended this worker");
                        return;
                    }
                    End::Lost(why) => warn!(why, "the connection to the master was lost"),
                }
            }
            Err(error) => warn!(error = %error, "no connection to the master"),
        }
        failures += 1;
        let wait = back_off(failures, Duration::from_secs(config.maxdelay), jitter(base_dir.path(), failures));
        info!(seconds = wait.as_secs_f64(), "trying again");
        tokio::time::sleep(wait).await;
    }
}

/// The wait before attempt `failures` + 1: 1.5 s, then half as long again each time, with up to a second of `jitter`.
fn back_off(failures: u32, longest: Duration, jitter: f64) -> Duration {
    let seconds = 1.5_f64.powi(i32::try_from(failures.min(40)).unwrap_or(40)).min(longest.as_secs_f64());
    Duration::try_from_secs_f64(seconds + jitter.clamp(0.0, 1.0)).unwrap_or(longest)
}

/// A number between 0 and 1 that differs between workers and attempts, so that they do not come back all at once.
fn jitter(base_dir: &Path, attempt: u32) -> f64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let mut hasher = RandomState::new().build_hasher();
    hasher.write(base_dir.as_os_str().as_encoded_bytes());
    hasher.write_u32(attempt);
    f64::from(u32::try_from(hasher.finish() & 0xffff).unwrap_or(0)) / 65_536.0
}

async fn connect(config: &WorkerConfig) -> Result<WebSocketStream<TcpStream>, ConnectError> {
    let master = config.master.clone();
    match tokio::time::timeout(CONNECT_DEADLINE, dial(config)).await {
        Ok(socket) => socket,
        Err(_) => Err(ConnectError::Silent(master)),
    }
}

async fn dial(config: &WorkerConfig) -> Result<WebSocketStream<TcpStream>, ConnectError> {
    let unreachable = |error| ConnectError::Unreachable { master: config.master.clone(), error };
    let stream = TcpStream::connect(&config.master).await.map_err(unreachable)?;
    stream.set_nodelay(true).map_err(unreachable)?;
    let handshake = |error| ConnectError::Handshake(Box::new(error));
    let mut request = format!("ws://{}/", config.master).into_client_request().map_err(handshake)?;
    let credentials = STANDARD.encode(format!("{}:{}", config.name, config.password));
    let header = HeaderValue::try_from(format!("Basic {credentials}")).map_err(|_| ConnectError::Credentials)?;
    request.headers_mut().insert(AUTHORIZATION, header);
    let limits = WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE));
    match client_async_with_config(request, stream, Some(limits)).await {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(response)) if response.status() == 401 => {
            Err(ConnectError::Refused(config.name.clone()))
        }
        Err(error) => Err(handshake(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_to_its_limit() {
        let longest = Duration::from_secs(60);
        assert_eq!(back_off(1, longest, 0.0), Duration::from_millis(1500));
        assert_eq!(back_off(2, longest, 0.5), Duration::from_millis(2750));
        assert_eq!(back_off(1000, longest, 2.0), Duration::from_secs(61));
    }
}
