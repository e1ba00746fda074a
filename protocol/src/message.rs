//! Messages of the dialect `msgpack_experimental_v7`.

use std::collections::BTreeMap;

use crate::Value;

/// One WebSocket message.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    Request { seq: i64, request: Request },
    Response(Response),
}

impl Message {
    /// The answer that `seq` was carried out and has nothing to tell.
    pub fn done(seq: i64) -> Self {
        Self::Response(Response { seq, result: Ok(Value::Nil) })
    }

    /// The answer that `seq` failed.
    pub fn failed(seq: i64, why: impl Into<String>) -> Self {
        Self::Response(Response { seq, result: Err(why.into()) })
    }
}

/// The answer to a request; every request gets exactly one.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    pub seq: i64,
    /// The value, or the text of the error.
    pub result: Result<Value, String>,
}

/// Arguments of a remote command, a map from name to value.
pub type Arguments = BTreeMap<String, Value>;

/// Everything one side asks of the other.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    // master to worker
    Print {
        message: String,
    },
    Keepalive,
    GetWorkerInfo,
    SetWorkerSettings(WorkerSettings),
    StartCommand {
        command_id: String,
        command_name: String,
        args: Arguments,
        builder_name: Option<String>,
    },
    InterruptCommand {
        command_id: String,
        why: String,
        builder_name: Option<String>,
    },
    Shutdown,
    // worker to master
    Update {
        command_id: String,
        updates: Vec<Update>,
    },
    /// The command is over; a text describes why it could not be carried out.
    Complete {
        command_id: String,
        error: Option<String>,
    },
    UploadFileWrite {
        command_id: String,
        data: Vec<u8>,
    },
    UploadFileClose {
        command_id: String,
    },
    /// Unix seconds; not a number if the worker found no file.
    UploadFileUtime {
        command_id: String,
        access_time: f64,
        modified_time: f64,
    },
    UploadDirectoryWrite {
        command_id: String,
        data: Vec<u8>,
    },
    UploadDirectoryUnpack {
        command_id: String,
    },
    ReadFile {
        command_id: String,
        length: i64,
    },
    ReadFileClose {
        command_id: String,
    },
}

impl Request {
    /// The name of the operation on the wire.
    pub fn operation(&self) -> &'static str {
        match self {
            Self::Print { .. } => "print",
            Self::Keepalive => "keepalive",
            Self::GetWorkerInfo => "get_worker_info",
            Self::SetWorkerSettings(_) => "set_worker_settings",
            Self::StartCommand { .. } => "start_command",
            Self::InterruptCommand { .. } => "interrupt_command",
            Self::Shutdown => "shutdown",
            Self::Update { .. } => "update",
            Self::Complete { .. } => "complete",
            Self::UploadFileWrite { .. } => "update_upload_file_write",
            Self::UploadFileClose { .. } => "update_upload_file_close",
            Self::UploadFileUtime { .. } => "update_upload_file_utime",
            Self::UploadDirectoryWrite { .. } => "update_upload_directory_write",
            Self::UploadDirectoryUnpack { .. } => "update_upload_directory_unpack",
            Self::ReadFile { .. } => "update_read_file",
            Self::ReadFileClose { .. } => "update_read_file_close",
        }
    }

    /// The command a request is about, if it is about one.
    pub fn command_id(&self) -> Option<&str> {
        match self {
            Self::StartCommand { command_id, .. }
            | Self::InterruptCommand { command_id, .. }
            | Self::Update { command_id, .. }
            | Self::Complete { command_id, .. }
            | Self::UploadFileWrite { command_id, .. }
            | Self::UploadFileClose { command_id }
            | Self::UploadFileUtime { command_id, .. }
            | Self::UploadDirectoryWrite { command_id, .. }
            | Self::UploadDirectoryUnpack { command_id }
            | Self::ReadFile { command_id, .. }
            | Self::ReadFileClose { command_id } => Some(command_id),
            Self::Print { .. }
            | Self::Keepalive
            | Self::GetWorkerInfo
            | Self::SetWorkerSettings(_)
            | Self::Shutdown => None,
        }
    }
}

/// How a worker cuts and batches output.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkerSettings {
    /// What is turned into a line end before splitting.
    pub newline_re: String,
    /// Longer lines are cut, in characters.
    pub max_line_length: i64,
    /// Longest wait before a batch is sent, in seconds.
    pub buffer_timeout: f64,
    /// Size of a batch, in the protocol's own measure.
    pub buffer_size: i64,
}

/// One entry of an `update`.
#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    Stdout(Lines),
    Stderr(Lines),
    Header(Lines),
    Log {
        name: String,
        lines: Lines,
    },
    /// Exit code; -1 for a signal; errno for file commands.
    Rc(i64),
    Elapsed(f64),
    FailureReason(String),
    Files(Vec<String>),
    Stat(Vec<i64>),
    /// A key this side does not know.
    Other {
        key: String,
        value: Value,
    },
}

/// Whole lines of text, each ended by `\n`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lines {
    pub text: String,
    /// When the first character of each line was read, Unix seconds; as many as there are lines, or empty.
    pub times: Vec<f64>,
}
