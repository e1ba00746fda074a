//! Lock: one lock of the configuration, or one lock on one worker: who holds it and who is next.
//!
//! - Hears: [`RestoreLock`], [`EnterQueue`], [`GrantLock`] and [`LeaveLock`] from the keeper, in the order of its sends.
//! - Tells: [`LockStarted`] and [`LockReady`] to the keeper.
//! - Writes: nothing; locks are free when the master starts.
//! - Restart: permanent. Knows nothing until the keeper has told it who holds and who waits.

use actix::Message;

use super::lock_keeper::{LockReady, LockStarted};
use super::supervisor::{Child, Handle, Reply, ShellContext, Tell};
use crate::domain::lock::LockMode;
use crate::locks::{LockKey, LockOwner, LockState};

/// What somebody holds or wants of one lock.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    pub owner: LockOwner,
    pub mode: LockMode,
    pub count: u32,
}

/// Replaces all that the lock knows: after a start, and when the configuration gives it another size.
#[derive(Message)]
#[rtype(result = "()")]
pub struct RestoreLock {
    /// Comes back with each [`LockReady`], so that the keeper can tell old word from new.
    pub generation: u64,
    pub max_count: u32,
    pub holders: Vec<Claim>,
    /// First come first.
    pub waiting: Vec<Claim>,
}

/// Somebody wants the lock.
#[derive(Message)]
#[rtype(result = "()")]
pub struct EnterQueue(pub Claim);

/// All locks that the owner wants are ready for it; it holds them now.
#[derive(Message)]
#[rtype(result = "()")]
pub struct GrantLock(pub LockOwner);

/// The owner gives the lock back, or wants it no more.
#[derive(Message)]
#[rtype(result = "()")]
pub struct LeaveLock(pub LockOwner);

pub struct Lock {
    key: LockKey,
    ready: Tell<LockReady>,
    started: Tell<LockStarted>,
    state: LockState,
    /// `None` until the keeper has spoken.
    generation: Option<u64>,
}

impl Lock {
    pub fn new(key: LockKey, ready: Tell<LockReady>, started: Tell<LockStarted>) -> Self {
        Self { key, ready, started, state: LockState::new(0), generation: None }
    }

    fn announce(&self) {
        let owners = self.state.ready();
        if let Some(generation) = self.generation
            && !owners.is_empty()
        {
            self.ready.tell(LockReady { key: self.key.clone(), generation, owners });
        }
    }
}

impl Child for Lock {
    fn started(&mut self, _: &mut ShellContext<'_, Self>) {
        self.started.tell(LockStarted { key: self.key.clone() });
    }
}

impl Handle<RestoreLock> for Lock {
    fn handle(&mut self, message: RestoreLock, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.state = LockState::new(message.max_count);
        for claim in message.holders {
            self.state.hold(claim.owner, claim.mode, claim.count);
        }
        for claim in message.waiting {
            self.state.enqueue(claim.owner, claim.mode, claim.count);
        }
        self.generation = Some(message.generation);
        self.announce();
        Reply::Now(())
    }
}

impl Handle<EnterQueue> for Lock {
    fn handle(&mut self, EnterQueue(claim): EnterQueue, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.state.enqueue(claim.owner, claim.mode, claim.count);
        self.announce();
        Reply::Now(())
    }
}

impl Handle<GrantLock> for Lock {
    fn handle(&mut self, GrantLock(owner): GrantLock, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.state.grant(owner);
        self.announce();
        Reply::Now(())
    }
}

impl Handle<LeaveLock> for Lock {
    fn handle(&mut self, LeaveLock(owner): LeaveLock, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.state.release(owner);
        self.announce();
        Reply::Now(())
    }
}
