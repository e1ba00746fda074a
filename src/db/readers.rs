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
    use std::sync::mpsc;

    use super::*;

    /// With one thread more than there are connections: whoever waited on a thread would take the last one, and a read
    /// ends with an error when the pool has let it wait too long.
    #[test]
    fn whoever_waits_for_a_turn_occupies_no_thread() {
        let n_connections = usize::try_from(N_CONNECTIONS).unwrap();
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().max_blocking_threads(n_connections + 1).build().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let readers = Readers::open(&directory.path().join("some.sqlite")).unwrap();
        runtime.block_on(async {
            let (started, has_started) = mpsc::channel();
            let mut ends = Vec::new();
            for _ in 0..N_CONNECTIONS {
                let (end, until) = mpsc::channel::<()>();
                let (readers, started) = (readers.clone(), started.clone());
                let read = move |_: &mut SqliteConnection| {
                    started.send(()).unwrap();
                    until.recv().unwrap_err();
                    Ok(())
                };
                ends.push((end, tokio::spawn(async move { readers.read(read).await })));
            }
            tokio::task::spawn_blocking(move || {
                for _ in 0..N_CONNECTIONS {
                    has_started.recv().unwrap();
                }
            })
            .await
            .unwrap();
            let waiting = tokio::spawn(async move { readers.read(|_| Ok(())).await });
            tokio::task::yield_now().await;
            tokio::task::spawn_blocking(|| ()).await.unwrap();
            assert!(!waiting.is_finished());
            for (end, read) in ends {
                drop(end);
                read.await.unwrap().unwrap();
            }
            waiting.await.unwrap().unwrap();
        });
    }
}
