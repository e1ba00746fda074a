//! Asks the function that says the priority of a scheduler's buildsets.

use std::error::Error;
use std::sync::Arc;

use tracing::error;

use super::applied::AppliedConfig;
use super::scripts::CallFunction;
use super::supervisor::Ask;
use crate::db::Db;
use crate::db::views::changes;
use crate::domain::{Callback, NewBuildset};
use crate::schedulers::config::{Priority, SchedulerConfig};
use crate::schedulers::priority;

/// The buildset with its priority. If the function fails it stays what it was, and the reason is logged.
pub async fn prioritised(
    (db, config, scripts): (&Db, &AppliedConfig, &Ask<CallFunction>),
    scheduler: &SchedulerConfig,
    buildset: NewBuildset,
) -> NewBuildset {
    let Priority::Function(function) = &scheduler.priority else { return buildset };
    match asked((db, config, scripts), function, &buildset).await {
        Ok(priority) => NewBuildset { priority, ..buildset },
        Err(why) => {
            error!(error = why.as_ref() as &dyn Error, scheduler = scheduler.name, "cannot say the priority");
            buildset
        }
    }
}

async fn asked(
    (db, config, scripts): (&Db, &AppliedConfig, &Ask<CallFunction>),
    function: &Callback,
    buildset: &NewBuildset,
) -> Result<i32, Box<dyn Error + Send + Sync>> {
    let names = config.borrow().builder_names();
    let builders: Vec<String> = buildset.builders.iter().filter_map(|id| names.get(id).cloned()).collect();
    let ids = buildset.changes.clone();
    let changes = db.read(move |conn| changes::by_ids(conn, &ids)).await?;
    let arguments = priority::arguments(&builders, changes.into_iter().map(Arc::new));
    let returned = scripts.ask(CallFunction { function: function.clone(), arguments }).await??;
    Ok(priority::read(&returned)?)
}
