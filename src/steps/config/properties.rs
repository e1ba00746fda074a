//! What the configuration says of steps that set properties, look at them, or show them.

use super::ShellConfig;
use crate::domain::{Callback, Renderable};

/// Arguments of `SetProperty`.
#[derive(Clone, Debug, PartialEq)]
pub struct SetPropertyConfig {
    /// Its name.
    pub property: Renderable,
    pub value: Renderable,
}

/// Arguments of `SetPropertyFromCommand`.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyCommandConfig {
    pub shell: ShellConfig,
    pub target: PropertyTarget,
    /// Leave out white space around the value.
    pub strip: bool,
    pub include_stdout: bool,
    pub include_stderr: bool,
}

/// What becomes of the output of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum PropertyTarget {
    /// The value of the property of this name.
    Property(Renderable),
    /// A function of (exit code, stdout, stderr) gives a dictionary of properties.
    Extract(Callback),
}

/// Arguments of `SetPropertiesFromEnv`.
#[derive(Clone, Debug, PartialEq)]
pub struct FromEnvConfig {
    pub variables: Vec<String>,
    /// Where the properties say they came from.
    pub source: String,
}
