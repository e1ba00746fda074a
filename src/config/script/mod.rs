//! The only place that knows the language configurations are written in.
//!
//! An engine runs a file and gives what the file left behind as plain [`Raw`] values; `table` and `build` make the
//! typed configuration of them. There is one engine, Starlark behind a Python front end.

mod front_end;
mod raw;
mod starlark;

pub use front_end::Places;
pub use raw::{Argument, Object, Raw};
pub use starlark::{StarlarkEngine, step_function};

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::ConfigError;
use super::source::SourceText;

/// Runs a configuration file.
pub trait ConfigEngine {
    /// Blocks until the file has run. Errors are all that could be found before a value exists.
    fn run(&self, source: &SourceText, surroundings: &Surroundings) -> Result<Outcome, Vec<ConfigError>>;
}

/// What a file left behind.
#[derive(Debug)]
pub struct Outcome {
    /// The configuration's dictionary, in the order of its keys' first assignment.
    pub config: Vec<(String, Raw)>,
    pub places: Places,
    /// Errors that did not stop the file from running: arguments that do not fit a constructor.
    pub problems: Vec<ConfigError>,
    /// Old spellings and the like.
    pub warnings: Vec<ConfigError>,
}

/// What a file may ask of the world.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// `basedir` in the file.
    pub base_dir: PathBuf,
    /// `os.environ` in the file.
    pub environ: BTreeMap<String, String>,
}
