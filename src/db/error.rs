//! What can go wrong with the database.

/// The reason a read or write came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error("a statement failed: {0}")]
    Statement(#[from] diesel::result::Error),
    #[error("no connection: {0}")]
    Connection(String),
    /// A row holds what no program of ours wrote.
    #[error("a row cannot be read: {0}")]
    Row(String),
    /// The job panicked; its own changes were rolled back.
    #[error("the job died: {0}")]
    Died(String),
    #[error("the writer has ended")]
    Closed,
}

impl DbError {
    /// Whether the database itself is out of order, so that the same job may succeed later.
    pub(super) fn is_outage(&self) -> bool {
        const SIGNS: [&str; 6] =
            ["disk is full", "disk I/O error", "database is locked", "readonly database", "unable to open", "busy"];
        match self {
            Self::Connection(_) => true,
            Self::Statement(error) => {
                let text = error.to_string();
                SIGNS.iter().any(|sign| text.contains(sign))
            }
            Self::Row(_) | Self::Died(_) | Self::Closed => false,
        }
    }
}
