//! What the configuration says of steps that move files and make directories.

use std::time::Duration;

use crate::domain::{Compression, Renderable};

/// How much travels, and in which pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferSize {
    /// In bytes; `None` is the master's own limit.
    pub max: Option<u64>,
    /// In bytes.
    pub block: u64,
}

/// A link that an upload shows: where the file can be seen, and what the link is called.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UploadLink {
    pub url: Option<Renderable>,
    /// `None` takes the name of the file.
    pub text: Option<Renderable>,
}

/// Arguments of `FileUpload` (manual section "FileUpload").
#[derive(Clone, Debug, PartialEq)]
pub struct FileUploadConfig {
    pub workersrc: Renderable,
    pub masterdest: Renderable,
    pub size: TransferSize,
    /// Permission bits.
    pub mode: Option<u32>,
    pub keepstamp: bool,
    pub link: UploadLink,
}

/// Arguments of `DirectoryUpload`.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectoryUploadConfig {
    pub workersrc: Renderable,
    pub masterdest: Renderable,
    pub size: TransferSize,
    pub compression: Compression,
    pub link: UploadLink,
}

/// Arguments of `MultipleFileUpload`.
#[derive(Clone, Debug, PartialEq)]
pub struct MultipleFileUploadConfig {
    /// Text or a list of texts.
    pub workersrcs: Renderable,
    /// A directory.
    pub masterdest: Renderable,
    pub size: TransferSize,
    /// Whether `workersrcs` are patterns.
    pub glob: bool,
    pub mode: Option<u32>,
    pub compression: Compression,
    pub keepstamp: bool,
    pub link: UploadLink,
}

/// Arguments of `FileDownload`, `StringDownload` and those that download JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct DownloadConfig {
    pub source: DownloadSource,
    pub workerdest: Renderable,
    pub size: TransferSize,
    pub mode: Option<u32>,
}

/// What a worker gets.
#[derive(Clone, Debug, PartialEq)]
pub enum DownloadSource {
    /// A file of the master.
    File(Renderable),
    Text(Renderable),
    /// A value, as JSON.
    Json(Renderable),
    /// Properties and source stamps of the build, as JSON.
    Properties,
}

/// `DownloadSecretsToWorker` and `RemoveWorkerFileSecret`.
#[derive(Clone, Debug, PartialEq)]
pub struct SecretFilesConfig {
    /// Pairs of path and secret.
    pub files: Renderable,
    /// Whether they are removed instead of written.
    pub remove: bool,
    /// Whether the worker writes its environment to the log when it removes one.
    pub log_environ: bool,
}

/// `FileExists`, `MakeDirectory`, `RemoveDirectory` and `CopyDirectory`.
#[derive(Clone, Debug, PartialEq)]
pub enum FilesystemConfig {
    FileExists {
        file: Renderable,
    },
    MakeDirectory {
        dir: Renderable,
    },
    RemoveDirectory {
        dir: Renderable,
    },
    CopyDirectory {
        src: Renderable,
        dest: Renderable,
        /// Kill after this long without output.
        timeout: Option<Duration>,
        max_time: Option<Duration>,
    },
}
