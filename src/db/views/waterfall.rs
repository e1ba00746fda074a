//! The newest builds of some builders with their steps.

use std::collections::HashMap;

use diesel::SqliteConnection;

use super::select::{Filter, Operator, Select, Term};
use super::{builders, builds, steps};
use crate::db::DbError;
use crate::domain::{Build, BuildId, Builder, Step};

/// What the waterfall shows.
#[derive(Debug)]
pub struct Waterfall {
    /// All builders of the configuration.
    pub builders: Vec<Builder>,
    /// Newest first.
    pub builds: Vec<Build>,
    pub steps: HashMap<BuildId, Vec<Step>>,
}

/// The newest `limit` builds, of the builders with these names or of all.
pub fn read(conn: &mut SqliteConnection, names: &[String], limit: i64) -> Result<Waterfall, DbError> {
    let all = builders::active(conn)?;
    let mut select = Select::default().newest(&builds::TABLE, limit);
    let chosen = all.iter().filter(|builder| names.is_empty() || names.contains(&builder.name));
    let values: Vec<Term> = chosen.map(|builder| Term::Int(builder.id.0)).collect();
    let column = builds::TABLE.column("builderid");
    select.filters = column.map(|column| Filter { column, operator: Operator::Eq, values }).into_iter().collect();
    let builds = builds::select(conn, &select)?;
    let ids: Vec<i64> = builds.iter().map(|build| build.id.0).collect();
    let mut of_build: HashMap<BuildId, Vec<Step>> = HashMap::new();
    for step in steps::of_builds(conn, &ids)? {
        of_build.entry(step.build_id).or_default().push(step);
    }
    Ok(Waterfall { builders: all, builds, steps: of_build })
}
