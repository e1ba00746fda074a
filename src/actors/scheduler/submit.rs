//! Buildsets that somebody asks for: a person with a form, or a build.

use std::sync::Arc;

use tracing::info;

use super::{SchedulerDeps, memory};
use crate::actors::handle::{CommandError, ForceRequest, Forced};
use crate::actors::priority_question::prioritised;
use crate::db::DbError;
use crate::db::transitions::{FireScheduler, Fired};
use crate::db::views::keys::{BuildKey, BuilderKey};
use crate::db::views::{builds, deciders, properties};
use crate::domain::{BuilderId, NewBuildset, SchedulerId, TriggerOrder, Triggered};
use crate::schedulers::config::{SchedulerConfig, SchedulerKind};
use crate::schedulers::facts::Memory;
use crate::schedulers::force::Inherited;
use crate::schedulers::{force, triggerable};

/// Checks the form and stores its buildset.
pub async fn forced(
    id: SchedulerId,
    config: Arc<SchedulerConfig>,
    deps: SchedulerDeps,
    request: ForceRequest,
) -> Result<Forced, CommandError> {
    let inherited = inherited(&deps, force::inherits(&config, &request.values)).await?;
    let input = force::validate(&config, &request.values, &inherited, request.owner.as_deref());
    let input = input.map_err(CommandError::Invalid)?;
    let own = deps.config.borrow().builder_ids(&config.builder_names);
    let builders = chosen(&request.builders, own, &config.name)?;
    let fired = store(&deps, id, None, Some(input.into_buildset(&config, &builders))).await?;
    let fired = fired.ok_or_else(|| CommandError::Failed("no buildset was made".to_owned()))?;
    info!(scheduler = config.name, buildset.id = fired.buildset.0, "buildset forced");
    Ok(Forced { buildset: fired.buildset, requests: fired.requests })
}

/// The properties of builds that a form inherits from.
async fn inherited(deps: &SchedulerDeps, chosen: Vec<String>) -> Result<Inherited, CommandError> {
    if chosen.is_empty() {
        return Ok(Inherited::new());
    }
    let read = deps.db.read(move |conn| {
        let of = |chosen: String| {
            let key = force::build_name(&chosen)
                .map(|(name, number)| BuildKey::Number(BuilderKey::Name(name.to_owned()), number));
            let build = key.map(|key| builds::find(conn, &key)).transpose()?.flatten();
            let found = build.map(|build| properties::of_build(conn, build.id)).transpose()?;
            Ok((chosen, found))
        };
        chosen.into_iter().map(of).collect()
    });
    read.await.map_err(failed)
}

/// Stores the buildset of an order, or the order itself if it has to wait for its time.
pub async fn triggered(
    id: SchedulerId,
    config: Arc<SchedulerConfig>,
    deps: SchedulerDeps,
    order: TriggerOrder,
) -> Result<Triggered, CommandError> {
    if !config.kind.can_be_triggered() {
        let class = config.kind.class_name();
        return Err(CommandError::Failed(format!("scheduler '{}' is a {class} and cannot be triggered", config.name)));
    }
    let record = deps.db.read(move |conn| deciders::scheduler_record(conn, id)).await.map_err(failed)?;
    let known = memory::read(&record.state);
    if matches!(config.kind, SchedulerKind::NightlyTriggerable(..)) {
        store(&deps, id, Some(Memory { trigger: Some(order), ..known }), None).await?;
        info!(scheduler = config.name, "triggered, to be built at the next time");
        return Ok(Triggered::default());
    }
    let builders = deps.config.borrow().builder_ids(&config.builder_names);
    let buildset = triggerable::buildset(&config, &builders, &order, &known);
    let buildset = match order.priority {
        Some(_) => buildset,
        None => prioritised((&deps.db, &deps.config, &deps.scripts), &config, buildset).await,
    };
    let fired = store(&deps, id, None, Some(buildset)).await?;
    let fired = fired.ok_or_else(|| CommandError::Failed("no buildset was made".to_owned()))?;
    info!(scheduler = config.name, buildset.id = fired.buildset.0, "buildset triggered");
    let requests = fired.requests.into_iter().map(|(_, request)| request).collect();
    Ok(Triggered { buildset: Some(fired.buildset), requests })
}

async fn store(
    deps: &SchedulerDeps,
    scheduler: SchedulerId,
    memory: Option<Memory>,
    buildset: Option<NewBuildset>,
) -> Result<Option<Fired>, CommandError> {
    let fire = FireScheduler {
        scheduler,
        classified: Vec::new(),
        last_change: None,
        consumed: Vec::new(),
        state: memory.as_ref().map(memory::write),
        buildset,
    };
    deps.db.write(fire).await.map_err(failed)
}

fn failed(error: DbError) -> CommandError {
    CommandError::Failed(error.to_string())
}

/// The builders that were named, if the scheduler has them; all of its own if none was.
fn chosen(wanted: &[BuilderId], own: Vec<BuilderId>, scheduler: &str) -> Result<Vec<BuilderId>, CommandError> {
    if wanted.is_empty() {
        return Ok(own);
    }
    match wanted.iter().find(|builder| !own.contains(builder)) {
        Some(stranger) => Err(CommandError::NotFound(format!("scheduler {scheduler:?} has no builder {stranger}"))),
        None => Ok(wanted.to_vec()),
    }
}
