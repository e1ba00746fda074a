//! Distributor: decides which waiting request is built next, and on which worker.
//!
//! - Hears: [`ReconsiderRequests`] from whoever changed something it looks at, [`ExplainRequests`] for pages.
//! - Tells: [`StartBuilds`] to the builders; [`DismissWorkers`] when nothing runs on workers that leave.
//! - Writes: nothing; a plan that meets a changed world is refused by `start_build`.
//! - Restart: permanent. It asks for everything it looks at, each time, and remembers the last of it to explain things.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix::Message;
use futures_util::future::join_all;
use tokio::sync::watch;
use tracing::{debug, error, warn};

use super::applied::AppliedConfig;
use super::build::build_properties;
use super::builders::{BuildersSnapshot, DescribeBuilders, StartBuilds};
use super::buildset_keeper::DescribeWaiting;
use super::lock_keeper::DescribeLocks;
use super::scripts::CallFunction;
use super::stop_wish::StopWish;
use super::supervisor::{Ask, AskError, Child, Handle, Reply, ShellContext, Tell};
use super::workers::{DescribeLeaving, DescribeWorkers, DismissWorkers, WorkerSnapshot};
use crate::clock::Clock;
use crate::db::Db;
use crate::db::views::deciders;
use crate::dispatch::{self, Answers, Explanation, Plan, PossibleBuild, Presence, Question, Reason, Start};
use crate::domain::{BuildRequest, BuildRequestId, Properties, PropertyValue, ScriptValue};
use crate::locks::{LockBook, LockOwner};

/// Says that a request, a worker or a builder may have become ready.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct ReconsiderRequests;

/// Asks why these requests wait; those that do not are left out of the answer.
#[derive(Clone, Debug, Message)]
#[rtype(result = "HashMap<BuildRequestId, Explanation>")]
pub struct ExplainRequests {
    pub requests: Vec<BuildRequestId>,
}

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
    pub config: AppliedConfig,
    pub db: Db,
    pub clock: Clock,
    pub stop_wish: watch::Receiver<StopWish>,
}

pub struct Distributor {
    deps: DistributorDeps,
    /// Whether a plan is being made.
    planning: bool,
    /// Whether something changed since that plan looked.
    again: bool,
    /// What the last plan was made from.
    known: Option<Known>,
}

/// What a plan looked at, and what functions said to it.
struct Known {
    state: dispatch::State,
    answers: Answers,
}

/// What came of a plan.
struct Planned {
    starts: Vec<Start>,
    /// Nothing if nothing waits.
    known: Option<Known>,
}

/// Repairs a lost nudge.
const RECONSIDER_EVERY: Duration = Duration::from_secs(10);

impl Distributor {
    pub fn new(deps: DistributorDeps) -> Self {
        Self { deps, planning: false, again: false, known: None }
    }

    /// The master is to end once those builds have that run.
    fn is_ending(&self) -> bool {
        *self.deps.stop_wish.borrow() != StopWish::None
    }

    fn reconsider(&mut self, ctx: &mut ShellContext<'_, Self>) {
        if self.is_ending() {
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
                Ok(Planned { starts, known }) => {
                    this.known = known;
                    this.start(starts);
                }
                Err(error) => error!(error = &error as &dyn std::error::Error, "cannot plan builds"),
            }
            if std::mem::take(&mut this.again) {
                this.reconsider(ctx);
            }
        });
    }

    fn start(&mut self, starts: Vec<Start>) {
        if starts.is_empty() || self.is_ending() {
            return;
        }
        debug!(n_starts = starts.len(), "builds are to start");
        self.deps.start.tell(StartBuilds { starts });
        // The plan holds for one build per worker; there may be room for more.
        self.again = true;
    }

    fn explain(&self, requests: &[BuildRequestId]) -> HashMap<BuildRequestId, Explanation> {
        let Some(Known { state, answers }) = &self.known else { return HashMap::new() };
        let mut all = dispatch::explain(state, answers, self.deps.clock.now(), requests);
        for explanation in all.values_mut().filter(|_| self.is_ending()) {
            explanation.reasons.retain(|reason| *reason != Reason::AboutToStart);
            explanation.reasons.insert(0, Reason::MasterEnds);
        }
        all
    }
}

/// Looks at the world, and lets functions of the configuration be answered until the plan needs no more of them.
async fn make_plan(deps: DistributorDeps) -> Result<Planned, AskError> {
    dismiss_idle(&deps).await?;
    let waiting = deps.waiting.ask(DescribeWaiting).await?;
    if waiting.is_empty() {
        return Ok(Planned { starts: Vec::new(), known: None });
    }
    let mut answers = Answers::default();
    for round in 0.. {
        let state = look(&deps, &waiting).await?;
        if dispatch::max_rounds(&state) < round {
            break;
        }
        match dispatch::plan(&state, deps.clock.now(), &answers) {
            Plan::Decide(starts) => return Ok(Planned { starts, known: Some(Known { state, answers }) }),
            Plan::Ask(questions) => {
                // Asked all at once; the pool decides how many run.
                let answered = join_all(questions.iter().map(|question| ask(&deps, question))).await;
                for (question, answer) in questions.into_iter().zip(answered) {
                    answers.add(question, answer);
                }
            }
        }
    }
    warn!("functions of the configuration raise new questions for ever; the default rules decide");
    let state = look(&deps, &waiting).await?;
    let starts = dispatch::plan_without_questions(&state, deps.clock.now(), &answers);
    Ok(Planned { starts, known: Some(Known { state, answers }) })
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

/// The answer of a function; `None` if there is none.
async fn ask(deps: &DistributorDeps, question: &Question) -> Option<PropertyValue> {
    let arguments = match question.about() {
        None => question.arguments(),
        Some(build) => vec![ScriptValue::Properties(Arc::new(properties_of(deps, build).await?))],
    };
    let call = CallFunction { function: question.function.clone(), arguments };
    deps.scripts.ask(call).await.ok().and_then(Result::ok)
}

/// The properties with which a build would begin.
async fn properties_of(deps: &DistributorDeps, build: PossibleBuild) -> Option<Properties> {
    let workers = deps.workers.ask(DescribeWorkers).await.ok()?;
    let worker = workers.into_iter().find(|worker| worker.id == build.worker)?;
    let link = worker.ready()?;
    let applied = Arc::clone(&deps.config.borrow());
    let is_it = |name: &String| applied.ids.builders.get(name) == Some(&build.builder);
    let builder = applied.config.builders.iter().find(|builder| is_it(&builder.name))?;
    let inputs = deps.db.read(move |conn| deciders::build_inputs(conn, &[build.request])).await.ok()?;
    Some(build_properties(&applied, (build.builder, builder), &worker, &inputs, link))
}

/// The world of this moment.
async fn look(deps: &DistributorDeps, waiting: &[Arc<BuildRequest>]) -> Result<dispatch::State, AskError> {
    // Before the builders: whoever has no locks in this picture, and a slot in theirs, is about to take them.
    let locks = deps.locks.ask(DescribeLocks).await?;
    let workers = deps.workers.ask(DescribeWorkers).await?;
    let builders = deps.builders.ask(DescribeBuilders).await?;
    let locks = with_those_about_to_start(locks, &builders);
    Ok(state(waiting, workers, builders, locks))
}

/// Adds builds that are decided and have not taken their locks yet.
fn with_those_about_to_start(mut locks: LockBook, builders: &BuildersSnapshot) -> LockBook {
    for slot in builders.running.iter().filter(|slot| !slot.locks.is_empty()) {
        if slot.build.is_none_or(|build| !locks.knows(LockOwner::Build(build))) {
            locks.request(LockOwner::Request(slot.lead), &slot.locks);
        }
    }
    locks
}

/// Whether a worker takes builds.
fn presence(worker: &WorkerSnapshot) -> Presence {
    match (worker.link.is_some(), worker.mode.paused, worker.mode.graceful) {
        (false, ..) => Presence::Missing,
        (true, true, _) => Presence::Paused,
        (true, false, true) => Presence::Leaving,
        (true, false, false) => Presence::Ready,
    }
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
            presence: presence(&worker),
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

impl Handle<ExplainRequests> for Distributor {
    fn handle(
        &mut self,
        message: ExplainRequests,
        _: &mut ShellContext<'_, Self>,
    ) -> Reply<HashMap<BuildRequestId, Explanation>> {
        Reply::Now(self.explain(&message.requests))
    }
}
