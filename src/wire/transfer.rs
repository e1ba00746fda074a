//! Files that travel while a command runs.

use futures_util::future::BoxFuture;

/// What a worker asks for while it sends or fetches files.
#[derive(Clone, Debug, PartialEq)]
pub enum TransferStep {
    /// The next block of a file that is being uploaded.
    WriteFile(Vec<u8>),
    CloseFile,
    /// Unix seconds; after the file was closed.
    SetTimes {
        access: f64,
        modified: f64,
    },
    /// The next block of a tar stream.
    WriteDirectory(Vec<u8>),
    /// The tar stream is complete.
    Unpack,
    /// The next block of a file that is being downloaded, of at most so many bytes; an empty one is its end.
    Read {
        length: usize,
    },
    CloseRead,
}

/// The master's side of a transfer; steps of one command come one after the other.
///
/// Called on threads of the wire; disk work belongs on blocking threads.
pub trait Transfer: Send + Sync {
    /// Answers with the bytes that were asked for (empty for everything but `Read`), or with the text of an error.
    fn step(&self, step: TransferStep) -> BoxFuture<'static, Result<Vec<u8>, String>>;
}
