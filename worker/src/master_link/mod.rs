//! The way to the master: connect, find out what it speaks, log in, and again for ever.

mod first_word;
mod socket;
mod tls;
mod websocket;

use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use tracing::{info, warn};

use self::first_word::FirstWord;
use self::socket::Socket;
use self::websocket::HandshakeError;
use crate::config::{BadEndpoint, Protocol, WorkerConfig};
use crate::process::leftovers;
use crate::session::{End, Worker, perspective, websocket as websocket_session};

/// A connection that is not made within this time is given up, unless the connection string says another.
const CONNECT_DEADLINE: Duration = Duration::from_secs(30);

/// The reason there is no session.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error(transparent)]
    Endpoint(#[from] BadEndpoint),
    #[error("cannot reach {place}: {error}")]
    Unreachable { place: String, error: std::io::Error },
    #[error("{0} does not answer")]
    Silent(String),
    #[error("the proxy {proxy} does not lead to the master: {answer}")]
    Proxy { proxy: String, answer: String },
    #[error("no secure connection to {place}: {error}")]
    Insecure { place: String, error: Box<tls::TlsError> },
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
}

/// Why the worker does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The master, or somebody on this machine, wanted it to end.
    Ended,
    /// It has tried as often as it may.
    GaveUp,
}

/// Works for one master until it is to end.
pub async fn run_forever(worker: Rc<Worker>, attached: impl Fn()) -> Outcome {
    let base_dir = worker.base_dir.clone();
    let n_killed = leftovers::kill_leftovers(&base_dir.running());
    if 0 < n_killed {
        info!(n_killed, "processes that a killed worker left running were ended");
    }
    let config = &worker.config;
    let mut failures = 0;
    loop {
        let is_attached = Cell::new(false);
        let on_attached = || {
            info!(master = place(config), "attached");
            is_attached.set(true);
            attached();
        };
        let end = tokio::select! {
            end = attempt(&worker, &on_attached) => end,
            () = unattached_wish(&worker, &is_attached) => return Outcome::Ended,
        };
        match end {
            Ok(End::Shutdown) => {
                info!("the master ended this worker");
                return Outcome::Ended;
            }
            Ok(End::Lost(why)) => warn!(why, "the connection to the master was lost"),
            Ok(End::Refused) => refused(config),
            Err(error) => warn!(error = %error, "no connection to the master"),
        }
        failures = if is_attached.get() { 1 } else { failures + 1 };
        if config.maxretries.is_some_and(|max| max < failures) {
            warn!(failures, "the master could not be reached so often that this worker gives up");
            return Outcome::GaveUp;
        }
        let wait = back_off(failures, Duration::from_secs(config.maxdelay), jitter(base_dir.path(), failures));
        info!(seconds = wait.as_secs_f64(), "trying again");
        is_attached.set(false);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = unattached_wish(&worker, &is_attached) => return Outcome::Ended,
        }
    }
}

fn refused(config: &WorkerConfig) {
    warn!(worker = config.name, "the master refused the login of this worker: unknown name or wrong password");
}

/// Where the master is, for messages.
fn place(config: &WorkerConfig) -> String {
    config.endpoint().map_or_else(|error| error.to_string(), |endpoint| endpoint.address())
}

/// Resolves when the worker wants to end and has no master to ask.
async fn unattached_wish(worker: &Worker, is_attached: &Cell<bool>) {
    let mut wish = worker.wants_to_end.clone();
    let wants = wish.wait_for(|wants| *wants).await.is_ok();
    if !wants || is_attached.get() {
        std::future::pending::<()>().await;
    }
    info!("this worker wants to end, and is not attached");
}

/// One connection, from its beginning to its end.
async fn attempt(worker: &Rc<Worker>, attached: &dyn Fn()) -> Result<End, ConnectError> {
    let config = &worker.config;
    let socket = connect(config).await?;
    match config.protocol {
        Protocol::Pb => Ok(perspective::run(socket, Rc::clone(worker), attached).await),
        Protocol::Msgpack => over_websocket(socket, worker, attached).await.map_err(ConnectError::from),
        Protocol::Auto => match FirstWord::wait_for(socket).await {
            FirstWord::Theirs(socket) => Ok(perspective::run(socket, Rc::clone(worker), attached).await),
            FirstWord::Ours(socket) => match over_websocket(socket, worker, attached).await {
                Err(HandshakeError::NotHttp(_)) => {
                    info!("the master does not answer HTTP: speaking Perspective Broker");
                    Ok(perspective::run(connect(config).await?, Rc::clone(worker), attached).await)
                }
                ended => Ok(ended?),
            },
        },
    }
}

async fn over_websocket(
    socket: Box<dyn Socket>,
    worker: &Rc<Worker>,
    attached: &dyn Fn(),
) -> Result<End, HandshakeError> {
    let handshake = websocket::handshake(socket, &worker.config);
    let silent = || HandshakeError::NotHttp("it does not answer".to_owned());
    let socket = tokio::time::timeout(CONNECT_DEADLINE, handshake).await.map_err(|_| silent())?;
    match socket {
        Ok(socket) => {
            attached();
            Ok(websocket_session::run(socket, Rc::clone(worker)).await)
        }
        Err(HandshakeError::Refused) => Ok(End::Refused),
        Err(error) => Err(error),
    }
}

async fn connect(config: &WorkerConfig) -> Result<Box<dyn Socket>, ConnectError> {
    let within = config.endpoint()?.timeout.unwrap_or(CONNECT_DEADLINE);
    let dial = socket::dial(config);
    let silent = |_| ConnectError::Silent(place(config));
    tokio::time::timeout(within, dial).await.map_err(silent)?
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
