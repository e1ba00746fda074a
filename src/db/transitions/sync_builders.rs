//! Builders get rows, and keep those they had: those of a configuration, and those that builds are shown at.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_query;

use super::projects;
use crate::db::schema::{builder_masters, builders};
use crate::db::{DbError, Transaction, text};
use crate::domain::{BuilderId, Description, Event, ProjectId, VIRTUAL_TAG, VirtualBuilder};

#[derive(Clone, Debug, Default)]
pub struct SyncBuilder {
    pub name: String,
    pub description: Description,
    pub tags: Vec<String>,
    /// The name of its project.
    pub project: Option<String>,
}

/// What is said of a builder.
#[derive(Clone, Debug, Default, PartialEq, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = builders, treat_none_as_null = true)]
struct Facts {
    description: Option<String>,
    description_format: Option<String>,
    description_html: Option<String>,
    tags: String,
    project_id: Option<i64>,
    base_builder_id: Option<i64>,
    active: i16,
}

impl Facts {
    fn new(description: &Description, tags: &[String], project: Option<ProjectId>, base: Option<BuilderId>) -> Self {
        let Description { text: description, format, html } = description.clone();
        Self {
            description,
            description_format: format,
            description_html: html,
            tags: text::of_strings(tags),
            project_id: project.map(|project| project.0),
            base_builder_id: base.map(|base| base.0),
            active: 1,
        }
    }

    /// Whether the configuration that was in force before has it.
    fn is_configured(&self) -> bool {
        self.active != 0 && self.base_builder_id.is_none()
    }
}

/// Makes these the builders of the configuration; virtual ones are as active as the builder behind them.
pub(super) fn sync(
    tx: &mut Transaction<'_>,
    wanted: &[SyncBuilder],
    project_ids: &HashMap<String, ProjectId>,
) -> Result<HashMap<String, BuilderId>, DbError> {
    let known: Vec<(i64, String, Facts)> =
        builders::table.select((builders::id, builders::name, Facts::as_select())).load(tx.conn())?;
    let known: HashMap<String, (i64, Facts)> = known.into_iter().map(|(id, name, it)| (name, (id, it))).collect();
    diesel::update(builders::table).set(builders::active.eq(0)).execute(tx.conn())?;
    diesel::delete(builder_masters::table.filter(builder_masters::master_id.eq(tx.master().id.0)))
        .execute(tx.conn())?;
    let mut ids = HashMap::new();
    for builder in wanted {
        let project = builder.project.as_ref().and_then(|name| project_ids.get(name)).copied();
        let facts = Facts::new(&builder.description, &builder.tags, project, None);
        let before = known.get(&builder.name);
        let id = store(tx, &builder.name, &facts, before.map(|(id, _)| *id))?;
        diesel::insert_into(builder_masters::table)
            .values((builder_masters::builder_id.eq(id.0), builder_masters::master_id.eq(tx.master().id.0)))
            .execute(tx.conn())?;
        match before {
            Some((_, before)) if *before == facts => {}
            Some((_, before)) if before.is_configured() => tx.emit(Event::BuilderUpdated { builder: id }),
            _ => tx.emit(Event::BuilderStarted { builder: id }),
        }
        ids.insert(builder.name.clone(), id);
    }
    let wanted: HashSet<i64> = ids.values().map(|id| id.0).collect();
    let mut stopped: Vec<i64> = known.values().filter(|(_, it)| it.is_configured()).map(|(id, _)| *id).collect();
    stopped.retain(|id| !wanted.contains(id));
    stopped.sort_unstable();
    for id in stopped {
        tx.emit(Event::BuilderStopped { builder: BuilderId(id) });
    }
    sql_query(
        "UPDATE builders SET active = 1 WHERE base_builder_id IN \
         (SELECT base.id FROM builders AS base WHERE base.active = 1 AND base.base_builder_id IS NULL)",
    )
    .execute(tx.conn())?;
    Ok(ids)
}

/// The builder that a build is shown at. It is made if there is none of the name, and told what is new of it, unless the
/// configuration has a builder of that name, which stays as it is.
pub(super) fn shown_at(
    tx: &mut Transaction<'_>,
    base: BuilderId,
    wanted: &VirtualBuilder,
) -> Result<BuilderId, DbError> {
    let known: Option<(i64, Facts)> = builders::table
        .filter(builders::name.eq(&wanted.name))
        .select((builders::id, Facts::as_select()))
        .first(tx.conn())
        .optional()?;
    if let Some((id, facts)) = &known
        && facts.is_configured()
    {
        return Ok(BuilderId(*id));
    }
    let project = wanted.project.as_ref().map(|name| projects::named(tx, name)).transpose()?;
    let mut tags = wanted.tags.clone();
    if !tags.iter().any(|tag| tag == VIRTUAL_TAG) {
        tags.push(VIRTUAL_TAG.to_owned());
    }
    let facts = Facts::new(&Description::plain(wanted.description.clone()), &tags, project, Some(base));
    if let Some((id, before)) = &known
        && *before == facts
    {
        return Ok(BuilderId(*id));
    }
    let id = store(tx, &wanted.name, &facts, known.map(|(id, _)| id))?;
    tx.emit(Event::BuilderUpdated { builder: id });
    Ok(id)
}

fn store(tx: &mut Transaction<'_>, name: &str, facts: &Facts, known: Option<i64>) -> Result<BuilderId, DbError> {
    let id = match known {
        Some(id) => id,
        None => diesel::insert_into(builders::table)
            .values(builders::name.eq(name))
            .returning(builders::id)
            .get_result(tx.conn())?,
    };
    diesel::update(builders::table.find(id)).set(facts.clone()).execute(tx.conn())?;
    Ok(BuilderId(id))
}
