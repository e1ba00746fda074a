//! What a running build says of itself.

use diesel::prelude::*;

use crate::db::schema::{build_properties, builds};
use crate::db::{DbError, Transaction, Transition, text};
use crate::domain::{BuildId, BuilderId, Event, Properties, WorkerId};

/// Sets properties of a build.
pub struct SetBuildProperties {
    pub build: BuildId,
    pub properties: Properties,
}

/// Sets the line that pages show for a running build.
pub struct SetBuildState {
    pub build: BuildId,
    pub state_string: String,
}

impl Transition for SetBuildProperties {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        store_properties(tx, self.build, &self.properties)?;
        tx.emit(Event::BuildPropertiesChanged { build: self.build });
        Ok(())
    }
}

impl Transition for SetBuildState {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        let changed: Option<(i64, i64, i64)> =
            diesel::update(builds::table.find(self.build.0).filter(builds::complete_at_us.is_null()))
                .set(builds::state_string.eq(&self.state_string))
                .returning((builds::builder_id, builds::number, builds::worker_id))
                .get_result(tx.conn())
                .optional()?;
        if let Some((builder, number, worker)) = changed {
            let (build, builder, worker) = (self.build, BuilderId(builder), WorkerId(worker));
            tx.emit(Event::BuildUpdated { build, builder, number, worker });
        }
        Ok(())
    }
}

/// Writes properties over those of the same names.
pub(super) fn store_properties(
    tx: &mut Transaction<'_>,
    build: BuildId,
    properties: &Properties,
) -> Result<(), DbError> {
    let rows: Vec<_> = properties
        .iter()
        .map(|(name, property)| {
            (
                build_properties::build_id.eq(build.0),
                build_properties::name.eq(name),
                build_properties::value.eq(text::of_value(&property.value)),
                build_properties::source.eq(property.source.clone()),
            )
        })
        .collect();
    diesel::replace_into(build_properties::table).values(rows).execute(tx.conn())?;
    Ok(())
}
