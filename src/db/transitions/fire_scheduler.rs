//! A scheduler has looked at changes, and perhaps decided on a buildset.

use diesel::prelude::*;

use super::stamps;
use crate::db::schema::{
    build_build_requests, build_requests, buildset_changes, buildset_properties, buildset_stamps, buildsets, changes,
    scheduler_changes, schedulers, source_stamps,
};
use crate::db::{DbError, Transaction, Transition, text};
use crate::domain::buildset::NewStamp;
use crate::domain::{BuildId, BuildRequestId, BuilderId, BuildsetId, ChangeId, Event, NewBuildset, SchedulerId};

/// Stores what a scheduler decided, as one step.
pub struct FireScheduler {
    pub scheduler: SchedulerId,
    /// Changes that wait from now on, and whether each is important.
    pub classified: Vec<(ChangeId, bool)>,
    /// Changes up to this one have been looked at.
    pub last_change: Option<ChangeId>,
    /// Changes that wait no longer.
    pub consumed: Vec<ChangeId>,
    pub state: Option<String>,
    pub buildset: Option<NewBuildset>,
}

/// The buildset that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Fired {
    pub buildset: BuildsetId,
    pub requests: Vec<(BuilderId, BuildRequestId)>,
}

impl Transition for FireScheduler {
    type Outcome = Option<Fired>;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<Option<Fired>, DbError> {
        let now = tx.now_us();
        let rows: Vec<_> = self
            .classified
            .iter()
            .map(|(change, important)| {
                (
                    scheduler_changes::scheduler_id.eq(self.scheduler.0),
                    scheduler_changes::change_id.eq(change.0),
                    scheduler_changes::important.eq(i16::from(*important)),
                    scheduler_changes::classified_at_us.eq(now),
                )
            })
            .collect();
        diesel::insert_or_ignore_into(scheduler_changes::table).values(rows).execute(tx.conn())?;
        if !self.consumed.is_empty() {
            let consumed = self.consumed.iter().map(|change| change.0);
            diesel::delete(
                scheduler_changes::table
                    .filter(scheduler_changes::scheduler_id.eq(self.scheduler.0))
                    .filter(scheduler_changes::change_id.eq_any(consumed)),
            )
            .execute(tx.conn())?;
        }
        if let Some(last) = self.last_change {
            diesel::update(schedulers::table.find(self.scheduler.0).filter(schedulers::last_change_id.lt(last.0)))
                .set(schedulers::last_change_id.eq(last.0))
                .execute(tx.conn())?;
        }
        if let Some(state) = &self.state {
            diesel::update(schedulers::table.find(self.scheduler.0))
                .set(schedulers::state.eq(state))
                .execute(tx.conn())?;
        }
        self.buildset.as_ref().map(|buildset| add_buildset(tx, buildset)).transpose()
    }
}

/// Several decisions of a scheduler, in their order.
impl Transition for Vec<FireScheduler> {
    type Outcome = Vec<Option<Fired>>;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<Self::Outcome, DbError> {
        self.iter().map(|fire| fire.apply(tx)).collect()
    }
}

/// Stores a buildset with everything that belongs to it.
pub(super) fn add_buildset(tx: &mut Transaction<'_>, new: &NewBuildset) -> Result<Fired, DbError> {
    let id: i64 = diesel::insert_into(buildsets::table)
        .values((
            buildsets::scheduler.eq(&new.scheduler),
            buildsets::external_id.eq(&new.external_id),
            buildsets::reason.eq(&new.reason),
            buildsets::submitted_at_us.eq(tx.now_us()),
            buildsets::parent_build_id.eq(new.parent_build.as_ref().map(|(build, _)| build.0)),
            buildsets::parent_relationship.eq(new.parent_build.as_ref().map(|(_, relationship)| relationship)),
            buildsets::rebuilt_build_id.eq(new.rebuilt_build.map(|build| build.0)),
        ))
        .returning(buildsets::id)
        .get_result(tx.conn())?;
    add_details(tx, id, new)?;
    let buildset = BuildsetId(id);
    tx.emit(Event::BuildsetAdded { buildset });
    let mut requests = Vec::new();
    for builder in &new.builders {
        let request: i64 = diesel::insert_into(build_requests::table)
            .values((
                build_requests::buildset_id.eq(id),
                build_requests::builder_id.eq(builder.0),
                build_requests::priority.eq(new.priority),
                build_requests::submitted_at_us.eq(tx.now_us()),
                build_requests::waited_for.eq(i16::from(new.waited_for)),
            ))
            .returning(build_requests::id)
            .get_result(tx.conn())?;
        let request = BuildRequestId(request);
        tx.emit(Event::BuildRequestAdded { request, buildset, builder: *builder });
        requests.push((*builder, request));
    }
    Ok(Fired { buildset, requests })
}

fn add_details(tx: &mut Transaction<'_>, id: i64, new: &NewBuildset) -> Result<(), DbError> {
    let properties: Vec<_> = new
        .properties
        .iter()
        .map(|(name, property)| {
            (
                buildset_properties::buildset_id.eq(id),
                buildset_properties::name.eq(name),
                buildset_properties::value.eq(text::of_value(&property.value)),
                buildset_properties::source.eq(property.source.clone()),
            )
        })
        .collect();
    diesel::insert_into(buildset_properties::table).values(properties).execute(tx.conn())?;
    for stamp in &new.stamps {
        let stamp = match stamp {
            NewStamp::Existing(stamp) => stamp.0,
            NewStamp::Spec(spec) => stamps::find_or_make(tx, spec)?,
        };
        diesel::insert_or_ignore_into(buildset_stamps::table)
            .values((buildset_stamps::buildset_id.eq(id), buildset_stamps::source_stamp_id.eq(stamp)))
            .execute(tx.conn())?;
    }
    let inherited = match &new.parent_build {
        Some((parent, _)) => inherited_changes(tx, id, *parent)?,
        None => Vec::new(),
    };
    let changes: Vec<_> = new
        .changes
        .iter()
        .map(|change| change.0)
        .chain(inherited)
        .map(|change| (buildset_changes::buildset_id.eq(id), buildset_changes::change_id.eq(change)))
        .collect();
    diesel::insert_or_ignore_into(buildset_changes::table).values(changes).execute(tx.conn())?;
    Ok(())
}

/// The changes of the build that asked for a buildset, as far as it builds them, too: those of a codebase, repository
/// and branch of its own. So their authors answer for what was triggered by them.
fn inherited_changes(tx: &mut Transaction<'_>, buildset: i64, parent: BuildId) -> Result<Vec<i64>, DbError> {
    type Place = (String, String, Option<String>);
    let places: Vec<Place> = buildset_stamps::table
        .inner_join(source_stamps::table.on(source_stamps::id.eq(buildset_stamps::source_stamp_id)))
        .filter(buildset_stamps::buildset_id.eq(buildset))
        .select((source_stamps::codebase, source_stamps::repository, source_stamps::branch))
        .load(tx.conn())?;
    let requests = build_requests::table
        .inner_join(build_build_requests::table.on(build_build_requests::request_id.eq(build_requests::id)))
        .filter(build_build_requests::build_id.eq(parent.0))
        .select(build_requests::buildset_id);
    let known: Vec<(i64, Place)> = changes::table
        .inner_join(buildset_changes::table.on(buildset_changes::change_id.eq(changes::id)))
        .filter(buildset_changes::buildset_id.eq_any(requests))
        .order(changes::id)
        .select((changes::id, (changes::codebase, changes::repository, changes::branch)))
        .load(tx.conn())?;
    Ok(known.into_iter().filter(|(_, place)| places.contains(place)).map(|(id, _)| id).collect())
}
