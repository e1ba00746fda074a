//! Builders: a small table, read whole.

use std::collections::HashMap;

use diesel::prelude::*;

use super::keys::BuilderKey;
use crate::db::schema::{builder_masters, builders, worker_builders};
use crate::db::{DbError, text};
use crate::domain::{Builder, BuilderId, Description, MasterId, ProjectId, WorkerId};

#[derive(Queryable, Selectable)]
#[diesel(table_name = builders)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
struct BuilderRow {
    id: i64,
    name: String,
    description: Option<String>,
    description_format: Option<String>,
    description_html: Option<String>,
    tags: String,
    project_id: Option<i64>,
    base_builder_id: Option<i64>,
    active: i16,
}

impl From<BuilderRow> for Builder {
    fn from(row: BuilderRow) -> Self {
        Self {
            id: BuilderId(row.id),
            name: row.name,
            description: Description {
                text: row.description,
                format: row.description_format,
                html: row.description_html,
            },
            tags: text::to_strings(&row.tags).unwrap_or_default(),
            project: row.project_id.map(ProjectId),
            base: row.base_builder_id.map(BuilderId),
            active: row.active != 0,
        }
    }
}

/// All builders that ever were, by id.
pub fn all(conn: &mut SqliteConnection) -> Result<Vec<Builder>, DbError> {
    let rows = builders::table.order(builders::id).select(BuilderRow::as_select()).load(conn)?;
    Ok(rows.into_iter().map(Builder::from).collect())
}

/// The builders of the present configuration and the virtual ones behind which they stand, by name.
pub fn active(conn: &mut SqliteConnection) -> Result<Vec<Builder>, DbError> {
    let rows = builders::table
        .filter(builders::active.ne(0))
        .order(builders::name)
        .select(BuilderRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Builder::from).collect())
}

/// Those of them that belong to projects, and to which.
pub fn in_projects(conn: &mut SqliteConnection) -> Result<Vec<(BuilderId, ProjectId)>, DbError> {
    let pairs: Vec<(i64, Option<i64>)> = builders::table
        .filter(builders::active.ne(0).and(builders::project_id.is_not_null()))
        .select((builders::id, builders::project_id))
        .load(conn)?;
    Ok(pairs.into_iter().filter_map(|(builder, project)| Some((BuilderId(builder), ProjectId(project?)))).collect())
}

/// How many those are.
pub fn n_active(conn: &mut SqliteConnection) -> Result<i64, DbError> {
    Ok(builders::table.filter(builders::active.ne(0)).count().get_result(conn)?)
}

pub fn find(conn: &mut SqliteConnection, key: &BuilderKey) -> Result<Option<Builder>, DbError> {
    let query = builders::table.select(BuilderRow::as_select()).into_boxed();
    let query = match key {
        BuilderKey::Id(id) => query.filter(builders::id.eq(id)),
        BuilderKey::Name(name) => query.filter(builders::name.eq(name)),
    };
    let row: Option<BuilderRow> = query.first(conn).optional()?;
    Ok(row.map(Builder::from))
}

/// The number of the newest build of a builder; 0 if it has none.
pub fn last_number(conn: &mut SqliteConnection, builder: BuilderId) -> Result<i64, DbError> {
    let number = builders::table.find(builder.0).select(builders::last_build_number).first(conn).optional()?;
    Ok(number.unwrap_or(0))
}

/// All builders that ever belonged to a project and to no other since, by id.
pub fn of_project(conn: &mut SqliteConnection, project: ProjectId) -> Result<Vec<Builder>, DbError> {
    let rows = builders::table
        .filter(builders::project_id.eq(project.0))
        .order(builders::id)
        .select(BuilderRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Builder::from).collect())
}

/// The virtual builders that a builder builds for, by name; and how many there are.
pub fn shown_for(conn: &mut SqliteConnection, base: BuilderId, limit: i64) -> Result<(Vec<Builder>, i64), DbError> {
    let count: i64 = builders::table.filter(builders::base_builder_id.eq(base.0)).count().get_result(conn)?;
    let rows = builders::table
        .filter(builders::base_builder_id.eq(base.0))
        .order(builders::name)
        .limit(limit)
        .select(BuilderRow::as_select())
        .load(conn)?;
    Ok((rows.into_iter().map(Builder::from).collect(), count))
}

/// The builders that a worker may build for.
pub fn of_worker(conn: &mut SqliteConnection, worker: WorkerId) -> Result<Vec<Builder>, DbError> {
    let ids =
        worker_builders::table.filter(worker_builders::worker_id.eq(worker.0)).select(worker_builders::builder_id);
    let rows = builders::table
        .filter(builders::id.eq_any(ids))
        .order(builders::id)
        .select(BuilderRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Builder::from).collect())
}

/// The masters that run each builder.
pub fn masters(conn: &mut SqliteConnection) -> Result<HashMap<BuilderId, Vec<MasterId>>, DbError> {
    let pairs: Vec<(i64, i64)> = builder_masters::table
        .inner_join(builders::table.on(builders::id.eq(builder_masters::builder_id)))
        .filter(builders::active.ne(0))
        .order(builder_masters::master_id)
        .select((builder_masters::builder_id, builder_masters::master_id))
        .load(conn)?;
    let mut masters: HashMap<BuilderId, Vec<MasterId>> = HashMap::new();
    for (builder, master) in pairs {
        masters.entry(BuilderId(builder)).or_default().push(MasterId(master));
    }
    Ok(masters)
}

/// Names of some builders.
pub fn names(conn: &mut SqliteConnection, of: &[i64]) -> Result<HashMap<i64, String>, DbError> {
    let pairs = builders::table.filter(builders::id.eq_any(of)).select((builders::id, builders::name)).load(conn)?;
    Ok(pairs.into_iter().collect())
}
