//! Failing buildset canceller: ends the other builds of a buildset of which one has failed.
//!
//! - Hears: [`EventsCommitted`] from its parent.
//! - Tells: the buildset keeper and the builders what to cancel.
//! - Writes: nothing itself.
//! - Restart: permanent. Looks at all open buildsets; to cancel again what is cancelled does nothing.

use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tracing::{error, info};

use super::cancellers::CancellerDeps;
use super::event_bus::EventsCommitted;
use super::stamp_question::passes;
use super::supervisor::{Child, Handle, Reply, ShellContext};
use crate::db::DbError;
use crate::db::views::cancelling::{self, FailingBuildset};
use crate::domain::{BuildRequestId, BuilderId, BuildsetId, Event};
use crate::schedulers::config::FailingFilter;
use crate::schedulers::failing_buildsets::Condemned;
use crate::schedulers::stamp_filter::StampMatcher;

/// Wait before buildsets that could not be looked at are looked at again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

const REASON: &str = "another build of the buildset has failed";

type Filters = Arc<[(FailingFilter, StampMatcher)]>;

pub struct FailingBuildsetCanceller {
    filters: Filters,
    deps: CancellerDeps,
    /// Buildsets of which a request has ended since they were looked at.
    news: BTreeSet<BuildsetId>,
    /// Whether all open buildsets are still to be looked at.
    all: bool,
    busy: bool,
}

impl FailingBuildsetCanceller {
    /// A filter with a pattern that does not compile, which loading has refused, fits nothing.
    pub fn new(filters: &[FailingFilter], deps: CancellerDeps) -> Self {
        let compiled = filters.iter().filter_map(|filter| {
            let matcher = StampMatcher::new(&filter.stamps).ok()?;
            Some((filter.clone(), matcher))
        });
        Self { filters: compiled.collect(), deps, news: BTreeSet::new(), all: true, busy: false }
    }

    fn look(&mut self, ctx: &mut ShellContext<'_, Self>) {
        if self.busy || (self.news.is_empty() && !self.all) {
            return;
        }
        self.busy = true;
        let news = std::mem::take(&mut self.news);
        let only = (!std::mem::take(&mut self.all)).then(|| news.into_iter().collect::<Vec<_>>());
        let (filters, deps) = (Arc::clone(&self.filters), self.deps.clone());
        ctx.spawn(cancel_needless(only, filters, deps), |this, outcome, ctx| {
            this.busy = false;
            match outcome {
                Ok(()) => this.look(ctx),
                Err(error) => {
                    error!(error = &error as &dyn Error, "cannot look at buildsets of which a build has failed");
                    this.all = true;
                    ctx.later(AGAIN_AFTER, Self::look);
                }
            }
        });
    }
}

async fn cancel_needless(only: Option<Vec<BuildsetId>>, filters: Filters, deps: CancellerDeps) -> Result<(), DbError> {
    let failing = deps.db.read(move |conn| cancelling::failing_buildsets(conn, only.as_deref())).await?;
    for buildset in failing {
        let needless = needless(&buildset, &filters, &deps).await;
        if !needless.is_empty() {
            info!(buildset.id = buildset.buildset.0, "cancelling what is left of a buildset of which a build failed");
            deps.cancel.all(needless, REASON).await;
        }
    }
    Ok(())
}

async fn needless(buildset: &FailingBuildset, filters: &Filters, deps: &CancellerDeps) -> Vec<BuildRequestId> {
    let names: HashMap<BuilderId, String> = deps.config.borrow().builder_names();
    let has_failed = |name: &String| buildset.failed.iter().any(|builder| names.get(builder) == Some(name));
    let mut fitting = Vec::new();
    for (filter, matcher) in filters.iter().filter(|(filter, _)| filter.builders.iter().any(has_failed)) {
        for stamp in &buildset.stamps {
            if passes(matcher, stamp, &deps.scripts).await {
                fitting.push(filter);
                break;
            }
        }
    }
    let condemned = Condemned::by(fitting.into_iter());
    let is_condemned = |builder: &BuilderId| names.get(builder).is_some_and(|name| condemned.includes(name));
    let open = buildset.open.iter().filter(|(_, builder)| is_condemned(builder));
    open.map(|(request, _)| *request).collect()
}

impl Child for FailingBuildsetCanceller {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        self.look(ctx);
    }
}

impl Handle<EventsCommitted> for FailingBuildsetCanceller {
    fn handle(&mut self, EventsCommitted(events): EventsCommitted, ctx: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.news.extend(events.iter().filter_map(|committed| match &committed.event {
            Event::BuildRequestCompleted { buildset, .. } => Some(*buildset),
            _ => None,
        }));
        self.look(ctx);
        Reply::Now(())
    }
}
