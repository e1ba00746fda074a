//! The only place that knows the language configurations are written in.
//!
//! An engine runs a file and gives what the file left behind as plain [`Raw`] values; `table` and `build` make the
//! typed configuration of them. There is one engine, Starlark behind a Python front end.

mod files;
mod front_end;
mod pulse;
mod raw;
mod starlark;

pub use files::{Files, Refusal};
pub use front_end::{Migrated, Places, migrate};
pub use pulse::Pulse;
pub use raw::{Argument, INSTANCE, Object, Raw};
pub use starlark::{StarlarkEngine, step_function};

use std::collections::BTreeMap;
use std::sync::Arc;

use super::source::SourceText;
use super::{ConfigError, StoredValue, StoredValues};
use crate::domain::Timestamp;

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
    /// All files it was made of, as one: what places are places in.
    pub source: SourceText,
    /// Names and texts of the files besides the configuration itself.
    pub others: Vec<(String, String)>,
    pub places: Places,
    /// Values to keep in the database.
    pub stored: Vec<StoredValue>,
    /// Errors that did not stop the file from running: arguments that do not fit a constructor.
    pub problems: Vec<ConfigError>,
    /// Old spellings and the like.
    pub warnings: Vec<ConfigError>,
}

/// What a file may ask of the world.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// `basedir` in the file is the base directory.
    pub files: Files,
    /// `os.environ` in the file.
    pub environ: BTreeMap<String, String>,
    pub now: Now,
    pub pulse: Pulse,
    /// What `util.DbConfig` reads.
    pub stored: StoredValues,
}

/// What time it is, for `time` and `datetime`; the epoch if nobody says.
#[derive(Clone, Default)]
pub struct Now(Option<Arc<dyn Fn() -> Timestamp + Send + Sync>>);

impl Now {
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(now)))
    }

    pub fn get(&self) -> Timestamp {
        self.0.as_ref().map_or_else(|| Timestamp::from_micros(0), |now| now())
    }
}

impl std::fmt::Debug for Now {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Now")
    }
}
