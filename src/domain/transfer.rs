//! Files that travel between worker and master: what the master's end of a transfer is.

/// The master's end of a transfer. Paths are as configured: below the master's base directory, below a home (`~`), or
/// absolute.
#[derive(Clone, Debug, PartialEq)]
pub enum MasterFile {
    StoreFile(StoreFile),
    StoreDirectory(StoreDirectory),
    /// A file that the worker reads.
    Send(String),
    /// A file that exists only for this transfer.
    SendBytes(Vec<u8>),
}

/// An upload of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreFile {
    pub path: String,
    /// In bytes; `None` is the master's own limit.
    pub max_bytes: Option<u64>,
    /// Permission bits; `None` leaves it to the master's own user.
    pub mode: Option<u32>,
}

/// An upload of a directory, which arrives as a tar stream.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreDirectory {
    pub path: String,
    /// Of the stream as it arrives, in bytes; `None` is the master's own limit.
    pub max_bytes: Option<u64>,
    pub compression: Compression,
}

/// How a tar stream is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
    Bzip2,
}

impl Compression {
    /// The name that workers and configurations give it.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gz"),
            Self::Bzip2 => Some("bz2"),
        }
    }

    /// The compression of a name; anything but `gz` and `bz2` is none.
    pub fn from_name(name: Option<&str>) -> Self {
        match name {
            Some("gz") => Self::Gzip,
            Some("bz2") => Self::Bzip2,
            _ => Self::None,
        }
    }
}
