//! Distributor: decides which waiting request is built next, and on which worker.
//!
//! - Hears: [`ReconsiderRequests`] from whoever changed something it looks at, [`PauseBuilds`] before a clean stop,
//!   [`DescribeLockedOut`] for pages.
//! - Tells: [`StartBuilds`] to the builders; [`DismissWorkers`] when nothing runs on workers that leave.
//! - Writes: nothing; a plan that meets a changed world is refused by `start_build`.
//! - Restart: permanent. Holds no state: it asks for everything it looks at, each time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix::Message;
use futures_util::future::join_all;
use tracing::{debug, error, warn};

use super::builders::{BuildersSnapshot, DescribeBuilders, StartBuilds};
use super::buildset_keeper::DescribeWaiting;
use super::lock_keeper::DescribeLocks;
use super::scripts::CallFunction;
use super::supervisor::{Ask, AskError, Child, Handle, Reply, ShellContext, Tell};
use super::workers::{DescribeLeaving, DescribeWorkers, DismissWorkers, WorkerSnapshot};
use crate::clock::Clock;
use crate::dispatch::{self, Answers, Plan, Start};
use crate::domain::{BuildRequest, BuilderId};
use crate::locks::{self, LockBook, LockOwner};

/// Says that a request, a worker or a builder may have become ready.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct ReconsiderRequests;

/// Starts no more builds, as the master is to end once those that run have.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct PauseBuilds;

/// Asks which builders wait for locks only: answers the names of those that are taken.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "HashMap<BuilderId, Vec<String>>")]
pub struct DescribeLockedOut;

#[derive(Clone)]
pub struct DistributorDeps {
    pub waiting: Ask<DescribeWaiting>,
    pub workers: Ask<DescribeWorkers>,
    pub leaving: Ask<DescribeLeaving>,
    pub dismiss: Tell<DismissWorkers>,
    pub builders: Ask<DescribeBuilders>,
    pub locks: Ask<DescribeLocks>,
    pub start: Tell<StartBuilds>,
    pub scripts: Ask<CallFunction>,
    pub clock: Clock,
}

pub struct Distributor {
    deps: DistributorDeps,
    /// Whether a plan is being made.
    planning: bool,
    /// Whether something changed since that plan looked.
    again: bool,
    paused: bool,
}

/// Repairs a lost nudge.
const RECONSIDER_EVERY: Duration = Duration::from_secs(10);

impl Distributor {
    pub fn new(deps: DistributorDeps) -> Self {
        Self { deps, planning: false, again: false, paused: false }
    }

    fn reconsider(&mut self, ctx: &mut ShellContext<'_, Self>) {
        if self.paused {
            return;
        }
        if self.planning {
            self.again = true;
            return;
        }
        self.planning = true;
        let deps = self.deps.clone();
        ctx.spawn(make_plan(deps), |this, outcome, ctx| {
            this.planning = false;
            match outcome {
                Ok(starts) if starts.is_empty() || this.paused => {}
                Ok(starts) => {
                    debug!(n_starts = starts.len(), "builds are to start");
                    this.deps.start.tell(StartBuilds { starts });
                    // The plan holds for one build per worker; there may be room for more.
                    this.again = true;
                }
                Err(error) => error!(error = &error as &dyn std::error::Error, "cannot plan builds"),
            }
            if std::mem::take(&mut this.again) {
                this.reconsider(ctx);
            }
        });
    }
}

/// Looks at the world, and lets functions of the configuration be answered until the plan needs no more of them.
async fn make_plan(deps: DistributorDeps) -> Result<Vec<Start>, AskError> {
    dismiss_idle(&deps).await?;
    let waiting = deps.waiting.ask(DescribeWaiting).await?;
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let mut answers = Answers::default();
    for _ in 0..MAX_ROUNDS {
        let state = look(&deps, &waiting).await?;
        match dispatch::plan(&state, deps.clock.now(), &answers) {
            Plan::Decide(starts) => return Ok(starts),
            Plan::Ask(questions) => {
                let calls = questions.iter().map(|question| {
                    deps.scripts
                        .ask(CallFunction { function: question.function.clone(), arguments: question.arguments() })
                });
                // Asked all at once; the pool decides how many run.
                let answered = join_all(calls).await;
                for (question, answer) in questions.into_iter().zip(answered) {
                    answers.add(question, answer.ok().and_then(Result::ok));
                }
            }
        }
    }
    warn!("functions of the configuration raise new questions for ever; the default rules decide");
    let state = look(&deps, &waiting).await?;
    Ok(dispatch::plan_without_questions(&state, deps.clock.now(), &answers))
}

async fn locked_out(deps: DistributorDeps) -> Result<HashMap<BuilderId, Vec<String>>, AskError> {
    let waiting = deps.waiting.ask(DescribeWaiting).await?;
    if waiting.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(dispatch::locked_out(&look(&deps, &waiting).await?))
}

/// Lets workers go that wish to leave. No plan is under way that could give them a build: plans come from here.
async fn dismiss_idle(deps: &DistributorDeps) -> Result<(), AskError> {
    let mut workers = deps.leaving.ask(DescribeLeaving).await?;
    if !workers.is_empty() {
        let builders = deps.builders.ask(DescribeBuilders).await?;
        workers.retain(|worker| builders.running_on(*worker).is_empty());
        deps.dismiss.tell(DismissWorkers { workers });
    }
    Ok(())
}

/// More rounds of questions than any plan has kinds of questions.
const MAX_ROUNDS: usize = 8;

/// The world of this moment.
async fn look(deps: &DistributorDeps, waiting: &[Arc<BuildRequest>]) -> Result<dispatch::State, AskError> {
    // Before the builders: whoever has no locks in this picture, and a slot in theirs, is about to take them.
    let locks = deps.locks.ask(DescribeLocks).await?;
    let workers = deps.workers.ask(DescribeWorkers).await?;
    let builders = deps.builders.ask(DescribeBuilders).await?;
    let locks = with_those_about_to_start(locks, &workers, &builders);
    Ok(state(waiting, workers, builders, locks))
}

/// Adds builds that are decided and have not taken their locks yet.
fn with_those_about_to_start(mut locks: LockBook, workers: &[WorkerSnapshot], builders: &BuildersSnapshot) -> LockBook {
    let any = builders.builders.iter().any(|builder| !builder.locks.is_empty())
        || workers.iter().any(|worker| !worker.config.locks.is_empty());
    for slot in builders.running.iter().filter(|_| any) {
        if slot.build.is_some_and(|build| locks.knows(LockOwner::Build(build))) {
            continue;
        }
        let builder = builders.builders.iter().find(|builder| builder.id == slot.builder);
        let worker = workers.iter().find(|worker| worker.id == slot.worker);
        if let (Some(builder), Some(worker)) = (builder, worker) {
            let accesses = builder.locks.iter().chain(&worker.config.locks);
            let wishes = locks::wishes(accesses, (worker.id, &worker.config.name));
            locks.request(LockOwner::Request(slot.lead), &wishes);
        }
    }
    locks
}

fn state(
    waiting: &[Arc<BuildRequest>],
    workers: Vec<WorkerSnapshot>,
    builders: BuildersSnapshot,
    locks: LockBook,
) -> dispatch::State {
    let workers = workers
        .into_iter()
        .map(|worker| dispatch::WorkerState {
            running_builders: builders.running_on(worker.id),
            running: u32::try_from(builders.running_on(worker.id).len()).unwrap_or(u32::MAX),
            id: worker.id,
            name: worker.config.name.clone(),
            available: worker.ready().is_some(),
            max_builds: worker.config.max_builds,
            locks: worker.config.locks.clone(),
        })
        .collect();
    dispatch::State {
        workers,
        waiting: waiting.iter().filter(|request| !builders.taken.contains(&request.id)).cloned().collect(),
        builders: builders.builders,
        locks,
        prioritize_builders: builders.prioritize_builders,
    }
}

impl Child for Distributor {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        self.reconsider(ctx);
        ctx.every(RECONSIDER_EVERY, Self::reconsider);
    }
}

impl Handle<ReconsiderRequests> for Distributor {
    fn handle(&mut self, _: ReconsiderRequests, ctx: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.reconsider(ctx);
        Reply::Now(())
    }
}

impl Handle<PauseBuilds> for Distributor {
    fn handle(&mut self, _: PauseBuilds, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.paused = true;
        Reply::Now(())
    }
}

impl Handle<DescribeLockedOut> for Distributor {
    fn handle(
        &mut self,
        _: DescribeLockedOut,
        _: &mut ShellContext<'_, Self>,
    ) -> Reply<HashMap<BuilderId, Vec<String>>> {
        let deps = self.deps.clone();
        Reply::later(async move { locked_out(deps).await.unwrap_or_default() })
    }
}
