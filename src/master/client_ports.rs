//! Ports of clients that are no workers: opened and closed as the configuration in force says.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::runtime::{Handle, Runtime};
use tokio::task::JoinHandle;
use tracing::{error, info};

use super::run::{shown, socket_address, wire_limits};
use super::tls;
use crate::actors::applied::AppliedConfig;
use crate::actors::clients::{ClientGate, Reception};
use crate::config::{ListenAddress, MasterConfig};
use crate::wire::{Dialects, Entrance, Hub, Listener};

/// A port that was taken is tried again after this time.
const AGAIN_AFTER: Duration = Duration::from_secs(30);

/// Ports that are open and not served yet, so that one that is taken keeps the master from starting.
pub(super) struct BoundPorts(Vec<(ListenAddress, Listener)>);

impl BoundPorts {
    pub(super) fn bind(config: &MasterConfig, wire: &Runtime) -> anyhow::Result<Self> {
        let _guard = wire.enter();
        let bound = config.client_ports().into_iter().map(|port| Ok((port.clone(), bind(&port)?)));
        bound.collect::<anyhow::Result<_>>().map(Self)
    }

    /// Serves the ports, and from now on those of the configuration in force.
    pub(super) fn serve(self, reception: Reception, wire: &Runtime) -> JoinHandle<()> {
        let config = reception.config.clone();
        let mut ports = OpenPorts { reception, wire: wire.handle().clone(), open: Vec::new() };
        for (port, listener) in self.0 {
            ports.open(port, listener);
        }
        wire.spawn(async move { ports.follow(config).await })
    }
}

fn bind(port: &ListenAddress) -> anyhow::Result<Listener> {
    let listener =
        Listener::bind(socket_address(port)?).with_context(|| format!("cannot listen on {}", shown(port)))?;
    info!(address = shown(port), "listening for clients");
    Ok(listener)
}

struct OpenPorts {
    reception: Reception,
    wire: Handle,
    open: Vec<(ListenAddress, JoinHandle<()>)>,
}

impl OpenPorts {
    fn open(&mut self, port: ListenAddress, listener: Listener) {
        let gate = ClientGate { reception: self.reception.clone(), port: port.clone() };
        let hub = Hub::new(Arc::new(gate), wire_limits());
        let encryption = tls::encryption(&port, &self.reception.config);
        let entrance = Entrance { dialects: Dialects::PerspectiveBroker, encryption };
        self.open.push((port, self.wire.spawn(listener.run(hub, entrance))));
    }

    async fn follow(mut self, mut config: AppliedConfig) {
        loop {
            let wanted = config.borrow_and_update().config.client_ports();
            self.close_all_but(&wanted).await;
            let all_open = self.open_missing(wanted);
            let changed = config.changed();
            let ended = if all_open {
                changed.await.is_err()
            } else {
                tokio::time::timeout(AGAIN_AFTER, changed).await.is_ok_and(|changed| changed.is_err())
            };
            if ended {
                return;
            }
        }
    }

    async fn close_all_but(&mut self, wanted: &[ListenAddress]) {
        let (kept, gone) = std::mem::take(&mut self.open).into_iter().partition(|(port, _)| wanted.contains(port));
        self.open = kept;
        let gone: Vec<(ListenAddress, JoinHandle<()>)> = gone;
        for (port, task) in gone {
            task.abort();
            // The port is free once the task is gone.
            let _ = task.await;
            info!(address = shown(&port), "no longer listening for clients");
        }
    }

    /// Whether all ports are open now.
    fn open_missing(&mut self, wanted: Vec<ListenAddress>) -> bool {
        let mut all_open = true;
        for port in wanted {
            if self.open.iter().any(|(open, _)| *open == port) {
                continue;
            }
            match bind(&port) {
                Ok(listener) => self.open(port, listener),
                Err(error) => {
                    error!("{error:#}");
                    all_open = false;
                }
            }
        }
        all_open
    }
}
