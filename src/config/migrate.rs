//! `buildbot migrate`, as a function.

use super::ConfigErrors;
use super::script;
use super::source::SourceText;

pub use super::script::Migrated;

/// A configuration with modern names; errors if it cannot be read as Python.
pub fn migrate(name: &str, text: &str) -> Result<Migrated, ConfigErrors> {
    script::migrate(&SourceText::new(name, text)).map_err(ConfigErrors::new)
}
