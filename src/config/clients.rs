//! Clients that are no workers: who may log in, where, and what for.

use super::{ListenAddress, MasterConfig, Protocol};
use crate::secrets::LateText;

/// A name with which somebody may log in.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientAccount {
    /// `None` is the port of the workers.
    pub listen: Option<ListenAddress>,
    pub user: String,
    pub password: LateText,
    pub role: ClientRole,
}

/// What a client may do.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientRole {
    /// Send changes, as a client of this change source.
    Changes { source: String, prefix: Option<String> },
    /// Send jobs to this scheduler, and watch their builds.
    Try { scheduler: String },
    /// Add, change and remove users.
    Users,
    /// Watch what happens.
    Status,
}

impl MasterConfig {
    /// Ports that only such clients use, each once.
    pub fn client_ports(&self) -> Vec<ListenAddress> {
        let mut ports: Vec<ListenAddress> = Vec::new();
        for listen in self.clients.iter().filter_map(|account| account.listen.as_ref()) {
            if !self.is_port_of_workers(listen) && !ports.contains(listen) {
                ports.push(listen.clone());
            }
        }
        ports
    }

    /// The accounts of a port; `None` is the port of the workers.
    pub fn clients_at(&self, port: Option<&ListenAddress>) -> impl Iterator<Item = &ClientAccount> {
        self.clients.iter().filter(move |account| match (&account.listen, port) {
            (None, None) => true,
            (Some(own), None) => self.is_port_of_workers(own),
            (own, port) => own.as_ref() == port,
        })
    }

    /// Whether workers come there, too: all who come to one port share one space of names.
    fn is_port_of_workers(&self, listen: &ListenAddress) -> bool {
        self.protocols.iter().any(|port| port.protocol == Protocol::Pb && port.listen.port == listen.port)
    }
}
