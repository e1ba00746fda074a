//! A log store in memory, whose speed a test decides.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use crate::domain::LogId;
use crate::domain::log::LogChunk;
use crate::wire::LogSink;

/// Keeps chunks by log; cheap to clone.
#[derive(Clone, Debug)]
pub struct LogShelf {
    chunks: Arc<Mutex<BTreeMap<i64, Vec<LogChunk>>>>,
    permits: Arc<Semaphore>,
    failure: Option<String>,
}

impl LogShelf {
    /// Stores at once.
    pub fn open() -> Self {
        let shelf = Self::closed();
        shelf.permits.add_permits(Semaphore::MAX_PERMITS);
        shelf
    }

    /// Stores nothing until [`Self::allow`].
    pub fn closed() -> Self {
        Self { chunks: Arc::default(), permits: Arc::new(Semaphore::new(0)), failure: None }
    }

    /// Refuses every chunk.
    pub fn broken(why: &str) -> Self {
        Self { failure: Some(why.to_owned()), ..Self::open() }
    }

    /// Lets so many more chunks be stored.
    pub fn allow(&self, n_chunks: usize) {
        self.permits.add_permits(n_chunks);
    }

    pub fn chunks(&self, log: LogId) -> Vec<LogChunk> {
        self.lock().get(&log.0).cloned().unwrap_or_default()
    }

    /// The stored text of a log, letters of streams included.
    pub fn text(&self, log: LogId) -> String {
        let chunks = self.chunks(log);
        let bytes = chunks.iter().flat_map(|chunk| zstd::decode_all(&chunk.body[..]).expect("chunks are zstd"));
        String::from_utf8(bytes.collect()).expect("chunks are whole lines of text")
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i64, Vec<LogChunk>>> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LogSink for LogShelf {
    fn store(&self, chunk: LogChunk) -> BoxFuture<'static, Result<(), String>> {
        let shelf = self.clone();
        async move {
            if let Some(why) = shelf.failure {
                return Err(why);
            }
            let permit = shelf.permits.acquire().await.map_err(|error| error.to_string())?;
            permit.forget();
            shelf.chunks.lock().unwrap_or_else(PoisonError::into_inner).entry(chunk.log.0).or_default().push(chunk);
            Ok(())
        }
        .boxed()
    }
}
