//! What configurations keep in the database (`util.DbConfig`): read while a file is loaded, by a port that tests and tools
//! may replace. What a file sets is kept in its configuration, and stored by whoever puts that in force.

use std::fmt::{self, Debug};
use std::path::Path;
use std::sync::Arc;

use crate::db::views::stored_values;

/// Reads a value: database file, name of the store, name of the value. The text is JSON.
type Read = dyn Fn(&Path, &str, &str) -> Result<Option<String>, String> + Send + Sync;

/// Where values are read.
#[derive(Clone)]
pub struct StoredValues(Arc<Read>);

impl StoredValues {
    pub fn new(read: impl Fn(&Path, &str, &str) -> Result<Option<String>, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The JSON of a value; nothing if it was never stored. Blocks.
    pub fn get(&self, database: &Path, store: &str, name: &str) -> Result<Option<String>, String> {
        (self.0)(database, store, name)
    }
}

impl Default for StoredValues {
    /// The files themselves.
    fn default() -> Self {
        Self::new(|database, store, name| {
            stored_values::read_file(database, store, name).map_err(|error| error.to_string())
        })
    }
}

impl Debug for StoredValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredValues")
    }
}

/// A value that a configuration sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredValue {
    /// Name of the store, `config` unless the file gave another.
    pub store: String,
    pub name: String,
    /// As JSON.
    pub value: String,
}
