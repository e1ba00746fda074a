//! Connections that only read, each on a thread that may block.
//!
//! There are as many readers at a time as there are connections, and the others wait their turn without a thread: a
//! thousand pages that are opened at once would otherwise cost a thousand stacks.

use std::path::Path;
use std::sync::Arc;

use diesel::SqliteConnection;
use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use tokio::sync::Semaphore;

use super::DbError;

const N_CONNECTIONS: u32 = 4;

/// Readers of one file. Cheap to clone.
#[derive(Clone)]
pub struct Readers {
    connections: Pool<ConnectionManager<SqliteConnection>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    pub fn open(path: &Path) -> Result<Self, diesel::r2d2::PoolError> {
        let connections = Pool::builder()
            .max_size(N_CONNECTIONS)
            .connection_customizer(Box::new(ReadOnly))
            .build(ConnectionManager::new(path.display().to_string()))?;
        Ok(Self { connections, turns: Arc::new(Semaphore::new(usize::try_from(N_CONNECTIONS).unwrap_or(1))) })
    }

    /// Reads when it is its turn.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut SqliteConnection) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|error| DbError::Connection(error.to_string()))?;
        let connections = self.connections.clone();
        let task = tokio::task::spawn_blocking(move || {
            // ends with the read, also when nobody waits for it any more
            let _turn = turn;
            let mut connection = connections.get().map_err(|error| DbError::Connection(error.to_string()))?;
            read(&mut connection)
        });
        task.await.map_err(|error| DbError::Died(error.to_string()))?
    }
}

/// Makes the connections of a pool unable to write.
#[derive(Debug)]
struct ReadOnly;

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for ReadOnly {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        connection
            .batch_execute("PRAGMA busy_timeout = 5000; PRAGMA query_only = 1; PRAGMA cache_size = -2000")
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn no_more_threads_read_than_there_are_connections() {
        let directory = tempfile::tempdir().unwrap();
        let readers = Readers::open(&directory.path().join("some.sqlite")).unwrap();
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let threads = Arc::new(std::sync::Mutex::new(std::collections::HashSet::new()));
        let read = |_| {
            let (now, most, threads) = (Arc::clone(&now), Arc::clone(&most), Arc::clone(&threads));
            readers.read(move |_| {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                threads.lock().unwrap().insert(std::thread::current().id());
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            })
        };
        let all = join_all((0..200).map(read)).await;
        assert!(all.into_iter().all(|outcome| outcome.is_ok()));
        let most = most.load(Ordering::SeqCst);
        assert!(most <= 4, "{most} at once");
        let n_threads = threads.lock().unwrap().len();
        assert!(n_threads <= 8, "{n_threads} threads");
    }
}
