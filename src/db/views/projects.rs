//! Projects: a small table, read whole.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::keys::ProjectKey;
use crate::db::DbError;
use crate::db::schema::{builders, projects};
use crate::domain::{Description, Project, ProjectId};

#[derive(Queryable, Selectable)]
#[diesel(table_name = projects)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
struct ProjectRow {
    id: i64,
    name: String,
    slug: String,
    description: Option<String>,
    description_format: Option<String>,
    description_html: Option<String>,
    active: i16,
}

/// All projects that ever were, by name.
pub fn all(conn: &mut SqliteConnection) -> Result<Vec<Project>, DbError> {
    let rows = projects::table.order(projects::name).select(ProjectRow::as_select()).load(conn)?;
    let active: Vec<Option<i64>> =
        builders::table.filter(builders::active.ne(0)).select(builders::project_id).distinct().load(conn)?;
    let active: HashSet<i64> = active.into_iter().flatten().collect();
    Ok(rows.into_iter().map(|row| project(active.contains(&row.id), row)).collect())
}

/// Whether there is none.
pub fn is_empty(conn: &mut SqliteConnection) -> Result<bool, DbError> {
    let any: bool = diesel::select(diesel::dsl::exists(projects::table.select(projects::id))).get_result(conn)?;
    Ok(!any)
}

pub fn find(conn: &mut SqliteConnection, key: &ProjectKey) -> Result<Option<Project>, DbError> {
    let query = projects::table.select(ProjectRow::as_select()).into_boxed();
    let query = match key {
        ProjectKey::Id(id) => query.filter(projects::id.eq(id)),
        ProjectKey::Name(name) => query.filter(projects::name.eq(name)),
    };
    let row: Option<ProjectRow> = query.first(conn).optional()?;
    let Some(row) = row else { return Ok(None) };
    let of_it = builders::table.filter(builders::active.ne(0).and(builders::project_id.eq(row.id)));
    let active = diesel::select(diesel::dsl::exists(of_it)).get_result(conn)?;
    Ok(Some(project(active, row)))
}

/// The names of all projects.
pub fn names(conn: &mut SqliteConnection) -> Result<HashMap<ProjectId, String>, DbError> {
    let pairs: Vec<(i64, String)> = projects::table.select((projects::id, projects::name)).load(conn)?;
    Ok(pairs.into_iter().map(|(id, name)| (ProjectId(id), name)).collect())
}

fn project(active: bool, row: ProjectRow) -> Project {
    Project {
        id: ProjectId(row.id),
        name: row.name,
        slug: row.slug,
        description: Description { text: row.description, format: row.description_format, html: row.description_html },
        configured: row.active != 0,
        active,
    }
}
