//! The configuration in force, with the ids its names have in the database.

use std::collections::HashMap;
use std::sync::Arc;

use actix::Message;
use tokio::sync::watch;

use crate::config::MasterConfig;
use crate::db::transitions::ConfigIds;
use crate::domain::{BuilderId, WorkerId};

/// A configuration that has been applied: immutable, replaced as a whole.
pub struct Applied {
    pub config: Arc<MasterConfig>,
    pub ids: ConfigIds,
}

/// Reads the configuration in force at any time, from any thread.
pub type AppliedConfig = watch::Receiver<Arc<Applied>>;

/// Says that the configuration in force is another now.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct ReconsiderConfiguration;

impl Applied {
    /// Name to id of the configured builders of one scheduler, in its order.
    pub fn builder_ids(&self, names: &[String]) -> Vec<BuilderId> {
        names.iter().filter_map(|name| self.ids.builders.get(name).copied()).collect()
    }

    /// The ids of the named workers.
    pub fn worker_ids(&self, names: &[String]) -> Vec<WorkerId> {
        names.iter().filter_map(|name| self.ids.workers.get(name).copied()).collect()
    }

    pub fn builder_names(&self) -> HashMap<BuilderId, String> {
        self.ids.builders.iter().map(|(name, id)| (*id, name.clone())).collect()
    }
}
