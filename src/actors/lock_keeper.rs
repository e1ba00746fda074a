//! Lock keeper: takes all locks of a build, or of a step, together.
//!
//! - Hears: [`TakeLocks`], [`ReturnLocks`] and [`RestateLocks`] from builds, [`ReleaseLocks`] from builders,
//!   [`LockStarted`] and [`LockReady`] from the locks, [`DescribeLocks`] from the distributor,
//!   [`ReconsiderConfiguration`].
//! - Tells: the locks; [`LocksDecided`] to who waits; [`ReconsiderRequests`] to the distributor.
//! - Writes: nothing; locks are free when the master starts.
//! - Restart: vital. Has the builds that live say again what they hold and want, and grants nothing until they have.
//!
//! Whoever wants several locks enters all their queues in one go, so the queues have one order, by priority and then by
//! arrival, and no two wait for each other. A lock says who is next in its queue and fits; when all locks of an owner have said so, it is granted
//! all of them. Until then it keeps its places, and nobody overtakes it.
//!
//! A build keeps its locks while a step of it waits for others, so such builds can come to wait for each other. That is
//! looked for whenever a step has to wait; the youngest of them is refused, and gives way.

mod claims;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use actix::Message;
use tracing::{error, info, warn};

use self::claims::Claims;
use super::applied::{AppliedConfig, ReconsiderConfiguration};
use super::builders::AssertLocks;
use super::distributor::ReconsiderRequests;
use super::lock::{Claim, EnterQueue, GrantLock, LeaveLock, Lock, RestoreLock};
use super::owned::Owned;
use super::supervisor::{Ask, Child, ChildSpec, Handle, Reply, ShellContext, Supervisor, Tell};
use crate::domain::BuildId;
use crate::domain::lock::{LockAccess, LockMode, known_accesses};
use crate::locks::{self, Cycle, LockBook, LockKey, LockOwner, LockWish};

/// The build that an owner of locks is, or belongs to.
#[derive(Clone, Debug)]
pub struct OwnerBuild {
    pub build: BuildId,
    /// As people know it: "build 12 of full".
    pub label: Arc<str>,
    /// Of the request that leads; the greater is served first.
    pub priority: i32,
}

/// Wants all of these locks for a build or one of its steps.
#[derive(Message)]
#[rtype(result = "()")]
pub struct TakeLocks {
    pub of: OwnerBuild,
    pub owner: LockOwner,
    pub wishes: Vec<LockWish>,
    pub decided: Tell<LocksDecided>,
}

/// All that a build and its steps hold and want; after a restart of the keeper.
#[derive(Message)]
#[rtype(result = "()")]
pub struct RestateLocks {
    pub of: OwnerBuild,
    pub claims: Vec<Claimed>,
    pub decided: Tell<LocksDecided>,
}

/// What one owner holds or wants.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub owner: LockOwner,
    pub wishes: Vec<LockWish>,
    pub held: bool,
}

/// All locks that were wanted are held, or never will be.
#[derive(Clone, Debug, PartialEq, Message)]
#[rtype(result = "()")]
pub struct LocksDecided {
    pub owner: LockOwner,
    pub outcome: Result<(), Refused>,
}

/// Why an owner gets no locks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("lock '{0}' is too small for what is wanted of it")]
    TooSmall(LockKey),
    /// The build is to end in RETRY.
    #[error("{0}")]
    Cycle(String),
}

/// The owner gives its locks back, or wants them no more.
#[derive(Message)]
#[rtype(result = "()")]
pub struct ReturnLocks {
    pub owner: LockOwner,
}

/// The build has ended, and with it all that it or its steps held or wanted.
#[derive(Message)]
#[rtype(result = "()")]
pub struct ReleaseLocks {
    pub build: BuildId,
}

/// A lock lives and knows nothing yet.
#[derive(Message)]
#[rtype(result = "()")]
pub struct LockStarted {
    pub key: LockKey,
}

/// These are next in the queue of a lock, and it has room for all of them.
#[derive(Message)]
#[rtype(result = "()")]
pub struct LockReady {
    pub key: LockKey,
    pub generation: u64,
    pub owners: Vec<LockOwner>,
}

/// Asks who holds what, and who waits.
#[derive(Message)]
#[rtype(result = "LockBook")]
pub struct DescribeLocks;

#[derive(Clone)]
pub struct LockKeeperDeps {
    pub config: AppliedConfig,
    pub supervisor: Supervisor,
    pub distributor: Tell<ReconsiderRequests>,
    /// Has every living build take its locks again, and answers which builds those are.
    pub assert_locks: Ask<AssertLocks>,
    /// Its own addresses, for the locks.
    pub ready: Tell<LockReady>,
    pub started: Tell<LockStarted>,
}

/// One lock, as the keeper sees it.
struct Kept {
    child: Owned<Lock>,
    max_count: u32,
    /// Grows when the lock is told everything anew; what it said before counts no more.
    generation: u64,
    configured: bool,
}

/// Whether the keeper knows what the living builds hold.
enum Knowledge {
    /// It has asked which builds live.
    Asking,
    /// These have not said yet what they hold.
    Awaiting(HashSet<BuildId>),
    Complete,
}

pub struct LockKeeper {
    deps: LockKeeperDeps,
    locks: BTreeMap<LockKey, Kept>,
    claims: Claims,
    knowledge: Knowledge,
    /// Builds that have said all, or have ended, before the knowledge was complete.
    heard: HashSet<BuildId>,
}

/// Wait before the living builds are asked again: those who did not say yet what they hold may have ended.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);

impl LockKeeper {
    pub fn new(deps: LockKeeperDeps) -> Self {
        Self {
            deps,
            locks: BTreeMap::new(),
            claims: Claims::default(),
            knowledge: Knowledge::Asking,
            heard: HashSet::new(),
        }
    }

    /// A keeper that has just started knows nothing of builds that were there before it.
    fn ask_for_assertions(&mut self, ctx: &mut ShellContext<'_, Self>) {
        let ask = self.deps.assert_locks.clone();
        ctx.spawn(async move { ask.ask(AssertLocks).await }, |this, answer, ctx| match answer {
            Ok(builds) => {
                let heard = &this.heard;
                this.knowledge =
                    Knowledge::Awaiting(builds.into_iter().filter(|build| !heard.contains(build)).collect());
                this.serve_if_complete();
                ctx.later(ASK_AGAIN_AFTER, Self::ask_again);
            }
            Err(error) => {
                error!(error = &error as &dyn std::error::Error, "cannot ask which builds hold locks");
                ctx.later(ASK_AGAIN_AFTER, Self::ask_for_assertions);
            }
        });
    }

    fn ask_again(&mut self, ctx: &mut ShellContext<'_, Self>) {
        if !matches!(self.knowledge, Knowledge::Complete) {
            self.ask_for_assertions(ctx);
        }
    }

    fn heard_from(&mut self, build: BuildId) {
        if matches!(self.knowledge, Knowledge::Complete) {
            return;
        }
        self.heard.insert(build);
        if let Knowledge::Awaiting(builds) = &mut self.knowledge {
            builds.remove(&build);
            self.serve_if_complete();
        }
    }

    fn serve_if_complete(&mut self) {
        if matches!(&self.knowledge, Knowledge::Awaiting(builds) if builds.is_empty()) {
            self.knowledge = Knowledge::Complete;
            self.heard.clear();
            for owner in self.claims.all_ready() {
                self.grant(owner);
            }
            self.break_circles();
        }
    }

    /// Has the youngest of builds that wait for each other give way.
    fn break_circles(&mut self) {
        while let Some(cycle) = matches!(self.knowledge, Knowledge::Complete).then(|| self.circle()).flatten() {
            let text = self.describe(&cycle);
            warn!(build.id = cycle.victim.0, "{text}");
            let n_refused =
                cycle.waiting.iter().filter(|owner| self.refuse(**owner, Refused::Cycle(text.clone()))).count();
            if n_refused == 0 {
                error!(build.id = cycle.victim.0, "nothing of this build waits, though it was to give way");
                return;
            }
        }
    }

    fn circle(&self) -> Option<Cycle> {
        let sizes = |key: &LockKey| self.locks.get(key).map(|kept| kept.max_count);
        locks::find_cycle(&self.claims.claimants(sizes)?)
    }

    fn describe(&self, cycle: &Cycle) -> String {
        let labels: Vec<&str> = cycle.builds.iter().filter_map(|build| self.claims.label(*build)).collect();
        let locks: Vec<String> = cycle.locks.iter().map(|key| format!("'{key}'")).collect();
        let victim = self.claims.label(cycle.victim).unwrap_or("one of them");
        let which = if labels.len() == 2 { "younger" } else { "youngest" };
        let (builds, locks) = (labels.join(" and "), locks.join(" and "));
        format!("{builds} wait for each other's locks ({locks}): {victim}, the {which}, gives way and is tried again")
    }

    fn apply_configuration(&mut self) {
        let sizes = configured(&self.deps.config);
        for kept in self.locks.values_mut() {
            kept.configured = false;
        }
        for (key, max_count) in sizes {
            self.keep(&key, max_count);
            self.resize(&key, max_count);
            if let Some(kept) = self.locks.get_mut(&key) {
                kept.configured = true;
            }
        }
        self.drop_retired();
        self.break_circles();
        self.deps.distributor.tell(ReconsiderRequests);
    }

    /// Makes the lock if it is not there.
    fn keep(&mut self, key: &LockKey, max_count: u32) {
        if self.locks.contains_key(key) {
            return;
        }
        let (ready, started) = (self.deps.ready.clone(), self.deps.started.clone());
        let spec = ChildSpec::permanent("lock", key.to_string());
        let own_key = key.clone();
        let child = self
            .deps
            .supervisor
            .prepare(spec)
            .start(move || Lock::new(own_key.clone(), ready.clone(), started.clone()));
        self.locks.insert(key.clone(), Kept { child: Owned(child), max_count, generation: 0, configured: false });
    }

    /// Gives the lock this size. Who holds it keeps it.
    fn resize(&mut self, key: &LockKey, max_count: u32) {
        let Some(kept) = self.locks.get_mut(key) else { return };
        if kept.max_count != max_count {
            info!(lock.name = %key, max_count, "a lock has another size now");
            kept.max_count = max_count;
            self.restore(key);
            for owner in self.claims.too_large(key, max_count) {
                self.refuse(owner, Refused::TooSmall(key.clone()));
            }
        }
    }

    /// The owner is not to have what it waits for; answers whether it waits.
    fn refuse(&mut self, owner: LockOwner, why: Refused) -> bool {
        let Some(claim) = self.claims.refuse(owner) else { return false };
        self.leave(owner, &claim.wishes);
        claim.decided.tell(LocksDecided { owner, outcome: Err(why) });
        true
    }

    /// Tells the locks that the owner neither holds nor wants them.
    fn leave(&self, owner: LockOwner, wishes: &[LockWish]) {
        for kept in wishes.iter().filter_map(|wish| self.locks.get(&wish.key)) {
            kept.child.tell().tell(LeaveLock(owner));
        }
    }

    /// Tells a lock everything anew; owners that it had called ready wait for its next word.
    fn restore(&mut self, key: &LockKey) {
        let Some(kept) = self.locks.get_mut(key) else { return };
        kept.generation += 1;
        self.claims.unready(key);
        let (holders, waiting) = self.claims.of_lock(key);
        let (generation, max_count) = (kept.generation, kept.max_count);
        kept.child.tell().tell(RestoreLock { generation, max_count, holders, waiting });
    }

    /// A lock that left the configuration goes when nobody needs it any more.
    fn drop_retired(&mut self) {
        let claims = &self.claims;
        self.locks.retain(|key, kept| kept.configured || claims.is_wanted(key));
    }

    /// Enters the queues of all these locks.
    fn enter(&mut self, owner: LockOwner, wishes: Vec<LockWish>, held: bool) {
        let mut too_small = None;
        for wish in wishes {
            let Some(kept) = self.locks.get(&wish.key) else { continue };
            if !held && wish.mode == LockMode::Counting && kept.max_count < wish.count {
                too_small = Some(wish.key.clone());
            }
            if held || self.claims.overtakes(owner, &wish.key) {
                self.restore(&wish.key);
            } else {
                kept.child.tell().tell(EnterQueue(Claim { owner, mode: wish.mode, count: wish.count }));
            }
        }
        if let Some(key) = too_small {
            self.refuse(owner, Refused::TooSmall(key));
        }
    }

    /// Makes locks that functions of the configuration thought of, as large as they were last said to be.
    fn keep_unconfigured(&mut self, wishes: &[LockWish]) {
        for wish in wishes {
            self.keep(&wish.key, wish.max_count);
            if self.locks.get(&wish.key).is_some_and(|kept| !kept.configured) {
                self.resize(&wish.key, wish.max_count);
            }
        }
    }

    fn grant(&mut self, owner: LockOwner) {
        let Some(claim) = self.claims.grant(owner) else { return };
        for wish in &claim.wishes {
            if let Some(kept) = self.locks.get(&wish.key) {
                kept.child.tell().tell(GrantLock(owner));
            }
        }
        claim.decided.tell(LocksDecided { owner, outcome: Ok(()) });
    }
}

/// Every lock that a worker, builder or step of the configuration names, with its size.
fn configured(config: &AppliedConfig) -> BTreeMap<LockKey, u32> {
    let applied = Arc::clone(&config.borrow());
    let mut sizes = BTreeMap::new();
    let mut add = |accesses: Vec<&LockAccess>, worker: &str| {
        let Some(id) = applied.ids.workers.get(worker).copied() else { return };
        let wishes = locks::wishes(accesses, (id, worker));
        sizes.extend(wishes.into_iter().map(|wish| (wish.key, wish.max_count)));
    };
    for worker in &applied.config.workers {
        add(worker.locks.iter().collect(), &worker.name);
    }
    for builder in &applied.config.builders {
        let of_steps = builder.factory.steps.iter().flat_map(|step| &step.common.locks);
        let accesses: Vec<&LockAccess> = known_accesses(&builder.locks)
            .chain(of_steps.flat_map(|item| known_accesses(std::slice::from_ref(item))))
            .collect();
        for worker in builder.worker_names.iter().filter(|_| !accesses.is_empty()) {
            add(accesses.clone(), worker);
        }
    }
    sizes
}

impl Child for LockKeeper {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        self.apply_configuration();
        self.ask_for_assertions(ctx);
    }
}

impl Handle<ReconsiderConfiguration> for LockKeeper {
    fn handle(&mut self, _: ReconsiderConfiguration, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.apply_configuration();
        Reply::Now(())
    }
}

impl Handle<TakeLocks> for LockKeeper {
    fn handle(&mut self, message: TakeLocks, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        let (owner, wishes) = (message.owner, message.wishes.clone());
        self.keep_unconfigured(&wishes);
        if self.claims.add(message) {
            self.enter(owner, wishes, false);
            self.break_circles();
        }
        Reply::Now(())
    }
}

impl Handle<RestateLocks> for LockKeeper {
    fn handle(&mut self, message: RestateLocks, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        for claimed in &message.claims {
            self.keep_unconfigured(&claimed.wishes);
            if self.claims.restate(&message, claimed) {
                self.enter(claimed.owner, claimed.wishes.clone(), claimed.held);
            }
        }
        self.heard_from(message.of.build);
        self.break_circles();
        Reply::Now(())
    }
}

impl Handle<ReturnLocks> for LockKeeper {
    fn handle(&mut self, message: ReturnLocks, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        if let Some(wishes) = self.claims.remove_owner(message.owner) {
            self.leave(message.owner, &wishes);
            self.drop_retired();
            self.deps.distributor.tell(ReconsiderRequests);
        }
        Reply::Now(())
    }
}

impl Handle<ReleaseLocks> for LockKeeper {
    fn handle(&mut self, message: ReleaseLocks, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        let gone = self.claims.remove(message.build);
        for (owner, wishes) in &gone {
            self.leave(*owner, wishes);
        }
        self.heard_from(message.build);
        if !gone.is_empty() {
            self.drop_retired();
            self.deps.distributor.tell(ReconsiderRequests);
        }
        Reply::Now(())
    }
}

impl Handle<LockStarted> for LockKeeper {
    fn handle(&mut self, message: LockStarted, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.restore(&message.key);
        Reply::Now(())
    }
}

impl Handle<LockReady> for LockKeeper {
    fn handle(&mut self, message: LockReady, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        let LockReady { key, generation, owners } = message;
        if self.locks.get(&key).is_none_or(|kept| kept.generation != generation) {
            return Reply::Now(());
        }
        for owner in owners {
            if self.claims.ready(owner, &key) && matches!(self.knowledge, Knowledge::Complete) {
                self.grant(owner);
            }
        }
        Reply::Now(())
    }
}

impl Handle<DescribeLocks> for LockKeeper {
    fn handle(&mut self, _: DescribeLocks, _: &mut ShellContext<'_, Self>) -> Reply<LockBook> {
        Reply::Now(self.claims.book(|key| self.locks.get(key).map(|kept| kept.max_count)))
    }
}
