//! Lock keeper: takes all locks of a build together.
//!
//! - Hears: [`TakeLocks`] from builds, [`ReleaseLocks`] from builders, [`LockStarted`] and [`LockReady`] from the locks,
//!   [`DescribeLocks`] from the distributor, [`ReconsiderConfiguration`].
//! - Tells: the locks; [`LocksDecided`] to who waits; [`ReconsiderRequests`] to the distributor.
//! - Writes: nothing; locks are free when the master starts.
//! - Restart: vital. Has the builds that live say again what they hold and want, and grants nothing until they have.
//!
//! Whoever wants several locks enters all their queues in one go, so the queues have one order and no two wait for
//! each other. A lock says who is next in its queue and fits; when all locks of an owner have said so, it is granted
//! all of them. Until then it keeps its places, and nobody overtakes it.

mod claims;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use actix::Message;
use tracing::{error, info};

use self::claims::Claims;
use super::applied::{AppliedConfig, ReconsiderConfiguration};
use super::builders::AssertLocks;
use super::distributor::ReconsiderRequests;
use super::lock::{Claim, EnterQueue, GrantLock, LeaveLock, Lock, RestoreLock};
use super::owned::Owned;
use super::supervisor::{Ask, Child, ChildSpec, Handle, Reply, ShellContext, Supervisor, Tell};
use crate::domain::lock::LockMode;
use crate::domain::{BuildId, WorkerId};
use crate::locks::{self, LockBook, LockKey, LockOwner, LockWish};

/// Wants all of these, or says that they are held already.
#[derive(Message)]
#[rtype(result = "()")]
pub struct TakeLocks {
    pub build: BuildId,
    pub owner: LockOwner,
    pub wishes: Vec<LockWish>,
    /// Whether they were granted before; after a restart of the keeper.
    pub held: bool,
    pub decided: Tell<LocksDecided>,
}

/// All locks that were wanted are held, or never will be.
#[derive(Clone, Debug, PartialEq, Message)]
#[rtype(result = "()")]
pub struct LocksDecided {
    pub owner: LockOwner,
    /// The name of a lock that is too small for what is wanted of it.
    pub outcome: Result<(), String>,
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
}

/// Wait before the living builds are asked for again.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);

impl LockKeeper {
    pub fn new(deps: LockKeeperDeps) -> Self {
        Self { deps, locks: BTreeMap::new(), claims: Claims::default(), knowledge: Knowledge::Asking }
    }

    /// A keeper that has just started knows nothing of builds that were there before it.
    fn ask_for_assertions(&mut self, ctx: &mut ShellContext<'_, Self>) {
        let ask = self.deps.assert_locks.clone();
        ctx.spawn(async move { ask.ask(AssertLocks).await }, |this, answer, ctx| match answer {
            Ok(builds) => {
                let heard: HashSet<BuildId> = this.claims.builds().collect();
                this.knowledge =
                    Knowledge::Awaiting(builds.into_iter().filter(|build| !heard.contains(build)).collect());
                this.serve_if_complete();
            }
            Err(error) => {
                error!(error = &error as &dyn std::error::Error, "cannot ask which builds hold locks");
                ctx.later(ASK_AGAIN_AFTER, Self::ask_for_assertions);
            }
        });
    }

    fn heard_from(&mut self, build: BuildId) {
        if let Knowledge::Awaiting(builds) = &mut self.knowledge {
            builds.remove(&build);
            self.serve_if_complete();
        }
    }

    fn serve_if_complete(&mut self) {
        if matches!(&self.knowledge, Knowledge::Awaiting(builds) if builds.is_empty()) {
            self.knowledge = Knowledge::Complete;
            for owner in self.claims.all_ready() {
                self.grant(owner);
            }
        }
    }

    fn apply_configuration(&mut self) {
        let sizes = configured(&self.deps.config);
        for kept in self.locks.values_mut() {
            kept.configured = false;
        }
        for (key, max_count) in sizes {
            self.keep(&key, max_count);
            self.resize(&key, max_count);
        }
        self.drop_retired();
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

    /// The configuration has the lock, with this size. Who holds it keeps it.
    fn resize(&mut self, key: &LockKey, max_count: u32) {
        let Some(kept) = self.locks.get_mut(key) else { return };
        kept.configured = true;
        if kept.max_count != max_count {
            info!(lock.name = %key, max_count, "a lock has another size now");
            kept.max_count = max_count;
            self.restore(key);
            for owner in self.claims.too_large(key, max_count) {
                self.refuse(owner, key);
            }
        }
    }

    /// The owner can never have what it wants of this lock.
    fn refuse(&mut self, owner: LockOwner, key: &LockKey) {
        let Some(claim) = self.claims.refuse(owner) else { return };
        for wish in &claim.wishes {
            if let Some(kept) = self.locks.get(&wish.key) {
                kept.child.tell().tell(LeaveLock(owner));
            }
        }
        claim.decided.tell(LocksDecided { owner, outcome: Err(key.to_string()) });
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
            if held {
                self.restore(&wish.key);
                continue;
            }
            if wish.mode == LockMode::Counting && kept.max_count < wish.count {
                too_small = Some(wish.key.clone());
            }
            kept.child.tell().tell(EnterQueue(Claim { owner, mode: wish.mode, count: wish.count }));
        }
        if let Some(key) = too_small {
            self.refuse(owner, &key);
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

/// Every lock that a builder or worker of the configuration takes, with its size.
fn configured(config: &AppliedConfig) -> BTreeMap<LockKey, u32> {
    let applied = Arc::clone(&config.borrow());
    let mut sizes = BTreeMap::new();
    for worker in &applied.config.workers {
        let Some(id) = applied.ids.workers.get(&worker.name).copied() else { continue };
        let mut add = |wishes: Vec<LockWish>| sizes.extend(wishes.into_iter().map(|wish| (wish.key, wish.max_count)));
        let place: (WorkerId, &str) = (id, &worker.name);
        add(locks::wishes(&worker.locks, place));
        let builders = applied.config.builders.iter().filter(|builder| !builder.locks.is_empty());
        for builder in builders.filter(|builder| builder.worker_names.contains(&worker.name)) {
            add(locks::wishes(&builder.locks, place));
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
        let (build, owner, wishes, held) = (message.build, message.owner, message.wishes.clone(), message.held);
        for wish in &wishes {
            self.keep(&wish.key, wish.max_count);
        }
        if self.claims.add(message) {
            self.enter(owner, wishes, held);
        }
        self.heard_from(build);
        Reply::Now(())
    }
}

impl Handle<ReleaseLocks> for LockKeeper {
    fn handle(&mut self, message: ReleaseLocks, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        for (owner, wishes) in self.claims.remove(message.build) {
            for wish in wishes {
                if let Some(kept) = self.locks.get(&wish.key) {
                    kept.child.tell().tell(LeaveLock(owner));
                }
            }
            self.deps.distributor.tell(ReconsiderRequests);
        }
        self.heard_from(message.build);
        self.drop_retired();
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
        Reply::Now(self.claims.book())
    }
}
