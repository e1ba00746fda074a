//! Builders as the database knows them; how one works is in the configuration.

use super::BuilderId;

/// A builder that exists or once existed.
#[derive(Clone, Debug, PartialEq)]
pub struct Builder {
    pub id: BuilderId,
    pub name: String,
    pub description: Option<String>,
    pub tags: Vec<String>,
    /// Whether the present configuration has it.
    pub active: bool,
}
