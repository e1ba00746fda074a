//! The text of logs: `contents` as JSON, `raw` as a file, `raw_inline` for the browser.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use actix_web::web::Bytes;
use futures_util::stream;
use serde::Serialize;

use super::Call;
use super::elements::element;
use super::reply::{Reply, missing};
use super::result_spec::{Field, FieldKind, SpecError, field};
use crate::db::views::keys::{BuildKey, LogKey, StepKey};
use crate::db::views::{Connection, build_lines, builds, logs, steps};
use crate::db::{Db, DbError};
use crate::domain::{Log, LogKind};
use crate::web::error::WebError;
use crate::web::{log_reader, removed};

const FIELDS: &[Field] =
    &[field("logid", FieldKind::Int), field("firstline", FieldKind::Int), field("content", FieldKind::Text)];

/// A raw HTML log was written by a build: it may show itself, and nothing else.
const SANDBOX: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Contents,
    Raw,
    RawInline,
}

impl Form {
    pub fn parse(segment: &str) -> Option<Self> {
        match segment {
            "contents" => Some(Self::Contents),
            "raw" => Some(Self::Raw),
            "raw_inline" => Some(Self::RawInline),
            _ => None,
        }
    }
}

#[derive(Serialize)]
struct ChunkJson {
    content: String,
    firstline: i64,
    logid: i64,
}

/// What stands at the head of a raw log, and in its file name.
struct Heading {
    builder: String,
    number: i64,
    worker: String,
    step: String,
}

pub async fn get(call: &Call<'_>, key: LogKey, form: Form) -> Result<Reply, WebError> {
    match form {
        Form::Contents => contents(call, key).await,
        Form::Raw | Form::RawInline => raw(call, key, form).await,
    }
}

async fn contents(call: &Call<'_>, key: LogKey) -> Result<Reply, WebError> {
    let (page, others): (Vec<_>, Vec<_>) =
        call.parameters.iter().cloned().partition(|(name, _)| name == "offset" || name == "limit");
    let spec = super::result_spec::ResultSpec::parse_single(&others, FIELDS)?;
    let number = |name: &'static str| -> Result<Option<i64>, WebError> {
        let text = page.iter().rev().find(|(key, _)| key == name).map(|(_, text)| text);
        let number = |text: &String| text.parse().ok().filter(|number| 0 <= *number).ok_or(SpecError::Page(name));
        Ok(text.map(number).transpose()?)
    };
    let (first, limit) = (number("offset")?.unwrap_or(0), number("limit")?);
    let found = call.read(move |conn| logs::find(conn, &key)).await?;
    let log = found.ok_or_else(|| missing("logchunks"))?;
    removed::check_text(&call.state.db, &log).await?;
    let content = log_reader::lines(&call.state.db, log.id, first, limit.unwrap_or(i64::MAX)).await?;
    if content.is_empty() {
        return Err(missing("logchunks"));
    }
    let chunk = element(&ChunkJson { content, firstline: first, logid: log.id.0 });
    let found = super::elements::Elements { elements: vec![chunk], total: 1 };
    Reply::of("logchunks", spec.reduce(found), true)
}

async fn raw(call: &Call<'_>, key: LogKey, form: Form) -> Result<Reply, WebError> {
    let found = call
        .read(move |conn| {
            let Some(log) = logs::find(conn, &key)? else { return Ok(None) };
            Ok(heading(conn, &log)?.map(|heading| (log, heading)))
        })
        .await?;
    let (log, heading) = found.ok_or_else(|| missing("logchunks"))?;
    removed::check_text(&call.state.db, &log).await?;
    let is_html = log.kind == LogKind::Html;
    let mut response = HttpResponse::Ok();
    response.content_type(if is_html { "text/html; charset=utf-8" } else { "text/plain; charset=utf-8" });
    if is_html {
        response.insert_header((CONTENT_SECURITY_POLICY, SANDBOX));
    }
    if form == Form::Raw {
        response.insert_header((CONTENT_DISPOSITION, format!("attachment; filename={}", file_name(&heading, &log))));
    }
    let head = match log.kind {
        LogKind::Stream => {
            let Heading { builder, number, worker, .. } = heading;
            format!("Builder: {builder}\nBuild number: {number}\nWorker name: {worker}\n")
        }
        _ => String::new(),
    };
    Ok(Reply::Raw(response.streaming(text(call.state.db.clone(), log, head))))
}

fn heading(conn: &mut Connection, log: &Log) -> Result<Option<Heading>, DbError> {
    let Some(step) = steps::find(conn, &StepKey::Id(log.step_id.0))? else { return Ok(None) };
    let Some(build) = builds::find(conn, &BuildKey::Id(step.build_id.0))? else { return Ok(None) };
    let number = build.number;
    let line = build_lines::describe(conn, vec![build])?.into_iter().next();
    Ok(line.map(|line| Heading { builder: line.builder, number, worker: line.worker, step: step.name }))
}

/// Only letters that are safe in a header and in a file's name.
fn file_name(heading: &Heading, log: &Log) -> String {
    let name = format!("{}_build_{}_step_{}_log_{}", heading.builder, heading.number, heading.step, log.slug);
    let safe = |letter: char| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '_' };
    name.chars().map(safe).collect()
}

/// The head, then the lines without their stream letters, read as fast as the client takes them.
fn text(db: Db, log: Log, head: String) -> impl stream::Stream<Item = Result<Bytes, WebError>> {
    let start = if head.is_empty() { None } else { Some(Bytes::from(head)) };
    stream::unfold((db, log, start, -1), |(db, log, start, sent)| async move {
        if let Some(head) = start {
            return Some((Ok(head), (db, log, None, sent)));
        }
        match log_reader::next_chunk(&db, log.id, sent).await {
            Ok(None) => None,
            Ok(Some((number, lines))) => {
                let text = if log.kind == LogKind::Stream { without_letters(&lines) } else { lines };
                Some((Ok(Bytes::from(text)), (db, log, None, number)))
            }
            Err(error) => {
                tracing::error!(log.id = log.id.0, "a log cannot be read to its end: {error}");
                Some((Err(error), (db, log, None, i64::MAX)))
            }
        }
    })
}

fn without_letters(lines: &str) -> String {
    let bare = |line: &str| {
        let mut letters = line.chars();
        letters.next();
        letters.as_str().to_owned()
    };
    lines.split_inclusive('\n').map(bare).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stream_letters_are_cut_off() {
        assert_eq!(without_letters("oout\neé\nh\n"), "out\né\n\n");
    }
}
