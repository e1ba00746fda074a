//! Reads the facts about what happened.

use crate::db::views::keys::{BuildKey, BuilderKey, WorkerKey};
use crate::db::views::log_text::{self, Span};
use crate::db::views::select::Select;
use crate::db::views::{
    Connection, build_past, build_requests, builders, builds, buildsets, changes, logs, properties, reporters, steps,
    workers,
};
use crate::db::{Db, DbError};
use crate::domain::{
    Build, BuildId, BuildRequestId, BuildsetId, LogId, LogKind, MasterId, PropertyValue, StampSpec, WorkerId,
};
use crate::reporters::config::AttachLogs;
use crate::reporters::facts::{
    BuildFacts, BuildsetFacts, LogFacts, MissingFacts, Past, PendingFacts, RequestFacts, SetFacts, StepFacts, Tail,
};
use crate::reporters::log_lines;
use crate::reporters::story::is_bad;

/// Lines of a log that went wrong which a message shows.
const TAIL_LINES: i64 = 30;
const TAIL_BYTES: usize = 16 << 10;
/// Steps that went wrong of which a message shows the end of the log.
const MOST_TAILS: usize = 3;
/// Of a log that is attached, in bytes: its end.
const CONTENT_BYTES: usize = 512 << 10;
/// Of all logs of a build, in bytes.
const ALL_CONTENT_BYTES: usize = 5 << 20;

/// A build without its steps; `None` if it is not there any more.
pub fn build(conn: &mut Connection, id: BuildId) -> Result<Option<BuildFacts>, DbError> {
    let Some(build) = builds::find(conn, &BuildKey::Id(id.0))? else { return Ok(None) };
    let builder = builders::find(conn, &BuilderKey::Id(build.builder_id.0))?;
    let request = request(conn, build.request_id)?;
    let Some((builder, request)) = builder.zip(request) else { return Ok(None) };
    let Some(buildset) = buildset(conn, request.buildset)? else { return Ok(None) };
    let worker = workers::names(conn, &[build.worker_id.0])?.remove(&build.worker_id.0).unwrap_or_default();
    let parent = match &buildset.parent {
        Some((parent, _)) => builds::find(conn, &BuildKey::Id(parent.0))?,
        None => None,
    };
    let parent = match parent {
        Some(parent) => builders::find(conn, &BuilderKey::Id(parent.builder_id.0))?.map(|builder| (parent, builder)),
        None => None,
    };
    Ok(Some(BuildFacts {
        properties: properties::of_build(conn, id)?,
        previous: build_past::previous(conn, &build)?,
        changes: changes_of(conn, id)?,
        build,
        builder,
        worker,
        request,
        buildset,
        parent,
        steps: Vec::new(),
        steps_wanted: false,
        past: Past::default(),
    }))
}

fn changes_of(conn: &mut Connection, build: BuildId) -> Result<Vec<crate::domain::Change>, DbError> {
    let mut found = changes::select(conn, &Select::scoped(changes::OF_BUILD, vec![build.0]))?;
    found.sort_by_key(|change| change.id);
    Ok(found)
}

fn request(conn: &mut Connection, id: BuildRequestId) -> Result<Option<RequestFacts>, DbError> {
    let line = build_requests::find(conn, id)?;
    Ok(line.map(|line| RequestFacts {
        id: line.id,
        buildset: line.buildset_id,
        builder: line.builder_id,
        priority: line.priority,
        claimed: line.claimed,
        complete_at: line.complete_at,
        results: line.results,
        submitted_at: line.submitted_at,
        waited_for: line.waited_for,
    }))
}

/// What a buildset was asked for with.
pub fn buildset(conn: &mut Connection, id: BuildsetId) -> Result<Option<BuildsetFacts>, DbError> {
    let line = buildsets::find(conn, id)?;
    Ok(line.map(|line| BuildsetFacts {
        id: line.id,
        scheduler: line.scheduler,
        external_id: line.external_id,
        reason: line.reason,
        submitted_at: line.submitted_at,
        complete_at: line.complete_at,
        results: line.results,
        parent: line.parent_build.map(|parent| (parent, line.parent_relationship.unwrap_or_default())),
        rebuilt: line.rebuilt_build,
        stamps: line.source_stamps.into_iter().map(|stamp| (stamp.stamp, stamp.patch_id)).collect(),
    }))
}

/// A request that waits, or has been cancelled.
pub fn pending(conn: &mut Connection, id: BuildRequestId, master: MasterId) -> Result<Option<PendingFacts>, DbError> {
    let Some(request) = request(conn, id)? else { return Ok(None) };
    let builder = builders::find(conn, &BuilderKey::Id(request.builder.0))?;
    let Some((builder, buildset)) = builder.zip(buildset(conn, request.buildset)?) else { return Ok(None) };
    let mut properties = properties::of_buildset(conn, request.buildset)?;
    properties.set("buildername", builder.name.as_str(), "Builder");
    properties.set("builderid", builder.id.0, "Builder");
    if let Some(project) = builder.project {
        properties.set("projectid", project.0, "Builder");
    }
    properties.set("buildnumber", PropertyValue::Null, "Build");
    if let Some((stamp, _)) = buildset.stamps.first() {
        let StampSpec { branch, revision, codebase, project, repository, .. } = stamp.spec.clone();
        for (name, value) in [("branch", branch), ("revision", revision)] {
            properties.set(name, value, "Build");
        }
        for (name, value) in [("codebase", codebase), ("project", project), ("repository", repository)] {
            properties.set(name, value, "Build");
        }
    }
    Ok(Some(PendingFacts { request, builder, master, buildset, properties }))
}

/// A buildset with the last build of each of its requests.
pub fn set(conn: &mut Connection, id: BuildsetId) -> Result<Option<SetFacts>, DbError> {
    let Some(buildset) = buildset(conn, id)? else { return Ok(None) };
    let mut rows = builds::select(conn, &Select::scoped(builds::LAST_OF_BUILDSET, vec![id.0]))?;
    rows.sort_by_key(|build| build.id);
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.extend(build(conn, row.id)?);
    }
    Ok(Some(SetFacts { properties: properties::of_buildset(conn, id)?, buildset, builds: found }))
}

/// A worker and since when it has been away; `notify` is left empty.
pub fn missing(conn: &mut Connection, id: WorkerId) -> Result<Option<MissingFacts>, DbError> {
    let absence = reporters::absences(conn)?.into_iter().find(|absence| absence.worker == id);
    let worker = workers::find(conn, &WorkerKey::Id(id.0))?;
    let facts = |(worker, absence): (_, reporters::Absence)| MissingFacts {
        worker,
        last_connection: absence.since,
        notify: Vec::new(),
    };
    Ok(worker.zip(absence).map(facts))
}

/// How much of a build is read besides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Depth {
    /// Steps and logs, without their text.
    pub steps: bool,
    /// What the logs say at the end of steps that went wrong, and since when it has been so.
    pub story: bool,
    /// Logs of which the text is read, by any of these.
    pub contents: Vec<AttachLogs>,
}

/// Reads the rest of a build.
pub async fn deepen(db: &Db, mut facts: BuildFacts, depth: &Depth) -> Result<BuildFacts, DbError> {
    if !(depth.steps || depth.story || !depth.contents.is_empty()) {
        return Ok(facts);
    }
    let (build, story) = (facts.build.clone(), depth.story);
    let (steps, past) = db.read(move |conn| Ok((steps_of(conn, &build)?, past(conn, &build, story)?))).await?;
    let contents = depth.contents.clone();
    facts.past = past;
    facts.steps_wanted = depth.steps || !depth.contents.is_empty();
    facts.steps = db.read_logs(move |conn| with_texts(conn, steps, &contents, story)).await?;
    Ok(facts)
}

fn steps_of(conn: &mut Connection, build: &Build) -> Result<Vec<StepFacts>, DbError> {
    let steps = steps::of_builds(conn, &[build.id.0])?;
    let ids: Vec<i64> = steps.iter().map(|step| step.id.0).collect();
    let mut all = logs::of_steps(conn, &ids)?;
    let facts = |step: crate::domain::Step| {
        let mine: Vec<_> = all.extract_if(.., |log| log.step_id == step.id).collect();
        let logs = mine.into_iter().map(|log| LogFacts { log, content: None, tail: None }).collect();
        StepFacts { step, logs }
    };
    Ok(steps.into_iter().map(facts).collect())
}

fn past(conn: &mut Connection, build: &Build, wanted: bool) -> Result<Past, DbError> {
    if !wanted || !is_bad(build.results) {
        return Ok(Past::default());
    }
    let streak = build_past::broken_since(conn, build)?;
    let culprits = match &streak.first {
        Some(first) if first.id != build.id => changes_of(conn, first.id)?,
        _ => Vec::new(),
    };
    Ok(Past { broken_since: streak.first, n_broken: streak.n_builds, culprits })
}

fn with_texts(
    conn: &mut Connection,
    mut steps: Vec<StepFacts>,
    contents: &[AttachLogs],
    story: bool,
) -> Result<Vec<StepFacts>, DbError> {
    let (mut n_tails, mut n_bytes) = (0, 0_usize);
    for step in &mut steps {
        let shows_tail = story && is_bad(step.step.results) && n_tails < MOST_TAILS;
        let mut has_tail = false;
        for facts in &mut step.logs {
            let (id, kind) = (facts.log.id, facts.log.kind);
            facts.log.n_lines = log_text::end(conn, id)?.1;
            if contents.iter().any(|wanted| wanted.wants(&step.step.name, &facts.log.name)) {
                let text = content(conn, id, ALL_CONTENT_BYTES.saturating_sub(n_bytes).min(CONTENT_BYTES))?;
                n_bytes = n_bytes.saturating_add(text.len());
                facts.content = Some(text);
            }
            if shows_tail && !has_tail && matches!(kind, LogKind::Stream | LogKind::Text) {
                let tail = tail(conn, id, kind, facts.log.n_lines)?;
                has_tail = !tail.lines.is_empty();
                facts.tail = Some(tail);
            }
        }
        n_tails += usize::from(has_tail);
    }
    Ok(steps)
}

fn tail(conn: &mut Connection, log: LogId, kind: LogKind, n_lines: i64) -> Result<Tail, DbError> {
    // Headers at the end of the log are none of its lines.
    let first_line = n_lines.saturating_sub(2 * TAIL_LINES).max(0);
    let span = Span { first_line, n_lines: 2 * TAIL_LINES, most_bytes: TAIL_BYTES * 8 };
    let text = log_text::lines(conn, log, span)?.text;
    let mut lines = log_lines::last_lines(&text, kind, usize::try_from(TAIL_LINES).unwrap_or(0));
    let n_before: usize = log_lines::last_lines(&text, kind, usize::MAX).len();
    let is_cut = 0 < first_line || lines.len() < n_before;
    let mut n_bytes = 0;
    let fitting = lines.iter().rev().take_while(|line| {
        n_bytes += line.len() + 1;
        n_bytes <= TAIL_BYTES
    });
    let n_fitting = fitting.count();
    let left_out = lines.len().saturating_sub(n_fitting);
    Ok(Tail { is_cut: is_cut || 0 < left_out, lines: lines.split_off(left_out) })
}

/// The end of a log, as whole chunks from which the beginning is cut.
fn content(conn: &mut Connection, log: LogId, most: usize) -> Result<String, DbError> {
    let mut pieces: Vec<String> = Vec::new();
    let mut n_bytes = 0_usize;
    let mut seq = log_text::end(conn, log)?.0;
    while 0 <= seq && n_bytes < most {
        let Some((_, text)) = log_text::next_chunk(conn, log, seq.saturating_sub(1))? else { break };
        n_bytes = n_bytes.saturating_add(text.len());
        pieces.push(text);
        seq = seq.saturating_sub(1);
    }
    let whole: String = pieces.into_iter().rev().collect();
    if whole.len() <= most && seq < 0 {
        return Ok(whole);
    }
    // After a line end, which is never within a letter.
    let wish = whole.len().saturating_sub(most);
    let cut =
        whole.as_bytes().iter().skip(wish).position(|byte| *byte == b'\n').map_or(whole.len(), |at| wish + at + 1);
    Ok(format!("h(the beginning of this log is left out)\n{}", &whole[cut..]))
}
