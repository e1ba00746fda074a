//! Where the log pipeline of the wire leaves its chunks: the log lane of the database writer.

use futures_util::future::BoxFuture;

use crate::db::Db;
use crate::domain::log::LogChunk;
use crate::wire::LogSink;

pub struct DbLogSink {
    pub db: Db,
}

impl LogSink for DbLogSink {
    fn store(&self, chunk: LogChunk) -> BoxFuture<'static, Result<(), String>> {
        let db = self.db.clone();
        Box::pin(async move { db.store_chunks(vec![chunk]).await.map_err(|error| error.to_string()) })
    }
}
