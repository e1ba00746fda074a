//! All connections: who comes in, who is in, and who wins when two claim one name.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_channel::mpsc;
use futures_util::StreamExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::attach::attach;
use super::gate::{Admission, Gate, Proof};
use super::link::WorkerLink;
use super::session::{Dialect, Outgoing, Session, SessionSpec, drive, read_all, write_all};
use super::upgrade::{self, Status, UpgradeRequest};

/// What an old connection is asked when another one claims its name.
const ARBITRATION: &str = "master got a duplicate connection";

/// A worker that does not describe itself within this time is of no use.
const ATTACH_WITHIN: Duration = Duration::from_secs(120);

/// Sizes that tests choose smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireLimits {
    /// Bytes of one connection that may be under way to the log store; above it the socket is not read.
    pub pipeline_bytes: usize,
    /// Connections that have not logged in yet; more are closed at once.
    pub strangers: usize,
}

impl Default for WireLimits {
    fn default() -> Self {
        Self { pipeline_bytes: 4 << 20, strangers: 16 << 10 }
    }
}

/// Where connections of workers live; one for all ports.
pub struct Hub {
    gate: Arc<dyn Gate>,
    limits: WireLimits,
    n_sessions: AtomicU64,
    sessions: Mutex<HashMap<String, WorkerLink>>,
    strangers: Arc<Semaphore>,
}

/// What is left of a connection when a worker has logged in: it lives until it ends.
///
/// Whoever waits for it has let go of all that the login took, for a fleet is logged in for weeks.
pub(super) type Life<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A connection that has not logged in yet, as long as this lives.
pub(super) type Stranger = OwnedSemaphorePermit;

impl Hub {
    pub fn new(gate: Arc<dyn Gate>, limits: WireLimits) -> Arc<Self> {
        let strangers = Arc::new(Semaphore::new(limits.strangers));
        Arc::new(Self { gate, limits, n_sessions: AtomicU64::new(0), sessions: Mutex::default(), strangers })
    }

    /// Closes every connection, for the end of the master.
    pub fn close_all(&self, why: &str) {
        self.sessions().values().for_each(|link| link.close(why));
    }

    /// A place for a connection whose peer is not known yet; nothing if too many wait already.
    pub(super) fn stranger(&self) -> Option<Stranger> {
        Arc::clone(&self.strangers).try_acquire_owned().ok()
    }

    /// How many connections may come before they are closed at once.
    pub fn n_places_for_strangers(&self) -> usize {
        self.strangers.available_permits()
    }

    /// Lets in the worker whose request was read; what comes back is its life.
    pub(super) async fn receive<'a, S>(
        &'a self,
        stream: S,
        request: UpgradeRequest,
        stranger: Stranger,
    ) -> Option<Life<'a>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'a,
    {
        let name = request.credentials.name.clone();
        let proof = Proof::Password(request.credentials.password.expose());
        let admission = match self.gate.admit(&name, &proof).await {
            Ok(admission) => admission,
            Err(refusal) => {
                tracing::warn!(worker.name = name, "refused a worker: {refusal}");
                refuse(stream, Status::Unauthorized).await;
                return None;
            }
        };
        let socket = match Box::pin(request.accept(stream)).await {
            Ok(socket) => socket,
            Err(error) => {
                tracing::warn!(worker.name = name, "lost a worker in its handshake: {error}");
                return None;
            }
        };
        drop(stranger);
        let entered = Box::pin(self.enter(name, Dialect::Msgpack)).await?;
        let traffic = |session: Arc<Session>, queue| async move {
            let (sink, stream) = socket.split();
            tokio::select! {
                why = read_all(&session, stream) => why,
                why = write_all(&session, sink, queue) => why,
            }
        };
        Some(entered.live(admission, traffic))
    }

    pub(super) fn gate(&self) -> &dyn Gate {
        self.gate.as_ref()
    }

    /// Begins the session of an admitted worker; nothing if another connection of this name is alive.
    pub(super) async fn enter(&self, name: String, dialect: Dialect) -> Option<Entered<'_>> {
        let number = self.n_sessions.fetch_add(1, Ordering::Relaxed) + 1;
        let spec = SessionSpec { name, number, dialect, pipeline_bytes: self.limits.pipeline_bytes };
        let (session, queue) = Session::new(spec);
        let link = WorkerLink::new(Arc::clone(&session));
        if !self.claim(&link).await {
            tracing::warn!(
                worker.name = link.name(),
                "refused a second connection: the first one is alive and answers"
            );
            return None;
        }
        Some(Entered { presence: Presence { hub: self, link, attached: false, why: None }, session, queue })
    }

    /// Takes the name; whoever holds it already keeps it as long as it shows signs of life.
    async fn claim(&self, link: &WorkerLink) -> bool {
        loop {
            let old = {
                let mut sessions = self.sessions();
                let Some(old) = sessions.get(link.name()) else {
                    sessions.insert(link.name().to_owned(), link.clone());
                    return true;
                };
                old.clone()
            };
            if old.ping_with(ARBITRATION).await.is_ok() {
                return false;
            }
            old.close("another connection of this worker took over");
            old.ended().await;
        }
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, WorkerLink>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses a handshake; a peer that does not listen has only itself to blame.
pub(super) async fn refuse<S: AsyncWrite + Unpin>(stream: S, status: Status) {
    if let Err(error) = upgrade::refuse(stream, status).await {
        tracing::debug!("could not refuse a handshake: {error}");
    }
}

/// A session that holds its name and waits for its traffic.
pub(super) struct Entered<'a> {
    presence: Presence<'a>,
    session: Arc<Session>,
    queue: mpsc::UnboundedReceiver<Outgoing>,
}

impl<'a> Entered<'a> {
    /// Attaches the worker and stays until its connection ends.
    ///
    /// The traffic has a box of its own from the beginning: the future around it would keep room for what it is made
    /// of.
    pub(super) fn live<F>(
        self,
        admission: Admission,
        traffic: impl FnOnce(Arc<Session>, mpsc::UnboundedReceiver<Outgoing>) -> F,
    ) -> Life<'a>
    where
        F: Future<Output = String> + Send + 'a,
    {
        let Self { mut presence, session, queue } = self;
        let traffic = Box::pin(traffic(Arc::clone(&session), queue));
        Box::pin(async move {
            let life = Box::pin(presence.life(admission.builders));
            let why = drive(session, admission.keepalive, traffic, life).await;
            presence.why = Some(why);
            drop(presence);
        })
    }
}

/// That a worker is here; its end is told whatever ends it.
struct Presence<'a> {
    hub: &'a Hub,
    link: WorkerLink,
    attached: bool,
    why: Option<String>,
}

impl Presence<'_> {
    /// Attaches and stays; returns the reason if that fails.
    async fn life(&mut self, builders: Vec<(String, String)>) -> String {
        // In a box, which is gone when the worker is attached.
        let attached = timeout(ATTACH_WITHIN, Box::pin(attach(&self.link, builders))).await;
        match attached {
            Ok(Ok(())) => {
                self.attached = true;
                self.link.inner().welcome();
                let (name, session) = (self.link.name(), self.link.session());
                tracing::info!(worker.name = name, worker.session = session, "a worker attached");
                self.hub.gate.attached(self.link.clone());
                self.link.inner().wishes_to_leave().await;
                tracing::info!(worker.name = name, "a worker asks to be shut down when it is idle");
                self.hub.gate.wants_to_leave(name);
                std::future::pending().await
            }
            Ok(Err(error)) => format!("it could not be attached: {error}"),
            Err(_) => format!("it was not attached within {} s", ATTACH_WITHIN.as_secs()),
        }
    }
}

impl Drop for Presence<'_> {
    fn drop(&mut self) {
        let (name, session) = (self.link.name(), self.link.session());
        let why = self.why.as_deref().unwrap_or("the connection failed inside the master");
        if self.attached {
            tracing::info!(worker.name = name, worker.session = session, "a worker is gone: {why}");
            self.hub.gate.detached(name, session, why);
        } else {
            tracing::warn!(worker.name = name, worker.session = session, "a worker could not be used: {why}");
        }
        self.hub.sessions().remove(name);
        self.link.inner().mark_ended();
    }
}
