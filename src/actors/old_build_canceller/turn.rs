//! One turn: what happened is read, told to the pure part, and its answer collected.

use std::collections::HashMap;

use crate::actors::cancellers::CancellerDeps;
use crate::actors::stamp_question::{ask, passes};
use crate::db::views::{cancelling, deciders};
use crate::db::{Db, DbError};
use crate::domain::{BuildRequest, BuildRequestId, BuilderId, Callback, ChangeId, PropertyValue, StampSpec, Timestamp};
use crate::schedulers::config::OldBuildsFilter;
use crate::schedulers::old_builds::{BranchKey, OldBuilds, Requested};
use crate::schedulers::stamp_filter::StampMatcher;

/// Changes that a canceller begins with.
const CHANGES_TO_BEGIN_WITH: i64 = 1_000;

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fact {
    Changed(ChangeId),
    Requested(BuildRequestId),
    Ended(BuildRequestId),
}

pub(super) struct Rules {
    filters: Vec<(Vec<String>, StampMatcher)>,
    branch_key: Option<Callback>,
}

impl Rules {
    /// A filter with a pattern that does not compile, which loading has refused, lets nothing pass.
    pub fn new(filters: &[OldBuildsFilter], branch_key: Option<Callback>) -> Self {
        let compiled = filters.iter().filter_map(|filter| {
            let matcher = StampMatcher::new(&filter.stamps).ok()?;
            Some((filter.builders.clone(), matcher))
        });
        Self { filters: compiled.collect(), branch_key }
    }
}

/// What is known after some turns.
pub(super) struct Known {
    old: OldBuilds,
    /// The newest change it began with.
    begun_with: ChangeId,
}

pub(super) struct Taken {
    pub known: Known,
    pub needless: Vec<BuildRequestId>,
}

/// What was read for the facts of a turn.
struct Read {
    /// To begin with, in the order of times.
    first: Vec<(Timestamp, Loaded)>,
    begun_with: ChangeId,
    sources: HashMap<ChangeId, StampSpec>,
    requests: HashMap<BuildRequestId, BuildRequest>,
}

enum Loaded {
    Changed(StampSpec),
    Requested(Box<BuildRequest>),
}

pub(super) async fn take(
    known: Option<Known>,
    news: Vec<Fact>,
    rules: &Rules,
    deps: &CancellerDeps,
) -> Result<Taken, DbError> {
    let mut read = read(known.is_none(), &news, &deps.db).await?;
    let mut known = known.unwrap_or_else(|| Known { old: OldBuilds::default(), begun_with: read.begun_with });
    let names = deps.config.borrow().builder_names();
    let teller = Teller { rules, deps, names };
    let mut needless = Vec::new();
    for (_, loaded) in std::mem::take(&mut read.first) {
        match loaded {
            Loaded::Changed(source) => known.old.changed(teller.key(&source).await),
            Loaded::Requested(request) => needless.extend(known.old.requested(teller.requested(&request).await)),
        }
    }
    for fact in news {
        match fact {
            Fact::Changed(change) if known.begun_with < change => {
                if let Some(source) = read.sources.get(&change) {
                    known.old.changed(teller.key(source).await);
                }
            }
            // It was there in the beginning.
            Fact::Changed(_) => {}
            Fact::Requested(request) => {
                if let Some(request) = read.requests.get(&request) {
                    needless.extend(known.old.requested(teller.requested(request).await));
                }
            }
            Fact::Ended(request) => known.old.ended(request),
        }
    }
    Ok(Taken { known, needless })
}

async fn read(begins: bool, facts: &[Fact], db: &Db) -> Result<Read, DbError> {
    let changes: Vec<ChangeId> = facts.iter().filter_map(|fact| fact.change()).collect();
    let requests: Vec<BuildRequestId> = facts.iter().filter_map(|fact| fact.request()).collect();
    db.read(move |conn| {
        let (mut first, mut begun_with) = (Vec::new(), ChangeId(0));
        if begins {
            for (id, source, at) in cancelling::newest_changes(conn, CHANGES_TO_BEGIN_WITH)? {
                begun_with = id;
                first.push((at, Loaded::Changed(source)));
            }
            for request in cancelling::open_requests(conn)? {
                first.push((request.submitted_at, Loaded::Requested(Box::new(request))));
            }
            // A change and a request of one time: the change was first, and led to the request.
            first.sort_by_key(|(at, _)| *at);
        }
        let sources = cancelling::sources_of(conn, &changes)?;
        let requests = deciders::requests_by_id(conn, &requests)?;
        Ok(Read {
            first,
            begun_with,
            sources: sources.into_iter().map(|(id, source, _)| (id, source)).collect(),
            requests: requests.into_iter().map(|request| (request.id, request)).collect(),
        })
    })
    .await
}

impl Fact {
    fn change(self) -> Option<ChangeId> {
        if let Self::Changed(change) = self { Some(change) } else { None }
    }

    fn request(self) -> Option<BuildRequestId> {
        if let Self::Requested(request) = self { Some(request) } else { None }
    }
}

/// Puts what was read into the terms of the pure part.
struct Teller<'turn> {
    rules: &'turn Rules,
    deps: &'turn CancellerDeps,
    names: HashMap<BuilderId, String>,
}

impl Teller<'_> {
    async fn key(&self, source: &StampSpec) -> BranchKey {
        let Some(function) = &self.rules.branch_key else { return BranchKey::of(source) };
        match ask(function.clone(), source, &self.deps.scripts).await {
            Some(PropertyValue::Null) => BranchKey::with(source, None),
            Some(branch) => BranchKey::with(source, Some(branch.to_string())),
            None => BranchKey::of(source),
        }
    }

    async fn requested(&self, request: &BuildRequest) -> Requested {
        let builder = self.names.get(&request.builder_id).map(String::as_str).unwrap_or_default();
        let sources: Vec<&StampSpec> = request.source_stamps.iter().map(|(_, source)| source).collect();
        // A source without a branch is replaced by nothing.
        let has_branches = sources.iter().all(|source| source.branch.is_some());
        let (mut keys, mut replaceable) = (Vec::new(), Vec::new());
        for source in sources {
            let key = self.key(source).await;
            if has_branches && self.may_be_replaced(builder, source).await {
                replaceable.push(key.clone());
            }
            keys.push(key);
        }
        Requested { request: request.id, builder: request.builder_id, keys, replaceable }
    }

    async fn may_be_replaced(&self, builder: &str, source: &StampSpec) -> bool {
        for (builders, filter) in &self.rules.filters {
            if builders.iter().any(|name| name == builder) && passes(filter, source, &self.deps.scripts).await {
                return true;
            }
        }
        false
    }
}
