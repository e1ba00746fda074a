//! What the configuration says of steps that run several commands, or one on the master.

use std::collections::BTreeMap;
use std::time::Duration;

use super::ShellConfig;
use crate::domain::Renderable;

/// Arguments of `ShellSequence`.
#[derive(Clone, Debug, PartialEq)]
pub struct ShellSequenceConfig {
    /// A list of dictionaries, one for each `ShellArg`.
    pub commands: Renderable,
    /// What the commands have in common; its own command means nothing.
    pub shell: ShellConfig,
}

/// Arguments of `MasterShellCommand`.
#[derive(Clone, Debug, PartialEq)]
pub struct MasterShellConfig {
    /// Text for a shell, or a list of words.
    pub command: Renderable,
    /// The whole environment of the command; `None` gives it the master's.
    pub env: Option<BTreeMap<String, Renderable>>,
    pub log_environ: bool,
    pub interrupt_signal: String,
    /// Kill after this long in all.
    pub timeout: Option<Duration>,
}
