//! What a step does: one file per step, a registry, and the trait that the build actor drives.
//!
//! A step is an async function over [`StepContext`]; it knows nothing of actors, sockets or SQL. Everything it
//! needs from outside is a method of the context, so its tests script the context and need no worker.

pub mod config;
pub mod context;
pub mod function;
pub mod interpolate;
pub mod render;
pub mod results;
pub mod step;
pub mod warnings;

mod agenda;
mod checks;
mod command;
mod compile;
mod condition;
mod filesystem;
mod master_shell;
mod output;
mod patterns;
mod properties;
mod property_command;
mod python_format;
mod registry;
mod secret_files;
mod sequence;
mod shell;
mod source;
mod summary;
mod tools;
mod transfer;
mod trigger;

pub use self::agenda::{Agenda, StepsPlace};
pub use self::condition::{is_hidden, should_run};
pub use self::context::{Fault, MasterCommand, MasterOutcome, RemoteCommand, StepContext, Transferred, WorkerPlace};
pub use self::registry::{BuildEnv, default_name, make, step_name};
pub use self::render::{call, render, render_properties};
pub use self::results::BuildProgress;
pub use self::step::{Step, StepCommon, StepCondition};
pub use self::summary::summary;
pub use crate::domain::CommandOutcome;
