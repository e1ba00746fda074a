//! A message to bytes, with keys in the order in which Buildbot writes them.

use memchr::memchr_iter;

use super::writer::Writer;
use crate::message::Arguments;
use crate::{Lines, Message, Request, Response, Update, WorkerSettings};

/// Writes one WebSocket message.
pub fn encode(message: &Message) -> Vec<u8> {
    match message {
        Message::Request { seq, request } => encode_request(*seq, request),
        Message::Response(response) => encode_response(response),
    }
}

fn encode_response(response: &Response) -> Vec<u8> {
    let mut out = Writer::with_capacity(64);
    out.map(if response.result.is_ok() { 3 } else { 4 });
    out.str("op");
    out.str("response");
    out.str("seq_number");
    out.int(response.seq);
    out.str("result");
    match &response.result {
        Ok(value) => out.value(value),
        Err(text) => {
            out.str(text);
            out.str("is_exception");
            out.bool(true);
        }
    }
    out.into_bytes()
}

fn encode_request(seq: i64, request: &Request) -> Vec<u8> {
    let mut out = Writer::with_capacity(expected_len(request));
    out.map(n_arguments(request) + 2);
    out.str("op");
    out.str(request.operation());
    write_arguments(&mut out, request);
    out.str("seq_number");
    out.int(seq);
    out.into_bytes()
}

fn n_arguments(request: &Request) -> usize {
    match request {
        Request::Keepalive | Request::GetWorkerInfo | Request::Shutdown => 0,
        Request::Print { .. } | Request::SetWorkerSettings(_) => 1,
        Request::StartCommand { builder_name, .. } => 3 + usize::from(builder_name.is_some()),
        Request::InterruptCommand { builder_name, .. } => 2 + usize::from(builder_name.is_some()),
        Request::Update { .. } | Request::Complete { .. } | Request::ReadFile { .. } => 2,
        Request::UploadFileWrite { .. } | Request::UploadDirectoryWrite { .. } => 2,
        Request::UploadFileClose { .. } | Request::UploadDirectoryUnpack { .. } | Request::ReadFileClose { .. } => 1,
        Request::UploadFileUtime { .. } => 3,
    }
}

fn write_arguments(out: &mut Writer, request: &Request) {
    match request {
        Request::Print { message } => write_text(out, "message", message),
        Request::Keepalive | Request::GetWorkerInfo | Request::Shutdown => {}
        Request::SetWorkerSettings(settings) => write_settings(out, settings),
        Request::StartCommand { command_id, command_name, args, builder_name } => {
            write_builder(out, builder_name.as_deref());
            write_text(out, "command_id", command_id);
            write_text(out, "command_name", command_name);
            write_map(out, "args", args);
        }
        Request::InterruptCommand { command_id, why, builder_name } => {
            write_builder(out, builder_name.as_deref());
            write_text(out, "command_id", command_id);
            write_text(out, "why", why);
        }
        other => write_command_arguments(out, other),
    }
}

/// What workers send; the id of the command comes last.
fn write_command_arguments(out: &mut Writer, request: &Request) {
    match request {
        Request::Update { updates, .. } => {
            out.str("args");
            out.array(updates.len());
            updates.iter().for_each(|update| write_update(out, update));
        }
        Request::Complete { error, .. } => {
            out.str("args");
            match error {
                Some(text) => out.str(text),
                None => out.nil(),
            }
        }
        Request::UploadFileWrite { data, .. } | Request::UploadDirectoryWrite { data, .. } => {
            out.str("args");
            out.bin(data);
        }
        Request::UploadFileUtime { access_time, modified_time, .. } => {
            out.str("access_time");
            out.float(*access_time);
            out.str("modified_time");
            out.float(*modified_time);
        }
        Request::ReadFile { length, .. } => {
            out.str("length");
            out.int(*length);
        }
        _ => {}
    }
    if let Some(command_id) = request.command_id() {
        write_text(out, "command_id", command_id);
    }
}

fn write_text(out: &mut Writer, key: &str, text: &str) {
    out.str(key);
    out.str(text);
}

fn write_builder(out: &mut Writer, builder_name: Option<&str>) {
    if let Some(name) = builder_name {
        write_text(out, "builder_name", name);
    }
}

fn write_map(out: &mut Writer, key: &str, items: &Arguments) {
    out.str(key);
    out.map(items.len());
    for (name, value) in items {
        out.str(name);
        out.value(value);
    }
}

fn write_settings(out: &mut Writer, settings: &WorkerSettings) {
    out.str("args");
    out.map(4);
    write_text(out, "newline_re", &settings.newline_re);
    out.str("max_line_length");
    out.int(settings.max_line_length);
    out.str("buffer_timeout");
    write_seconds(out, settings.buffer_timeout);
    out.str("buffer_size");
    out.int(settings.buffer_size);
}

/// Whole seconds go as a whole number, as Buildbot's default does.
fn write_seconds(out: &mut Writer, seconds: f64) {
    let whole = seconds as i64;
    if whole as f64 == seconds {
        out.int(whole);
    } else {
        out.float(seconds);
    }
}

fn write_update(out: &mut Writer, update: &Update) {
    out.array(2);
    match update {
        Update::Stdout(lines) => write_stream(out, "stdout", lines),
        Update::Stderr(lines) => write_stream(out, "stderr", lines),
        Update::Header(lines) => write_stream(out, "header", lines),
        Update::Log { name, lines } => {
            out.str("log");
            out.array(2);
            write_stream(out, name, lines);
        }
        Update::Rc(code) => {
            out.str("rc");
            out.int(*code);
        }
        Update::Elapsed(seconds) => {
            out.str("elapsed");
            out.float(*seconds);
        }
        Update::FailureReason(reason) => write_text(out, "failure_reason", reason),
        Update::Files(files) => {
            out.str("files");
            out.array(files.len());
            files.iter().for_each(|file| out.str(file));
        }
        Update::Stat(stat) => {
            out.str("stat");
            out.array(stat.len());
            stat.iter().for_each(|number| out.int(*number));
        }
        Update::Other { key, value } => {
            out.str(key);
            out.value(value);
        }
    }
}

fn write_stream(out: &mut Writer, key: &str, lines: &Lines) {
    out.str(key);
    out.array(3);
    out.str(&lines.text);
    write_positions(out, &lines.text);
    out.array(lines.times.len());
    lines.times.iter().for_each(|time| out.float(*time));
}

/// Where the line ends are, in code points, not bytes.
fn write_positions(out: &mut Writer, text: &str) {
    out.array(memchr_iter(b'\n', text.as_bytes()).count());
    let (mut from, mut position) = (0, 0);
    for end in memchr_iter(b'\n', text.as_bytes()) {
        position += text.get(from..end).map_or(0, |line| line.chars().count());
        out.int(i64::try_from(position).unwrap_or(i64::MAX));
        position += 1;
        from = end + 1;
    }
}

/// A good guess of the size, so that large messages are not copied while they grow.
fn expected_len(request: &Request) -> usize {
    let body = match request {
        Request::Update { updates, .. } => updates.iter().map(expected_update_len).sum(),
        Request::UploadFileWrite { data, .. } | Request::UploadDirectoryWrite { data, .. } => data.len(),
        _ => 256,
    };
    body + 128
}

fn expected_update_len(update: &Update) -> usize {
    match update {
        Update::Stdout(lines) | Update::Stderr(lines) | Update::Header(lines) | Update::Log { lines, .. } => {
            // A time takes 9 bytes and a position 3 or 5.
            lines.text.len() + lines.times.len() * 14 + 64
        }
        Update::Files(files) => files.iter().map(|file| file.len() + 5).sum(),
        _ => 32,
    }
}
