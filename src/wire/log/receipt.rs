//! Tells when what was appended to a log is safe.

use std::sync::Arc;

use tokio::sync::watch;

/// How far a log is stored.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    pub(super) n_bytes: u64,
    pub(super) failed: Option<Arc<str>>,
}

/// The reason a part of a log is lost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the log cannot be stored: {0}")]
pub struct LogError(pub Arc<str>);

/// A promise that everything appended so far will be stored.
///
/// The beginning of a line counts as stored; it is the business of whoever finishes the line.
#[derive(Clone, Debug)]
pub struct Receipt {
    pub(super) wanted: u64,
    pub(super) progress: watch::Receiver<Progress>,
}

impl Receipt {
    /// Returns once it is stored, or can never be.
    pub async fn stored(mut self) -> Result<(), LogError> {
        let wanted = self.wanted;
        let waited = self.progress.wait_for(|progress| wanted <= progress.n_bytes || progress.failed.is_some()).await;
        match waited {
            Ok(progress) if wanted <= progress.n_bytes => Ok(()),
            Ok(progress) => Err(LogError(progress.failed.clone().unwrap_or_else(|| "unknown".into()))),
            Err(_) => Err(LogError("the log was dropped".into())),
        }
    }

    /// Whether waiting is over.
    pub fn is_settled(&self) -> bool {
        let progress = self.progress.borrow();
        self.wanted <= progress.n_bytes || progress.failed.is_some()
    }
}
