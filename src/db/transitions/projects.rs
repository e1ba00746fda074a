//! Projects and codebases of a configuration get rows, and keep those they had.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::db::schema::{codebases, projects};
use crate::db::{DbError, Transaction};
use crate::domain::{CodebaseId, Description, Event, ProjectId};

#[derive(Clone, Debug, Default)]
pub struct SyncProject {
    pub name: String,
    pub slug: String,
    pub description: Description,
}

#[derive(Clone, Debug, Default)]
pub struct SyncCodebase {
    pub name: String,
    pub slug: String,
    /// The name of the project it belongs to.
    pub project: String,
}

/// Slug, the parts of the description, and whether it is configured.
type Facts = (String, Option<String>, Option<String>, Option<String>, i16);

/// Makes these the configured projects; answers the ids of all projects that are known, by name.
pub(super) fn sync(tx: &mut Transaction<'_>, wanted: &[SyncProject]) -> Result<HashMap<String, ProjectId>, DbError> {
    let rows: Vec<(i64, String, Facts)> = projects::table
        .select((
            projects::id,
            projects::name,
            (
                projects::slug,
                projects::description,
                projects::description_format,
                projects::description_html,
                projects::active,
            ),
        ))
        .load(tx.conn())?;
    let mut ids: HashMap<String, ProjectId> = HashMap::new();
    let mut known: HashMap<String, Facts> = HashMap::new();
    for (id, name, facts) in rows {
        if facts.4 != 0 && wanted.iter().all(|project| project.name != name) {
            diesel::update(projects::table.find(id)).set(projects::active.eq(0)).execute(tx.conn())?;
            tx.emit(Event::ProjectUpdated { project: ProjectId(id) });
        }
        ids.insert(name.clone(), ProjectId(id));
        known.insert(name, facts);
    }
    for project in wanted {
        let Description { text, format, html } = project.description.clone();
        let facts: Facts = (project.slug.clone(), text, format, html, 1);
        if known.get(&project.name) == Some(&facts) {
            continue;
        }
        let id = found_or_made(tx, &project.name)?.0;
        let (slug, text, format, html, active) = facts;
        diesel::update(projects::table.find(id.0))
            .set((
                projects::slug.eq(slug),
                projects::description.eq(text),
                projects::description_format.eq(format),
                projects::description_html.eq(html),
                projects::active.eq(active),
            ))
            .execute(tx.conn())?;
        tx.emit(Event::ProjectUpdated { project: id });
        ids.insert(project.name.clone(), id);
    }
    Ok(ids)
}

/// Makes rows for these codebases, whose projects are known; others stay as they are.
pub(super) fn sync_codebases(
    tx: &mut Transaction<'_>,
    wanted: &[SyncCodebase],
    project_ids: &HashMap<String, ProjectId>,
) -> Result<HashMap<(String, String), CodebaseId>, DbError> {
    let mut ids = HashMap::new();
    for codebase in wanted {
        let Some(project) = project_ids.get(&codebase.project) else { continue };
        let known: Option<(i64, String)> = codebases::table
            .filter(codebases::project_id.eq(project.0).and(codebases::name.eq(&codebase.name)))
            .select((codebases::id, codebases::slug))
            .first(tx.conn())
            .optional()?;
        let id = match known {
            Some((id, slug)) if slug == codebase.slug => CodebaseId(id),
            _ => store_codebase(tx, *project, codebase)?,
        };
        ids.insert((codebase.project.clone(), codebase.name.clone()), id);
    }
    Ok(ids)
}

fn store_codebase(
    tx: &mut Transaction<'_>,
    project: ProjectId,
    codebase: &SyncCodebase,
) -> Result<CodebaseId, DbError> {
    let id: i64 = diesel::insert_into(codebases::table)
        .values((
            codebases::project_id.eq(project.0),
            codebases::name.eq(&codebase.name),
            codebases::slug.eq(&codebase.slug),
        ))
        .on_conflict((codebases::project_id, codebases::name))
        .do_update()
        .set(codebases::slug.eq(&codebase.slug))
        .returning(codebases::id)
        .get_result(tx.conn())?;
    tx.emit(Event::CodebaseUpdated { codebase: CodebaseId(id) });
    Ok(CodebaseId(id))
}

/// The project of this name, which is made if there is none.
pub(super) fn named(tx: &mut Transaction<'_>, name: &str) -> Result<ProjectId, DbError> {
    let (project, is_new) = found_or_made(tx, name)?;
    if is_new {
        tx.emit(Event::ProjectUpdated { project });
    }
    Ok(project)
}

/// The same, and whether it was made; nobody is told.
fn found_or_made(tx: &mut Transaction<'_>, name: &str) -> Result<(ProjectId, bool), DbError> {
    let known: Option<i64> =
        projects::table.filter(projects::name.eq(name)).select(projects::id).first(tx.conn()).optional()?;
    if let Some(id) = known {
        return Ok((ProjectId(id), false));
    }
    let id: i64 = diesel::insert_into(projects::table)
        .values((projects::name.eq(name), projects::slug.eq(name)))
        .returning(projects::id)
        .get_result(tx.conn())?;
    Ok((ProjectId(id), true))
}
