//! Bytes to a message.

use super::fields::Fields;
use super::update::read_updates;
use super::{DecodeError, Refusal};
use crate::{Message, Request, Response, Value};

/// Reads one WebSocket message.
pub fn decode(bytes: &[u8]) -> Result<Message, DecodeError> {
    let (op, fields) = Fields::find(bytes)?;
    if op == "response" {
        return response(&fields).map(Message::Response);
    }
    Ok(Message::Request { seq: fields.seq(), request: request(op, &fields)? })
}

fn response(fields: &Fields<'_>) -> Result<Response, DecodeError> {
    let result = fields.value("result")?.unwrap_or_default();
    let is_exception = matches!(fields.value("is_exception")?, Some(Value::Bool(true)));
    let result = match result {
        Value::Str(text) if is_exception => Err(text),
        other if is_exception => Err(format!("{other:?}")),
        value => Ok(value),
    };
    Ok(Response { seq: fields.seq(), result })
}

fn request(op: &str, fields: &Fields<'_>) -> Result<Request, DecodeError> {
    let command_id = || fields.text("command_id");
    Ok(match op {
        "update" => Request::Update { updates: fields.read("args", read_updates)?, command_id: command_id()? },
        "complete" => Request::Complete { error: complete_error(fields)?, command_id: command_id()? },
        "update_upload_file_write" => {
            Request::UploadFileWrite { data: fields.bytes("args")?, command_id: command_id()? }
        }
        "update_upload_file_close" => Request::UploadFileClose { command_id: command_id()? },
        "update_upload_file_utime" => Request::UploadFileUtime {
            access_time: fields.time("access_time")?,
            modified_time: fields.time("modified_time")?,
            command_id: command_id()?,
        },
        "update_upload_directory_write" => {
            Request::UploadDirectoryWrite { data: fields.bytes("args")?, command_id: command_id()? }
        }
        "update_upload_directory_unpack" => Request::UploadDirectoryUnpack { command_id: command_id()? },
        "update_read_file" => Request::ReadFile { length: fields.int("length")?, command_id: command_id()? },
        "update_read_file_close" => Request::ReadFileClose { command_id: command_id()? },
        "print" => Request::Print { message: fields.text("message")? },
        "keepalive" => Request::Keepalive,
        "get_worker_info" => Request::GetWorkerInfo,
        "set_worker_settings" => Request::SetWorkerSettings(fields.settings()?),
        "start_command" => Request::StartCommand {
            command_id: command_id()?,
            command_name: fields.text("command_name")?,
            args: fields.arguments("args")?,
            builder_name: fields.optional_text("builder_name")?,
        },
        "interrupt_command" => Request::InterruptCommand {
            command_id: command_id()?,
            why: fields.text("why")?,
            builder_name: fields.optional_text("builder_name")?,
        },
        "shutdown" => Request::Shutdown,
        unknown => return Err(fields.refuse(Refusal::UnknownOperation(unknown.to_owned()))),
    })
}

/// `args` must be there, and nil is good news.
fn complete_error(fields: &Fields<'_>) -> Result<Option<String>, DecodeError> {
    fields.required("args")?;
    fields.optional_text("args")
}
